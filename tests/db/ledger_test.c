/* Postings, holds and what limits count, each by itself: what the domains stand on. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/limit.h"
#include "ledger/post.h"
#include "ledger/slip.h"
#include "tests/db/db.h"

#define PACKET_MAX (64 << 10)
#define HOLD "test"

static struct amount dollars(int64_t units)
{
    return (struct amount){.units = units, .currency = currency_by_code("USD", 3)};
}

static struct amount euros(int64_t units)
{
    return (struct amount){.units = units, .currency = currency_by_code("EUR", 3)};
}

/* Two users, the first with 1,000 units, and what is tried between their accounts. */
struct ledger_case {
    int64_t alice, bob, from, to, held;
    struct actor actor;
    char key[DB_TEST_NAME_SIZE];
    struct ledger_hold hold;
    void (*fill)(struct ledger_case *c, struct ledger_posting *posting);
    int64_t amount;
};

struct wanted {
    int64_t owner;
    const char *purpose;
    struct amount amount;
    int64_t account;
};

static enum err need_in(struct db *db, void *arg)
{
    struct wanted *wanted = arg;
    return ledger_account_need(db, wanted->owner, wanted->amount.currency, wanted->purpose, "",
                               &wanted->account);
}

static int64_t account(int64_t owner, const char *purpose)
{
    struct wanted wanted = {owner, purpose, dollars(0), 0};
    DB_GIVES(db_txn(test_db, need_in, &wanted, NULL), ERR_OK);
    return wanted.account;
}

static void open_case(struct ledger_case *c)
{
    *c = (struct ledger_case){.alice = db_test_user(NULL, NULL), .bob = db_test_user(NULL, NULL)};
    DB_GIVES(ledger_credit(test_db, c->alice, dollars(1000), "Money"), ERR_OK);
    c->from = account(c->alice, "available");
    c->held = account(c->alice, "held");
    c->to = account(c->bob, "available");
    c->hold = (struct ledger_hold){
        .kind = HOLD, .ref = crypto_uuid7(), .held = c->held, .amount = dollars(300)};
    db_test_name("l:", c->key);
    c->actor = (struct actor){.user_id = c->alice, .request_key = c->key, .trace = "test"};
}

static enum err post_in(struct db *db, void *arg)
{
    struct ledger_case *c = arg;
    struct db_packet packet = DB_PACKET(PACKET_MAX);
    struct ledger_posting posting = ledger_posting("test", &c->actor, &c->hold.ref);

    c->fill(c, &posting);
    enum err rc = ledger_post(&packet, &posting);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    ledger_posting_free(&posting);
    db_packet_free(&packet);
    return rc;
}

/* One posting, as a request of its own. */
static enum err post(struct ledger_case *c,
                     void (*fill)(struct ledger_case *c, struct ledger_posting *posting))
{
    db_test_name("l:", c->key);
    c->fill = fill;
    return db_txn(test_db, post_in, c, NULL);
}

static int64_t balance(int64_t id)
{
    return db_test_number("SELECT balance FROM account WHERE id = ?", DB_ARGS(db_i64(id)));
}

static bool balances(const struct ledger_case *c, int64_t from, int64_t held, int64_t to)
{
    return balance(c->from) == from && balance(c->held) == held && balance(c->to) == to;
}

static void move(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_leg(posting, c->from, dollars(-c->amount), "spent", "To bob");
    ledger_leg(posting, c->to, dollars(c->amount), "earned", "From alice");
}

static void lose(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_leg(posting, c->from, dollars(-2), NULL, NULL);
    ledger_leg(posting, c->to, dollars(1), NULL, NULL);
}

/* Balanced as a number, and in no currency. */
static void mix(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_leg(posting, c->from, dollars(-2), NULL, NULL);
    ledger_leg(posting, c->to, euros(2), NULL, NULL);
}

static void nothing(struct ledger_case *c, struct ledger_posting *posting)
{
    (void)c;
    (void)posting;
}

/* Several legs of one account, out of order: each entry has the balance behind it. */
static void go_round(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_leg(posting, c->to, dollars(50), "in", NULL);
    ledger_leg(posting, c->from, dollars(-50), "out", NULL);
    ledger_leg(posting, c->to, dollars(-20), "fee", NULL);
    ledger_leg(posting, c->from, dollars(20), "in", NULL);
    ledger_leg(posting, c->from, dollars(0), "spent", "No money");
}

