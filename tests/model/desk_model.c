/* The desk's reference: what each account holds, counted anew in fractions, without a look at the desk's own
 * sums. One direction with fees on both sides, one affiliate, two customers. */
#include "tests/model/desk_model.h"

#include <gmp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "desk/partner.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/desk_place.h"

#define BIDS_MAX 400
#define CENT 1000 /* smallest units of USD and EUR in one last digit of the systems */

/* A bid as the reference sees it. */
struct ref_bid {
    int64_t id;
    enum desk_status status;
    __int128 sum1, sum1dc, sum2, sum2dc, worth; /* worth: what sum2 is worth of sum1 */
    bool sent;                                  /* by the affiliate */
    __int128 reward;
};

/* What the accounts hold. */
struct ref {
    uint64_t seed;
    struct desk_place place;
    int64_t partner;
    uint64_t get_id;
    struct ref_bid bids[BIDS_MAX];
    size_t count;
    __int128 reserve_give, incoming, outside_give; /* of what is given */
    __int128 reserve_get, held, outside_get;       /* of what is got */
    __int128 affiliate, held_out;                  /* the affiliate's; of held, by payouts */
    int64_t payout;                                /* that waits; 0 = none */
    __int128 payout_taken, payout_paid;
    unsigned references, done, refused;
};

static unsigned choose(struct ref *ref, unsigned below)
{
    ref->seed = ref->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(ref->seed >> 33) % below;
}

/* units x above / below, in whole multiples of grid: rounded up or down. */
static __int128 part(__int128 units, unsigned long above, unsigned long below, __int128 grid,
                     bool up)
{
    mpz_t value, divisor;
    char text[DECIMAL_TEXT_SIZE];
    __int128 result = 0;

    mpz_inits(value, divisor, NULL);
    int128_format(units, text);
    mpz_set_str(value, text, 10);
    mpz_mul_ui(value, value, above);
    int128_format(grid, text);
    mpz_set_str(divisor, text, 10);
    mpz_mul_ui(divisor, divisor, below);
    if (up)
        mpz_cdiv_q(value, value, divisor);
    else
        mpz_fdiv_q(value, value, divisor);
    mpz_get_str(text, 10, value);
    DB_CHECK(int128_parse(text, strlen(text), &result));
    mpz_clears(value, divisor, NULL);
    return result * grid;
}

/* 1.07 of what is given for 0.6 of what is got, 1.5 % and 0.75 % of fees: all in fractions. */
#define GIVE_ABOVE 107
#define GET_ABOVE 60
#define HUNDRED 100

static void reckon(struct ref_bid *bid, __int128 sum1, __int128 sum2, bool from_get)
{
    bid->sum1 = from_get ? part(sum2, GIVE_ABOVE, GET_ABOVE, CENT, true) : sum1;
    bid->sum2 = from_get ? sum2 : part(sum1, GET_ABOVE, GIVE_ABOVE, CENT, false);
    bid->sum1dc = part(bid->sum1, 10150, 10000, CENT, true);
    bid->sum2dc = part(bid->sum2, 9925, 10000, CENT, false);
    bid->worth = part(bid->sum2, GIVE_ABOVE, GET_ABOVE, 1, true);
}

static enum desk_stage stage_of(const struct ref_bid *bid)
{
    return desk_status_stage(bid->status);
}

