/* Finding a request by the name that its journal bears. */
#include "ledger/request.h"

#include "base/text.h"

enum err ledger_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                             const char *key, struct request_done *out)
{
    struct db_rows rows = {0};
    (void)master;
    enum err rc = db_run(db,
                         "SELECT kind, ref, UNIX_TIMESTAMP(at) DIV 1 FROM journal "
                         "WHERE user_id = ? AND request_key = ?",
                         DB_ARGS(db_i64(user_id), db_text(key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct request_done){.has_ref = !db_is_null(&rows, 1),
                                     .ref = db_get_uuid(&rows, 1),
                                     .at = db_get_i64(&rows, 2)};
        text_copy(out->operation, sizeof(out->operation), db_get_text(&rows, 0));
    }
    db_rows_free(&rows);
    return rc;
}
