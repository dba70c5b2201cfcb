/* Finding a merchant's request by the name that the order which it made bears. */
#include "checkout/checkout.h"
#include "identity/request.h"

enum err checkout_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                               const char *key, struct request_done *out)
{
    (void)master;
    return request_find_by(db,
                           "SELECT 'checkout_create', id, UNIX_TIMESTAMP(created_at) DIV 1 FROM "
                           "checkout_order WHERE merchant_id = ? AND request_key = ?",
                           user_id, key, out);
}
