/* Calling the procedure that removes a batch of what has had its time. */
#include "identity/sweep.h"

#include "identity/request.h"

enum err identity_sweep(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL identity_sweep(?, ?)",
                              DB_ARGS(db_i64(limit), db_i64(REQUEST_KEPT_DAYS)), &rows, NULL);
    *removed = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
