/* The trades that everybody may see (seed exchange-v1; api/exchange-v1, sections 1 and 4). */
#ifndef MARKET_TRADES_H
#define MARKET_TRADES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"
#include "market/order.h"

#define MARKET_TRADES_MAX 5000 /* trades that one call lists, the oldest */

/* A trade. Its time is tid / 1,000,000 seconds since 1970. */
struct market_trade {
    int64_t tid;
    struct amount price;
    struct amount amount;  /* of the item */
    enum market_side type; /* of the order that came later and set it off */
    bool at_market;        /* that order named no price */
    bool primary;          /* false: of another market, the price converted */
};

/* Which of them. */
struct market_trade_filter {
    bool has_since;          /* false: those of the last 24 hours */
    int64_t since;           /* those with a greater tid */
    bool primary, converted; /* those of this market; those of the item's other markets, where both
                                currencies have a rate */
};

/* Calls `row` for the trades in order of tid, the first MARKET_TRADES_MAX of them: who passes the
 * last tid as `since` gets what follows. Trades that were taken back are left out.
 * row  must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_trades(struct db *db, const struct market *market,
                                const struct market_trade_filter *filter,
                                void (*row)(void *arg, const struct market_trade *trade),
                                void *arg);

/* Calls `row` for each trade of the market that was taken back in the last month, in order of tid.
 * row  must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_cancelled_trades(struct db *db, const struct market *market,
                                          void (*row)(void *arg, int64_t tid), void *arg);

#endif
