/* How an order comes to be, and how it ends. A change locks and reads in one packet, is decided here, and
 * is written and committed with its posting in another. Locks are taken in the order order, accounts by
 * id, feed.
 *
 *   open -> partial -> paid            open -> paid (at once; multipay: again and again, it stays payable)
 *   open | partial -> cancelled        by merchant or buyer; what was paid goes back
 *   open | partial -> closed           past its expiry; what was paid goes back
 *   paid | partly_refunded -> partly_refunded | refunded
 *
 * What is paid of an order that is not paid in full waits in the merchant's escrow account. A journal is
 * written where money moves, an event for every change. Paying is in payment.c, giving back in refund.c. */
#include "checkout/checkout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "checkout/store.h"
#include "crypto/crypto.h"
#include "money/decimal.h"
#include "money/rate.h"
#include "notify/event.h"

#define CLOSED_MOST 100 /* orders in one packet */

const char *const checkout_statuses[] = {"open",     "partial",   "paid",   "partly_refunded",
                                         "refunded", "cancelled", "closed", NULL};

bool checkout_return_url_ok(const char *url)
{
    size_t len = strnlen(url, CHECKOUT_URL_MAX + 1), scheme = 0;
    if (strncasecmp(url, "http://", 7) == 0)
        scheme = 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        scheme = 8;
    /* No host, or one that browsers and others read differently. */
    if (scheme == 0 || strcspn(url + scheme, "/\\?#@:") == 0 || len > CHECKOUT_URL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
            return false;
    return text_is_utf8(url, len);
}

enum err checkout_refusal(const char *status)
{
    char id[32];

    snprintf(id, sizeof(id), "order_%s",
             strcmp(status, "partly_refunded") == 0 ? "refunded" : status);
    return err_from_id(id);
}

void checkout_tell(struct db_packet *packet, const struct checkout_row *row, const char *kind,
                   const struct uuid *payment, const struct amount *amount, bool mail)
{
    const struct checkout_order *order = &row->order;
    bool partial = strcmp(kind, "partial") == 0, posted = order->ipn_url[0] != '\0';

    event_add_checkout(packet, &(struct event_checkout){
                                   .kind = kind,
                                   .merchant_id = order->merchant_id,
                                   .order = &order->id,
                                   .payment = payment,
                                   .currency = order->amount.currency,
                                   .amount = amount,
                                   .valid = partial ? &order->paid : NULL,
                                   .total = partial ? &order->amount : NULL,
                                   .data = order->has_data ? order->data : NULL,
                                   .data_len = order->data_len,
                                   .api_key_id = row->api_key_id,
                                   .url = posted ? order->ipn_url : NULL,
                                   .endpoint = posted ? row->ipn_endpoint : NULL,
                                   .mail = mail,
                               });
}

/* An order to be made. */
struct creation {
    const struct actor *actor;
    const struct checkout_request *request;
    const struct uuid *id;
};

static enum err create_in(struct db *db, void *arg)
{
    const struct creation *creation = arg;
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);

    checkout_store_add(&packet, creation->actor, creation->request, creation->id);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err checkout_create(struct db *db, const struct actor *actor,
                         const struct checkout_request *request, struct uuid *id)
{
    bool resent = false;

    *id = crypto_uuid7();
    struct creation creation = {actor, request, id};
    enum err rc = db_txn(db, create_in, &creation, &resent);
    if (rc == ERR_REPLAYED && (resent || actor->repeatable))
        rc = checkout_store_created(db, actor, id);
    return rc;
}

enum err checkout_view_own(struct db *db, int64_t merchant_id, const struct uuid *id,
                           struct checkout_order *out)
{
    enum err rc = checkout_view(db, id, out);
    return rc == ERR_OK && out->merchant_id != merchant_id ? ERR_ORDER_UNKNOWN : rc;
}

enum err checkout_create_in(struct db *db, const struct actor *actor,
                            const struct checkout_request *request, const struct uuid *id)
{
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);

    checkout_store_add(&packet, actor, request, id);
    return db_packet_run(db, &packet, NULL, 0);
}

