/* What a trader pays: by what they traded in thirty days. */
#ifndef MARKET_TRADER_H
#define MARKET_TRADER_H

#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"
#include "money/amount.h"

struct market_trader {
    struct amount volume;                  /* bitcoins traded in 30 days (UTC) */
    char fee_percent[MARKET_PERCENT_SIZE]; /* of everybody's schedule for that volume, as a decimal
                                              without trailing zeros */
};

/* Reads what a user traded and pays.
 * entries  lines in the histories of all their accounts: where it is as it was, and so is the day,
 *          nothing was traded meanwhile, and what a process knows of the user still holds
 * today    YYYY-MM-DD, UTC
 * Returns ERR_CONFIG where the schema has no usable schedule of fees; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_trader(struct db *db, int64_t user_id, uint64_t entries, const char *today,
                                struct market_trader *out);

#endif
