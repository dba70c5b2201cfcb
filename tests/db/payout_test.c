/* Payouts: asking for one, every change of state and the money that it moves, rules, limits shared with
 * tickets, and 64 who race for one balance. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/payout_place.h"
#include "ticket/ticket.h"

#define ALL (PAYOUT_MONEY * PAYOUT_USD)

static void test_asked(void)
{
    struct payout_place place;
    struct payout found;

    payout_place_make(&place);
    DB_GIVES(payout_place_ask_as(&place, 100, "one"), ERR_OK);
    DB_CHECK(place.payout.id != 0 && place.payout.state == PAYOUT_STATE_APPROVED);
    DB_CHECK(place.payout.amount.units == 98 * PAYOUT_USD && place.payout.fee.units == PAYOUT_FEE);
    DB_CHECK(payout_place_free(&place) == ALL - 100 * PAYOUT_USD);
    DB_CHECK(payout_place_held(&place) == 100 * PAYOUT_USD);
    DB_CHECK(payout_place_counted(&place) == 100 * PAYOUT_USD);
    int64_t id = place.payout.id;

    DB_GIVES(payout_place_ask_as(&place, 100, "one"), ERR_OK);
    DB_CHECK(place.repeated && place.payout.id == id);
    DB_GIVES(payout_place_ask_as(&place, 101, "one"), ERR_IDEMPOTENCY_CONFLICT);
    DB_CHECK(payout_place_held(&place) == 100 * PAYOUT_USD);

    DB_GIVES(payout_by_ref(test_db, "test", place.user, "one", &found), ERR_OK);
    DB_CHECK(found.id == id && strcmp(found.address, "account-1") == 0);
    DB_GIVES(payout_by_ref(test_db, "test", place.user + 1, "one", &found), ERR_PAYOUT_NOT_FOUND);
    DB_GIVES(payout_by_id(test_db, place.user, id, &found), ERR_OK);
    DB_GIVES(payout_by_id(test_db, place.user + 1, id, &found), ERR_PAYOUT_NOT_FOUND);
    DB_GIVES(payout_by_id(test_db, 0, id, &found), ERR_OK);
    payout_place_audit(__FILE__);
}

/* What is refused, and that nothing is left of it. */
static void test_refused(void)
{
    static const struct {
        const char *units, *address, *memo, *rail, *set;
        enum err gives;
    } rows[] = {
        {"0", "a", NULL, NULL, NULL, ERR_AMOUNT_NOT_POSITIVE},
        {"9.99", "a", NULL, NULL, NULL, ERR_PAYOUT_LOW},
        {"100.001", "a", NULL, NULL, NULL, ERR_AMOUNT_DIGITS},
        {"100", "", NULL, NULL, NULL, ERR_PAYOUT_ADDRESS},
        {"100", "a b", NULL, NULL, NULL, ERR_PAYOUT_ADDRESS},
        {"100", "a", "\xff", NULL, NULL, ERR_NOT_UTF8},
        {"100", "a", NULL, "Nowhere", NULL, ERR_RAIL_UNKNOWN},
        {"100", "a", NULL, "Ethereum", NULL, ERR_RAIL_UNKNOWN},
        {"100", "0", NULL, RAIL_INTERNAL, NULL, ERR_PAYOUT_ADDRESS},
        {"100", "1", NULL, RAIL_INTERNAL, NULL, ERR_PAYOUT_ADDRESS},
        {"100", "nobody@nowhere", NULL, RAIL_INTERNAL, NULL, ERR_PAYOUT_ADDRESS},
        {"10000.01", "a", NULL, NULL, NULL, ERR_INSUFFICIENT_FUNDS},
        {"100", "a", NULL, NULL, "memo_needed = TRUE", ERR_PAYOUT_MEMO},
        {"100", "a", "m", NULL, "memo_needed = TRUE, withdrawals = FALSE", ERR_RAIL_OFF},
    };
    const struct currency *usd = currency_by_code("USD", 3);
    struct payout_place place;
    char sql[160];

    payout_place_make(&place);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct actor actor = db_test_actor(place.user);
        struct payout_request request = {.service = "test",
                                         .ref = "r",
                                         .actor = &actor,
                                         .purpose = "available",
                                         .rail = rows[i].rail == NULL ? place.rail : rows[i].rail,
                                         .total.currency = usd,
                                         .address = rows[i].address,
                                         .memo = rows[i].memo};
        DB_GIVES(amount_parse(rows[i].units, strlen(rows[i].units), usd, &request.total), ERR_OK);
        if (rows[i].set != NULL) {
            snprintf(sql, sizeof(sql), "UPDATE rail_asset SET %s WHERE rail = ?", rows[i].set);
            db_test_number(sql, DB_ARGS(db_text(place.rail)));
        }
        DB_GIVES(payout_request(test_db, &request, &place.payout, NULL), rows[i].gives);
    }
    DB_CHECK(payout_place_free(&place) == ALL && payout_place_held(&place) == 0);
    DB_CHECK(payout_place_counted(&place) == 0);
}

