/* Paying an order, with a quote or from the balance in its currency. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "checkout/store.h"
#include "crypto/crypto.h"
#include "db/statement.h"
#include "identity/request.h"
#include "identity/sql.h"
#include "money/rate.h"

static const struct rate hundred = {.coefficient = 100};

/* A payment on its way. */
struct payment {
    const struct actor *actor;
    const struct uuid *order, *id;
    const struct amount *asked; /* NULL: all that is missing */
    const struct otp_step *otp; /* device_id 0 or NULL: no code was given */
    struct checkout_row row;
    struct amount pay;    /* by the buyer now */
    struct amount earned; /* by the merchant with it: nothing, while the order is paid in part */
    struct amount fee;    /* of that */
    bool complete;        /* nothing is missing any more */
};

/* Whether a user may pay so much of an order. */
static enum err check_payment(const struct checkout_order *order, int64_t user_id,
                              struct amount pay)
{
    if (strcmp(order->status, "open") != 0 && strcmp(order->status, "partial") != 0)
        return checkout_refusal(order->status);
    if (order->merchant_id == user_id)
        return ERR_ORDER_OWN;
    if (pay.units > order->missing.units)
        return ERR_ORDER_OVERPAID;
    if (pay.units < order->missing.units && (order->instant_only || order->multipay))
        return ERR_ORDER_WHOLE;
    return ERR_OK;
}

enum err checkout_payable(struct db *db, int64_t user_id, const struct uuid *order,
                          const struct amount *amount, struct amount *pay)
{
    struct checkout_order row;

    enum err rc = checkout_view(db, order, &row);
    if (rc != ERR_OK)
        return rc;
    *pay = amount == NULL ? row.missing : *amount;
    return check_payment(&row, user_id, *pay);
}

/* What an order's state says goes before what is wrong with the quote. */
enum err checkout_quote_take_in(struct db *db, int64_t user_id, const struct uuid *order,
                                const struct uuid *id, struct checkout_quote *out)
{
    struct checkout_row row;
    bool expired = false;

    enum err rc = checkout_store_read(db, user_id, order, &row);
    if (rc != ERR_OK)
        return rc;
    enum err found = checkout_store_quote(db, user_id, order, id, out, &expired);
    if (found != ERR_OK && found != ERR_QUOTE_UNKNOWN)
        return found;
    rc = check_payment(&row.order, user_id, found == ERR_OK ? out->amount : row.order.missing);
    if (rc == ERR_OK)
        rc = found;
    if (rc == ERR_OK && expired)
        rc = ERR_QUOTE_EXPIRED;
    return rc == ERR_OK
               ? db_run(db, "DELETE FROM checkout_quote WHERE id = ?", DB_ARGS(db_uuid(id)), NULL)
               : rc;
}

/* The merchant's fee on what a payment completes: never more than that. */
static enum err reckon_fee(struct payment *payment)
{
    const struct rate percent = {.coefficient = payment->row.fee_percent,
                                 .scale = CHECKOUT_FEE_SCALE};
    struct amount fixed = {payment->row.fee_fixed, payment->earned.currency};

    enum err rc = rate_apply(payment->earned, percent, hundred, payment->earned.currency,
                             ROUND_HALF_UP, &payment->fee);
    if (rc == ERR_OK)
        rc = amount_add(payment->fee, fixed, &payment->fee);
    if (rc == ERR_OK && payment->fee.units > payment->earned.units)
        payment->fee = payment->earned;
    return rc;
}

static enum err decide_payment(struct payment *payment)
{
    const struct checkout_order *order = &payment->row.order;
    bool given = payment->otp != NULL && payment->otp->device_id != 0;

