/* Orders: placing, cancelling and what became of them (seed exchange-v1; api/exchange-v1, section 4).
 *
 * A placement is one transaction: hold, fills with their postings, fees, trades and candles, and
 * what the stream will tell. Price-time priority; an order of the taker's own that is in the way is
 * cancelled first. What there is no money for is accepted and waits (status invalid), hidden from
 * the book, until money arrives; an order that is funded in part shows that part.
 */
#ifndef MARKET_ORDER_H
#define MARKET_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "market/market.h"

enum market_side { MARKET_BID, MARKET_ASK };

/* "bid" or "ask". Static storage. */
const char *market_side_name(enum market_side side);

/* What a trader asks for. */
struct market_placement {
    const struct market *market;
    enum market_side side;
    struct amount amount;       /* of the item */
    const struct amount *price; /* of the currency for one whole item; NULL = at any price */
    const struct amount *stop;  /* waits for a trade at this price; NULL = at once */
    bool fiat_fee;              /* a bid pays its fee in the currency, on top (prefer_fiat_fee) */
};

struct matcher_client; /* market/change.h */

/* Places an order, as a whole or not at all.
 * matcher  the process's line to the matcher; NULL: the order is placed without it
 * master  the process's master key: the order's id is made from it and the request, so that a
 *         request sent twice meets the order that it made
 * oid     out, the order's id, a uuid of version 4
 * Returns ERR_MARKET_HALTED; ERR_ORDER_AMOUNT_LOW; ERR_AMOUNT_STEP, ERR_PRICE_STEP where they are not
 * multiples of the market's steps; ERR_AMOUNT_NOT_POSITIVE (also of a price); ERR_AMOUNT_RANGE where
 * amount times price is too large to count; ERR_TOO_MANY_ORDERS (market_orders_limit); ERR_REPLAYED where the request was processed before (a
 * repeatable one gets its id again, or ERR_IDEMPOTENCY_CONFLICT where it asked for something else);
 * ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB. */
MUST_USE enum err market_place(struct db *db, struct matcher_client *matcher,
                               const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                               const struct market_placement *placement, struct uuid *oid);

/* The same inside the caller's transaction (db_txn), where a request processed before is
 * ERR_REPLAYED, repeatable or not, and live orders are not counted. */
MUST_USE enum err market_place_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                  const struct actor *actor,
                                  const struct market_placement *placement, struct uuid *oid);

/* Takes an order back; cancelled before is ERR_ORDER_UNKNOWN, as is another user's.
 * matcher  as for market_place */
MUST_USE enum err market_cancel(struct db *db, struct matcher_client *matcher, int64_t user_id,
                                const struct uuid *oid);

/* An order as its owner sees it. */
struct market_order {
    struct uuid oid;
    const struct market *market;
    enum market_side side;
    char status[10];         /* open, invalid, stop, pending, done, cancelled */
    struct amount amount;    /* as placed */
    struct amount remaining; /* not traded yet */
    struct amount funded;    /* of the remaining, what there is money for */
    struct amount price;     /* currency NULL = at any price */
    struct amount stop;      /* currency NULL = none */
    int64_t created_us;      /* microseconds since 1970 */
};

#define MARKET_ORDERS_MAX 10000 /* live orders that one call lists, the oldest */

/* How many live orders a user may have, in this process, from the next placement on; at first
 * MARKET_ORDERS_MAX, and no more, so that what was placed is listed. Somebody who places in two markets
 * at the same moment may get one more for each that is under way.
 * max  1 to MARKET_ORDERS_MAX */
void market_orders_limit(int64_t max);

/* Calls `row` for each live order of the user, the oldest first.
 * row  must not use `db` */
MUST_USE enum err market_orders(struct db *db, int64_t user_id,
                                void (*row)(void *arg, const struct market_order *order),
                                void *arg);

/* One order of the user's, live or past. Returns ERR_ORDER_UNKNOWN. */
MUST_USE enum err market_order_view(struct db *db, int64_t user_id, const struct uuid *oid,
                                    struct market_order *out);

/* Tries orders that wait and have a reason to: set off by a trade, or money has come.
 * limit  at most so many, each in a transaction of its own
 * tried  out, how many */
MUST_USE enum err market_wake(struct db *db, int limit, int64_t *tried);

/* Orders set off and not matched yet.
 * age_us  out, microseconds since the oldest of them was set off; 0 where there is none
 * length  out, how many */
MUST_USE enum err market_lag(struct db *db, int64_t *age_us, int64_t *length);

/* A request_finder (identity/request.h): the order that a request placed. ERR_NOT_FOUND. */
MUST_USE enum err market_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                      int64_t user_id, const char *key, struct request_done *out);

#endif
