/* What the files of this folder share: the SQL of checkout_store.c, which is what a change reads under
 * its lock and the statements that it writes, without any rule. */
#ifndef CHECKOUT_STORE_H
#define CHECKOUT_STORE_H

#include "checkout/checkout.h"
#include "checkout/exchange.h"
#include "checkout/quote.h"
#include "db/packet.h"
#include "ledger/post.h"

#define CHECKOUT_PACKET_MAX (4 << 20) /* bytes of the statements of one change */
#define CHECKOUT_INFO_SIZE 2400       /* bytes of a line of history that we put together */
#define CHECKOUT_ENDPOINT_SIZE 301
#define CHECKOUT_FEE_SCALE 6 /* decimals of a merchant's percentage */

/* An order with what its rules look at. */
struct checkout_row {
    struct checkout_order order; /* first: the same columns fill one alone */
    bool waiting;                /* it is paid in part, which waits in escrow, expired or not */
    int64_t api_key_id;          /* signs its notifications */
    char service[CHECKOUT_SERVICE_SIZE]; /* that had it made; "" the merchant's own */
    char ipn_endpoint[CHECKOUT_ENDPOINT_SIZE];
    bool with_payment; /* somebody paid something: */
    struct uuid last_payment;
    char caller[257]; /* login of who asks; "" = one who is not signed in */
    bool otp_required;
    uint64_t others;     /* payments by others than who asks */
    int64_t fee_percent; /* of the merchant, in millionths of a percent */
    __int128 fee_fixed;  /* and on top, in smallest units */
    int64_t from, earns, escrow,
        house;     /* account.id; 0 = none: who asks and the merchant, available;
                                           the merchant's escrow; the house's fees */
    int64_t now_s; /* unix seconds */
};

/* Reads an order for somebody who asks, and locks it where a transaction is open. ERR_ORDER_UNKNOWN. */
MUST_USE enum err checkout_store_read(struct db *db, int64_t user_id, const struct uuid *id,
                                      struct checkout_row *out);

/* Locks and reads at most `limit` orders past their time that nobody else is at.
 * waiting  those that are paid in part, or those that nobody paid anything of
 * row      called for each */
MUST_USE enum err checkout_store_due(struct db *db, bool waiting, int limit,
                                     void (*row)(void *arg, const struct checkout_row *row),
                                     void *arg);

/* What may go back to a payer. */
struct checkout_share {
    struct uuid payment;
    struct amount amount; /* paid and not given back */
    int64_t account;      /* account.id of the payer, available */
};

/* Calls `row` for what may be given back of an order.
 * payment  of that payment alone; NULL: of all, the newest first
 * summed   one row for each payer */
MUST_USE enum err checkout_store_shares(struct db *db, const struct checkout_order *order,
                                        const struct uuid *payment, bool summed,
                                        void (*row)(void *arg, const struct checkout_share *share),
                                        void *arg);

/* The sum of all of them; `found` says whether there is such a payment at all. */
MUST_USE enum err checkout_store_left(struct db *db, const struct checkout_order *order,
                                      const struct uuid *payment, bool *found, struct amount *left);

/* The order that an earlier request of that user and key made; ERR_NOT_FOUND. */
MUST_USE enum err checkout_store_created(struct db *db, const struct actor *actor, struct uuid *id);

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

/* Locks a quote of that user's for an order. ERR_QUOTE_UNKNOWN.
 * expired  out */
MUST_USE enum err checkout_store_quote(struct db *db, int64_t user_id, const struct uuid *order,
                                       const struct uuid *id, struct checkout_quote *out,
                                       bool *expired);

/* Statements for the packet that commits. */
void checkout_store_add(struct db_packet *packet, const struct actor *actor,
                        const struct checkout_request *request, const struct uuid *id);
/* paid, status: what they are now; `complete` with a payment that pays all of it */
void checkout_store_paid(struct db_packet *packet, const struct checkout_order *order,
                         bool complete);
void checkout_store_refunded(struct db_packet *packet, const struct checkout_order *order);
void checkout_store_end(struct db_packet *packet, const struct checkout_order *order);
/* A payment's row, behind ledger_post_begin of its posting. */
void checkout_store_payment(struct db_packet *packet, const struct uuid *payment,
                            const struct uuid *order, int64_t payer_id, struct amount amount);
/* So much more of a payment was given back. */
void checkout_store_give_back(struct db_packet *packet, const struct uuid *payment,
                              struct amount amount);
/* All of all payments of an order was. */
void checkout_store_give_all_back(struct db_packet *packet, const struct uuid *order);

/* Of checkout_kept AS k, as checkout_store_read_kept reads them. */
#define KEPT_COLUMNS "k.amount, k.reason + 0, k.currency_id, k.reference, k.floor"

/* Reads KEPT_COLUMNS from column `col` on; an outer join's NULLs are nothing kept.
 * coin  the order's currency */
void checkout_store_read_kept(const struct db_rows *rows, unsigned col, const struct currency *coin,
                              struct checkout_kept *out);

MUST_USE enum err checkout_store_fee(struct db *db, int64_t merchant_id, const char *percent,
                                     struct amount fixed);

/* service.c: runs what changes an order in the transaction that is open, and tells its service. */
MUST_USE enum err checkout_run(struct db *db, struct db_packet *packet,
                               const struct checkout_row *row, const char *trace);
/* ... and commits it at once where it has no service. */
MUST_USE enum err checkout_commit(struct db *db, struct db_packet *packet,
                                  const struct checkout_row *row, const char *trace);
MUST_USE enum err checkout_tell_service(struct db *db, const struct checkout_row *row,
                                        const char *trace);

/* checkout.c: why an order of that status can be neither paid nor ended. */
enum err checkout_refusal(const char *status);

/* checkout.c: tells the merchant what happened to an order.
 * kind     paid, partial, cancelled, closed, refunded
 * payment  that was made or given back, or NULL
 * amount   paid or given back, or NULL; with partial order->paid is what has come so far
 * mail     as the merchant wants it: false where none is ever sent */
void checkout_tell(struct db_packet *packet, const struct checkout_row *row, const char *kind,
                   const struct uuid *payment, const struct amount *amount, bool mail);

#endif