    payment->pay = payment->asked == NULL ? order->missing : *payment->asked;
    enum err rc = check_payment(order, payment->actor->user_id, payment->pay);
    if (rc != ERR_OK)
        return rc;
    if (payment->row.otp_required && !given)
        return ERR_OTP_REQUIRED;
    payment->complete = order->multipay || payment->pay.units == order->missing.units;
    payment->earned = payment->fee = (struct amount){.currency = order->amount.currency};
    if (!payment->complete)
        return ERR_OK;
    payment->earned = order->multipay ? payment->pay : order->amount;
    return payment->row.service[0] == '\0' ? reckon_fee(payment) : ERR_OK;
}

/* Opens the accounts that are needed and missing. */
static enum err need_accounts(struct db *db, struct payment *payment)
{
    struct checkout_row *row = &payment->row;
    const struct currency *currency = row->order.amount.currency;
    int64_t merchant = row->order.merchant_id;

    enum err rc =
        ledger_account_need(db, payment->actor->user_id, currency, "available", "", &row->from);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, merchant, currency, "available", "", &row->earns);
    if (rc == ERR_OK && (!payment->complete || row->waiting))
        rc = ledger_account_need(db, merchant, currency, "escrow", "", &row->escrow);
    if (rc == ERR_OK && payment->fee.units > 0)
        rc = ledger_account_need(db, LEDGER_HOUSE, currency, "fee", "", &row->house);
    return rc;
}

static struct amount negative(struct amount amount)
{
    amount.units = -amount.units;
    return amount;
}

/* The merchant's sides of a payment that completes the order. */
static void add_earning(struct ledger_posting *posting, const struct payment *payment)
{
    const struct checkout_row *row = &payment->row;
    const struct checkout_order *order = &row->order;
    char info[CHECKOUT_INFO_SIZE];

    if (row->waiting)
        ledger_leg(posting, row->escrow, negative(order->paid), NULL, NULL);
    snprintf(info, sizeof(info), "Payment from %s: %s", row->caller, order->description);
    ledger_leg(posting, row->earns, payment->earned, "earned", info);
    if (payment->fee.units == 0)
        return;
    snprintf(info, sizeof(info), "Fee for: %s", order->description);
    ledger_leg(posting, row->earns, negative(payment->fee), "fee", info);
    snprintf(info, sizeof(info), "Fee from %s", order->merchant);
    ledger_leg(posting, row->house, payment->fee, "fee", info);
}

static void add_legs(struct ledger_posting *posting, const struct payment *payment)
{
    const struct checkout_row *row = &payment->row;
    char info[CHECKOUT_INFO_SIZE];

    snprintf(info, sizeof(info), "Payment to %s: %s", row->order.merchant, row->order.description);
    ledger_leg(posting, row->from, negative(payment->pay), "spent", info);
    if (payment->complete)
        add_earning(posting, payment);
    else
        ledger_leg(posting, row->escrow, payment->pay, NULL, NULL);
}

/* What the order is after the payment. */
static enum err apply_payment(struct payment *payment)
{
    struct checkout_order *order = &payment->row.order;

    if (!order->multipay)
        text_copy(order->status, sizeof(order->status), payment->complete ? "paid" : "partial");
    if (payment->complete && order->paid_at == 0)
        order->paid_at = payment->row.now_s;
    if (!order->multipay)
        order->missing.units -= payment->pay.units;
    return amount_add(order->paid, payment->pay, &order->paid);
}

/* The order first, then what others wait for: the merchant's account, and their feed. */
static enum err add_payment(struct db_packet *packet, struct payment *payment)
{
    struct checkout_row *row = &payment->row;
    const struct actor *actor = payment->actor;
    const struct otp_step *otp = payment->otp;
    struct ledger_posting posting = ledger_posting("checkout_pay", actor, &row->order.id);

