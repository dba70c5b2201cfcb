/* Candles: the trades of a market summed up by intervals, for charts. */
#ifndef MARKET_CANDLE_H
#define MARKET_CANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"

#define MARKET_CANDLES_MAX 1000 /* candles that one call lists, the oldest */

/* The trades of one interval. */
struct market_candle {
    int64_t at; /* its beginning, seconds since 1970: a multiple of the interval */
    struct amount open, high, low, close; /* first, highest, lowest, last price */
    struct amount volume;                 /* of the item */
    int64_t trades;                       /* how many */
};

/* True for the intervals that there are: 60, 300, 900, 3600, 14400, 86400 seconds. */
bool market_interval_known(int64_t interval_s);

/* Calls `row` for the candles in order of time, the first MARKET_CANDLES_MAX of them. An interval
 * without a trade has none; the newest may still be growing.
 * interval_s  one that market_interval_known knows; anything else is our bug
 * since       seconds since 1970: the interval that it falls in is the first; negative: the last
 *             MARKET_CANDLES_MAX intervals
 * row         must not use `db`
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_candles(struct db *db, const struct market *market, int64_t interval_s,
                                 int64_t since,
                                 void (*row)(void *arg, const struct market_candle *candle),
                                 void *arg);

#endif
