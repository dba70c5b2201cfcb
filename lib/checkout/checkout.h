/* Merchant checkout: orders and payments (seed exchange-v1, Merchant System; api exchange-v1, section 5).
 *
 *     open -> partial -> paid           multipay: open, and stays payable
 *     open | partial -> cancelled | closed; what was paid goes back
 *     paid | partly_refunded -> partly_refunded | refunded
 *
 * The changes of state are the procedures in schema/procedures/checkout.sql. Each writes its event to the outbox in its
 * own transaction (schema/procedures/notify.sql).
 */
#ifndef CHECKOUT_CHECKOUT_H
#define CHECKOUT_CHECKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "base/page.h"
#include "checkout/exchange.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/otp.h"
#include "ledger/audit.h"
#include "money/amount.h"

#define CHECKOUT_DESCRIPTION_MAX 255 /* code points */
#define CHECKOUT_DATA_MAX 4096       /* bytes of the merchant's data */
#define CHECKOUT_URL_MAX 2000        /* bytes */
#define CHECKOUT_REASON_MAX 255      /* code points of a refund's reason */
#define CHECKOUT_TTL_DEFAULT_S 3600
#define CHECKOUT_TTL_MIN_S 60
#define CHECKOUT_TTL_MAX_S (31 * 86400)
#define CHECKOUT_PAGE 50
#define CHECKOUT_SERVICE_SIZE 17 /* a service's name and a NUL */

/* What a merchant asks for; strings may be NULL or "" where the API has them optional. */
struct checkout_request {
    int64_t api_key_id;      /* 0 where a service asks */
    const char *service;     /* of the house (checkout_service_register); NULL: the merchant asks */
    struct amount amount;    /* greater than zero */
    const char *description; /* "" becomes "Payment to <login>" */
    const char *return_success; /* http or https */
    const char *return_failure;
    const char *ipn_url;
    const char *ipn_endpoint; /* host:port of ipn_url, from http_url_check by the caller */
    const void *data;         /* any bytes; NULL: none */
    size_t data_len;
    bool wants_mail, autosell, instant_only, multipay;
    int64_t ttl_s; /* 0: never expires */
};

struct checkout_order {
    struct uuid id;
    int64_t merchant_id;
    char merchant[257];                            /* login */
    char status[16];                               /* as on the wire; expiry included */
    struct amount amount, paid, refunded, missing; /* missing: what a payment now may be at most */
    char description[1021];
    char return_success[CHECKOUT_URL_MAX + 1];
    char return_failure[CHECKOUT_URL_MAX + 1];
    char ipn_url[CHECKOUT_URL_MAX + 1];
    uint8_t data[CHECKOUT_DATA_MAX];
    size_t data_len;
    bool has_data;
    bool wants_mail, autosell, instant_only, multipay;
    int64_t created, expires, paid_at, ended; /* unix seconds; 0 = none */
};

extern const char *const checkout_statuses[]; /* NULL-terminated */

/* True for a URL that a buyer may be sent to: http or https with a host, UTF-8 without white space
 * and control characters, at most CHECKOUT_URL_MAX bytes. */
bool checkout_return_url_ok(const char *url);

/* Makes an order. id  out, the transaction id
 * ERR_CURRENCY_DISABLED; ERR_REPLAYED where the actor's request was processed before. */
MUST_USE enum err checkout_create(struct db *db, const struct actor *actor,
                                  const struct checkout_request *request, struct uuid *id);

/* What a service of the house registers that has orders made for itself. They cost the merchant no fee; only
 * the service gives back what was paid of them. It is told in the transaction of the change, with the order
 * locked; an error of its own undoes the change and is returned. */
struct checkout_service {
    const char *name;
    /* All of an order was paid, and is in its merchant's available account. */
    enum err (*paid)(struct db *db, const struct checkout_order *order, const char *trace);
    /* It ended unpaid, but not by checkout_cancel_in. */
    enum err (*ended)(struct db *db, const struct checkout_order *order, const char *trace);
};

/* Adds a service, once at the start of a process; the same again changes nothing.
 * service  static storage */
void checkout_service_register(const struct checkout_service *service);

/* For a service, inside the caller's transaction (db_txn): makes an order, under an id of the caller's.
 * actor  the merchant
 * ERR_CURRENCY_DISABLED, ERR_REPLAYED. */
MUST_USE enum err checkout_create_in(struct db *db, const struct actor *actor,
                                     const struct checkout_request *request, const struct uuid *id);

/* ... ends one that is not paid, or gives all of one back that is.
 * actor   the merchant; names the refund's journal
 * reason  as checkout_refund
 * Errors as checkout_cancel, checkout_refund. */
MUST_USE enum err checkout_cancel_in(struct db *db, const struct actor *actor,
                                     const struct uuid *id);
MUST_USE enum err checkout_refund_in(struct db *db, const struct actor *actor,
                                     const struct uuid *id, const char *reason);

/* Anybody who holds the id may see an order. ERR_ORDER_UNKNOWN. */
MUST_USE enum err checkout_view(struct db *db, const struct uuid *id, struct checkout_order *out);

/* The same for its merchant alone: ERR_ORDER_UNKNOWN for everybody else's. */
MUST_USE enum err checkout_view_own(struct db *db, int64_t merchant_id, const struct uuid *id,
                                    struct checkout_order *out);

