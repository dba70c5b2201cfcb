/* Quotes: what it costs to pay an order in another money, shown first and good for a minute. Working
 * out the cost and trading are the market's; whoever knows both puts them together.
 */
#ifndef CHECKOUT_QUOTE_H
#define CHECKOUT_QUOTE_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "money/amount.h"

#define CHECKOUT_QUOTE_TTL_S 60
/* So long an expired quote is kept, so that who comes late hears that it has expired. */
#define CHECKOUT_QUOTE_KEEP_S 3600

struct checkout_quote {
    struct uuid id;
    struct amount amount; /* of the order's currency: what it pays */
    struct amount cost;   /* of the buyer's: the most that is taken, fees included */
    int64_t expires;      /* unix seconds */
};

/* What a buyer would pay now.
 * amount  NULL: all that is missing; in the order's currency, greater than zero
 * pay     out
 * Errors: ERR_ORDER_UNKNOWN, ERR_ORDER_OWN, ERR_ORDER_PAID, ERR_ORDER_CANCELLED, ERR_ORDER_CLOSED,
 * ERR_ORDER_REFUNDED, ERR_ORDER_OVERPAID, ERR_ORDER_WHOLE. */
MUST_USE enum err checkout_payable(struct db *db, int64_t user_id, const struct uuid *order,
                                   const struct amount *amount, struct amount *pay);

/* Keeps a quote for an order that checkout_payable has looked at.
 * quote  its amount and cost; out, its id and end */
MUST_USE enum err checkout_quote_add(struct db *db, int64_t user_id, const struct uuid *order,
                                     struct checkout_quote *quote);

/* A quote as its user sees it, expired or not. ERR_QUOTE_UNKNOWN, also for another user's and another
 * order's, and once it is used. */
MUST_USE enum err checkout_quote_view(struct db *db, int64_t user_id, const struct uuid *order,
                                      const struct uuid *id, struct checkout_quote *out);

/* Uses a quote up, inside the caller's transaction, which pays the order by it; locks the order.
 * Errors as checkout_payable for its amount, ERR_QUOTE_UNKNOWN, ERR_QUOTE_EXPIRED. */
MUST_USE enum err checkout_quote_take_in(struct db *db, int64_t user_id, const struct uuid *order,
                                         const struct uuid *id, struct checkout_quote *out);

/* Sweeper: deletes at most `limit` quotes that nobody will ask for any more; *removed says how
 * many. */
MUST_USE enum err checkout_quote_sweep(struct db *db, int64_t limit, int64_t *removed);

#endif
