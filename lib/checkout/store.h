/* The checkout's SQL, for checkout.c alone. Each change is one packet and one transaction; `resent` as
 * for db_txn_call. */
#ifndef CHECKOUT_STORE_H
#define CHECKOUT_STORE_H

#include "checkout/checkout.h"
#include "checkout/exchange.h"

MUST_USE enum err checkout_store_create(struct db *db, const struct actor *actor,
                                        const struct checkout_request *request,
                                        const struct uuid *id, bool *resent);

/* The order that an earlier request of that user and key made; ERR_NOT_FOUND. */
MUST_USE enum err checkout_store_created(struct db *db, const struct actor *actor, struct uuid *id);

MUST_USE enum err checkout_store_pay(struct db *db, const struct actor *actor,
                                     const struct uuid *id, const struct uuid *payment,
                                     const struct amount *amount, const struct otp_step *otp,
                                     struct checkout_order *out, bool *resent);
MUST_USE enum err checkout_store_cancel(struct db *db, const struct actor *actor,
                                        const struct uuid *id, bool as_merchant,
                                        struct checkout_order *out, bool *resent);
MUST_USE enum err checkout_store_refund(struct db *db, const struct actor *actor,
                                        const struct uuid *id, const struct uuid *payment,
                                        const struct amount *amount, const char *reason,
                                        struct checkout_order *out, bool *resent);

/* What an earlier request of that user and key posted. */
struct checkout_done {
    char kind[25]; /* of its journal */
    struct uuid order;
    struct uuid payment; /* zero but for a payment */
    __int128 units;      /* paid, or given back */
};

/* ERR_NOT_FOUND where there was none. */
MUST_USE enum err checkout_store_done(struct db *db, const struct actor *actor,
                                      struct checkout_done *out);

/* Of checkout_kept AS k, as checkout_store_read_kept reads them. */
#define KEPT_COLUMNS "k.amount, k.reason + 0, k.currency_id, k.reference, k.floor"

/* Reads KEPT_COLUMNS from column `col` on; an outer join's NULLs are nothing kept.
 * coin  the order's currency */
void checkout_store_read_kept(const struct db_rows *rows, unsigned col, const struct currency *coin,
                              struct checkout_kept *out);

MUST_USE enum err checkout_store_fee(struct db *db, int64_t merchant_id, const char *percent,
                                     struct amount fixed);

#endif
