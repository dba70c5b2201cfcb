/* What happens to a payout. A change locks and reads in one packet, is decided here, and is written and
 * committed with its posting in another. Locks are taken in the order payout, use of limits, hold, accounts
 * by id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "payout/store.h"

#define KEY_SIZE 64

static const struct payout_service *services[PAYOUT_SERVICES_MAX];

void payout_service_register(const struct payout_service *service)
{
    size_t i = 0;

    while (i < PAYOUT_SERVICES_MAX && services[i] != NULL && services[i] != service)
        i++;
    if (i == PAYOUT_SERVICES_MAX)
        abort(); /* our bug */
    services[i] = service;
}

void payout_tell(struct db_packet *packet, const struct payout *payout)
{
    for (size_t i = 0; i < PAYOUT_SERVICES_MAX && services[i] != NULL; i++)
        if (strcmp(services[i]->name, payout->service) == 0 && services[i]->told != NULL)
            services[i]->told(packet, payout);
}

/* Why a payout is not in a state that allows what is asked. */
static enum err refuse(enum payout_state state)
{
    if (payout_state_ended(state))
        return ERR_PAYOUT_ENDED;
    return state >= PAYOUT_STATE_SENDING ? ERR_PAYOUT_SENT : ERR_PAYOUT_STATE;
}

/* What is said by hand: of a rail that has nobody else to say it, and the same as before. */
static enum err check_by_hand(const struct payout_move *move)
{
    const struct payout *payout = &move->row.payout;
    const struct payout_settled *expected = move->expected;
    bool given = move->reference != NULL && move->reference[0] != '\0',
         has = payout->reference[0] != '\0',
         needs = move->to == PAYOUT_STATE_SENT || move->to == PAYOUT_STATE_CONFIRMED;

    if (payout_rail_find(payout->rail) != NULL)
        return ERR_RAIL_BY_ITSELF;
    if (expected != NULL && (strcmp(expected->rail, payout->rail) != 0 ||
                             strcmp(expected->address, payout->address) != 0 ||
                             strcmp(expected->memo, payout->memo) != 0 ||
                             expected->amount.currency != payout->amount.currency ||
                             expected->amount.units != payout->amount.units))
        return ERR_PAYOUT_MISMATCH;
    if (given && has && strcmp(move->reference, payout->reference) != 0)
        return ERR_PAYOUT_MISMATCH;
    return needs && !given && !has ? ERR_PAYOUT_REFERENCE : ERR_OK;
}

void payout_move_decide(struct payout_move *move)
{
    const struct payout *payout = &move->row.payout;

    if (move->to == PAYOUT_STATE_APPROVED && payout->state >= PAYOUT_STATE_SENDING &&
        move->row.fenced > 0)
        move->to = PAYOUT_STATE_UNKNOWN; /* whatever its rail says, it may have been sent */
    if (move->user_id != 0 && payout->user_id != move->user_id)
        move->rc = ERR_PAYOUT_NOT_FOUND;
    else if (move->by_hand && check_by_hand(move) != ERR_OK)
        move->rc = check_by_hand(move);
    else if (payout->state == move->to)
        move->rc = move->to == PAYOUT_STATE_SENDING ? ERR_PAYOUT_SENT /* perhaps by another */
                                                    : ERR_OK;
    else if ((move->from != 0 && (move->from >> payout->state & 1) == 0) ||
             !payout_state_follows(payout->state, move->to))
        move->rc = refuse(payout->state);
    else
        move->rc = ERR_OK;
}

/* Whether it gets another number: a new state, or another thing that was sent. */
static bool is_turn(const struct payout_move *move)
{
    const struct payout *payout = &move->row.payout;
    const char *reference = move->reference;

    return payout->state != move->to ||
           (payout->state == PAYOUT_STATE_SENT && reference != NULL && reference[0] != '\0' &&
            strcmp(reference, payout->reference) != 0);
}

