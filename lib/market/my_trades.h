/* What a trader sees of their own trades (api/exchange-v1, section 1). */
#ifndef MARKET_MY_TRADES_H
#define MARKET_MY_TRADES_H

#include "market/order.h"
#include "market/trades.h"

/* Calls `row` for the user's trades in order of tid, the first MARKET_TRADES_MAX of them: who passes
 * the last tid as `since` gets what follows. Trades that were taken back are left out.
 * market  NULL for all of them
 * since   those with a greater tid; 0 for all
 * row     must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_my_trades(struct db *db, int64_t user_id, const struct market *market,
                                   int64_t since,
                                   void (*row)(void *arg, const struct market_trade *trade),
                                   void *arg);

/* A part of an order that was traded. */
struct market_fill {
    int64_t tid;
    struct amount amount; /* of the item */
    struct amount price;
    struct amount spent; /* of the currency, before fees: what a bid paid, what an ask brought */
    bool at_market;      /* the order that came later named no price */
};

/* Calls `row` for each trade of an order, in order of tid; those that were taken back are left out.
 * row  must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_order_fills(struct db *db, const struct market_order *order,
                                     void (*row)(void *arg, const struct market_fill *fill),
                                     void *arg);

#endif