static void test_post(void)
{
    struct ledger_case c;

    open_case(&c);
    c.amount = 400;
    DB_GIVES(post(&c, move), ERR_OK);
    DB_CHECK(balances(&c, 600, 0, 400));
    DB_GIVES(db_txn(test_db, post_in, &c, NULL), ERR_REPLAYED);
    c.amount = 601;
    DB_GIVES(post(&c, move), ERR_INSUFFICIENT_FUNDS);
    DB_GIVES(post(&c, lose), ERR_INTERNAL);
    DB_GIVES(post(&c, mix), ERR_INTERNAL);
    DB_GIVES(post(&c, nothing), ERR_INTERNAL);
    DB_CHECK(balances(&c, 600, 0, 400));
    c.amount = 600;
    DB_GIVES(post(&c, move), ERR_OK);
    DB_CHECK(balances(&c, 0, 0, 1000));
}

static void test_entries(void)
{
    static const int64_t expected[] = {1000, 950, 970, 970};
    struct ledger_case c;
    struct db_rows rows = {0};
    size_t count = 0;

    open_case(&c);
    DB_GIVES(post(&c, go_round), ERR_OK);
    DB_GIVES(db_run(test_db, "SELECT balance, seq FROM entry WHERE account_id = ? ORDER BY seq",
                    DB_ARGS(db_i64(c.from)), &rows),
             ERR_OK);
    for (; db_next(&rows); count++)
        DB_CHECK(count < TEST_COUNT(expected) && db_get_i64(&rows, 0) == expected[count] &&
                 db_get_i64(&rows, 1) == (int64_t)count + 1);
    DB_CHECK(count == TEST_COUNT(expected) && balances(&c, 970, 0, 30));
    db_rows_free(&rows);
}

static void hold(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_hold(posting, &c->hold, c->from, "withdraw", "Held");
}

static void capture(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_capture(posting, &c->hold, c->to, "deposit", "Captured");
}

static void release(struct ledger_case *c, struct ledger_posting *posting)
{
    ledger_release(posting, &c->hold, c->from, "deposit", "Released");
}

static bool hold_is(const struct ledger_case *c, const char *state)
{
    return db_test_number("SELECT COUNT(*) FROM hold WHERE kind = '" HOLD "' AND ref = ? AND "
                          "state = ?",
                          DB_ARGS(db_uuid(&c->hold.ref), db_text(state))) == 1;
}

/* A hold ends once, whole, and one way. */
static void test_hold(void)
{
    static const struct {
        void (*end)(struct ledger_case *c, struct ledger_posting *posting);
        const char *state;
        int64_t from, to;
    } rows[] = {{capture, "captured", 700, 300}, {release, "released", 1000, 0}};
    struct ledger_case c;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        open_case(&c);
        DB_GIVES(post(&c, capture), ERR_DB_CONTENDED); /* nothing is held yet */
        DB_GIVES(post(&c, hold), ERR_OK);
        DB_CHECK(balances(&c, 700, 300, 0) && hold_is(&c, "open"));
        c.hold.amount = dollars(299);
        DB_GIVES(post(&c, rows[i].end), ERR_DB_CONTENDED);
        c.hold.amount = dollars(300);
        DB_CHECK(balances(&c, 700, 300, 0) && hold_is(&c, "open"));

        /* Beside another one: what is ended twice would be the other's. */
        struct ledger_hold first = c.hold;
        c.hold.ref = crypto_uuid7();
        DB_GIVES(post(&c, hold), ERR_OK);
        struct ledger_hold second = c.hold;
        c.hold = first;
        DB_GIVES(post(&c, rows[i].end), ERR_OK);
        DB_CHECK(hold_is(&c, rows[i].state));
        DB_CHECK(balances(&c, rows[i].from - 300, 300, rows[i].to));
        DB_GIVES(post(&c, capture), ERR_DB_CONTENDED);
        DB_GIVES(post(&c, release), ERR_DB_CONTENDED);
        DB_CHECK(balances(&c, rows[i].from - 300, 300, rows[i].to));
        c.hold = second;
        DB_GIVES(post(&c, release), ERR_OK);
        DB_CHECK(balances(&c, rows[i].from, 0, rows[i].to));

        c.hold.ref = crypto_uuid7();
        c.hold.amount = dollars(rows[i].from + 1);
        DB_GIVES(post(&c, hold), ERR_INSUFFICIENT_FUNDS);
    }
    db_test_number("DELETE FROM hold WHERE kind = '" HOLD "'", DB_NO_ARGS);
}

/* A use of a limit, counted and given back as often as it is asked for. */
struct use_case {
    struct ledger_use use;
    struct ledger_limits limits;
    bool give_back;
};

