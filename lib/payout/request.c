/* How a payout comes to be: what is asked for, what it depends on, and the rules of the operators. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "payout/store.h"

/* A new payout on its way into the database. */
struct creation {
    const struct payout_request *request;
    struct payout *out;
    enum err address_rc; /* what its rail says of the address */
    struct ledger_use use;
    struct ledger_limits limits;
    struct payout_offer offer;
    struct payout before;
    uint64_t needed; /* operators, by the rules that hold */
    char why[PAYOUT_TEXT_SIZE];
};

static bool is_internal(const struct creation *creation)
{
    return strcmp(creation->out->rail, RAIL_INTERNAL) == 0;
}

static bool is_printable(const char *text, size_t most)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len >= 1 && len <= most;
}

static enum err check_text(const char *text, size_t most)
{
    if (!text_is_utf8(text, strlen(text)))
        return ERR_NOT_UTF8;
    return text_utf8_length(text, strlen(text)) > most ? ERR_TOO_LONG : ERR_OK;
}

/* What can be seen of a request alone; begins the payout. */
static enum err begin(struct creation *creation)
{
    const struct payout_request *request = creation->request;
    struct payout *out = creation->out;
    const char *memo = request->memo == NULL ? "" : request->memo,
               *note = request->note == NULL ? "" : request->note;

    if (!is_printable(request->service, PAYOUT_SERVICE_SIZE - 1) ||
        !is_printable(request->ref, PAYOUT_REF_MAX))
        return ERR_INVALID;
    if (request->total.units <= 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    if (strlen(request->rail) > RAIL_NAME_MAX)
        return ERR_RAIL_UNKNOWN;
    enum err rc = check_text(memo, RAIL_ADDRESS_MAX / 4);
    if (rc == ERR_OK)
        rc = check_text(note, PAYOUT_TEXT_MAX);
    if (rc != ERR_OK)
        return rc;
    *out = (struct payout){.uuid = crypto_uuid7(),
                           .user_id = request->actor->user_id,
                           .amount = request->total,
                           .fee = {.currency = request->total.currency}};
    text_copy(out->service, sizeof(out->service), request->service);
    text_copy(out->ref, sizeof(out->ref), request->ref);
    text_copy(out->rail, sizeof(out->rail), request->rail);
    text_copy(out->memo, sizeof(out->memo), memo);
    text_copy(out->note, sizeof(out->note), note);
    return ERR_OK;
}

/* Has the rail look at the address. What it says counts only once it is known that this is not the same
 * request again. Errors are those of the database. */
static enum err check_address(struct db *db, struct creation *creation)
{
    const struct payout_rail *rail = payout_rail_find(creation->out->rail);
    struct payout *out = creation->out;
    const char *address = creation->request->address;