/* An order that is to be ended: by its merchant, by a buyer, or because its time is over. */
struct ending {
    const struct actor *actor;
    const struct uuid *id;
    bool as_merchant;
    struct checkout_row row;
};

/* Where what waits in escrow goes back to. */
struct back {
    struct ledger_posting *posting;
    const char *info;
};

static void add_share_back(void *arg, const struct checkout_share *share)
{
    const struct back *back = arg;
    ledger_leg(back->posting, share->account, share->amount, "deposit", back->info);
}

/* Gives back what waits in escrow, in one journal. */
static enum err give_back(struct db *db, struct db_packet *packet, struct checkout_row *row,
                          const char *kind, const struct actor *actor)
{
    struct checkout_order *order = &row->order;
    struct ledger_posting posting = ledger_posting(kind, actor, &order->id);
    struct amount taken = {.units = -order->paid.units, .currency = order->amount.currency};
    char info[CHECKOUT_INFO_SIZE];
    struct back back = {.posting = &posting, .info = info};

    snprintf(info, sizeof(info), "Given back (%s): %s", order->status, order->description);
    ledger_leg(&posting, row->escrow, taken, NULL, NULL);
    enum err rc = checkout_store_shares(db, order, NULL, true, add_share_back, &back);
    checkout_store_give_all_back(packet, &order->id);
    if (rc == ERR_OK)
        rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

/* Adds what ends an order that is locked, and tells its merchant. The payments of a multipay order were
 * settled one by one and stay the merchant's. */
static enum err add_end(struct db *db, struct db_packet *packet, struct checkout_row *row,
                        const char *status, const char *kind, const struct actor *actor)
{
    struct checkout_order *order = &row->order;

    text_copy(order->status, sizeof(order->status), status);
    order->missing.units = 0;
    order->ended = row->now_s;
    if (row->waiting)
        order->refunded = order->paid;
    checkout_store_end(packet, order);
    enum err rc = row->waiting ? give_back(db, packet, row, kind, actor) : ERR_OK;
    checkout_tell(packet, row, status, row->with_payment ? &row->last_payment : NULL, NULL, false);
    return rc;
}

/* Whether the caller may end the order; a buyer leaves a multipay order as it is. */
static enum err check_ending(const struct ending *ending, bool *ends)
{
    const struct checkout_order *order = &ending->row.order;

    *ends = ending->as_merchant || !order->multipay;
    if (ending->as_merchant && order->merchant_id != ending->actor->user_id)
        return ERR_ORDER_UNKNOWN;
    if (strcmp(order->status, "open") != 0 && strcmp(order->status, "partial") != 0)
        return checkout_refusal(order->status);
    if (!ending->as_merchant && ending->row.others > 0)
        return ERR_ORDER_OTHER_PAYER;
    return ERR_OK;
}

/* Reads, decides, and puts together what is to be written. */
static enum err prepare_ending(struct db *db, struct ending *ending, struct db_packet *packet,
                               bool *ends)
{
    enum err rc = checkout_store_read(db, ending->actor->user_id, ending->id, &ending->row);
    if (rc == ERR_OK)
        rc = check_ending(ending, ends);
    return rc == ERR_OK && *ends
               ? add_end(db, packet, &ending->row, "cancelled", "checkout_cancel", ending->actor)
               : rc;
}

static enum err cancel_in(struct db *db, void *arg)
{
    struct ending *ending = arg;
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);
    bool ends = false;

    enum err rc = prepare_ending(db, ending, &packet, &ends);
    if (rc == ERR_OK && ends)
        rc = checkout_commit(db, &packet, &ending->row, ending->actor->trace);
    db_packet_free(&packet);
    return rc;
}