/* The ways to each state, by the letters of the states on them: a(pproved) s(ending) u(nknown) S(ent)
 * C(onfirmed) f(ailed) r(eturned) j(rejected) c(ancelled). */
static enum payout_state state_of(char letter)
{
    static const char letters[] = "qmasuSCjfrc";
    return (enum payout_state)(strchr(letters, letter) - letters);
}

static void walk(struct payout_place *place, const char *way)
{
    payout_place_make(place);
    DB_GIVES(payout_place_ask(place, 100), ERR_OK);
    for (; *way != '\0'; way++)
        DB_GIVES(payout_place_move(place, state_of(*way)), ERR_OK);
}

static void test_moved(void)
{
    /* way; whether the money is then held (h), gone (g) or back (b); where it may go from there */
    static const struct {
        const char *way;
        char money;
        const char *next;
    } rows[] = {
        {"", 'h', "asjc"},    {"s", 'h', "auSCfr"}, {"su", 'h', "uaSCfr"}, {"sS", 'h', "SCfr"},
        {"sSC", 'g', "Cr"},   {"suC", 'g', "Cr"},   {"sC", 'g', "Cr"},     {"sa", 'h', "asjc"},
        {"sua", 'h', "asjc"}, {"j", 'b', "j"},      {"c", 'b', "c"},       {"sf", 'b', "f"},
        {"sSf", 'b', "f"},    {"sSr", 'b', "r"},    {"sSCr", 'b', "r"},    {"sur", 'b', "r"},
    };
    static const char letters[] = "asuSCjfrc";
    struct payout_place place;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        walk(&place, rows[i].way);
        bool back = rows[i].money == 'b', gone = rows[i].money == 'g';
        DB_CHECK(payout_place_free(&place) == (back ? ALL : ALL - 100 * PAYOUT_USD));
        DB_CHECK(payout_place_held(&place) == (back || gone ? 0 : 100 * PAYOUT_USD));
        DB_CHECK(payout_place_outside(&place) == (gone ? 98 * PAYOUT_USD : 0));
        DB_CHECK(payout_place_counted(&place) == (back ? 0 : 100 * PAYOUT_USD));
        for (const char *to = letters; *to != '\0'; to++)
            if (strchr(rows[i].next, *to) == NULL) {
                enum err rc = payout_place_move(&place, state_of(*to));
                db_test_check(rc == ERR_PAYOUT_STATE || rc == ERR_PAYOUT_SENT ||
                                  rc == ERR_PAYOUT_ENDED,
                              rows[i].way, __FILE__, __LINE__);
            }
        uint64_t turn = place.payout.turn;
        if (payout_state_ended(place.payout.state)) {
            DB_GIVES(payout_place_move(&place, place.payout.state), ERR_OK);
            DB_CHECK(place.payout.turn == turn);
        }
    }
    payout_place_audit(__FILE__);
}

/* What the rail took is booked with the payout. */
static void test_cost(void)
{
    struct payout_place place;

    walk(&place, "sS");
    struct payout_move move = {.id = place.payout.id,
                               .to = PAYOUT_STATE_CONFIRMED,
                               .who = PAYOUT_BY_JOB,
                               .confirmations = 7,
                               .cost = {PAYOUT_USD / 2, place.payout.amount.currency}};
    DB_GIVES(payout_move(test_db, &move), ERR_OK);
    DB_CHECK(move.row.payout.confirmations == 7);
    DB_CHECK(payout_place_outside(&place) == 98 * PAYOUT_USD + PAYOUT_USD / 2);
    payout_place_audit(__FILE__);
}

