/* The money of a bid: the journals that lie between two stages, either way round. */
#include <stdio.h>
#include <string.h>

#include "desk/store.h"

#define INFO_SIZE 160
#define KEY_SIZE 96

/* A step from one stage to the next, or back. */
struct step {
    struct bid_row *row;
    struct db *db;
    struct db_packet *packet;
    struct ledger_posting posting;
    char key[KEY_SIZE], info[INFO_SIZE];
};

static struct amount minus(struct amount amount)
{
    amount.units = -amount.units;
    return amount;
}

/* From an account here: the customer's, or that of the merchant whose order was paid. */
static bool from_account(const struct bid_row *row)
{
    return strcmp(row->bid.pay_in, "hand") != 0;
}

static bool to_balance(const struct bid_row *row)
{
    return strcmp(row->bid.pay_out, "balance") == 0;
}

static enum err need(const struct step *step, const struct currency *currency, const char *purpose,
                     const char *rail, int64_t *account)
{
    return ledger_account_need(step->db, LEDGER_HOUSE, currency, purpose, rail, account);
}

/* Opens the accounts of the side that is given. */
static enum err need_give(struct step *step)
{
    struct bid_row *row = step->row;
    const struct currency *currency = row->bid.sum1.currency;

    enum err rc = need(step, currency, "incoming", row->give_rail, &row->incoming);
    if (rc == ERR_OK)
        rc = need(step, currency, "reserve", row->give_rail, &row->reserve_give);
    if (rc == ERR_OK)
        rc = need(step, currency, "profit", "", &row->profit_give);
    if (rc == ERR_OK)
        rc = need(step, currency, "rounding", "", &row->rounding);
    if (rc == ERR_OK && !from_account(row))
        return need(step, currency, "external", row->give_rail, &row->external_give);
    return rc == ERR_OK && from_account(row)
               ? ledger_account_need(
                     step->db, bid_by_order(&row->bid) ? row->bid.merchant_id : row->bid.user_id,
                     currency, "available", "", &row->own_give)
               : rc;
}

/* ... and of the side that is got. */
static enum err need_get(struct step *step)
{
    struct bid_row *row = step->row;
    const struct currency *currency = row->bid.sum2.currency;

    enum err rc = need(step, currency, "held", row->get_rail, &row->held);
    if (rc == ERR_OK)
        rc = need(step, currency, "reserve", row->get_rail, &row->reserve_get);
    if (rc == ERR_OK)
        rc = need(step, currency, "profit", "", &row->profit_get);
    if (rc == ERR_OK && !to_balance(row))
        return need(step, currency, "external", row->get_rail, &row->external_get);
    return rc == ERR_OK && to_balance(row)
               ? ledger_account_need(step->db, row->bid.user_id, currency, "available", "",
                                     &row->own_get)
               : rc;
}

static struct ledger_hold hold_of(const struct bid_row *row)
{
    return (struct ledger_hold){
        .kind = DESK_HOLD, .ref = row->hold_ref, .held = row->held, .amount = row->bid.sum2};
}

/* The fees that are kept of what is got: a payment system's own is none of ours. */
static struct amount kept(const struct bid_row *row)
{
    struct amount fee = row->bid.sum2;

    fee.units -= to_balance(row) ? row->bid.sum2c.units : row->bid.sum2dc.units;
    return fee;
}

static int64_t payer(const struct bid_row *row)
{
    return from_account(row) ? row->own_give : row->external_give;
}

static int64_t payee(const struct bid_row *row)
{
    return to_balance(row) ? row->own_get : row->external_get;
}

static void leg_if(struct ledger_posting *posting, int64_t account, struct amount amount)
{
    if (amount.units != 0)
        ledger_leg(posting, account, amount, NULL, NULL);
}

static void add_hold(struct step *step)
{
    const struct ledger_hold hold = hold_of(step->row);
    ledger_hold(&step->posting, &hold, step->row->reserve_get, NULL, NULL);
}

static void add_free(struct step *step)
{
    const struct ledger_hold hold = hold_of(step->row);
    ledger_release(&step->posting, &hold, step->row->reserve_get, NULL, NULL);
}

/* What is exchanged has an owner who sees it in his history. */
static const char *words(struct step *step, bool own, const char *what)
{
    if (!own)
        return NULL;
    snprintf(step->info, sizeof(step->info), "%s %lld: %s to %s", what,
             (long long)step->row->bid.id, step->row->bid.give_code, step->row->bid.get_code);
    if (step->row->bid.id == 0) /* it has no number yet */
        snprintf(step->info, sizeof(step->info), "%s: %s to %s", what, step->row->bid.give_code,
                 step->row->bid.get_code);
    return step->info;
}

