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

/* What a merchant's autosell sells for.
 * out  out, NULL where they did not choose: the currency of the item's first market */
MUST_USE enum err checkout_autosell(struct db *db, int64_t merchant_id,
                                    const struct currency **out);

/* Operator: chooses it, from the next payment on; NULL: not chosen. */
MUST_USE enum err checkout_autosell_set(struct db *db, int64_t merchant_id,
                                        const struct currency *currency);

#endif