static void test_cancelled(void)
{
    struct payout_place place;
    struct payout payout;

    walk(&place, "");
    DB_GIVES(payout_cancel(test_db, place.user + 1, place.payout.id, "", &payout),
             ERR_PAYOUT_NOT_FOUND);
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_OK);
    DB_CHECK(payout.state == PAYOUT_STATE_CANCELLED && payout_place_free(&place) == ALL);
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_OK);
    DB_CHECK(payout_place_free(&place) == ALL && payout_place_counted(&place) == 0);
    walk(&place, "s");
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_PAYOUT_SENT);
    DB_CHECK(payout.state == PAYOUT_STATE_SENDING);
    walk(&place, "sC");
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_PAYOUT_ENDED);
}

struct told {
    unsigned count;
    char states[200];
};

static void take_history(void *arg, int64_t at, enum payout_state state, enum payout_who who,
                         const char *name, const char *note)
{
    struct told *told = arg;

    (void)name, (void)note;
    DB_CHECK(at > 0 && who < PAYOUT_WHO);
    told->count++;
    strncat(told->states, payout_state_names[state], sizeof(told->states) - 100);
    strncat(told->states, " ", 2);
}

static void take_payout(void *arg, const struct payout *payout)
{
    struct told *told = arg;
    told->count += payout->id != 0;
}

static void test_read(void)
{
    struct payout_place place;
    struct told history = {0}, list = {0}, sent = {0};

    walk(&place, "suSC");
    DB_GIVES(payout_history(test_db, place.payout.id, take_history, &history), ERR_OK);
    DB_CHECK(strcmp(history.states, "requested approved sending unknown sent confirmed ") == 0);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM event WHERE topic = 'payout' AND subject = ?",
                            DB_ARGS(db_uuid(&place.payout.uuid))) == 4);
    DB_GIVES(payout_place_ask(&place, 20), ERR_OK);
    struct payout_filter filter = {.user_id = place.user, .limit = 10};
    DB_GIVES(payout_list(test_db, &filter, take_payout, &list), ERR_OK);
    filter.states = 1U << PAYOUT_STATE_CONFIRMED;
    filter.rail = place.rail;
    DB_GIVES(payout_list(test_db, &filter, take_payout, &sent), ERR_OK);
    DB_CHECK(list.count == 2 && sent.count == 1);
    filter.limit = 0;
    DB_GIVES(payout_list(test_db, &filter, take_payout, &sent), ERR_OUT_OF_RANGE);
}

/* What the service that asked is told, by statements of its own in the same transaction. */
static enum payout_state told_state;
static unsigned told_times;

static void take_news(struct db_packet *packet, const struct payout *payout)
{
    told_state = payout->state;
    told_times++;
    db_packet_add_once(
        packet, "INSERT INTO list_mark (list, owner_id, position, mark) VALUES ('test', ?, 1, '')",
        DB_ARGS(db_i64(payout->user_id)), ERR_REPLAYED);
}

static void test_service(void)
{
    static const struct payout_service service = {.name = "told", .told = take_news};
    static const struct payout_service other = {.name = "other", .told = take_news};
    struct payout_place place;
    struct payout payout;

    payout_service_register(&service);
    payout_service_register(&service);
    payout_service_register(&other);
    payout_place_make(&place);
    place.service = "told";
    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_CHECK(told_times == 0);
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_OK);
    DB_CHECK(told_times == 1 && told_state == PAYOUT_STATE_CANCELLED);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM list_mark WHERE list = 'test' AND owner_id = ?",
                            DB_ARGS(db_i64(place.user))) == 1);
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_OK);
    DB_CHECK(told_times == 1);
    /* where it fails, nothing is done */
    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    DB_GIVES(payout_cancel(test_db, place.user, place.payout.id, "", &payout), ERR_REPLAYED);
    DB_CHECK(payout_place_held(&place) == 100 * PAYOUT_USD);
}

