#include "identity/attempt.h"

enum err attempt_check(struct db *db, const struct attempt *attempt, uint64_t max)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db, "SELECT failures FROM attempt WHERE kind = ? AND subject = ? AND ends_at > NOW(6)",
        DB_ARGS(db_text(attempt->kind), db_blob(attempt->subject, attempt->subject_len)), &rows);
    if (rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) >= max)
        rc = ERR_TOO_MANY_ATTEMPTS;
    db_rows_free(&rows);
    return rc;
}

enum err attempt_failed(struct db *db, const struct attempt *attempt, int64_t window_s)
{
    return db_txn_call(db, "CALL attempt_failed(?, ?, ?)",
                       DB_ARGS(db_text(attempt->kind),
                               db_blob(attempt->subject, attempt->subject_len), db_i64(window_s)),
                       NULL, NULL);
}

enum err attempt_clear(struct db *db, const struct attempt *attempt)
{
    return db_txn_call(
        db, "DELETE FROM attempt WHERE kind = ? AND subject = ?",
        DB_ARGS(db_text(attempt->kind), db_blob(attempt->subject, attempt->subject_len)), NULL,
        NULL);
}
