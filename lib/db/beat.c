/* The row of each job, and of the node that it writes to. */
#include "db/beat.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define NOTE_EVERY_US (10 * INT64_C(1000000))

/* A minute without a word is the end of a node's time. */
static enum err note_writer(struct db *db)
{
    return db_txn_call_once(
        db,
        "INSERT INTO writer (node, since, seen_at) VALUES (IF(@@wsrep_on, @@wsrep_node_name, "
        "@@hostname), NOW(6), NOW(6)) ON DUPLICATE KEY UPDATE since = IF(seen_at < NOW(6) - "
        "INTERVAL 1 MINUTE, NOW(6), since), seen_at = NOW(6)",
        DB_NO_ARGS, NULL);
}

void beat_note(struct db *db, const char *job)
{
    static int64_t next_us;

    if (clock_mono_us() < next_us)
        return;
    enum err rc = db_txn_call_once(db,
                                   "INSERT INTO job (name, done_at) VALUES (?, NOW(6)) "
                                   "ON DUPLICATE KEY UPDATE done_at = NOW(6)",
                                   DB_ARGS(db_text(job)), NULL);
    if (rc == ERR_OK)
        rc = note_writer(db);
    if (rc == ERR_OK)
        next_us = clock_mono_us() + NOTE_EVERY_US;
    else
        log_line(LOG_LEVEL_WARNING, "beat", "error=%s", err_id(rc));
}

enum err beat_age(struct db *db, const char *job, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT TIMESTAMPDIFF(SECOND, done_at, NOW(6)) FROM job WHERE name = ?",
               DB_ARGS(db_text(job)), &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : BEAT_NEVER;
    db_rows_free(&rows);
    return rc;
}

enum err beat_writers(struct db *db, char names[BEAT_WRITERS_SIZE], bool *one)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT a.node, EXISTS (SELECT 1 FROM writer AS b WHERE b.node <> a.node AND b.seen_at > "
        "NOW(6) - INTERVAL 1 MINUTE AND b.since < a.seen_at AND a.since < b.seen_at) FROM writer "
        "AS a WHERE a.seen_at > NOW(6) - INTERVAL 1 MINUTE ORDER BY 2 DESC, a.seen_at DESC",
        DB_NO_ARGS, &rows);
    struct text list = TEXT(BEAT_WRITERS_SIZE);

    *one = true;
    while (rc == ERR_OK && db_next(&rows) && (list.len == 0 || db_get_i64(&rows, 1) != 0)) {
        text_addf(&list, "%s%s", list.len > 0 ? ", " : "", db_get_text(&rows, 0));
        *one = *one && db_get_i64(&rows, 1) == 0;
    }
    text_copy(names, BEAT_WRITERS_SIZE, text_string(&list));
    text_free(&list);
    db_rows_free(&rows);
    return rc;
}
