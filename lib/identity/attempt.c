/* Counting guesses. */
#include "identity/attempt.h"

#define SUBJECT(attempt) \
    db_text((attempt)->kind), db_blob((attempt)->subject, (attempt)->subject_len)

enum err attempt_begin(struct db *db, const struct attempt *attempt, int64_t *retry_s)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL attempt_begin(?, ?, ?, ?, ?)",
                              DB_ARGS(SUBJECT(attempt), db_i64(attempt->max),
                                      db_i64(attempt->first_wait_s), db_i64(attempt->window_s)),
                              &rows, NULL);
    *retry_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc == ERR_OK && *retry_s > 0 ? ERR_TOO_MANY_ATTEMPTS : rc;
}

enum err attempt_right(struct db *db, const struct attempt *attempt)
{
    return db_txn_call(db,
                       "UPDATE attempt SET blocked_until = NULL, failures = failures - 1 "
                       "WHERE kind = ? AND subject = ? AND failures > 0",
                       DB_ARGS(SUBJECT(attempt)), NULL, NULL);
}

enum err attempt_clear(struct db *db, const struct attempt *attempt)
{
    return db_txn_call(db, "DELETE FROM attempt WHERE kind = ? AND subject = ?",
                       DB_ARGS(SUBJECT(attempt)), NULL, NULL);
}