/* The panic switch, and the sender's lease, are looked at by the statement that begins to send. */
static void add_begin_sending(struct text *sql, const struct payout_move *move)
{
    text_puts(sql, " AND NOT (SELECT r.paused FROM rail AS r WHERE r.name = payout.rail)");
    if (move->lease != NULL)
        statement_add(sql,
                      " AND EXISTS (SELECT 1 FROM rail_lease AS l WHERE l.rail = payout.rail AND "
                      "l.owner = ? AND l.until > NOW(6))",
                      DB_ARGS(db_uuid(move->lease)));
}

static void add_update(struct db_packet *packet, const struct payout_move *move, bool turn)
{
    const struct payout_row *row = &move->row;
    const struct payout *payout = &row->payout;
    struct text *sql = db_packet_begin(packet);
    bool given = move->reference != NULL && move->reference[0] != '\0';

    statement_add(sql,
                  "UPDATE payout SET state = ?, next_at = CAST(? AS DATETIME(6)) + INTERVAL ? "
                  "SECOND, confirmations = GREATEST(confirmations, ?)",
                  DB_ARGS(db_text(payout_state_names[move->to]), db_text(row->now),
                          db_i64(move->retry_s), db_u64(move->confirmations)));
    if (turn)
        statement_add(sql, ", turn = turn + 1, changed_at = ?, why = ?",
                      DB_ARGS(db_text(row->now), db_text(move->note == NULL ? "" : move->note)));
    if (given)
        statement_add(sql, ", reference = ?", DB_ARGS(db_text(move->reference)));
    if (turn && move->to == PAYOUT_STATE_SENDING)
        text_puts(sql, ", attempt = attempt + 1, fenced = 0");
    if (turn && (move->to == PAYOUT_STATE_SENT || move->to == PAYOUT_STATE_CONFIRMED))
        statement_add(sql, ", sent_at = COALESCE(sent_at, ?)", DB_ARGS(db_text(row->now)));
    if (turn && payout_state_ended(move->to))
        statement_add(sql, ", ended_at = ?", DB_ARGS(db_text(row->now)));
    statement_add(sql, " WHERE id = ? AND state = ? AND turn = ?",
                  DB_ARGS(db_i64(payout->id), db_text(payout_state_names[payout->state]),
                          db_u64(payout->turn)));
    if (turn && move->to == PAYOUT_STATE_SENDING)
        add_begin_sending(sql, move);
    if (turn)
        db_packet_expect(packet, 1,
                         move->to == PAYOUT_STATE_SENDING ? ERR_RAIL_PAUSED : ERR_DB_CONTENDED);
}

/* What a payout's journals share. */
static struct ledger_posting begin_posting(const struct payout_move *move, const char *kind,
                                           char key[KEY_SIZE])
{
    const struct payout *payout = &move->row.payout;
    char id[UUID_TEXT_SIZE];

    uuid_format(&payout->uuid, id);
    snprintf(key, KEY_SIZE, "%s:%s", kind, id);
    const struct actor house = {.user_id = LEDGER_HOUSE,
                                .request_key = key,
                                .trace = move->trace == NULL ? "" : move->trace};
    return ledger_posting(kind, &house, &payout->uuid);
}

static struct ledger_hold hold_of(const struct payout_row *row)
{
    const struct payout *payout = &row->payout;

    return (struct ledger_hold){
        .kind = PAYOUT_HOLD,
        .ref = payout->uuid,
        .held = row->held,
        .amount = {payout->amount.units + payout->fee.units, payout->amount.currency}};
}

static struct amount minus(struct amount amount)
{
    amount.units = -amount.units;
    return amount;
}

/* The fee from what went outside to the house. */
static void add_fee(struct ledger_posting *posting, const struct payout_row *row, bool back)
{
    struct amount fee = row->payout.fee;

    if (fee.units == 0)
        return;
    ledger_leg(posting, row->external, back ? fee : minus(fee), NULL, NULL);
    ledger_leg(posting, row->house_fee, back ? minus(fee) : fee, NULL, NULL);
}

