/* Feeds on their way: leased to whoever fetches them, and what they answered. Apart from the rates, so that only
 * what fetches has an XML reader in it. */
#include <stdio.h>
#include <string.h>

#include "db/statement.h"
#include "desk/rate.h"
#include "desk/store.h"

#define PROBLEM_MAX 255

/* Feeds on their way to whoever fetches them. */
struct lease {
    int64_t seconds;
    struct desk_feed *list;
    size_t room, count;
};

static enum err lease_in(struct db *db, void *arg)
{
    struct lease *lease = arg;
    struct db_rows rows = {0};
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);

    lease->count = 0;
    enum err rc = db_run(db,
                         "SELECT id, name, format, url FROM desk_feed WHERE due_at <= NOW(6) ORDER "
                         "BY due_at LIMIT ? FOR UPDATE SKIP LOCKED",
                         DB_ARGS(db_u64(lease->room)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct desk_feed *feed = &lease->list[lease->count++];
        *feed = (struct desk_feed){.id = db_get_i64(&rows, 0)};
        text_copy(feed->name, sizeof(feed->name), db_get_text(&rows, 1));
        text_copy(feed->format, sizeof(feed->format), db_get_text(&rows, 2));
        text_copy(feed->url, sizeof(feed->url), db_get_text(&rows, 3));
        db_packet_add(&packet,
                      "UPDATE desk_feed SET due_at = NOW(6) + INTERVAL ? SECOND WHERE id = ?",
                      DB_ARGS(db_i64(lease->seconds), db_i64(feed->id)));
    }
    db_rows_free(&rows);
    if (rc == ERR_OK && lease->count > 0)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err desk_feed_take(struct db *db, int64_t lease_s, struct desk_feed list[], size_t room,
                        size_t *count)
{
    struct lease lease = {.seconds = lease_s, .list = list, .room = room};

    enum err rc = db_txn(db, lease_in, &lease, NULL);
    *count = rc == ERR_OK ? lease.count : 0;
    return rc;
}

static enum err end_fetch(struct db *db, const struct desk_feed *feed, bool useful,
                          const char *problem)
{
    char words[4 * PROBLEM_MAX + 1];
    size_t len = strnlen(problem, PROBLEM_MAX);

    memcpy(words, problem, len);
    words[len] = '\0';
    return db_run(db,
                  "UPDATE desk_feed SET due_at = NOW(6) + INTERVAL every_s SECOND, fetched_at = "
                  "IF(?, NOW(6), fetched_at), problem = ? WHERE id = ?",
                  DB_ARGS(db_i64(useful),
                          len == 0 || !text_is_utf8(words, len) ? db_null() : db_text(words),
                          db_i64(feed->id)),
                  NULL);
}

enum err desk_feed_failed(struct db *db, const struct desk_feed *feed, const char *problem)
{
    return end_fetch(db, feed, false, problem);
}

enum err desk_feed_took(struct db *db, const struct desk_feed *feed, const char *body, size_t len,
                        uint64_t *set)
{
    struct db_rows rows = {0};
    struct text problem = TEXT(4096);

    *set = 0;
    enum err rc = db_run(db, "SELECT id, path FROM desk_rate WHERE feed_id = ? ORDER BY id",
                         DB_ARGS(db_i64(feed->id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        const char *path = db_get_text(&rows, 1);
        struct desk_worth worth;
        size_t before = problem.len;
        enum err found =
            desk_feed_find(feed->format, body, len, path == NULL ? "" : path, &worth, &problem);
        if (found == ERR_OK) {
            rc = desk_rate_take(db, db_get_i64(&rows, 0), &worth, NULL);
            if (rc == ERR_OUT_OF_RANGE) {
                text_addf(&problem, "too many digits: %s", path);
                rc = ERR_OK;
            } else if (rc == ERR_OK) {
                ++*set;
            }
        }
        if (problem.len > before)
            text_puts(&problem, "; ");
    }
    db_rows_free(&rows);
    if (rc == ERR_OK)
        rc = end_fetch(db, feed, *set > 0, text_string(&problem));
    text_free(&problem);
    return rc;
}