    creation->address_rc = ERR_OK;
    if (!is_printable(address, RAIL_ADDRESS_MAX)) {
        creation->address_rc = ERR_PAYOUT_ADDRESS;
        return ERR_OK;
    }
    text_copy(out->address, sizeof(out->address), address);
    if (rail != NULL)
        creation->address_rc =
            rail->check(db, out->amount.currency, address, out->memo, out->address);
    if (is_internal(creation) && creation->address_rc == ERR_OK)
        (void)text_to_number(out->address, 1, INT64_MAX, &out->to_user_id);
    enum err_class class = err_class(creation->address_rc);
    return class == ERR_CLASS_BUSY || class == ERR_CLASS_BUG ? creation->address_rc : ERR_OK;
}

bool payout_rule_holds(const struct payout_rule_row *rule, __int128 total)
{
    if (strcmp(rule->kind, "amount") == 0)
        return total >= rule->amount;
    if (strcmp(rule->kind, "new_address") == 0)
        return rule->fresh;
    if (strcmp(rule->kind, "velocity") == 0)
        return (rule->by_times && rule->before + 1 >= rule->times) ||
               (rule->by_amount && rule->spent + total >= rule->amount);
    return true;
}

static void take_rule(void *arg, const struct payout_rule_row *rule)
{
    struct creation *creation = arg;
    char words[64];

    if (is_internal(creation) || !payout_rule_holds(rule, creation->request->total.units))
        return;
    if (rule->approvals > creation->needed)
        creation->needed = rule->approvals;
    snprintf(words, sizeof(words), "%srule %lld: %s", creation->why[0] == '\0' ? "" : ", ",
             (long long)rule->id, rule->kind);
    if (strlen(creation->why) + strlen(words) <= PAYOUT_TEXT_MAX)
        text_copy(creation->why + strlen(creation->why),
                  sizeof(creation->why) - strlen(creation->why), words);
}

/* Whether the payout of that name is what is asked for now. */
static bool is_same(const struct payout *before, const struct creation *creation)
{
    const struct payout *out = creation->out;

    return strcmp(before->rail, out->rail) == 0 &&
           before->amount.currency == out->amount.currency &&
           before->amount.units + before->fee.units == creation->request->total.units &&
           strcmp(before->address, out->address) == 0 && strcmp(before->memo, out->memo) == 0 &&
           strcmp(before->note, out->note) == 0;
}

/* Whether the rail has a smallest unit as small as the amount needs. */
static bool fits_scale(__int128 units, const struct currency *currency, uint64_t decimals)
{
    __int128 step = 1;

    for (uint64_t i = decimals; i < currency->decimals; i++)
        step *= 10;
    return units % step == 0;
}

static enum err check_offer(struct creation *creation)
{
    const struct payout_offer *offer = &creation->offer;
    struct payout *out = creation->out;
    bool internal = is_internal(creation);

    if (!offer->rail_there || (!offer->asset_there && !internal))
        return ERR_RAIL_UNKNOWN;
    if (internal && offer->paused)
        return ERR_RAIL_PAUSED;
    if (!internal && !offer->withdrawals)
        return ERR_RAIL_OFF;
    if (!offer->currency_enabled)
        return ERR_CURRENCY_DISABLED;
    if (creation->address_rc != ERR_OK)
        return creation->address_rc;
    if (out->to_user_id == out->user_id)
        return ERR_PAYOUT_SELF;
    if (offer->memo_needed && out->memo[0] == '\0')
        return ERR_PAYOUT_MEMO;
    if (!internal) {
        out->fee.units = offer->fee;
        out->amount.units = creation->request->total.units - offer->fee;
        if (out->amount.units <= 0 || creation->request->total.units < offer->min_withdrawal)
            return ERR_PAYOUT_LOW;
        if (!fits_scale(out->amount.units, out->amount.currency, offer->decimals))
            return ERR_AMOUNT_DIGITS;
    }
    if (offer->account == 0 || offer->free < creation->request->total.units)
        return ERR_INSUFFICIENT_FUNDS;
    return internal ? ERR_OK : ledger_limits_check(&creation->limits, &creation->use);
}

/* The state that it begins with. */
static void decide_state(struct creation *creation)
{
    struct payout *out = creation->out;

    out->account_id = creation->offer.account;
    out->turn = 2;
    out->created = out->changed = creation->offer.now_s;
    out->needed = creation->needed;
    out->kind = is_internal(creation) ? RAIL_IN_HOUSE
                : strcmp(creation->offer.kind, rail_kind_names[RAIL_ON_CHAIN]) == 0
                    ? RAIL_ON_CHAIN
                    : RAIL_OFF_CHAIN;
    text_copy(out->why, sizeof(out->why), creation->why);
    out->state = is_internal(creation)   ? PAYOUT_STATE_CONFIRMED
                 : creation->needed != 0 ? PAYOUT_STATE_MODERATING
                                         : PAYOUT_STATE_APPROVED;
    if (payout_state_ended(out->state))
        out->ended = creation->offer.now_s;
}

/* The posting: a hold, or money for the other user. */
static enum err post(struct db_packet *packet, const struct creation *creation)
{
    const struct payout *out = creation->out;
    const struct ledger_hold hold = {.kind = PAYOUT_HOLD,
                                     .ref = out->uuid,
                                     .held = creation->offer.held,
                                     .amount = creation->request->total};
    struct amount taken = {-out->amount.units, out->amount.currency};
    bool internal = is_internal(creation);
    struct ledger_posting posting = ledger_posting(internal ? "payout_inside" : "payout_hold",
                                                   creation->request->actor, &out->uuid);
    char info[RAIL_ADDRESS_MAX + 64];

