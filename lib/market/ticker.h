/* The ticker: what a market trades at now, and what it did in the last 24 hours (seed exchange-v1;
 * api/exchange-v1, section 1).
 *
 * Trades in other currencies count where the operator has set rates for both (currency_rate): the
 * newest trade of the item in any market, as it was (last_orig) and converted (last_all).
 */
#ifndef MARKET_TICKER_H
#define MARKET_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "market/market.h"
#include "money/rate.h"

#define MARKET_WINDOW_S 86400  /* seconds that the ticker looks back */
#define MARKET_MEAN_DECIMALS 4 /* decimals of a mean price beyond those of the currency */

/* What is known at once. An amount without currency (NULL) is one that there is not: no trade yet,
 * or nobody on that side of the book. */
struct market_prices {
    struct amount last_local; /* newest trade of this market */
    struct amount last_orig;  /* newest trade of the item, in its own currency */
    struct amount last_all;   /* the same in this market's currency, rounded half up */
    struct amount buy, sell;  /* best bid, best ask */
    int64_t now_us;           /* microseconds since 1970, by the database's clock */
};

/* Trades of one market summed up. */
struct market_summary {
    bool traded;             /* false: no trade; then only `volume` (zero) holds */
    struct amount high, low; /* highest and lowest price */
    struct rate avg;  /* mean of the trades' prices, in whole units of the currency: its decimals
                                 and MARKET_MEAN_DECIMALS more, rounded half up */
    struct rate vwap; /* mean weighted by amount, likewise */
    struct amount volume; /* of the item */
};

struct market_ticker {
    struct market_prices prices;
    struct market_summary day; /* of the MARKET_WINDOW_S before prices.now_us */
};

/* The prices alone. Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_prices(struct db *db, const struct market *market,
                                struct market_prices *out);

/* Sums up all trades of a market from `since_us` on, that instant included: exact, from hour and
 * minute candles and the trades of the one minute at the edge. Trades that were taken back do not
 * count. Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_summary(struct db *db, const struct market *market, int64_t since_us,
                                 struct market_summary *out);

/* Both: the prices, and the 24 hours before that instant. Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_ticker(struct db *db, const struct market *market,
                                struct market_ticker *out);

#endif
