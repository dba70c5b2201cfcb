/* Finding a request by the name that its journal bears. */
#include "ledger/request.h"

#include "identity/request.h"

enum err ledger_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                             const char *key, struct request_done *out)
{
    (void)master;
    return request_find_by(db,
                           "SELECT kind, ref, UNIX_TIMESTAMP(at) DIV 1 FROM journal "
                           "WHERE user_id = ? AND request_key = ?",
                           user_id, key, out);
}
