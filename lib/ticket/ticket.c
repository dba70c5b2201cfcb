/* What happens to a ticket. A change locks and reads in one packet, is decided here, and is written and
 * committed with its posting in another. Locks are taken in the order ticket, use of limits, hold,
 * accounts by id. */
#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "ledger/post.h"
#include "ticket/store.h"

#define EXPIRY_MAX 500 /* tickets in one packet */

#define WRONG_KEYS_MAX 10
#define WRONG_KEYS_PAUSE_S 900 /* after which they are counted anew */

const char *const ticket_statuses[] = {"open",     "settled",   "processing", "completed", "failed",
                                       "refunded", "cancelled", "rejected",   "expired",   NULL};
const char *const ticket_update_statuses[] = {"processing", "completed", "failed", NULL};

enum err ticket_closed_because(const char *status)
{
    char id[32];
    snprintf(id, sizeof(id), "ticket_%s", strcmp(status, "processing") == 0 ? "settled" : status);
    return err_from_id(id);
}

/* A change of a ticket: what is asked, and the ticket as it is and will be. */
struct change {
    const struct actor *actor;
    const struct uuid *id;
    const char *key; /* as the partner presents it; NULL: the customer */
    const char *words, *status;
    struct ticket_row row;
    struct db_packet packet;
    enum err refused; /* with an effect that is committed: a wrong key is counted */
    /* decides, and adds what is to be written; nothing where nothing is to change */
    enum err (*decide)(struct change *change, struct db *db);
};

static bool has_status(const struct change *change, const char *status)
{
    return strcmp(change->row.ticket.status, status) == 0;
}

/* Why a ticket is not in a state that allows what is asked. */
static enum err refuse(const struct change *change)
{
    return has_status(change, "open") ? ERR_TICKET_NOT_SETTLED
                                      : ticket_closed_because(change->row.ticket.status);
}

/* Whether the ticket is the caller's, and the partner knows its key. */
static enum err check_caller(const struct ticket_row *row, int64_t user_id, const char *key)
{
    uint8_t key_hash[SHA256_SIZE];

    if ((key == NULL ? row->ticket.customer_id : row->partner_user_id) != user_id)
        return ERR_TICKET_UNKNOWN;
    if (key == NULL)
        return ERR_OK;
    if (row->wrong_keys >= WRONG_KEYS_MAX && row->wrong_key_age < WRONG_KEYS_PAUSE_S)
        return ERR_TOO_MANY_ATTEMPTS;
    crypto_sha256(key, strlen(key), key_hash);
    return crypto_equal(key_hash, row->key_hash, sizeof(key_hash)) ? ERR_OK : ERR_TICKET_KEY;
}

static enum err change_in(struct db *db, void *arg)
{
    struct change *change = arg;

    change->packet = DB_PACKET(TICKET_PACKET_MAX);
    change->refused = ERR_OK;
    enum err rc = ticket_store_read(db, change->id, &change->row);
    if (rc == ERR_OK)
        rc = check_caller(&change->row, change->actor->user_id, change->key);
    if (rc == ERR_OK)
        rc = change->decide(change, db);
    if (rc == ERR_TICKET_KEY) {
        change->refused = rc;
        rc = ticket_store_wrong_key(db, change->id, WRONG_KEYS_PAUSE_S);
    }
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &change->packet, NULL, 0);
    db_packet_free(&change->packet);
    return rc;
}

/* Makes a change. Settles what a lost connection or an Idempotency-Key leaves open: a request that was
 * done before is answered by the ticket as it is now.
 * done  what a ticket is refused with once this change was made, or ERR_OK */
static enum err run_change(struct db *db, struct change *change, enum err done, struct ticket *out)
{
    bool resent = false;

    enum err rc = db_txn(db, change_in, change, &resent);
    if (rc == ERR_OK)
        rc = change->refused;
    if ((rc == ERR_REPLAYED && (resent || change->actor->repeatable)) ||
        (rc != ERR_OK && rc == done && resent))
        return ticket_store_view(db, change->id, out);
    if (rc == ERR_OK)
        *out = change->row.ticket;
    return rc;
}

static struct ledger_hold hold_of(const struct ticket_row *row)
{
    return (struct ledger_hold){.kind = TICKET_HOLD,
                                .ref = row->ticket.id,
                                .held = row->held,
                                .amount = row->ticket.amount};
}

static enum err add_posting(struct db_packet *packet, struct ledger_posting *posting)
{
    enum err rc = ledger_post(packet, posting);
    ledger_posting_free(posting);
    return rc;
}