static void add_pay(struct step *step)
{
    const struct bid_row *row = step->row;
    bool own = from_account(row);

    ledger_leg(&step->posting, payer(row), minus(row->bid.sum1dc), own ? "withdraw" : NULL,
               words(step, own, "Exchange"));
    ledger_leg(&step->posting, row->incoming, row->bid.sum1dc, NULL, NULL);
}

static void add_unpay(struct step *step)
{
    const struct bid_row *row = step->row;
    bool own = from_account(row);

    ledger_leg(&step->posting, row->incoming, minus(row->bid.sum1dc), NULL, NULL);
    ledger_leg(&step->posting, payer(row), row->bid.sum1dc, own ? "deposit" : NULL,
               words(step, own, "Returned: exchange"));
}

/* What came in, by what it is: what sum2 is worth, fee, and what rounding left. sign -1: taken back. */
static void add_parts(struct step *step, int sign)
{
    const struct bid_row *row = step->row;
    const struct desk_bid *bid = &row->bid;
    const struct currency *currency = bid->sum1.currency;
    struct amount whole = {-sign * bid->sum1dc.units, currency},
                  worth = {sign * (bid->sum1.units - bid->rounding.units), currency},
                  fee = {sign * (bid->sum1dc.units - bid->sum1.units), currency},
                  rounding = {sign * bid->rounding.units, currency};

    leg_if(&step->posting, row->incoming, whole);
    leg_if(&step->posting, row->reserve_give, worth);
    leg_if(&step->posting, row->profit_give, fee);
    leg_if(&step->posting, row->rounding, rounding);
}

static void add_done(struct step *step)
{
    const struct bid_row *row = step->row;
    const struct ledger_hold hold = hold_of(row);
    bool own = to_balance(row);

    add_parts(step, 1);
    ledger_capture(&step->posting, &hold, payee(row), own ? "deposit" : NULL,
                   words(step, own, "Exchange"));
    if (kept(row).units != 0) {
        ledger_leg(&step->posting, payee(row), minus(kept(row)), own ? "fee" : NULL,
                   words(step, own, "Fee of exchange"));
        ledger_leg(&step->posting, row->profit_get, kept(row), NULL, NULL);
    }
}

static void add_undone(struct step *step)
{
    const struct bid_row *row = step->row;
    bool own = to_balance(row);

    add_parts(step, -1);
    if (kept(row).units != 0) {
        ledger_leg(&step->posting, row->profit_get, minus(kept(row)), NULL, NULL);
        ledger_leg(&step->posting, payee(row), kept(row), own ? "deposit" : NULL,
                   words(step, own, "Fee returned: exchange"));
    }
    const struct ledger_hold hold = hold_of(row);
    ledger_hold(&step->posting, &hold, payee(row), own ? "withdraw" : NULL,
                words(step, own, "Taken back: exchange"));
}

/* The ways between stages, by the lower one: up and down. */
static const struct {
    const char *up, *down;
    void (*add_up)(struct step *step);
    void (*add_down)(struct step *step);
} ways[] = {
    [DESK_STAGE_NONE] = {"desk_hold", "desk_free", add_hold, add_free},
    [DESK_STAGE_HELD] = {"desk_pay", "desk_unpay", add_pay, add_unpay},
    [DESK_STAGE_PAID] = {"desk_done", "desk_undone", add_done, add_undone},
};

/* One step; its journal is named by the bid, its turn and what it is. */
static enum err book_step(struct step *step, enum desk_stage lower, bool up, const char *trace)
{
    const struct desk_bid *bid = &step->row->bid;
    const char *kind = up ? ways[lower].up : ways[lower].down;
    char id[UUID_TEXT_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = step->key, .trace = trace};

    uuid_format(&bid->uuid, id);
    snprintf(step->key, sizeof(step->key), "%s:%s:%llu", kind, id, (unsigned long long)bid->turn);
    step->posting = ledger_posting(kind, &house, &bid->uuid);
    if (up)
        ways[lower].add_up(step);
    else
        ways[lower].add_down(step);
    enum err rc = ledger_post(step->packet, &step->posting);
    ledger_posting_free(&step->posting);
    return rc;
}

enum err bid_book(struct db *db, struct db_packet *packet, struct bid_row *row,
                  enum desk_stage from, enum desk_stage to, const char *trace)
{
    struct step step = {.row = row, .db = db, .packet = packet};
    enum desk_stage at = from;
    enum err rc = ERR_OK;

    if (at != to)
        rc = need_get(&step);
    if (rc == ERR_OK && (at > DESK_STAGE_HELD || to > DESK_STAGE_HELD) && at != to)
        rc = need_give(&step);
    for (; rc == ERR_OK && at < to; at++)
        rc = book_step(&step, at, true, trace);
    for (; rc == ERR_OK && at > to; at--)
        rc = book_step(&step, (enum desk_stage)(at - 1), false, trace);
    return rc;
}
