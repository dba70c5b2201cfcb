/* A database with markets and nothing in them, and trades planted there: for tests of market data. */
#ifndef TESTS_DB_MARKETS_H
#define TESTS_DB_MARKETS_H

#include "market/market.h"
#include "tests/db/scratch.h"

#define MARKETS_BASE_S INT64_C(1699999200) /* a moment for planted trades: a full hour */
#define SECOND_US INT64_C(1000000)

/* What markets_open made. */
struct markets {
    struct scratch scratch;
    struct market usd, eur, jpy; /* BTCUSD, BTCEUR, BTCJPY: ids 1 to 3, open */
};
extern struct markets markets;

/* Makes them in a database of their own; scratch_drop ends it. False (noted as a failure) where that
 * cannot be done. */
bool markets_open(void);

/* A trade of a market at `at_us` (full 100 microseconds), smallest units; gives its id. */
int64_t markets_plant(const struct market *market, int64_t at_us, int64_t price, int64_t amount);

#endif