    add_legs(&posting, payment);
    enum err rc = apply_payment(payment);
    if (otp != NULL && otp->device_id != 0)
        db_packet_add(packet, IDENTITY_SQL_OTP_USE,
                      DB_ARGS(db_i64(actor->user_id), db_u64(row->otp_required),
                              db_i64(otp->device_id), db_i64(otp->step)));
    if (actor->digest != NULL)
        request_record_add(packet, actor, "checkout_pay", payment->id);
    checkout_store_paid(packet, &row->order, payment->complete);
    ledger_post_begin(packet, &posting);
    checkout_store_payment(packet, payment->id, &row->order.id, actor->user_id, payment->pay);
    if (rc == ERR_OK)
        rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    checkout_tell(packet, row, payment->complete ? "paid" : "partial", payment->id,
                  payment->complete ? &payment->earned : &payment->pay, row->order.wants_mail);
    return rc;
}

/* Reads, decides, and puts together what is to be written. */
static enum err prepare_payment(struct db *db, struct payment *payment, struct db_packet *packet)
{
    enum err rc = checkout_store_read(db, payment->actor->user_id, payment->order, &payment->row);
    if (rc == ERR_OK)
        rc = decide_payment(payment);
    if (rc == ERR_OK)
        rc = need_accounts(db, payment);
    return rc == ERR_OK ? add_payment(packet, payment) : rc;
}

enum err checkout_pay_in(struct db *db, const struct actor *actor,
                         const struct checkout_order *order, const struct uuid *payment_id,
                         const struct amount *amount, const struct otp_step *otp,
                         struct amount *net)
{
    struct payment payment = {
        .actor = actor, .order = &order->id, .id = payment_id, .asked = amount, .otp = otp};
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);

    enum err rc = prepare_payment(db, &payment, &packet);
    if (rc == ERR_OK)
        rc = checkout_run(db, &packet, &payment.row, actor->trace);
    db_packet_free(&packet);
    return rc == ERR_OK ? amount_sub(payment.earned, payment.fee, net) : rc;
}

static enum err pay_in(struct db *db, void *arg)
{
    struct payment *payment = arg;
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);

    enum err rc = prepare_payment(db, payment, &packet);
    if (rc == ERR_OK)
        rc = checkout_commit(db, &packet, &payment->row, payment->actor->trace);
    db_packet_free(&packet);
    return rc;
}

/* True where what was posted is what is asked for now; amount NULL: whatever there was. */
static bool done_was(const struct checkout_done *done, const struct uuid *id,
                     const struct amount *amount)
{
    return strcmp(done->kind, "checkout_pay") == 0 &&
           memcmp(done->order.bytes, id->bytes, sizeof(id->bytes)) == 0 &&
           (amount == NULL || amount->units == done->units);
}

enum err checkout_paid_before(struct db *db, const struct actor *actor, const struct uuid *id,
                              const struct amount *amount, struct uuid *payment,
                              struct checkout_order *out)
{
    struct checkout_done done;
    enum err rc = checkout_store_done(db, actor, &done);
    if (rc != ERR_OK)
        return rc;
    if (!done_was(&done, id, amount))
        return ERR_IDEMPOTENCY_CONFLICT;
    if ((rc = request_check(db, actor)) != ERR_OK)
        return rc;
    *payment = done.payment;
    return checkout_view(db, id, out);
}

enum err checkout_pay(struct db *db, const struct actor *actor, const struct uuid *id,
                      const struct amount *amount, const struct otp_step *otp,
                      struct uuid *payment_id, struct checkout_order *out)
{
    struct payment payment = {
        .actor = actor, .order = id, .id = payment_id, .asked = amount, .otp = otp};
    bool resent = false;

    *payment_id = crypto_uuid7();
    enum err rc = db_txn(db, pay_in, &payment, &resent);
    if (rc == ERR_OK)
        *out = payment.row.order;
    if (rc == ERR_OK || !(resent || actor->repeatable))
        return rc;
    /* Whatever it is refused for now may be what its first sending did: the order is paid, the money
     * spent, the code used up. */
    enum err before = checkout_paid_before(db, actor, id, amount, payment_id, out);
    return before == ERR_NOT_FOUND ? rc : before;
}