/* To another user: at once, whole, and not against the limits. */
static void test_inside(void)
{
    struct payout_place place, other;
    char address[32];

    payout_place_make(&place);
    payout_place_make(&other);
    struct actor actor = db_test_actor(place.user);
    struct payout_request request = {.service = "test",
                                     .ref = "i",
                                     .actor = &actor,
                                     .purpose = "available",
                                     .rail = RAIL_INTERNAL,
                                     .total = {100 * PAYOUT_USD, currency_by_code("USD", 3)},
                                     .address = address};
    snprintf(address, sizeof(address), "%lld", (long long)other.user);
    DB_GIVES(payout_request(test_db, &request, &place.payout, NULL), ERR_OK);
    DB_CHECK(place.payout.state == PAYOUT_STATE_CONFIRMED && place.payout.fee.units == 0);
    DB_CHECK(place.payout.to_user_id == other.user && place.payout.kind == RAIL_IN_HOUSE);
    DB_CHECK(payout_place_free(&place) == ALL - 100 * PAYOUT_USD);
    DB_CHECK(payout_place_free(&other) == ALL + 100 * PAYOUT_USD);
    DB_CHECK(payout_place_counted(&place) == 0 && payout_place_held(&place) == 0);
    bool repeated = false;
    DB_GIVES(payout_request(test_db, &request, &place.payout, &repeated), ERR_OK);
    DB_CHECK(repeated && payout_place_free(&other) == ALL + 100 * PAYOUT_USD);
    struct told got = {0};
    const struct payout_filter filter = {.to_user_id = other.user, .limit = 10};
    DB_GIVES(payout_list(test_db, &filter, take_payout, &got), ERR_OK);
    DB_CHECK(got.count == 1);
    snprintf(address, sizeof(address), "%lld", (long long)place.user);
    request.ref = "self";
    DB_GIVES(payout_request(test_db, &request, &place.payout, NULL), ERR_PAYOUT_SELF);
    payout_place_audit(__FILE__);
}

/* One budget with tickets. */
static void test_limits(void)
{
    struct payout_place place;
    struct ticket_created ticket;
    char partner[TICKET_PARTNER_ID_MAX + 1], name[DB_TEST_NAME_SIZE];

    payout_place_make(&place);
    db_test_number("UPDATE user SET level = 'none' WHERE id = ?", DB_ARGS(db_i64(place.user)));
    db_test_name("p", name);
    snprintf(partner, sizeof(partner), "%.30s", name);
    DB_GIVES(ticket_partner_add(test_db, partner, db_test_user(NULL, NULL), "P", "", false, 3600),
             ERR_OK);
    struct actor actor = db_test_actor(place.user);
    struct ticket_request request = {.partner = partner,
                                     .amount = {600 * PAYOUT_USD, currency_by_code("USD", 3)}};
    DB_GIVES(ticket_create(test_db, test_master, &actor, &request, &ticket), ERR_OK);
    DB_GIVES(payout_place_ask(&place, 1001), ERR_OVER_SINGLE_LIMIT);
    DB_GIVES(payout_place_ask(&place, 401), ERR_OVER_DAILY_LIMIT);
    DB_GIVES(payout_place_ask(&place, 400), ERR_OK);
    int64_t id = place.payout.id;
    DB_GIVES(payout_place_ask(&place, 10), ERR_OVER_DAILY_LIMIT);
    struct payout payout;
    DB_GIVES(payout_cancel(test_db, place.user, id, "", &payout), ERR_OK);
    DB_GIVES(payout_place_ask(&place, 400), ERR_OK);
    actor = db_test_actor(place.user);
    request.amount.units = PAYOUT_USD;
    DB_GIVES(ticket_create(test_db, test_master, &actor, &request, &ticket), ERR_OVER_DAILY_LIMIT);
    payout_place_audit(__FILE__);
}

static void add_rule(const struct payout_place *place, const char *set)
{
    char sql[256];

    snprintf(sql, sizeof(sql), "INSERT INTO payout_rule SET rail = ?, %s", set);
    db_test_number(sql, DB_ARGS(db_text(place->rail)));
}

/* What has operators look at a payout. */
static void test_rules(void)
{
    static const struct {
        const char *rule;
        int64_t first, second; /* dollars */
        bool moderates[2];
        uint64_t needed;
    } rows[] = {
        {"kind = 'all'", 20, 20, {true, true}, 1},
        {"kind = 'all', level = 'basic'", 20, 20, {false, false}, 0},
        {"kind = 'all', level = 'full', approvals = 2", 20, 20, {true, true}, 2},
        {"kind = 'amount', currency_id = 2, amount = 5000000, approvals = 2",
         49,
         50,
         {false, true},
         2},
        {"kind = 'amount', currency_id = 3, amount = 1", 49, 50, {false, false}, 0},
        {"kind = 'new_address'", 20, 20, {true, false}, 1},
        {"kind = 'velocity', times = 2, period_s = 600", 20, 20, {false, true}, 1},
        {"kind = 'velocity', currency_id = 2, amount = 4000000, period_s = 600",
         20,
         20,
         {false, true},
         1},
        {"kind = 'velocity', currency_id = 2, amount = 4000001, period_s = 600",
         20,
         20,
         {false, false},
         0},
    };
    struct payout_place place;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        payout_place_make(&place);
        add_rule(&place, rows[i].rule);
        for (int second = 0; second < 2; second++) {
            DB_GIVES(payout_place_ask(&place, second == 0 ? rows[i].first : rows[i].second),
                     ERR_OK);
            enum payout_state expected =
                rows[i].moderates[second] ? PAYOUT_STATE_MODERATING : PAYOUT_STATE_APPROVED;
            db_test_check(place.payout.state == expected, rows[i].rule, __FILE__, __LINE__);
            if (rows[i].moderates[second])
                DB_CHECK(place.payout.needed == rows[i].needed && place.payout.why[0] != '\0');
            if (second == 0)
                db_test_number("UPDATE payout SET state = 'confirmed' WHERE id = ? AND ? = 1",
                               DB_ARGS(db_i64(place.payout.id),
                                       db_u64(strstr(rows[i].rule, "new_address") != NULL)));
        }
        db_test_number("UPDATE payout SET state = 'moderating' WHERE rail = ? AND state = "
                       "'confirmed'",
                       DB_ARGS(db_text(place.rail)));
    }
    payout_place_audit(__FILE__);
}