/* A buyer's payment from the balance, in one transaction.
 * amount      NULL: all that is missing; in the order's currency, greater than zero
 * otp         what otp_device_check found; zero or NULL: none was given
 * payment     out, its id
 * Where the actor's request is repeatable, the same again gives the same payment, and another one
 * under its key is ERR_IDEMPOTENCY_CONFLICT.
 * Errors: ERR_ORDER_UNKNOWN, ERR_ORDER_OWN, ERR_ORDER_PAID, ERR_ORDER_CANCELLED, ERR_ORDER_CLOSED,
 * ERR_ORDER_REFUNDED, ERR_ORDER_OVERPAID, ERR_ORDER_WHOLE, ERR_OTP_REQUIRED, ERR_OTP_INVALID,
 * ERR_INSUFFICIENT_FUNDS, ERR_REPLAYED. */
MUST_USE enum err checkout_pay(struct db *db, const struct actor *actor, const struct uuid *id,
                               const struct amount *amount, const struct otp_step *otp,
                               struct uuid *payment, struct checkout_order *out);

/* The same inside the caller's transaction (db_txn), where a request processed before is ERR_REPLAYED,
 * repeatable or not.
 * order    as checkout_view gave it
 * payment  the id that it is to have
 * net      out, what the merchant has of it now, the fee taken off: of the whole order where this
 *          payment completes it, zero while it is paid in part */
MUST_USE enum err checkout_pay_in(struct db *db, const struct actor *actor,
                                  const struct checkout_order *order, const struct uuid *payment,
                                  const struct amount *amount, const struct otp_step *otp,
                                  struct amount *net);

/* The answer that the actor's request got when it was processed before: for a caller who must know
 * that before he uses up a one-time password. ERR_NOT_FOUND where it was not processed,
 * ERR_IDEMPOTENCY_CONFLICT where it asked for something else. */
MUST_USE enum err checkout_paid_before(struct db *db, const struct actor *actor,
                                       const struct uuid *id, const struct amount *amount,
                                       struct uuid *payment, struct checkout_order *out);

/* Ends an order that is not paid; what was paid goes back. A buyer (actor->user_id 0: one who is
 * not signed in) may do so while nobody else paid a part, and leaves a multipay order as it is.
 * ERR_ORDER_UNKNOWN, ERR_ORDER_PAID, ERR_ORDER_CANCELLED, ERR_ORDER_CLOSED, ERR_ORDER_REFUNDED,
 * ERR_ORDER_OTHER_PAYER. */
MUST_USE enum err checkout_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                                  bool as_merchant, struct checkout_order *out);

/* The merchant gives back what was paid; the fee stays with the house.
 * payment  NULL: all of them, the newest first
 * amount   NULL: all that is left; in the order's currency, greater than zero
 * A repeatable request is answered as by checkout_pay.
 * reason   at most CHECKOUT_REASON_MAX code points, for the payers' history; "": the description
 * ERR_ORDER_UNKNOWN, ERR_ORDER_SERVICE, ERR_PAYMENT_UNKNOWN, ERR_ORDER_NOT_PAID, ERR_ORDER_OVER_REFUNDED,
 * ERR_INSUFFICIENT_FUNDS, ERR_REPLAYED. */
MUST_USE enum err checkout_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                                  const struct uuid *payment, const struct amount *amount,
                                  const char *reason, struct checkout_order *out);

struct checkout_filter {
    const char *status; /* or NULL */
    int64_t since;      /* unix seconds of creation; 0 = all */
    int64_t page;       /* from 1 */
};

/* Calls `row` for each order of one page of a merchant's orders, newest first; `row` must not use
 * `db`. */
MUST_USE enum err checkout_list(struct db *db, int64_t merchant_id,
                                const struct checkout_filter *filter,
                                void (*row)(void *arg, const struct checkout_order *order),
                                void *arg, struct page *page);

struct checkout_payment {
    struct uuid id;
    int64_t payer_id;
    char payer[257]; /* login */
    struct amount amount, refunded;
    struct amount sold, earned; /* by autosell with this payment; currency NULL = nothing */
    struct checkout_kept kept;  /* what autosell did not sell of it */
    int64_t date;               /* unix seconds */
};

/* Calls `row` for each payment of an order, oldest first; currency is the order's. */
MUST_USE enum err checkout_payments(struct db *db, const struct uuid *order,
                                    const struct currency *currency,
                                    void (*row)(void *arg, const struct checkout_payment *payment),
                                    void *arg);

/* Sweeper: closes orders past their expiry, about `limit` of them; *closed says how many. */
MUST_USE enum err checkout_close_due(struct db *db, int limit, int64_t *closed);

/* For how many seconds the oldest order past its expiry has been waiting to be closed; 0 where none does.
 * age_s  out */
MUST_USE enum err checkout_overdue(struct db *db, int64_t *age_s);

#define CHECKOUT_FEE_DEFAULT \
    1 /* in place of a merchant: every merchant without a fee of their own */

/* Operator: what a merchant pays per completed payment, from the next one on.
 * percent  decimal text, 0 to under 100, at most 6 decimals
 * fixed    not negative; on top
 * ERR_EMPTY, ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE (the percentage),
 * ERR_OUT_OF_RANGE (100 or more), ERR_AMOUNT_NOT_POSITIVE (fixed below zero). */
MUST_USE enum err checkout_fee_set(struct db *db, int64_t merchant_id, const char *percent,
                                   struct amount fixed);

/* Audit: orders against payments, escrow, postings and events: each change has its journal and its
 * event. */
extern const struct audit checkout_audit;

/* A request_finder (identity/request.h): the order that a merchant's request made. ERR_NOT_FOUND. */
MUST_USE enum err checkout_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                        int64_t user_id, const char *key, struct request_done *out);

#endif