/* Gives an open ticket's amount back. */
static enum err add_release(struct db_packet *packet, const struct ticket_row *row,
                            const char *kind, const struct actor *actor, const char *why)
{
    const struct ledger_hold hold = hold_of(row);
    struct ledger_posting posting = ledger_posting(kind, actor, &row->ticket.id);
    char info[TICKET_INFO_SIZE];

    snprintf(info, sizeof(info), "Released: withdrawal through %s %s", row->ticket.partner_name,
             why);
    ledger_limits_give_back(packet, TICKET_HOLD, &row->ticket.id);
    ledger_release(&posting, &hold, row->available, "deposit", info);
    return add_posting(packet, &posting);
}

static enum err decide_cancel(struct change *change, struct db *db)
{
    (void)db;
    if (!has_status(change, "open"))
        return refuse(change);
    ticket_store_end(&change->packet, &change->row, "cancelled", NULL);
    enum err rc =
        add_release(&change->packet, &change->row, "ticket_cancel", change->actor, "was cancelled");
    text_copy(change->row.ticket.status, sizeof(change->row.ticket.status), "cancelled");
    return rc;
}

enum err ticket_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                       struct ticket *out)
{
    struct change change = {.actor = actor, .id = id, .decide = decide_cancel};
    return run_change(db, &change, ERR_TICKET_CANCELLED, out);
}

enum err ticket_info(struct db *db, const struct actor *actor, const struct uuid *id,
                     const char *key, struct ticket *out)
{
    struct ticket_row row;

    enum err rc = ticket_store_read(db, id, &row);
    if (rc == ERR_OK)
        rc = check_caller(&row, actor->user_id, key);
    if (rc == ERR_OK)
        *out = row.ticket;
    if (rc == ERR_TICKET_KEY) {
        enum err counted = ticket_store_wrong_key(db, id, WRONG_KEYS_PAUSE_S);
        rc = counted == ERR_OK ? rc : counted;
    }
    return rc;
}

/* The money goes from the customer's hold to the partner; the customer's history says so. */
static enum err add_settling(struct change *change)
{
    const struct ticket_row *row = &change->row;
    const struct ledger_hold hold = hold_of(row);
    struct ledger_posting posting = ledger_posting("ticket_settle", change->actor, &row->ticket.id);
    char info[TICKET_INFO_SIZE];

    snprintf(info, sizeof(info), "Ticket of %s: %s", row->customer, change->words);
    ledger_capture(&posting, &hold, row->partner_available, "deposit", info);
    snprintf(info, sizeof(info), "%s: %s", row->ticket.partner_name, change->words);
    ledger_leg(&posting, row->available, (struct amount){.currency = hold.amount.currency},
               "withdraw", info);
    return add_posting(&change->packet, &posting);
}

static enum err decide_settle(struct change *change, struct db *db)
{
    struct ticket_row *row = &change->row;
    struct ticket *ticket = &row->ticket;

    if (ticket->settled != 0 && !has_status(change, "refunded"))
        return ERR_OK; /* the same answer, and no second credit */
    if (!has_status(change, "open"))
        return refuse(change);
    enum err rc = ledger_account_need(db, row->partner_user_id, ticket->amount.currency,
                                      "available", "", &row->partner_available);
    if (rc != ERR_OK)
        return rc;
    ticket_store_settle(&change->packet, row, change->words);
    text_copy(ticket->status, sizeof(ticket->status), "settled");
    text_copy(ticket->description, sizeof(ticket->description), change->words);
    ticket->settled = row->now_s;
    return add_settling(change);
}

enum err ticket_settle(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *description, struct ticket *out)
{
    struct change change = {
        .actor = actor, .id = id, .key = key, .words = description, .decide = decide_settle};
    return run_change(db, &change, ERR_OK, out);
}

/* A line without money in the customer's history. */
static enum err add_note(struct change *change)
{
    const struct ticket_row *row = &change->row;
    struct ledger_posting posting = ledger_posting("ticket_update", change->actor, &row->ticket.id);
    bool moved = change->status != NULL;
    char info[TICKET_INFO_SIZE];

    snprintf(info, sizeof(info), "%s%s%s%s: %s", row->ticket.partner_name, moved ? " (" : "",
             moved ? change->status : "", moved ? ")" : "", change->words);
    ledger_leg(&posting, row->available, (struct amount){.currency = row->ticket.amount.currency},
               "withdraw", info);
    return add_posting(&change->packet, &posting);
}

static enum err decide_update(struct change *change, struct db *db)
{
    struct ticket *ticket = &change->row.ticket;
    const char *next = change->status != NULL ? change->status : ticket->status;
    bool ended = has_status(change, "completed") || has_status(change, "failed");

