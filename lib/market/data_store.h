/* The SQL of the market data; ticker.h, depth.h, trades.h and candle.h say what it means. Errors
 * everywhere: ERR_DB_AWAY, ERR_DB. */
#ifndef MARKET_DATA_STORE_H
#define MARKET_DATA_STORE_H

#include "market/candle.h"
#include "market/depth.h"
#include "market/ticker.h"
#include "market/trades.h"

/* Best prices of both sides, the market's last price, and now; last_orig and last_all are left. */
MUST_USE enum err market_store_prices(struct db *db, const struct market *market,
                                      struct market_prices *out);

/* A market of the same item, and what its currency is worth. */
struct market_source {
    uint8_t id;
    const struct currency *currency;
    struct rate per_dollar; /* coefficient 0: no rate is set */
};

/* The newest trade of the item among the market itself and those whose prices can be converted.
 * price  out, in its own currency (NULL: no trade)
 * from   out, the rate of that currency
 * to     out, the rate of the market's currency */
MUST_USE enum err market_store_newest(struct db *db, const struct market *market,
                                      struct amount *price, struct rate *from, struct rate *to);

/* Sums up minute candles from `minute` on, hour candles from `hour` on (seconds since 1970), and the
 * trades from `since_us` up to `minute`. */
MUST_USE enum err market_store_summary(struct db *db, const struct market *market, int64_t since_us,
                                       int64_t minute, int64_t hour, struct market_summary *out);

/* The item's other markets whose prices can be converted.
 * own      out, the rate of the market's currency; coefficient 0 where none is set
 * sources  out, MARKET_MAX_COUNT of them at most
 * count    out */
MUST_USE enum err market_store_sources(struct db *db, const struct market *market, struct rate *own,
                                       struct market_source sources[MARKET_MAX_COUNT],
                                       size_t *count);

/* Trades of several markets in order of tid; `rows` is to be freed with db_rows_free. Columns: see
 * trades.c, which reads them.
 * ids  `count` markets, at least one */
MUST_USE enum err market_store_trades(struct db *db, const uint8_t *ids, size_t count,
                                      const struct market_trade_filter *filter,
                                      struct db_rows *rows);

/* Levels between two prices, both included, at most MARKET_LEVELS_MAX of each side, the best. */
MUST_USE enum err market_store_levels(struct db *db, const struct market *market, __int128 min,
                                      __int128 max,
                                      void (*row)(void *arg, const struct market_level *level),
                                      void *arg);

/* At most `limit` levels of a side that are worse than `beyond`, the best first; `rows` is to be
 * freed with db_rows_free and read with market_store_level. */
MUST_USE enum err market_store_side(struct db *db, const struct market *market,
                                    enum market_side side, __int128 beyond, int64_t limit,
                                    struct db_rows *rows);

/* The current row as a level. */
struct market_level market_store_level(const struct db_rows *rows, const struct market *market);

/* Candles of 60 or 3600 seconds from `since` on, in order of time, at most `limit`. */
MUST_USE enum err market_store_candles(struct db *db, const struct market *market, int64_t span_s,
                                       int64_t since, int64_t limit,
                                       void (*row)(void *arg, const struct market_candle *candle),
                                       void *arg);

#endif
