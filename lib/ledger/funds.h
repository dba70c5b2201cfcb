/* What a user has of each currency, by where it is: to trade with, or to be deposited and withdrawn. */
#ifndef LEDGER_FUNDS_H
#define LEDGER_FUNDS_H

#include "base/err.h"
#include "db/db.h"
#include "money/amount.h"

#define LEDGER_SPOT "available" /* purpose of the account that is traded with: what v1 shows */
#define LEDGER_FUND "fund" /* purpose of the account where deposits land and withdrawals leave */

struct ledger_funds {
    struct amount spot, spot_locked; /* all of it; the part that orders and holds have */
    struct amount fund, fund_locked;
};

/* Calls `row` for each currency of which the user has an account, in the order of the schema.
 * currency  NULL: all
 * row       must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err ledger_funds(struct db *db, int64_t user_id, const struct currency *currency,
                               void (*row)(void *arg, const struct ledger_funds *funds), void *arg);

#endif