    (void)db;
    if (!has_status(change, "settled") && !has_status(change, "processing") &&
        !(ended && has_status(change, next)))
        return refuse(change);
    ticket_store_news(&change->packet, &change->row, next, change->words);
    if (next != ticket->status)
        text_copy(ticket->status, sizeof(ticket->status), next);
    ticket->updates++;
    return add_note(change);
}

enum err ticket_update(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *message, const char *status, struct ticket *out)
{
    struct change change = {.actor = actor,
                            .id = id,
                            .key = key,
                            .words = message,
                            .status = status,
                            .decide = decide_update};
    return run_change(db, &change, ERR_OK, out);
}

static enum err decide_reject(struct change *change, struct db *db)
{
    struct ticket *ticket = &change->row.ticket;
    char why[TICKET_INFO_SIZE];

    (void)db;
    if (!has_status(change, "open"))
        return refuse(change);
    snprintf(why, sizeof(why), "was rejected: %s", change->words);
    ticket_store_end(&change->packet, &change->row, "rejected", change->words);
    text_copy(ticket->status, sizeof(ticket->status), "rejected");
    text_copy(ticket->reason, sizeof(ticket->reason), change->words);
    return add_release(&change->packet, &change->row, "ticket_reject", change->actor, why);
}

enum err ticket_reject(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *reason, struct ticket *out)
{
    struct change change = {
        .actor = actor, .id = id, .key = key, .words = reason, .decide = decide_reject};
    return run_change(db, &change, ERR_TICKET_REJECTED, out);
}

/* The partner pays the customer back. */
static enum err add_refund(struct change *change)
{
    const struct ticket_row *row = &change->row;
    struct ledger_posting posting = ledger_posting("ticket_refund", change->actor, &row->ticket.id);
    struct amount amount = row->ticket.amount, taken = {.units = -amount.units, amount.currency};
    char info[TICKET_INFO_SIZE];

    snprintf(info, sizeof(info), "Refund to %s: %s", row->customer, change->words);
    ledger_leg(&posting, row->partner_available, taken, "withdraw", info);
    snprintf(info, sizeof(info), "Refund from %s: %s", row->ticket.partner_name, change->words);
    ledger_leg(&posting, row->available, amount, "deposit", info);
    ledger_limits_give_back(&change->packet, TICKET_HOLD, &row->ticket.id);
    return add_posting(&change->packet, &posting);
}

static enum err decide_refund(struct change *change, struct db *db)
{
    struct ticket *ticket = &change->row.ticket;

    (void)db;
    if (!has_status(change, "settled") && !has_status(change, "processing") &&
        !has_status(change, "failed"))
        return refuse(change);
    ticket_store_end(&change->packet, &change->row, "refunded", change->words);
    text_copy(ticket->status, sizeof(ticket->status), "refunded");
    text_copy(ticket->reason, sizeof(ticket->reason), change->words);
    return add_refund(change);
}

enum err ticket_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                       const char *key, const char *reason, struct ticket *out)
{
    struct change change = {
        .actor = actor, .id = id, .key = key, .words = reason, .decide = decide_refund};
    return run_change(db, &change, ERR_TICKET_REFUNDED, out);
}

/* A batch of tickets past their time. */
struct expiry {
    int limit;
    int64_t released;
    struct db_packet packet;
    enum err rc;
};

static void add_expiry(void *arg, const struct ticket_row *row)
{
    struct expiry *expiry = arg;
    char id[UUID_TEXT_SIZE], request_key[UUID_TEXT_SIZE + 16];
    const struct actor job = {.user_id = LEDGER_HOUSE, .request_key = request_key, .trace = ""};

    uuid_format(&row->ticket.id, id);
    snprintf(request_key, sizeof(request_key), "ticket_expire:%s", id);
    ticket_store_end(&expiry->packet, row, "expired", NULL);
    if (expiry->rc == ERR_OK)
        expiry->rc = add_release(&expiry->packet, row, "ticket_expire", &job, "expired");
    expiry->released++;
}

static enum err expire_in(struct db *db, void *arg)
{
    struct expiry *expiry = arg;

    expiry->packet = DB_PACKET(TICKET_PACKET_MAX);
    expiry->released = 0;
    expiry->rc = ERR_OK;
    enum err rc = ticket_store_due(db, expiry->limit, add_expiry, expiry);
    if (rc == ERR_OK)
        rc = expiry->rc;
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &expiry->packet, NULL, 0);
    db_packet_free(&expiry->packet);
    return rc;
}

enum err ticket_expire_due(struct db *db, int limit, int64_t *released)
{
    struct expiry expiry = {.limit = limit < EXPIRY_MAX ? limit : EXPIRY_MAX};

    enum err rc = db_txn(db, expire_in, &expiry, NULL);
    *released = rc == ERR_OK ? expiry.released : 0;
    return rc;
}
