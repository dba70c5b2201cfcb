/* The viewer API's wallet: what a user has where, and money between their own accounts (seed withdrawals; api wallet, B6, B7).
 * Deposits land in FUND and withdrawals leave from it; SPOT is what is traded with, and what v1 and the market's
 * pages show. */
#ifndef WALLET_WALLET_H
#define WALLET_WALLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "ledger/audit.h"
#include "ledger/funds.h"
#include "money/amount.h"

#define WALLET_GUID_MAX 64        /* characters: letters, digits, and -._: */
#define WALLET_TRANSFERS_MAX 1000 /* of one list */

/* Whether text can name a transfer or a withdrawal. */
bool wallet_guid_is_valid(const char *guid);

/* The asset's uuid on the wire: the same wherever it is asked for, made from its code. */
struct uuid wallet_asset_uuid(const struct currency *currency);

enum wallet_place { WALLET_SPOT, WALLET_FUND, WALLET_PLACES };

/* SPOT and FUND, as on the wire and in the database; NULL-terminated. */
extern const char *const wallet_place_names[];

struct wallet_transfer {
    struct uuid uuid;               /* out */
    char guid[WALLET_GUID_MAX + 1]; /* names it among the user's */
    struct amount amount;
    enum wallet_place from, to;
    int64_t at_us; /* out: microseconds since 1970 */
};

/* Moves money between the actor's own accounts, once under its guid.
 * transfer  in, out
 * repeated  out: the same was done before, and nothing now
 * Returns ERR_INVALID (from and to are one, guid), ERR_AMOUNT_NOT_POSITIVE, ERR_INSUFFICIENT_FUNDS,
 * ERR_IDEMPOTENCY_CONFLICT where the guid was used for something else; as db_txn. */
MUST_USE enum err wallet_transfer(struct db *db, const struct actor *actor,
                                  struct wallet_transfer *transfer, bool *repeated);

/* The user's transfer of that guid. ERR_NOT_FOUND. */
MUST_USE enum err wallet_transfer_find(struct db *db, int64_t user_id, const char *guid,
                                       struct wallet_transfer *out);

/* Audit: transfers against their journals. */
extern const struct audit wallet_audit;

#endif