/* Moves the reference's money from one stage to the other. */
static void go(struct ref *ref, struct ref_bid *bid, enum desk_stage to)
{
    enum desk_stage from = stage_of(bid);
    int holds = (to == DESK_STAGE_HELD || to == DESK_STAGE_PAID) -
                (from == DESK_STAGE_HELD || from == DESK_STAGE_PAID);
    int came = (to >= DESK_STAGE_PAID) - (from >= DESK_STAGE_PAID);
    int waits = (to == DESK_STAGE_PAID) - (from == DESK_STAGE_PAID);
    int done = (to == DESK_STAGE_DONE) - (from == DESK_STAGE_DONE);

    ref->held += holds * bid->sum2;
    ref->reserve_get -= (holds + done) * bid->sum2;
    ref->outside_get += done * bid->sum2dc;
    ref->outside_give -= came * bid->sum1dc;
    ref->incoming += waits * bid->sum1dc;
    ref->reserve_give += done * bid->worth;
    if (!bid->sent)
        return;
    if (done > 0) /* half of 2 % of what is given, at least a cent's worth */
        bid->reward = part(part(bid->sum1, 2, HUNDRED, 1, false), 50, HUNDRED, 1, false);
    if (done > 0 && bid->reward < CENT)
        bid->reward = 0;
    ref->affiliate += done * bid->reward;
    if (done < 0)
        bid->reward = 0;
}

/* Why the reference refuses to go there; ERR_OK where it does not. */
static enum err why_not(const struct ref *ref, const struct ref_bid *bid, enum desk_status to)
{
    enum desk_stage from = stage_of(bid), next = desk_status_stage(to);

    if (from == DESK_STAGE_NONE && next != DESK_STAGE_NONE && ref->reserve_get < bid->sum2)
        return ERR_DESK_RESERVE;
    if (from == DESK_STAGE_DONE && next != DESK_STAGE_DONE && ref->reserve_give < bid->worth)
        return ERR_INSUFFICIENT_FUNDS; /* what came in was taken out meanwhile */
    return ERR_OK;
}

static void make_bid(struct ref *ref)
{
    struct desk_wish wish = desk_place_wish(&ref->place, "1");
    struct ref_bid bid = {.status = DESK_STATUS_new, .sent = choose(ref, 2) == 0};
    bool from_get = choose(ref, 2) == 0;
    __int128 named = (__int128)(1000 + choose(ref, 20000)) * CENT;
    struct desk_problems problems;
    struct desk_bid got;

    reckon(&bid, named, named, from_get);
    wish.action = from_get ? DESK_SUM2 : DESK_SUM1;
    wish.named = (struct rate){.coefficient = named, .scale = 5};
    wish.partner_id = bid.sent ? ref->partner : 0;
    enum err rc = desk_bid_create(test_db, &wish, "", &problems, &got);
    DB_GIVES(rc, ref->reserve_get < bid.sum2 ? ERR_DESK_RESERVE : ERR_OK);
    if (rc != ERR_OK) {
        ref->refused++;
        return;
    }
    DB_CHECK(got.sum1.units == bid.sum1 && got.sum1dc.units == bid.sum1dc);
    DB_CHECK(got.sum2.units == bid.sum2 && got.sum2dc.units == bid.sum2dc);
    bid.id = got.id;
    enum desk_status status = bid.status;
    bid.status = DESK_STATUS_auto;
    go(ref, &bid, DESK_STAGE_HELD);
    bid.status = status;
    ref->bids[ref->count++] = bid;
}

static void move_bid(struct ref *ref)
{
    struct ref_bid *bid = &ref->bids[choose(ref, (unsigned)ref->count)];
    enum desk_status to = (enum desk_status)(1 + choose(ref, DESK_STATUS_COUNT - 1));
    enum desk_who who = choose(ref, 3) == 0 ? DESK_CUSTOMER : DESK_OPERATOR;
    struct desk_move move = {
        .name = {.id = bid->id}, .who = who, .to = to, .by = DESK_WHO, .trace = ""};
    struct desk_bid got;
    enum err expected = ERR_OK;

    if (to == bid->status)
        expected = ERR_OK;
    else if (!desk_status_may(who, bid->status, to))
        expected = who == DESK_CUSTOMER ? ERR_DESK_BID : ERR_DESK_ACTION;
    else
        expected = why_not(ref, bid, to);
    DB_GIVES(desk_bid_move(test_db, &move, &got), expected);
    if (expected != ERR_OK) {
        ref->refused++;
        return;
    }
    go(ref, bid, desk_status_stage(to));
    bid->status = to;
    DB_CHECK(got.status == to && got.reward.units == bid->reward);
    ref->done += to == DESK_STATUS_success;
}

