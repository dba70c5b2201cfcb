/* Changing one money into another at the market: by which markets, at what cost now, and doing it.
 * The checkout pays and sells through it.
 *
 * What is wanted is exact and what it costs follows: a conversion is one market order, or two
 * through a third money (dollars buy bitcoins that are sold for euros). The cost is worked out order
 * by order with the fees and roundings of match.c, over the orders of others
 * alone: one's own would be cancelled. Whoever holds the locks of the markets (market_lock_in) thus
 * gets exactly that.
 */
#ifndef MARKET_CONVERT_H
#define MARKET_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "market/market.h"
#include "market/order.h"

#define MARKET_LEGS_MAX 2
/* Resting orders that one market order of a conversion may meet: its transaction keeps the market
 * to itself, and each costs time. Where more would be needed the book counts as too thin. */
#define MARKET_CONVERT_ORDERS_MAX 500

/* One market order: a bid gives the market's currency for its item, an ask the other way round. */
struct market_leg {
    struct market market;
    enum market_side side;
    struct amount needed; /* what it has to bring, fees taken off */
    struct amount amount; /* of the item: what it is placed for */
    struct amount cost;   /* what it takes, fees included */
};

struct market_conversion {
    size_t count; /* legs, in the order in which they are placed */
    struct market_leg legs[MARKET_LEGS_MAX];
};

/* Finds the way from one money to another: a market between the two, else two markets that share a
 * third money; open ones, those of the lowest ids.
 * out  out, the legs' markets and sides
 * Returns ERR_MARKET_UNKNOWN where there is none (also where the two are the same);
 * ERR_MARKET_HALTED where all that there are are halted; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_route(struct db *db, const struct currency *from,
                               const struct currency *to, struct market_conversion *out);

/* Which moneys can be changed into `to` now.
 * convertible  out, CURRENCY_MAX_COUNT values by the currency's place in currency_at
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_convertible(struct db *db, const struct currency *to, bool *convertible);

/* The market in which an item is sold.
 * currency  what it is sold for; NULL = that of the item's first open market
 * out       out
 * Returns ERR_MARKET_UNKNOWN where there is none that is open; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_of_item(struct db *db, const struct currency *item,
                                 const struct currency *currency, struct market *out);

/* Takes the locks of markets, in ascending order, inside the caller's transaction, which takes its
 * other locks after them.
 * markets  `count` of them, in any order, the same one perhaps twice; out, market->halted as it is
 *          for as long as the transaction lasts
 * Returns ERR_MARKET_UNKNOWN, ERR_DB_AWAY, ERR_DB_CONTENDED, ERR_DB. */
MUST_USE enum err market_lock_in(struct db *db, struct market *const *markets, size_t count);

/* Works out what a conversion costs its owner now.
 * user_id     the owner: their fees, and their orders are left out
 * conversion  with the legs' markets and sides; out, the legs' amounts and costs
 * wanted      of what the last leg brings, greater than zero
 * cost        out, what the first leg takes
 * Returns ERR_NO_LIQUIDITY; ERR_ORDER_AMOUNT_LOW where a market takes no order so small;
 * ERR_OVERFLOW, ERR_OUT_OF_RANGE; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_convert_cost(struct db *db, int64_t user_id,
                                      struct market_conversion *conversion, struct amount wanted,
                                      struct amount *cost);

/* What the user may spend of a money: the balance without what open orders hold. */
MUST_USE enum err market_free(struct db *db, int64_t user_id, const struct currency *currency,
                              struct amount *out);

/* What the trades of one's orders moved, fees included in what was given and taken off what was
 * gained. */
struct market_sums {
    struct amount given, gained;
};

/* Places the orders of a conversion, inside the caller's transaction, which holds the markets' locks
 * and had the cost worked out under them.
 * actor  its request_key becomes the orders' with ":1" and ":2" behind it
 * sums   out, given by the first leg, gained by the last
 * Returns ERR_NO_LIQUIDITY where a leg did not bring what it has to, the owner's money having been
 * too little perhaps: the caller rolls back; further as market_place_in. */
MUST_USE enum err market_convert_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                    const struct actor *actor,
                                    const struct market_conversion *conversion,
                                    struct market_sums *sums);

#define MARKET_REFERENCE_HOURS 24    /* in which the market traded, the newest */
#define MARKET_REFERENCE_HOURS_MIN 3 /* of fewer one hour could move the median */
#define MARKET_REFERENCE_DAYS 30     /* older hours say nothing of the price of now */

/* What a market's own trades say that an item is worth: the last price or, where that is higher, the
 * median of the prices at the ends of the last MARKET_REFERENCE_HOURS hours in which it traded. A
 * trade that somebody makes with himself at next to nothing thus does not lower it, nor do many of
 * one hour.
 * reference  out, of the currency for one whole item; 0 where the market traded in fewer than
 *            MARKET_REFERENCE_HOURS_MIN hours of the last MARKET_REFERENCE_DAYS days
 * Returns ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err market_reference(struct db *db, const struct market *market,
                                   struct amount *reference);

/* Why something of an amount was not sold. */
enum market_unsold {
    MARKET_UNSOLD_NOTHING,    /* all of it was */
    MARKET_UNSOLD_HALTED,     /* the market is */
    MARKET_UNSOLD_TOO_LITTLE, /* below the market's least amount */
    MARKET_UNSOLD_NO_BIDS,    /* nobody bids for more, or too many with too little each */
    MARKET_UNSOLD_PRICE,      /* what is bid for more is below the floor */
};

/* Sells as much as can be sold of an amount, rounded down to the market's step, to the bids at a
 * price or better, at most MARKET_CONVERT_ORDERS_MAX of them, inside the caller's transaction, which
 * holds the market's lock. What is not sold stays the owner's.
 * floor   least price, of the currency for one whole item; 0: any
 * sums    out, of the item and the currency; zero where nothing was sold
 * unsold  out, why not all was
 * Returns errors as market_place_in. */
MUST_USE enum err market_sell_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 const struct actor *actor, const struct market *market,
                                 struct amount amount, struct amount floor,
                                 struct market_sums *sums, enum market_unsold *unsold);

#endif
