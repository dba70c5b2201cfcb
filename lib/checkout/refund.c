/* Giving back what was paid of an order; the fee stays with the house. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "checkout/store.h"
#include "identity/request.h"

/* A refund on its way. */
struct refund {
    const struct actor *actor;
    const struct uuid *id, *payment; /* payment NULL: of all of them */
    const struct amount *asked;      /* NULL: all that is left */
    bool by_service;                 /* that the order was made for */
    const char *reason;              /* "": the order's description */
    struct checkout_row row;
    struct amount amount; /* what goes back */
    struct amount rest;   /* of it, what no payer was found for yet */
    struct ledger_posting posting;
    struct db_packet packet;
    char info[CHECKOUT_INFO_SIZE];
    bool any;          /* a payment was found: */
    struct uuid first; /* that gives something back */
};

static bool was_paid(const struct checkout_order *order)
{
    return order->paid.units > 0 && (order->multipay || strcmp(order->status, "paid") == 0 ||
                                     strcmp(order->status, "partly_refunded") == 0 ||
                                     strcmp(order->status, "refunded") == 0);
}

static enum err decide_refund(struct db *db, struct refund *refund)
{
    const struct checkout_order *order = &refund->row.order;
    struct amount left;
    bool found;

    if (order->merchant_id != refund->actor->user_id)
        return ERR_ORDER_UNKNOWN;
    if (!refund->by_service && refund->row.service[0] != '\0')
        return ERR_ORDER_SERVICE;
    if (!was_paid(order))
        return ERR_ORDER_NOT_PAID;
    enum err rc = checkout_store_left(db, order, refund->payment, &found, &left);
    if (rc != ERR_OK)
        return rc;
    if (!found)
        return ERR_PAYMENT_UNKNOWN;
    refund->amount = refund->rest = refund->asked == NULL ? left : *refund->asked;
    return refund->amount.units > left.units || left.units == 0 ? ERR_ORDER_OVER_REFUNDED : ERR_OK;
}

static void add_share(void *arg, const struct checkout_share *share)
{
    struct refund *refund = arg;
    struct amount part = share->amount;

    if (refund->rest.units == 0)
        return;
    if (part.units > refund->rest.units)
        part = refund->rest;
    refund->rest.units -= part.units;
    if (!refund->any)
        refund->first = share->payment;
    refund->any = true;
    ledger_leg(&refund->posting, share->account, part, "deposit", refund->info);
    checkout_store_give_back(&refund->packet, &share->payment, part);
}

/* The newest payments first, in one journal. */
static enum err add_refund(struct db *db, struct refund *refund)
{
    struct checkout_order *order = &refund->row.order;
    const char *reason = refund->reason[0] == '\0' ? order->description : refund->reason;
    struct amount taken = {.units = -refund->amount.units, .currency = refund->amount.currency};
    char info[CHECKOUT_INFO_SIZE];

    snprintf(info, sizeof(info), "Refund: %s", reason);
    ledger_leg(&refund->posting, refund->row.earns, taken, "withdraw", info);
    snprintf(refund->info, sizeof(refund->info), "Refund from %s: %s", order->merchant, reason);
    if (refund->actor->digest != NULL)
        request_record_add(&refund->packet, refund->actor, "checkout_refund", &order->id);
    enum err rc = checkout_store_shares(db, order, refund->payment, false, add_share, refund);
    if (rc == ERR_OK)
        rc = amount_add(order->refunded, refund->amount, &order->refunded);
    if (!order->multipay)
        text_copy(order->status, sizeof(order->status),
                  order->refunded.units == order->paid.units ? "refunded" : "partly_refunded");
    checkout_store_refunded(&refund->packet, order);
    if (rc == ERR_OK)
        rc = ledger_post(&refund->packet, &refund->posting);
    checkout_tell(&refund->packet, &refund->row, "refunded", &refund->first, &refund->amount,
                  false);
    return rc;
}

static enum err refund_in(struct db *db, void *arg)
{
    struct refund *refund = arg;

    refund->packet = DB_PACKET(CHECKOUT_PACKET_MAX);
    refund->posting = ledger_posting("checkout_refund", refund->actor, refund->id);
    refund->any = false;
    enum err rc = checkout_store_read(db, refund->actor->user_id, refund->id, &refund->row);
    if (rc == ERR_OK)
        rc = decide_refund(db, refund);
    if (rc == ERR_OK)
        rc = add_refund(db, refund);
    if (rc == ERR_OK)
        rc = refund->by_service ? db_packet_run(db, &refund->packet, NULL, 0)
                                : db_packet_commit(db, &refund->packet, NULL, 0);
    ledger_posting_free(&refund->posting);
    db_packet_free(&refund->packet);
    return rc;
}

/* The answer that the same request got when it was processed before. */
static enum err refunded_before(struct db *db, const struct refund *refund,
                                struct checkout_order *out)
{
    struct checkout_done done;
    enum err rc = checkout_store_done(db, refund->actor, &done);
    if (rc != ERR_OK)
        return rc;
    if (strcmp(done.kind, "checkout_refund") != 0 ||
        memcmp(done.order.bytes, refund->id->bytes, sizeof(done.order.bytes)) != 0 ||
        (refund->asked != NULL && refund->asked->units != done.units))
        return ERR_IDEMPOTENCY_CONFLICT;
    rc = request_check(db, refund->actor);
    return rc == ERR_OK ? checkout_view(db, refund->id, out) : rc;
}

enum err checkout_refund_in(struct db *db, const struct actor *actor, const struct uuid *id,
                            const char *reason)
{
    struct refund refund = {.actor = actor, .id = id, .reason = reason, .by_service = true};
    return refund_in(db, &refund);
}

enum err checkout_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                         const struct uuid *payment, const struct amount *amount,
                         const char *reason, struct checkout_order *out)
{
    struct refund refund = {
        .actor = actor, .id = id, .payment = payment, .asked = amount, .reason = reason};
    bool resent = false;

    enum err rc = db_txn(db, refund_in, &refund, &resent);
    if (rc == ERR_OK)
        *out = refund.row.order;
    if (rc == ERR_OK || !(resent || actor->repeatable))
        return rc;
    enum err before = refunded_before(db, &refund, out);
    return before == ERR_NOT_FOUND ? rc : before;
}