#define SWEEP_TRIES 1000 /* of 10 ms */

/* Time runs out for one that holds. */
static void expire_bid(struct ref *ref)
{
    struct ref_bid *bid = &ref->bids[choose(ref, (unsigned)ref->count)];
    int64_t expired = 0;

    if (stage_of(bid) != DESK_STAGE_HELD)
        return;
    DB_CHECK(db_test_number("UPDATE desk_bid SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id "
                            "= ?",
                            DB_ARGS(db_i64(bid->id))) == 1);
    DB_GIVES(desk_bid_expire_due(test_db, 100, &expired), ERR_OK);
    /* the stack's own sweeper may have been faster: then it has to be through */
    bool over = expired == 1;
    for (int tries = 0; !over && tries < SWEEP_TRIES; tries++)
        over =
            db_test_number("SELECT stage = 'none' AND SLEEP(0.01) = 0 FROM desk_bid WHERE id = ?",
                           DB_ARGS(db_i64(bid->id))) == 1;
    DB_CHECK(over);
    go(ref, bid, DESK_STAGE_NONE);
    bid->status = DESK_STATUS_delete;
}

static void book_reserve(struct ref *ref)
{
    bool give = choose(ref, 3) == 0, out = choose(ref, 2) == 0;
    struct amount amount = {(__int128)(1 + choose(ref, 30000)) * CENT,
                            give ? ref->place.usd : ref->place.eur};
    __int128 *reserve = give ? &ref->reserve_give : &ref->reserve_get,
             *outside = give ? &ref->outside_give : &ref->outside_get;
    char reference[80];

    snprintf(reference, sizeof(reference), "%s-%u", ref->place.rate, ref->references++);
    enum err rc = desk_reserve_book(test_db, give ? ref->place.give : ref->place.get, amount, out,
                                    reference, DESK_WHO, NULL);
    DB_GIVES(rc, out && *reserve < amount.units ? ERR_DESK_RESERVE : ERR_OK);
    if (rc != ERR_OK)
        return;
    *reserve += out ? -amount.units : amount.units;
    *outside += out ? amount.units : -amount.units;
}

/* The whole balance, at 1 EUR for 2 USD, less 4 %. */
static void add_payout(struct ref *ref)
{
    __int128 pay = ref->affiliate <= 0
                       ? 0
                       : part(part(ref->affiliate, 96, HUNDRED, 1, false), 1, 2, CENT, false);
    struct desk_payout payout;

    if (ref->payout != 0)
        return;
    enum err rc =
        desk_payout_add(test_db, ref->partner, ref->get_id, "me@example.org", "", &payout);
    DB_GIVES(rc, pay == 0                 ? ERR_DESK_PAYOUT_LOW
                 : pay > ref->reserve_get ? ERR_DESK_PAYOUT_RESERVE
                                          : ERR_OK);
    if (rc != ERR_OK)
        return;
    DB_CHECK(payout.original.units == ref->affiliate && payout.pay.units == pay);
    ref->payout = payout.id;
    ref->payout_taken = ref->affiliate;
    ref->payout_paid = pay;
    ref->affiliate = 0;
    ref->reserve_get -= pay;
    ref->held += pay;
}

static void end_payout(struct ref *ref)
{
    bool paid = choose(ref, 2) == 0;
    struct desk_payout payout;

    if (ref->payout == 0)
        return;
    DB_GIVES(desk_payout_end(test_db, ref->payout, 0,
                             paid ? DESK_PAYOUT_PAID : DESK_PAYOUT_CANCELLED, DESK_WHO, NULL, "",
                             &payout),
             ERR_OK);
    ref->held -= ref->payout_paid;
    *(paid ? &ref->outside_get : &ref->reserve_get) += ref->payout_paid;
    ref->affiliate += paid ? 0 : ref->payout_taken;
    ref->payout = 0;
}

