/* The market's SQL, for market.c and order.c alone. `resent` as for db_txn_call. */
#ifndef MARKET_STORE_H
#define MARKET_STORE_H

#include "market/market.h"
#include "market/order.h"

/* As market_add, which has checked the rules. */
MUST_USE enum err market_store_add(struct db *db, const struct market_rules *rules, bool *resent);

/* As market_fee_set and market_rate_set, which have checked the numbers. */
MUST_USE enum err market_store_fee(struct db *db, const struct market *market, struct amount volume,
                                   const char *percent);
MUST_USE enum err market_store_rate(struct db *db, const struct currency *currency,
                                    const char *per_dollar);

/* As market_void, which has checked the note. */
MUST_USE enum err market_store_void(struct db *db, int64_t tid, const char *note, bool *resent);

/* Whether the order is what the placement asks for.
 * Returns ERR_ORDER_UNKNOWN where there is none of that id. */
MUST_USE enum err market_store_same(struct db *db, const struct market_placement *placement,
                                    const struct uuid *oid, bool *same);

#endif
