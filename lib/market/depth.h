/* The book by price (api/exchange-v1, sections 1 and 4): every level, the levels near the price, or
 * one side from its best price on; and what a market order would meet there.
 */
#ifndef MARKET_DEPTH_H
#define MARKET_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"
#include "market/order.h"

#define MARKET_LEVELS_MAX 10000 /* levels of a side that one call lists, the best */

/* Orders of one price. */
struct market_level {
    enum market_side side;
    struct amount price;
    struct amount amount; /* of the item: the funded part of its orders */
    int64_t changed_us;   /* when it last changed, microseconds since 1970 */
};

/* The prices between which market_depth lists levels. */
struct market_filter {
    bool set; /* false: the book is empty and nothing was ever traded */
    struct amount min, max;
};

/* Calls `row` for the levels near the price: first the asks, then the bids, each by ascending price.
 * The limits are 10 % below the best bid and 10 % above the best ask, so that the best of both sides
 * is always among them; the last price stands in for a side that is empty, and the other side's best
 * for a last price that there is not.
 * filter  out
 * row     must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_depth(struct db *db, const struct market *market,
                               struct market_filter *filter,
                               void (*row)(void *arg, const struct market_level *level), void *arg);

/* The same for the whole book, as far as MARKET_LEVELS_MAX goes: bids far below the price cost next to
 * nothing. */
MUST_USE enum err market_full_depth(struct db *db, const struct market *market,
                                    void (*row)(void *arg, const struct market_level *level),
                                    void *arg);

/* Walks one side of the book from its best price on (the lowest ask, the highest bid), for as long
 * as `row` wants more. It takes no locks: where the answer must hold, the caller's transaction has
 * locked the market's row before.
 * row  false ends the walk; must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_walk(struct db *db, const struct market *market, enum market_side side,
                              bool (*row)(void *arg, const struct market_level *level), void *arg);

/* What a market order for so much would cost its buyer or bring its seller now, before fees. Each
 * level counts as one fill, so that the orders of a level together may differ from it by less than a
 * smallest unit each.
 * side    of the order: a bid meets the asks
 * amount  of the item, greater than zero
 * total   out, of the currency: rounded up for a buyer, down for a seller
 * Returns ERR_NO_LIQUIDITY where the book holds less; ERR_OVERFLOW; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_quote(struct db *db, const struct market *market, enum market_side side,
                               struct amount amount, struct amount *total);

#endif
