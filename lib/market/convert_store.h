/* The conversions' SQL, for convert.c alone. */
#ifndef MARKET_CONVERT_STORE_H
#define MARKET_CONVERT_STORE_H

#include "market/convert.h"

/* As it stands in the book. */
struct market_resting {
    struct amount price, funded;
};

/* Reads the orders that an order of `side` meets, the first to trade first, without the user's own.
 * from   as many are left out
 * list   out, at most `count`
 * found  out, how many there were; fewer than `count` at the end of the book */
MUST_USE enum err market_store_resting(struct db *db, const struct market *market,
                                       enum market_side side, int64_t user_id, int from,
                                       struct market_resting *list, int count, int *found);

/* The percentage that the user's next order in a market pays, in thousandths (market/reckon.h). */
MUST_USE enum err market_store_trader_fee(struct db *db, const struct market *market,
                                          int64_t user_id, int64_t *percent);

/* Locks one market's row and reads whether it is halted. */
MUST_USE enum err market_store_lock_in(struct db *db, uint8_t market_id, bool *halted);

/* Reads the prices at the ends of the newest hours in which a market traded, the newest first.
 * days   older ones are left out
 * list   out, at most `count`
 * found  out */
MUST_USE enum err market_store_hours(struct db *db, const struct market *market, int64_t days,
                                     struct amount *list, size_t count, size_t *found);

/* What the trades of an order moved. */
MUST_USE enum err market_store_sums(struct db *db, const struct market *market,
                                    enum market_side side, const struct uuid *oid,
                                    struct market_sums *sums);

#endif
