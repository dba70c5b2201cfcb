#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "ticket/store.h"

const char *const ticket_statuses[] = {"open",     "settled",   "processing", "completed", "failed",
                                       "refunded", "cancelled", "rejected",   "expired",   NULL};
const char *const ticket_update_statuses[] = {"processing", "completed", "failed", NULL};

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

enum err ticket_create(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                       const struct actor *actor, const struct ticket_request *order,
                       struct ticket_created *out)
{
    uint8_t key_hash[SHA256_SIZE];
    bool resent = false;

    if (!ticket_partner_id_is_valid(order->partner))
        return ERR_PARTNER_UNKNOWN;
    *out = (struct ticket_created){.id = crypto_uuid7(), .amount = order->amount};
    enum err rc = derive_key(master, &out->id, out->key);
    if (rc != ERR_OK)
        return rc;
    crypto_sha256(out->key, strlen(out->key), key_hash);
    rc = ticket_store_create(db, actor, order, &out->id, key_hash, out, &resent);
    if (rc == ERR_REPLAYED && (resent || actor->repeatable)) {
        rc = ticket_created_before(db, master, actor, order, out);
        return rc == ERR_NOT_FOUND ? ERR_IDEMPOTENCY_CONFLICT : rc; /* the key was for a change */
    }
    if (rc == ERR_OK) {
        char partner_url[TICKET_URL_SIZE];
        memcpy(partner_url, out->url, sizeof(partner_url));
        make_url(partner_url, &out->id, out->url);
    }
    return rc;
}

/* Why a ticket is not open any more. */
static enum err closed_because(const char *status)
{
    char id[32];
    snprintf(id, sizeof(id), "ticket_%s", strcmp(status, "processing") == 0 ? "settled" : status);
    return err_from_id(id);
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
        return closed_because(ticket.status);
    return created_from(master, &ticket, out);
}

/* Settles what a lost connection or an Idempotency-Key leaves open: a request that was done before
 * is answered by the ticket as it is now. */
static enum err done_before(struct db *db, const struct actor *actor, enum err rc, bool resent,
                            const struct uuid *id, struct ticket *out)
{
    if (rc == ERR_REPLAYED && (resent || actor->repeatable))
        return ticket_store_view(db, id, out);
    return rc;
}

enum err ticket_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                       struct ticket *out)
{
    bool resent = false;
    enum err rc = ticket_store_cancel(db, actor, id, out, &resent);
    if (rc == ERR_TICKET_CANCELLED && resent)
        return ticket_store_view(db, id, out);
    return done_before(db, actor, rc, resent, id, out);
}

static struct ticket_proof proof_of(const struct uuid *id, const char *key)
{
    struct ticket_proof proof = {.id = *id};
    crypto_sha256(key, strlen(key), proof.key_hash);
    crypto_random(proof.blind, sizeof(proof.blind));
    return proof;
}

/* The common end of a partner's call: a wrong key is counted. */
static enum err partner_outcome(struct db *db, const struct actor *actor, enum err rc, bool resent,
                                const struct uuid *id, struct ticket *out)
{
    if (rc == ERR_TICKET_KEY) {
        enum err counted = ticket_store_wrong_key(db, id);
        return counted == ERR_OK ? rc : counted;
    }
    return done_before(db, actor, rc, resent, id, out);
}

enum err ticket_info(struct db *db, const struct actor *actor, const struct uuid *id,
                     const char *key, struct ticket *out)
{
    struct ticket_proof proof = proof_of(id, key);
    enum err rc = ticket_store_info(db, actor->user_id, &proof, out);
    return partner_outcome(db, actor, rc, false, id, out);
}

enum err ticket_settle(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *description, struct ticket *out)
{
    struct ticket_proof proof = proof_of(id, key);
    bool resent = false;
    enum err rc = ticket_store_settle(db, actor, &proof, description, out, &resent);
    return partner_outcome(db, actor, rc, resent, id, out);
}

enum err ticket_update(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *message, const char *status, struct ticket *out)
{
    struct ticket_proof proof = proof_of(id, key);
    bool resent = false;
    enum err rc = ticket_store_update(db, actor, &proof, message, status, out, &resent);
    return partner_outcome(db, actor, rc, resent, id, out);
}

enum err ticket_reject(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *reason, struct ticket *out)
{
    struct ticket_proof proof = proof_of(id, key);
    bool resent = false;
    enum err rc = ticket_store_reject(db, actor, &proof, reason, out, &resent);
    if (rc == ERR_TICKET_REJECTED && resent)
        return ticket_store_view(db, id, out);
    return partner_outcome(db, actor, rc, resent, id, out);
}

enum err ticket_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *reason, struct ticket *out)
{
    struct ticket_proof proof = proof_of(id, key);
    bool resent = false;
    enum err rc = ticket_store_refund(db, actor, &proof, reason, out, &resent);
    if (rc == ERR_TICKET_REFUNDED && resent)
        return ticket_store_view(db, id, out);
    return partner_outcome(db, actor, rc, resent, id, out);
}