enum err checkout_cancel_in(struct db *db, const struct actor *actor, const struct uuid *id)
{
    struct ending ending = {.actor = actor, .id = id, .as_merchant = true};
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);
    bool ends = false;

    enum err rc = prepare_ending(db, &ending, &packet, &ends);
    if (rc == ERR_OK)
        rc = db_packet_run(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err checkout_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                         bool as_merchant, struct checkout_order *out)
{
    struct ending ending = {.actor = actor, .id = id, .as_merchant = as_merchant};
    bool resent = false;

    enum err rc = db_txn(db, cancel_in, &ending, &resent);
    /* An unpaid order leaves no journal: only its state tells. */
    if (rc == ERR_ORDER_CANCELLED && resent)
        return checkout_view(db, id, out);
    if (rc == ERR_OK)
        *out = ending.row.order;
    return rc;
}

/* Orders past their time, to be closed in one transaction. */
struct closing {
    bool waiting;
    int limit;
    struct checkout_row *rows; /* those that are locked */
    size_t count;
};

static void take_due(void *arg, const struct checkout_row *row)
{
    struct closing *closing = arg;
    closing->rows[closing->count++] = *row;
}

static enum err close_all(struct db *db, struct closing *closing, struct db_packet *packet)
{
    char id[UUID_TEXT_SIZE], key[UUID_TEXT_SIZE + 16];
    const struct actor job = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = ""};
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < closing->count; i++) {
        uuid_format(&closing->rows[i].order.id, id);
        snprintf(key, sizeof(key), "checkout_close:%s", id);
        rc = add_end(db, packet, &closing->rows[i], "closed", "checkout_close", &job);
    }
    return rc;
}

static enum err close_in(struct db *db, void *arg)
{
    struct closing *closing = arg;
    struct db_packet packet = DB_PACKET(CHECKOUT_PACKET_MAX);

    closing->count = 0;
    enum err rc = checkout_store_due(db, closing->waiting, closing->limit, take_due, closing);
    if (rc == ERR_OK)
        rc = close_all(db, closing, &packet);
    if (rc == ERR_OK && closing->count > 0)
        rc = db_packet_run(db, &packet, NULL, 0);
    for (size_t i = 0; rc == ERR_OK && i < closing->count; i++)
        rc = checkout_tell_service(db, &closing->rows[i], "");
    db_packet_free(&packet);
    return rc;
}

/* Those that nobody paid anything of go together; each of the others, whose payers' accounts are needed,
 * in a transaction of its own. */
enum err checkout_close_due(struct db *db, int limit, int64_t *closed)
{
    struct closing closing = {.limit = limit < CLOSED_MOST ? limit : CLOSED_MOST};

    *closed = 0;
    closing.rows = calloc((size_t)closing.limit, sizeof(*closing.rows));
    if (closing.rows == NULL)
        return ERR_NO_MEMORY;
    enum err rc = db_txn(db, close_in, &closing, NULL);
    if (rc == ERR_OK)
        *closed = (int64_t)closing.count;
    closing.waiting = true;
    closing.limit = 1;
    for (int i = 0; rc == ERR_OK && i < limit; i++) {
        rc = db_txn(db, close_in, &closing, NULL);
        if (rc == ERR_OK && closing.count == 0)
            break;
        *closed += rc == ERR_OK;
    }
    free(closing.rows);
    return rc;
}

enum err checkout_fee_set(struct db *db, int64_t merchant_id, const char *percent,
                          struct amount fixed)
{
    char plain[AMOUNT_TEXT_SIZE];
    __int128 coefficient;
    unsigned scale;
    enum err rc = decimal_parse(percent, strlen(percent), CHECKOUT_FEE_SCALE, &coefficient, &scale);
    if (rc != ERR_OK)
        return rc;
    if (coefficient >= 100 * decimal_power(scale))
        return ERR_OUT_OF_RANGE;
    if (fixed.units < 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    rate_format((struct rate){.coefficient = coefficient, .scale = (uint8_t)scale}, plain);
    return checkout_store_fee(db, merchant_id, plain, fixed);
}
