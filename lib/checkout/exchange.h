/* What the checkout keeps of changing money at the market: a payer's, who paid in another money, and a
 * merchant's, whose earnings are sold at once (autosell).
 */
#ifndef CHECKOUT_EXCHANGE_H
#define CHECKOUT_EXCHANGE_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "money/amount.h"

enum checkout_party { CHECKOUT_PAYER, CHECKOUT_MERCHANT };

/* What one party of a payment changed. */
struct checkout_exchange {
    struct uuid payment;
    enum checkout_party party;
    struct amount given;  /* by the payer in their money, by the merchant in the order's */
    struct amount gained; /* the other way round; fees taken off */
    struct uuid quote;    /* that the payer used; zero for the merchant's */
};

/* Writes an exchange down, inside the transaction of the payment. */
MUST_USE enum err checkout_exchange_add_in(struct db *db, const struct checkout_exchange *exchange);

/* The payer's exchange for a payment.
 * out   out
 * kept  out, what they gained beyond what they paid
 * ERR_NOT_FOUND where they paid from their balance. */
MUST_USE enum err checkout_exchange_view(struct db *db, const struct uuid *payment,
                                         struct checkout_exchange *out, struct amount *kept);

#define AUTOSELL_BELOW_DEFAULT 10 /* percent, as merchant_autosell.below_percent */
#define AUTOSELL_BELOW_ANY 100    /* percent: sells at any price */

/* How a merchant's earnings are sold. */
struct checkout_autosell {
    const struct currency *currency; /* what for; NULL: the currency of the item's first market */
    int64_t below_percent; /* how far below the reference price, 0 to AUTOSELL_BELOW_ANY */
};

/* What a merchant chose, or what holds without a choice.
 * out  out */
MUST_USE enum err checkout_autosell(struct db *db, int64_t merchant_id,
                                    struct checkout_autosell *out);

/* Chooses it, from the next payment on. Returns ERR_OUT_OF_RANGE of below_percent. */
MUST_USE enum err checkout_autosell_set(struct db *db, int64_t merchant_id,
                                        const struct checkout_autosell *choice);

/* Why autosell kept what it did. */
enum checkout_kept_reason {
    CHECKOUT_KEPT_NO_MARKET,    /* there is none, or it is halted */
    CHECKOUT_KEPT_HALTED,       /* it was halted just then */
    CHECKOUT_KEPT_TOO_LITTLE,   /* below the market's least amount */
    CHECKOUT_KEPT_NO_BIDS,      /* nobody bids for more */
    CHECKOUT_KEPT_PRICE,        /* what is bid for more is below the floor */
    CHECKOUT_KEPT_NO_REFERENCE, /* nothing says what the price should be */
};

/* The reason's word, as the API has it. Static storage. */
const char *checkout_kept_word(enum checkout_kept_reason reason);

/* What autosell kept of a payment's earnings. */
struct checkout_kept {
    struct uuid payment;
    struct uuid order;
    int64_t date;         /* out of checkout_kept_list; unix seconds */
    struct amount amount; /* of the order's currency; currency NULL = nothing */
    enum checkout_kept_reason reason;
    /* For one whole coin, of the currency that it would have been sold for; currency NULL = none. */
    struct amount reference, floor;
};

/* Writes it down, also as a line without money in the merchant's history, inside the transaction of
 * the payment.
 * trace  of the request */
MUST_USE enum err checkout_kept_add_in(struct db *db, int64_t merchant_id, const char *trace,
                                       const struct checkout_kept *kept);

#define CHECKOUT_KEPT_MAX 20 /* that one call lists, the newest */

/* Calls `row` for what a merchant's autosell kept lately, the newest first.
 * row  must not use `db` */
MUST_USE enum err checkout_kept_list(struct db *db, int64_t merchant_id,
                                     void (*row)(void *arg, const struct checkout_kept *kept),
                                     void *arg);

#endif
