/* The board: every market with what changes in it, as a page lists them (seed exchange-v1). */
#ifndef MARKET_BOARD_H
#define MARKET_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"
#include "money/amount.h"

/* One market now. */
struct market_summary {
    const struct market *market;
    bool halted;
    struct amount last;                    /* price of the newest trade; currency NULL = none yet */
    char fee_percent[MARKET_PERCENT_SIZE]; /* of what an order receives that is placed now: a
                                              decimal without trailing zeros */
};

/* Calls `row` for each market in order of id.
 * user_id  whose fees; 0 for those of somebody who has traded nothing
 * row      must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_board(struct db *db, int64_t user_id,
                               void (*row)(void *arg, const struct market_summary *summary),
                               void *arg);

#endif
