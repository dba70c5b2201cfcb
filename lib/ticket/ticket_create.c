/* How a ticket comes to be: its key, the rules for a new one, and the answer to its customer. */
#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "db/statement.h"
#include "identity/sql.h"
#include "ledger/post.h"
#include "ticket/store.h"

/* The key of a ticket, made from its id: nothing that opens it is stored, and its owner can be
 * given it again. */
static enum err derive_key(const uint8_t master[SEAL_KEY_SIZE], const struct uuid *id,
                           char key[TICKET_KEY_SIZE])
{
    static const char label[] = "ticket-key";
    uint8_t message[sizeof(label) - 1 + sizeof(id->bytes)], mac[SHA256_SIZE];

    memcpy(message, label, sizeof(label) - 1);
    memcpy(message + sizeof(label) - 1, id->bytes, sizeof(id->bytes));
    enum err rc = crypto_hmac_sha256(master, SEAL_KEY_SIZE, message, sizeof(message), mac);
    if (rc == ERR_OK)
        base64url_encode(mac, sizeof(mac), key);
    crypto_wipe(mac, sizeof(mac));
    return rc;
}

static void make_url(const char *partner_url, const struct uuid *id, char out[TICKET_URL_SIZE])
{
    char text[UUID_TEXT_SIZE];

    out[0] = '\0';
    if (partner_url[0] == '\0')
        return;
    uuid_format(id, text);
    snprintf(out, TICKET_URL_SIZE, "%s%cticket=%s", partner_url,
             strchr(partner_url, '?') == NULL ? '?' : '&', text);
}

/* The answer to the customer for a ticket that exists. */
static enum err created_from(const uint8_t master[SEAL_KEY_SIZE], const struct ticket *ticket,
                             struct ticket_created *out)
{
    *out = (struct ticket_created){.id = ticket->id,
                                   .amount = ticket->amount,
                                   .created = ticket->created,
                                   .expires = ticket->expires};
    make_url(ticket->partner_url, &ticket->id, out->url);
    return derive_key(master, &ticket->id, out->key);
}

enum err ticket_created_before(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                               const struct actor *actor, const struct ticket_request *order,
                               struct ticket_created *out)
{
    struct ticket ticket;
    enum err rc = ticket_store_by_request(db, actor, &ticket);
    if (rc != ERR_OK)
        return rc;
    if (strcmp(ticket.partner_id, order->partner) != 0 ||
        ticket.amount.currency != order->amount.currency ||
        ticket.amount.units != order->amount.units)
        return ERR_IDEMPOTENCY_CONFLICT;
    return created_from(master, &ticket, out);
}

/* A new ticket on its way into the database. */
struct creation {
    const struct actor *actor;
    const struct ticket_request *order;
    struct ticket_created *out;
    uint8_t key_hash[SHA256_SIZE];
};

static struct ledger_use withdrawal(const struct creation *creation)
{
    return (struct ledger_use){.scope = LEDGER_WITHDRAWAL,
                               .user_id = creation->actor->user_id,
                               .amount = creation->order->amount,
                               .kind = TICKET_HOLD,
                               .ref = creation->out->id};
}

/* Whether a customer may withdraw that much through a partner. */
static enum err check_offer(const struct creation *creation, const struct ticket_offer *offer,
                            const struct ledger_limits *limits)
{
    const struct ledger_use use = withdrawal(creation);

    if (offer->partner_user_id == creation->actor->user_id)
        return ERR_PARTNER_SELF;
    if (!offer->currency_enabled)
        return ERR_CURRENCY_DISABLED;
    if (offer->verified_only && strcmp(offer->level, "none") == 0)
        return ERR_PARTNER_VERIFIED;
    if (offer->otp_required && creation->order->otp.device_id == 0)
        return ERR_OTP_REQUIRED;
    if (offer->posted)
        return ERR_REPLAYED;
    if (offer->free < creation->order->amount.units)
        return ERR_INSUFFICIENT_FUNDS;
    return ledger_limits_check(limits, &use);
}

static enum err post_creation(struct db_packet *packet, const struct creation *creation,
                              const struct ticket_offer *offer)
{
    const struct ledger_hold hold = {.kind = TICKET_HOLD,
                                     .ref = creation->out->id,
                                     .held = offer->held,
                                     .amount = creation->order->amount};
    struct ledger_posting posting =
        ledger_posting("ticket_create", creation->actor, &creation->out->id);
    char info[TICKET_INFO_SIZE];

    snprintf(info, sizeof(info), "Withdrawal through %s", offer->partner_name);
    ledger_hold(&posting, &hold, offer->available, "withdraw", info);
    enum err rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

static enum err write_creation(struct db *db, const struct creation *creation,
                               const struct ticket_offer *offer, const struct ledger_limits *limits)
{
    const struct ledger_use use = withdrawal(creation);
    const struct otp_step *otp = &creation->order->otp;
    struct db_packet packet = DB_PACKET(TICKET_PACKET_MAX);

    if (otp->device_id != 0)
        db_packet_add(&packet, IDENTITY_SQL_OTP_USE,
                      DB_ARGS(db_i64(use.user_id), db_u64(offer->otp_required),
                              db_i64(otp->device_id), db_i64(otp->step)));
    ticket_store_add(&packet, creation->actor, creation->order, &use.ref, creation->key_hash,
                     offer);
    ledger_limits_count(&packet, limits, &use);
    enum err rc = post_creation(&packet, creation, offer);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

static enum err create_in(struct db *db, void *arg)
{
    struct creation *creation = arg;
    const struct ledger_use use = withdrawal(creation);
    struct ledger_limits limits;
    struct ticket_offer offer = {0};

    enum err rc = ticket_store_offer(db, creation->actor, creation->order, &use, &offer, &limits);
    if (rc == ERR_OK)
        rc = check_offer(creation, &offer, &limits);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, use.user_id, use.amount.currency, "held", "", &offer.held);
    if (rc == ERR_OK)
        rc = write_creation(db, creation, &offer, &limits);
    creation->out->created = offer.now_s;
    creation->out->expires = offer.now_s + offer.ttl_s;
    make_url(offer.partner_url, &use.ref, creation->out->url);
    return rc;
}

enum err ticket_create(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                       const struct actor *actor, const struct ticket_request *order,
                       struct ticket_created *out)
{
    struct creation creation = {.actor = actor, .order = order, .out = out};
    bool resent = false;

    if (!ticket_partner_id_is_valid(order->partner))
        return ERR_PARTNER_UNKNOWN;
    *out = (struct ticket_created){.id = crypto_uuid7(), .amount = order->amount};
    enum err rc = derive_key(master, &out->id, out->key);
    if (rc != ERR_OK)
        return rc;
    crypto_sha256(out->key, strlen(out->key), creation.key_hash);
    rc = db_txn(db, create_in, &creation, &resent);
    if (rc == ERR_REPLAYED && (resent || actor->repeatable)) {
        rc = ticket_created_before(db, master, actor, order, out);
        return rc == ERR_NOT_FOUND ? ERR_IDEMPOTENCY_CONFLICT : rc; /* the key was for a change */
    }
    return rc;
}

enum err ticket_continue(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t customer_id,
                         const struct uuid *id, struct ticket_created *out)
{
    struct ticket ticket;
    enum err rc = ticket_store_view(db, id, &ticket);
    if (rc != ERR_OK)
        return rc;
    if (ticket.customer_id != customer_id)
        return ERR_TICKET_UNKNOWN;
    if (strcmp(ticket.status, "open") != 0)
        return ticket_closed_because(ticket.status);
    return created_from(master, &ticket, out);
}