/* What the rail itself took of the hot wallet. */
static enum err add_cost(struct db *db, struct ledger_posting *posting,
                         const struct payout_move *move)
{
    const struct currency *currency = move->cost.currency;
    int64_t cost = 0,
            external = currency == move->row.payout.amount.currency ? move->row.external : 0;

    if (currency == NULL || move->cost.units == 0)
        return ERR_OK;
    enum err rc =
        ledger_account_need(db, LEDGER_HOUSE, currency, "external", move->row.outside, &external);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, currency, LEDGER_COST, "", &cost);
    ledger_leg(posting, external, move->cost, NULL, NULL);
    ledger_leg(posting, cost, minus(move->cost), NULL, NULL);
    return rc;
}

/* It has arrived: amount and fee go where they were meant to. */
static enum err add_done(struct db *db, struct ledger_posting *posting, struct payout_move *move)
{
    struct payout_row *row = &move->row;
    const struct currency *currency = row->payout.amount.currency;
    const struct ledger_hold hold = hold_of(row);

    enum err rc =
        ledger_account_need(db, LEDGER_HOUSE, currency, "external", row->outside, &row->external);
    if (rc == ERR_OK && row->payout.fee.units != 0)
        rc = ledger_account_need(db, LEDGER_HOUSE, currency, "fee", "", &row->house_fee);
    if (rc != ERR_OK)
        return rc;
    ledger_capture(posting, &hold, row->external, NULL, NULL);
    add_fee(posting, row, false);
    return add_cost(db, posting, move);
}

/* All of it goes back to the account that it left. */
static void add_back(struct ledger_posting *posting, const struct payout_move *move)
{
    const struct payout_row *row = &move->row;
    const struct payout *payout = &row->payout;
    const struct ledger_hold hold = hold_of(row);
    char info[RAIL_ADDRESS_MAX + 96];

    snprintf(info, sizeof(info), "Back: withdrawal to %s was %s", payout->address,
             payout_state_names[move->to]);
    if (payout->state != PAYOUT_STATE_CONFIRMED) {
        ledger_release(posting, &hold, payout->account_id, "deposit", info);
        return;
    }
    ledger_leg(posting, row->external, minus(hold.amount), NULL, NULL);
    add_fee(posting, row, true);
    ledger_leg(posting, payout->account_id, hold.amount, "deposit", info);
}

/* The journal of a payout's end. */
static enum err add_posting(struct db *db, struct db_packet *packet, struct payout_move *move)
{
    const struct payout *payout = &move->row.payout;
    bool back = payout_state_gave_back(move->to);
    char key[KEY_SIZE];
    struct ledger_posting posting =
        begin_posting(move,
                      !back                                     ? "payout_done"
                      : payout->state == PAYOUT_STATE_CONFIRMED ? "payout_return"
                                                                : "payout_back",
                      key);
    enum err rc = ERR_OK;

    if (back) {
        ledger_limits_give_back(packet, PAYOUT_HOLD, &payout->uuid);
        add_back(&posting, move);
    } else {
        rc = add_done(db, &posting, move);
    }
    if (rc == ERR_OK)
        rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

/* The payout as it is afterwards. */
static void take_state(struct payout_move *move)
{
    struct payout *payout = &move->row.payout;
    int64_t now_s = move->row.now_s;

    if (move->to == PAYOUT_STATE_SENDING)
        payout->attempt++;
    if ((move->to == PAYOUT_STATE_SENT || move->to == PAYOUT_STATE_CONFIRMED) && payout->sent == 0)
        payout->sent = now_s;
    if (payout_state_ended(move->to))
        payout->ended = now_s;
    payout->state = move->to;
    payout->turn++;
    payout->changed = now_s;
    text_copy(payout->why, sizeof(payout->why), move->note == NULL ? "" : move->note);
}

enum err payout_move_write(struct db *db, struct db_packet *packet, struct payout_move *move)
{
    struct payout *payout = &move->row.payout;
    bool turn = is_turn(move), ends = payout->state != move->to && payout_state_ended(move->to);
    enum err rc = ERR_OK;

