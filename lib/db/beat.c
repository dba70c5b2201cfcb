/* The row of each job. */
#include "db/beat.h"

#include "base/clock.h"
#include "base/log.h"

#define NOTE_EVERY_US (10 * INT64_C(1000000))

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