    if (internal) {
        snprintf(info, sizeof(info), "To customer %lld", (long long)out->to_user_id);
        ledger_leg(&posting, out->account_id, taken, "withdraw", info);
        snprintf(info, sizeof(info), "From customer %lld", (long long)out->user_id);
        ledger_leg(&posting, creation->offer.to_account, out->amount, "deposit", info);
    } else {
        snprintf(info, sizeof(info), "Withdrawal to %s", out->address);
        ledger_hold(&posting, &hold, out->account_id, "withdraw", info);
    }
    enum err rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

static enum err write_creation(struct db *db, struct creation *creation, struct db_packet *packet)
{
    const struct currency *currency = creation->out->amount.currency;
    struct payout_offer *offer = &creation->offer;
    bool internal = is_internal(creation);

    enum err rc = internal ? ledger_account_need(db, creation->out->to_user_id, currency,
                                                 creation->request->purpose, "", &offer->to_account)
                           : ledger_account_need(db, creation->out->user_id, currency, "held", "",
                                                 &offer->held);
    if (rc != ERR_OK)
        return rc;
    payout_store_add(packet, creation->out, offer->now);
    if (!internal)
        ledger_limits_count(packet, &creation->limits, &creation->use);
    rc = post(packet, creation);
    db_packet_add(packet, "SELECT @payout", DB_NO_ARGS);
    return rc;
}

enum err payout_request_in(struct db *db, const struct payout_request *request,
                           struct db_packet *packet, struct payout *out, bool *repeated)
{
    struct creation creation = {.request = request, .out = out};

    *repeated = false;
    enum err rc = begin(&creation);
    if (rc == ERR_OK)
        rc = check_address(db, &creation);
    if (rc != ERR_OK)
        return rc;
    creation.use = (struct ledger_use){.scope = LEDGER_WITHDRAWAL,
                                       .user_id = out->user_id,
                                       .amount = request->total,
                                       .kind = PAYOUT_HOLD,
                                       .ref = out->uuid};
    rc = payout_store_offer(db, request, out->address, out->to_user_id, &creation.use,
                            &creation.limits, &creation.offer, &creation.before, take_rule,
                            &creation);
    if (rc != ERR_OK)
        return rc;
    if (creation.before.id != 0) {
        if (!is_same(&creation.before, &creation))
            return ERR_IDEMPOTENCY_CONFLICT;
        *repeated = true;
        *out = creation.before;
        return ERR_OK;
    }
    rc = check_offer(&creation);
    if (rc != ERR_OK)
        return rc;
    decide_state(&creation);
    return write_creation(db, &creation, packet);
}

/* A request in a transaction of its own. */
struct alone {
    const struct payout_request *request;
    struct payout *out;
    bool repeated;
};

static enum err request_in(struct db *db, void *arg)
{
    struct alone *alone = arg;
    struct db_packet packet = DB_PACKET(PAYOUT_PACKET_MAX);
    struct db_rows rows = {0};

    enum err rc = payout_request_in(db, alone->request, &packet, alone->out, &alone->repeated);
    if (rc == ERR_OK && !alone->repeated)
        rc = db_packet_commit(db, &packet, &rows, 1);
    if (rc == ERR_OK && !alone->repeated && db_next(&rows))
        alone->out->id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    db_packet_free(&packet);
    return rc;
}

enum err payout_request(struct db *db, const struct payout_request *request, struct payout *out,
                        bool *repeated)
{
    struct alone alone = {.request = request, .out = out};
    bool resent = false, before = false;

    enum err rc = db_txn(db, request_in, &alone, &resent);
    if (rc == ERR_OK)
        rc = payout_by_id(db, request->actor->user_id, out->id, out);
    before = alone.repeated && !resent;
    if (repeated != NULL)
        *repeated = before;
    return rc;
}