    if (payout_state_ended(payout->state) && !ends)
        return ERR_OK; /* it was done before */
    add_update(packet, move, turn);
    if (turn && move->who == PAYOUT_BY_OPERATOR)
        payout_store_record(packet, move->name, payout->id, payout_state_names[payout->state],
                            payout_state_names[move->to], move->reference, move->note);
    if (turn)
        payout_store_history(packet, payout->id, payout->turn + 1, move->row.now, move);
    if (ends)
        rc = add_posting(db, packet, move);
    if (move->reference != NULL && move->reference[0] != '\0')
        text_copy(payout->reference, sizeof(payout->reference), move->reference);
    bool counts = move->confirmations > payout->confirmations;
    if (counts)
        payout->confirmations = move->confirmations;
    if (turn) {
        take_state(move);
        payout_tell(packet, payout);
        payout_store_event(packet, payout);
    }
    if (turn || counts)
        payout_store_stream(packet, payout);
    return rc;
}

/* Several moves on their way. */
struct moving {
    struct payout_move *moves;
    size_t count, at;
    bool all; /* or none */
};

static void take_row(void *arg, const struct payout_row *row)
{
    struct moving *moving = arg;

    while (moving->at < moving->count && moving->moves[moving->at].id < row->payout.id)
        moving->at++;
    if (moving->at < moving->count && moving->moves[moving->at].id == row->payout.id) {
        moving->moves[moving->at].row = *row;
        moving->moves[moving->at].rc = ERR_OK;
    }
}

static enum err lock_all(struct db *db, struct moving *moving)
{
    struct text ids = TEXT(PAYOUT_SQL_MAX);

    moving->at = 0;
    text_puts(&ids, "0");
    for (size_t i = 0; i < moving->count; i++) {
        moving->moves[i].rc = ERR_PAYOUT_NOT_FOUND;
        text_addf(&ids, ", %lld", (long long)moving->moves[i].id);
    }
    enum err rc =
        ids.full ? ERR_TOO_LARGE : payout_store_lock(db, text_string(&ids), take_row, moving);
    text_free(&ids);
    return rc;
}

/* One of them: refused by itself, or for all. */
static enum err make_move(struct db *db, struct db_packet *packet, struct payout_move *move,
                          bool all)
{
    if (move->rc == ERR_OK)
        payout_move_decide(move);
    if (move->rc == ERR_OK)
        return payout_move_write(db, packet, move);
    return all ? move->rc : ERR_OK;
}

static enum err moves_in(struct db *db, void *arg)
{
    struct moving *moving = arg;
    struct db_packet packet = DB_PACKET(PAYOUT_PACKET_MAX);

    enum err rc = lock_all(db, moving);
    for (moving->at = 0; rc == ERR_OK && moving->at < moving->count; moving->at++)
        rc = make_move(db, &packet, &moving->moves[moving->at], moving->all);
    if (rc != ERR_OK && moving->at > 0)
        moving->at--; /* that one */
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

static enum err make_moves(struct db *db, struct moving *moving)
{
    bool resent = false; /* done before, they are in that state: no other answer is needed */

    return moving->count == 0 ? ERR_OK : db_txn(db, moves_in, moving, &resent);
}

enum err payout_moves(struct db *db, struct payout_move *moves, size_t count)
{
    struct moving moving = {.moves = moves, .count = count};

    return make_moves(db, &moving);
}

enum err payout_moves_all(struct db *db, struct payout_move *moves, size_t count, size_t *place)
{
    struct moving moving = {.moves = moves, .count = count, .all = true};

    enum err rc = make_moves(db, &moving);
    *place = moving.at;
    return rc;
}

enum err payout_move(struct db *db, struct payout_move *move)
{
    enum err rc = payout_moves(db, move, 1);
    return rc == ERR_OK ? move->rc : rc;
}

enum err payout_cancel(struct db *db, int64_t user_id, int64_t id, const char *trace,
                       struct payout *out)
{
    struct payout_move move = {.id = id,
                               .user_id = user_id,
                               .to = PAYOUT_STATE_CANCELLED,
                               .who = PAYOUT_BY_CUSTOMER,
                               .note = "cancelled by its customer",
                               .trace = trace};

    enum err rc = payout_move(db, &move);
    if (rc == ERR_OK || rc == ERR_PAYOUT_SENT || rc == ERR_PAYOUT_ENDED)
        *out = move.row.payout;
    return rc;
}
