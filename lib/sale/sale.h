/* Where checkout and market meet: paying an order, perhaps with money that is changed at the market
 * first (a quote), and perhaps selling at once what it earned (autosell). All of a payment is one
 * transaction.
 *
 * Locks are taken in the order markets (by id), order, accounts. A request sent twice pays once: the
 * payment's journal bears its key, a quote is used up by the payment, and the market orders' ids are
 * made from the payment's.
 */
#ifndef SALE_SALE_H
#define SALE_SALE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "checkout/checkout.h"
#include "checkout/quote.h"
#include "crypto/crypto.h"
#include "db/db.h"

/* What a buyer asks for. */
struct sale_request {
    const uint8_t *master;       /* SEAL_KEY_SIZE bytes */
    struct actor actor;          /* repeatable */
    const struct uuid *quote;    /* NULL: from the balance in the order's currency */
    const struct amount *amount; /* without a quote; NULL: all that is missing */
    struct otp_step otp;         /* what otp_device_check found; zero: none was given */
};

struct sale {
    struct checkout_order order; /* in, as checkout_view gave it; out, after the payment */
    struct uuid payment;         /* out */
    bool exchanged;              /* out, by a quote; then also: */
    struct amount taken;         /* of the buyer's money, fees included */
    struct amount kept;          /* of the order's currency: what that brought beyond the payment */
};

/* Pays an order.
 * Errors: as checkout_pay; with a quote also ERR_QUOTE_UNKNOWN, ERR_QUOTE_EXPIRED, ERR_QUOTE_EXCEEDED
 * where the market cannot do it within its cost, ERR_MARKET_HALTED, ERR_INSUFFICIENT_FUNDS where the
 * buyer has less than its cost. Nothing has happened then. */
MUST_USE enum err sale_pay(struct db *db, const struct sale_request *request, struct sale *sale);

/* The answer that the request got when it was processed before: ERR_NOT_FOUND where it was not,
 * ERR_IDEMPOTENCY_CONFLICT where it asked for something else. */
MUST_USE enum err sale_paid_before(struct db *db, const struct sale_request *request,
                                   struct sale *sale);

/* Says what paying an order in another money costs, and keeps that as a quote.
 * amount    NULL: all that is missing
 * currency  what the buyer has
 * Errors: as checkout_payable; ERR_MARKET_UNKNOWN, ERR_MARKET_HALTED, ERR_NO_LIQUIDITY,
 * ERR_ORDER_AMOUNT_LOW where it is too little for the market. */
MUST_USE enum err sale_quote(struct db *db, int64_t user_id, const struct uuid *order,
                             const struct amount *amount, const struct currency *currency,
                             struct checkout_quote *out);

#endif