static enum err use_in(struct db *db, void *arg)
{
    struct use_case *c = arg;
    struct db_packet packet = DB_PACKET(PACKET_MAX);
    struct db_rows rows[2] = {0};

    ledger_limits_ask(&packet, &c->use);
    enum err rc = db_packet_run(db, &packet, rows, 2);
    if (rc == ERR_OK)
        ledger_limits_take(rows, &c->limits);
    db_packet_free(&packet);
    packet = DB_PACKET(PACKET_MAX);
    if (rc == ERR_OK && !c->give_back)
        rc = ledger_limits_check(&c->limits, &c->use);
    if (rc == ERR_OK && c->give_back)
        ledger_limits_give_back(&packet, c->use.kind, &c->use.ref);
    else if (rc == ERR_OK)
        ledger_limits_count(&packet, &c->limits, &c->use);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

static enum err use(struct use_case *c, int64_t units, bool give_back)
{
    c->give_back = give_back;
    if (!give_back)
        c->use.ref = crypto_uuid7();
    c->use.amount = euros(units);
    return db_txn(test_db, use_in, c, NULL);
}

static int64_t counted(const struct use_case *c, const char *column)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT COALESCE(SUM(%s), 0) FROM limit_count WHERE user_id = ?",
             column);
    return db_test_number(sql, DB_ARGS(db_i64(c->use.user_id)));
}

/* Rules for a scope of this test's own: 100 at once, 150 a day, 200 a month. */
static void test_limits(void)
{
    struct use_case c = {.use = {.scope = "test", .kind = HOLD}};
    const struct db_arg currency = db_u64(euros(0).currency->id);

    c.use.user_id = db_test_user(NULL, NULL);
    DB_GIVES(use(&c, 1, false), ERR_OVER_SINGLE_LIMIT); /* what no rule allows */
    db_test_number("REPLACE INTO limit_rule (scope, level, currency_id, period, maximum) VALUES "
                   "('test', 'none', ?, 'single', 100), ('test', 'none', ?, 'day', 150), "
                   "('test', 'none', ?, 'month', 200)",
                   DB_ARGS(currency, currency, currency));
    DB_GIVES(use(&c, 101, false), ERR_OVER_SINGLE_LIMIT);
    DB_GIVES(use(&c, 100, false), ERR_OK);
    DB_GIVES(use(&c, 51, false), ERR_OVER_DAILY_LIMIT);
    DB_GIVES(use(&c, 50, false), ERR_OK);
    DB_CHECK(counted(&c, "day_amount") == 150 && counted(&c, "month_amount") == 150);
    DB_GIVES(use(&c, 0, true), ERR_OK);
    DB_CHECK(counted(&c, "day_amount") == 100 && counted(&c, "month_amount") == 100);
    DB_GIVES(use(&c, 0, true), ERR_OK); /* given back before */
    DB_CHECK(counted(&c, "day_amount") == 100 && counted(&c, "month_amount") == 100);

    /* Where no day is limited the month is. */
    db_test_number("UPDATE limit_rule SET maximum = NULL WHERE scope = 'test' AND period = 'day'",
                   DB_NO_ARGS);
    DB_GIVES(use(&c, 100, false), ERR_OK);
    DB_GIVES(use(&c, 1, false), ERR_OVER_MONTHLY_LIMIT);

    /* A day begins where the rules' time zone says so. */
    db_test_number("UPDATE limit_rule SET time_zone = '+13:00' WHERE scope = 'test'", DB_NO_ARGS);
    c.use.user_id = db_test_user(NULL, NULL);
    DB_GIVES(use(&c, 100, false), ERR_OK);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM limit_count WHERE user_id = ? AND "
                            "day = DATE(UTC_TIMESTAMP() + INTERVAL 13 HOUR)",
                            DB_ARGS(db_i64(c.use.user_id))) == 1);
    static const char *const tables[] = {"rule", "count", "use"};
    for (size_t i = 0; i < TEST_COUNT(tables); i++) {
        char sql[96];
        snprintf(sql, sizeof(sql), "DELETE FROM limit_%s WHERE scope = 'test'", tables[i]);
        db_test_number(sql, DB_NO_ARGS);
    }
}

static const struct test_case cases[] = {
    {"a posting moves what it says, once, or nothing", test_post},
    {"each entry has the balance behind it", test_entries},
    {"a hold ends once", test_hold},
    {"what limits allow, count and are given back", test_limits},
    {NULL, NULL},
};

const struct test_suite suite_ledger = {.name = "ledger", .cases = cases};