static void compare(void *arg, const struct desk_reserve *seen)
{
    const struct ref *ref = arg;

    if (strcmp(seen->code, ref->place.give) == 0)
        DB_CHECK(seen->available.units == ref->reserve_give && seen->held.units == 0 &&
                 seen->incoming.units == ref->incoming && seen->outside.units == ref->outside_give);
    if (strcmp(seen->code, ref->place.get) == 0)
        DB_CHECK(seen->available.units == ref->reserve_get && seen->held.units == ref->held &&
                 seen->incoming.units == 0 && seen->outside.units == ref->outside_get);
}

static bool step(struct ref *ref, uint64_t number)
{
    unsigned before = suites_failures(), what = choose(ref, 100);
    struct desk_partner partner;

    if (ref->count == BIDS_MAX) /* older ones rest */
        ref->count = 0;
    if (ref->count == 0 || what < 30)
        make_bid(ref);
    else if (what < 80)
        move_bid(ref);
    else if (what < 86)
        expire_bid(ref);
    else if (what < 92)
        book_reserve(ref);
    else if (what < 96)
        add_payout(ref);
    else
        end_payout(ref);
    DB_GIVES(desk_reserves(test_db, compare, ref), ERR_OK);
    DB_GIVES(desk_partner_view(test_db, ref->partner, &partner), ERR_OK);
    DB_CHECK(partner.balance.units == ref->affiliate);
    if (suites_failures() == before)
        return true;
    printf("step %" PRIu64 " (%u) differs\n", number, what);
    return false;
}

static void say(void *arg, const char *words)
{
    (void)arg;
    db_test_check(false, words, __FILE__, __LINE__);
}

static void check_books(void)
{
    struct audit_report report = {.difference = say};
    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &desk_audit, &report), ERR_OK);
}

static void start(struct ref *ref)
{
    struct desk_place *place = &ref->place;
    const struct desk_board *board = NULL;
    char key[24];

    desk_place_make(place, "hand", "hand");
    ref->reserve_get = 1000 * 100000;
    ref->outside_get = -ref->reserve_get;
    ref->partner = db_test_user(NULL, NULL);
    snprintf(key, sizeof(key), "%" PRId64, ref->partner);
    DESK_SET(DESK_PARTNERS, key, {"percent", "50"}, {"reward_base", "profit"});
    DESK_SET(DESK_RATES, place->rate, {"give", "1.07"}, {"get", "0.6"});
    DESK_SET(DESK_DIRECTIONS, place->direction, {"give_service", "1.5"}, {"get_service", "0.75"},
             {"profit_percent", "2"}, {"min_give", ""}, {"max_give", ""}, {"lives", "new:100000"});
    char worth[32];
    snprintf(worth, sizeof(worth), "w%s", place->rate);
    DESK_SET(DESK_RATES, worth, {"kind", "fixed"}, {"get", "2"});
    DESK_SET(DESK_SYSTEMS, place->get, {"payout_on", "yes"}, {"payout_percent", "4"},
             {"worth_rate", worth});
    DB_GIVES(desk_board_take(test_db, &board), ERR_OK);
    if (board != NULL) {
        ref->get_id = desk_direction_of(board, place->direction_id)->get->id;
        desk_board_give(board);
    }
}

void desk_model(uint64_t seed, uint64_t steps)
{
    static struct ref ref;
    uint64_t number = 0;

    ref = (struct ref){.seed = seed};
    start(&ref);
    while (number < steps && step(&ref, number))
        number++;
    printf("%" PRIu64 " operations done on the desk, seed %" PRIu64 "\n", number, seed);
    DB_CHECK(number == steps && ref.done > steps / 100 && ref.refused > steps / 100);
    check_books();
}