#define RACERS 64

/* Sends, and has it arrive: 0 done, 1 it was cancelled before, else a failure. */
static int send_it(struct payout_place *place)
{
    enum err rc = payout_place_move(place, PAYOUT_STATE_SENDING);

    if (rc == ERR_OK)
        rc = payout_place_move(place, PAYOUT_STATE_CONFIRMED);
    return rc == ERR_OK ? 0 : rc == ERR_PAYOUT_ENDED ? 1 : 2;
}

/* The same of cancelling. */
static int cancel_it(struct payout_place *place)
{
    struct payout payout;
    enum err rc = payout_cancel(test_db, place->user, place->payout.id, "", &payout);

    return rc == ERR_OK ? 0 : rc == ERR_PAYOUT_SENT || rc == ERR_PAYOUT_ENDED ? 1 : 2;
}

/* One of many who ask, and have it cancelled and sent at the same time: exactly one of both is done. */
static int race(const struct payout_place *shared, bool sends_itself)
{
    struct payout_place place = *shared;
    int (*const own)(struct payout_place *) = sends_itself ? send_it : cancel_it;
    int (*const others)(struct payout_place *) = sends_itself ? cancel_it : send_it;

    if (db_open_config(&test_config, false, &test_db) != ERR_OK)
        return 2;
    enum err rc = payout_place_ask(&place, 1000);
    if (rc == ERR_INSUFFICIENT_FUNDS)
        return 0;
    if (rc != ERR_OK)
        return 3;
    pid_t other = fork();
    if (other == 0)
        _exit(db_open_config(&test_config, false, &test_db) == ERR_OK ? others(&place) : 2);
    int mine = own(&place), status = 0;
    if (other < 0 || waitpid(other, &status, 0) != other || !WIFEXITED(status))
        return 4;
    return mine < 2 && WEXITSTATUS(status) < 2 && mine != WEXITSTATUS(status) ? 0 : 5;
}

static void test_races(void)
{
    struct payout_place place;
    pid_t racers[RACERS];
    int status;

    payout_place_make(&place);
    fflush(stdout);
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i] = fork();
        if (racers[i] == 0)
            _exit(race(&place, i % 2 == 0));
    }
    for (unsigned i = 0; i < RACERS; i++) {
        DB_CHECK(racers[i] > 0 && waitpid(racers[i], &status, 0) == racers[i]);
        DB_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    int64_t paid = db_test_number("SELECT COUNT(*) FROM payout WHERE user_id = ? AND state = "
                                  "'confirmed'",
                                  DB_ARGS(db_i64(place.user)));
    DB_CHECK(paid > 0 && payout_place_held(&place) == 0);
    DB_CHECK(payout_place_free(&place) == ALL - paid * 1000 * PAYOUT_USD);
    DB_CHECK(payout_place_outside(&place) == paid * 998 * PAYOUT_USD);
    payout_place_audit(__FILE__);
}

static const struct test_case cases[] = {
    {"asked for, and asked again", test_asked},
    {"refused", test_refused},
    {"every change of state moves its money", test_moved},
    {"what the rail took", test_cost},
    {"cancelled", test_cancelled},
    {"read, listed, with history and events", test_read},
    {"the service that asked is told", test_service},
    {"to another user", test_inside},
    {"one budget with tickets", test_limits},
    {"rules", test_rules},
    {"64 race for one balance", test_races},
    {NULL, NULL},
};

const struct test_suite suite_payout = {.name = "payout", .cases = cases};
