/* Finding a merchant's request by the name that the order which it made bears. */
#include "base/text.h"
#include "checkout/checkout.h"

enum err checkout_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                               const char *key, struct request_done *out)
{
    struct db_rows rows = {0};
    (void)master;
    enum err rc = db_run(db,
                         "SELECT id, UNIX_TIMESTAMP(created_at) DIV 1 FROM checkout_order "
                         "WHERE merchant_id = ? AND request_key = ?",
                         DB_ARGS(db_i64(user_id), db_text(key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct request_done){
            .has_ref = true, .ref = db_get_uuid(&rows, 0), .at = db_get_i64(&rows, 1)};
        text_copy(out->operation, sizeof(out->operation), "checkout_create");
    }
    db_rows_free(&rows);
    return rc;
}
