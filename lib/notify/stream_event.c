/* The live stream's outbox. */
#include "notify/stream_event.h"

enum err stream_pending(struct db *db, bool *pending)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT EXISTS (SELECT 1 FROM stream_event)", DB_NO_ARGS, &rows);
    *pending = rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

enum err stream_delete(struct db *db, const struct text *read)
{
    struct text sql = TEXT(read->len + 64);
    enum err rc = ERR_NO_MEMORY;

    /* Nothing but the digits and commas of stream_read. */
    text_puts(&sql, "DELETE FROM stream_event WHERE id IN (");
    text_add(&sql, text_string(read), read->len);
    text_putc(&sql, ')');
    if (!sql.full)
        rc = db_txn_call(db, text_string(&sql), DB_NO_ARGS, NULL, NULL);
    text_free(&sql);
    return rc;
}

enum err stream_clear(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc =
        db_txn_call(db,
                    "DELETE FROM stream_event WHERE id <= (SELECT MAX(id) FROM (SELECT id FROM "
                    "(SELECT id, at FROM stream_event ORDER BY id LIMIT ?) AS oldest "
                    "WHERE at < NOW(6) - INTERVAL ? SECOND) AS old)",
                    DB_ARGS(db_i64(limit), db_i64(STREAM_STALE_S)), &rows, NULL);
    *removed = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}

enum err stream_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT TIMESTAMPDIFF(SECOND, at, NOW(6)) FROM stream_event ORDER BY id LIMIT 1",
               DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
