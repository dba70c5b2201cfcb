/* Tickets against the database: what their limits count over midnight and the month's end, and what
 * expiry does to whoever comes late. Everybody here is unverified: 1,000 dollars a day, 10,000 a month. */
#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "tests/db/db.h"

#define USD INT64_C(100000) /* smallest units of a dollar */
#define DAILY (1000 * USD)
#define MONTHLY (10000 * USD)

/* A customer with 20,000 dollars, a partner, and the ticket made last. */
struct ticket_case {
    int64_t customer, owner;
    char partner[TICKET_PARTNER_ID_MAX + 1];
    struct ticket_created made;
    struct ticket ticket;
};

static struct amount dollars(int64_t units)
{
    return (struct amount){.units = units, .currency = currency_by_code("USD", 3)};
}

static void open_case(struct ticket_case *c)
{
    char name[DB_TEST_NAME_SIZE];

    *c = (struct ticket_case){.customer = db_test_user(NULL, NULL),
                              .owner = db_test_user(NULL, NULL)};
    db_test_name("p", name);
    snprintf(c->partner, sizeof(c->partner), "%.30s", name);
    DB_GIVES(ticket_partner_add(test_db, c->partner, c->owner, "A partner", "", false, 3600),
             ERR_OK);
    DB_GIVES(ledger_credit(test_db, c->customer, dollars(20000 * USD), "Money"), ERR_OK);
}

static struct actor actor_of(int64_t user_id, char key[DB_TEST_NAME_SIZE])
{
    db_test_name("t:", key);
    return (struct actor){.user_id = user_id, .request_key = key, .trace = "test"};
}

static enum err withdraw(struct ticket_case *c, int64_t units)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = actor_of(c->customer, key);
    struct ticket_request request = {.partner = c->partner, .amount = dollars(units)};
    return ticket_create(test_db, test_master, &actor, &request, &c->made);
}

static enum err cancel(struct ticket_case *c)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = actor_of(c->customer, key);
    return ticket_cancel(test_db, &actor, &c->made.id, &c->ticket);
}

static enum err reject(struct ticket_case *c)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = actor_of(c->owner, key);
    return ticket_reject(test_db, &actor, &c->made.id, c->made.key, "No", &c->ticket);
}

static enum err settle(struct ticket_case *c)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = actor_of(c->owner, key);
    return ticket_settle(test_db, &actor, &c->made.id, c->made.key, "Paid", &c->ticket);
}

static enum err settle_and_refund(struct ticket_case *c)
{
    char key[DB_TEST_NAME_SIZE];
    struct actor actor = actor_of(c->owner, key);
    enum err rc = settle(c);
    return rc == ERR_OK
               ? ticket_refund(test_db, &actor, &c->made.id, c->made.key, "Back", &c->ticket)
               : rc;
}

static enum err expire(struct ticket_case *c)
{
    int64_t released = 0;

    db_test_number("UPDATE ticket SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = ?",
                   DB_ARGS(db_uuid(&c->made.id)));
    return ticket_expire_due(test_db, 100, &released);
}

/* The user's tickets were made, and counted, on another day. */
static const char another_day[] = "IF(DAY(UTC_DATE()) = 1, UTC_DATE() + INTERVAL 1 DAY, "
                                  "UTC_DATE() - INTERVAL 1 DAY)"; /* of this month */
static const char month_before[] = "UTC_DATE() - INTERVAL DAY(UTC_DATE()) DAY";
static const char year_before[] = "UTC_DATE() - INTERVAL 1 YEAR";

static void was_on(const struct ticket_case *c, const char *day)
{
    static const char *const tables[] = {"limit_count", "limit_use"};
    char sql[256];

    for (size_t i = 0; i < TEST_COUNT(tables); i++) {
        snprintf(sql, sizeof(sql), "UPDATE %s SET day = %s WHERE user_id = ?", tables[i], day);
        db_test_number(sql, DB_ARGS(db_i64(c->customer)));
    }
    snprintf(sql, sizeof(sql),
             "UPDATE ticket SET created_at = created_at + INTERVAL DATEDIFF(%s, created_at) DAY "
             "WHERE customer_id = ?",
             day);
    db_test_number(sql, DB_ARGS(db_i64(c->customer)));
}

/* Whether so much is counted, of the day of the last use and of its month, in dollars. */
static bool counts(const struct ticket_case *c, int64_t day, int64_t month)
{
    static const char *const sql[] = {"SELECT day_amount FROM limit_count WHERE user_id = ?",
                                      "SELECT month_amount FROM limit_count WHERE user_id = ?"};
    return db_test_number(sql[0], DB_ARGS(db_i64(c->customer))) == day * USD &&
           db_test_number(sql[1], DB_ARGS(db_i64(c->customer))) == month * USD;
}

static int64_t available(int64_t user_id)
{
    return db_test_number("SELECT COALESCE(SUM(balance), 0) FROM account WHERE owner_id = ? AND "
                          "purpose = 'available'",
                          DB_ARGS(db_i64(user_id)));
}

/* A new day begins a new count, and the month goes on; a new month begins both. */
static void test_create_over_midnight(void)
{
    static const struct {
        const char *day;
        int64_t month;
    } rows[] = {{another_day, 1600}, {month_before, 600}, {year_before, 600}};
    struct ticket_case c;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        open_case(&c);
        DB_GIVES(withdraw(&c, DAILY), ERR_OK);
        DB_GIVES(withdraw(&c, 1), ERR_OVER_DAILY_LIMIT);
        was_on(&c, rows[i].day);
        DB_GIVES(withdraw(&c, 600 * USD), ERR_OK);
        DB_CHECK(counts(&c, 600, rows[i].month));
        DB_GIVES(withdraw(&c, 400 * USD + 1), ERR_OVER_DAILY_LIMIT);
        DB_CHECK(counts(&c, 600, rows[i].month));
    }
}

/* Day by day a month's limit is used up, and not before. */
static void test_month(void)
{
    struct ticket_case c;

    open_case(&c);
    for (int64_t used = 0; used < MONTHLY; used += DAILY) {
        DB_GIVES(withdraw(&c, DAILY), ERR_OK);
        was_on(&c, another_day);
    }
    DB_GIVES(withdraw(&c, 1), ERR_OVER_MONTHLY_LIMIT);
    was_on(&c, month_before);
    DB_GIVES(withdraw(&c, DAILY), ERR_OK);
    DB_CHECK(counts(&c, 1000, 1000));
}

/* What gives back takes it off the day and the month in which it counted, if these are what is counted
 * still: 300 dollars of an earlier day, with 100 of today behind them. */
static void test_give_back(void)
{
    static const struct {
        enum err (*end)(struct ticket_case *c);
        const char *day;
        int64_t left_day, left_month;
    } rows[] = {
        {cancel, "UTC_DATE()", 100, 100},
        {cancel, another_day, 100, 100},
        {cancel, month_before, 100, 100},
        {cancel, year_before, 100, 100},
        {reject, another_day, 100, 100},
        {reject, month_before, 100, 100},
        {settle_and_refund, "UTC_DATE()", 100, 100},
        {settle_and_refund, another_day, 100, 100},
        {settle_and_refund, month_before, 100, 100},
        {expire, another_day, 100, 100},
        {expire, month_before, 100, 100},
        {settle, "UTC_DATE()", 400, 400},
        {settle, another_day, 100, 400},
        {settle, month_before, 100, 100},
    };
    struct ticket_case c;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        open_case(&c);
        DB_GIVES(withdraw(&c, 300 * USD), ERR_OK);
        struct ticket_created first = c.made;
        was_on(&c, rows[i].day);
        DB_GIVES(withdraw(&c, 100 * USD), ERR_OK);
        c.made = first;
        DB_GIVES(rows[i].end(&c), ERR_OK);
        DB_CHECK(counts(&c, rows[i].left_day, rows[i].left_month));
    }
}

/* Where nothing was counted since, the day itself is given back to. */
static void test_give_back_alone(void)
{
    struct ticket_case c;

    open_case(&c);
    DB_GIVES(withdraw(&c, 100 * USD), ERR_OK);
    DB_GIVES(withdraw(&c, 300 * USD), ERR_OK);
    was_on(&c, another_day);
    DB_GIVES(cancel(&c), ERR_OK);
    DB_CHECK(counts(&c, 100, 100));
    DB_GIVES(cancel(&c), ERR_TICKET_CANCELLED);
    DB_CHECK(counts(&c, 100, 100));
}

/* The rest that is shown is never below zero, and what ended with a day is whole again. */
static void test_shown(void)
{
    struct ticket_case c;
    struct ledger_info info;

    open_case(&c);
    DB_GIVES(withdraw(&c, DAILY), ERR_OK);
    was_on(&c, another_day);
    DB_GIVES(withdraw(&c, 600 * USD), ERR_OK);
    DB_GIVES(ledger_info(test_db, c.customer, &info), ERR_OK);
    DB_CHECK(info.wallets[0].daily.left.units == 400 * USD);
    DB_CHECK(info.wallets[0].monthly.left.units == MONTHLY - 1600 * USD);
    db_test_number("UPDATE limit_count SET day_amount = day_amount + ?, month_amount = "
                   "month_amount + ? WHERE user_id = ?",
                   DB_ARGS(db_i64(MONTHLY), db_i64(MONTHLY), db_i64(c.customer)));
    DB_GIVES(ledger_info(test_db, c.customer, &info), ERR_OK);
    DB_CHECK(info.wallets[0].daily.left.units == 0 && info.wallets[0].monthly.left.units == 0);
    db_test_number("UPDATE limit_count SET day_amount = day_amount - ?, month_amount = "
                   "month_amount - ? WHERE user_id = ?",
                   DB_ARGS(db_i64(MONTHLY), db_i64(MONTHLY), db_i64(c.customer)));
}

/* An expired ticket is not settled, swept or not: the customer has the money back, the partner
 * nothing. */
static void test_settle_late(void)
{
    struct ticket_case c;
    int64_t released = 0;

    open_case(&c);
    DB_GIVES(withdraw(&c, 300 * USD), ERR_OK);
    db_test_number("UPDATE ticket SET expires_at = NOW(6) WHERE id = ?",
                   DB_ARGS(db_uuid(&c.made.id)));
    DB_GIVES(settle(&c), ERR_TICKET_EXPIRED);
    DB_GIVES(cancel(&c), ERR_TICKET_EXPIRED);
    DB_GIVES(reject(&c), ERR_TICKET_EXPIRED);
    DB_CHECK(available(c.owner) == 0);
    DB_CHECK(available(c.customer) == 19700 * USD); /* until it is swept */
    DB_GIVES(ticket_expire_due(test_db, 100, &released), ERR_OK);
    DB_CHECK(released == 1 && available(c.customer) == 20000 * USD);
    DB_GIVES(settle(&c), ERR_TICKET_EXPIRED);
    DB_GIVES(ticket_expire_due(test_db, 100, &released), ERR_OK);
    DB_CHECK(released == 0 && available(c.owner) == 0);
}

/* What is held is there once: from the customer to the partner, or back. */
static void test_hold(void)
{
    struct ticket_case c;

    open_case(&c);
    DB_GIVES(withdraw(&c, 300 * USD), ERR_OK);
    DB_CHECK(available(c.customer) == 19700 * USD && available(c.owner) == 0);
    DB_GIVES(settle(&c), ERR_OK);
    DB_GIVES(settle(&c), ERR_OK); /* the same answer */
    DB_CHECK(available(c.customer) == 19700 * USD && available(c.owner) == 300 * USD);
    DB_GIVES(reject(&c), ERR_TICKET_SETTLED);
    DB_GIVES(settle_and_refund(&c), ERR_OK);
    DB_CHECK(available(c.customer) == 20000 * USD && available(c.owner) == 0);
    DB_GIVES(settle(&c), ERR_TICKET_REFUNDED);
    DB_CHECK(available(c.customer) == 20000 * USD && available(c.owner) == 0);

    /* With the key of another ticket, and by another partner, nothing happens. */
    DB_GIVES(withdraw(&c, 300 * USD), ERR_OK);
    struct ticket_case other = c;
    DB_GIVES(withdraw(&other, 1 * USD), ERR_OK);
    memcpy(other.made.key, c.made.key, sizeof(other.made.key));
    DB_GIVES(settle(&other), ERR_TICKET_KEY);
    other = c;
    other.owner = db_test_user(NULL, NULL);
    DB_GIVES(settle(&other), ERR_TICKET_UNKNOWN);
    DB_CHECK(available(other.owner) == 0 && available(c.owner) == 0);
}

static void test_refused(void)
{
    const bool verified = true;
    struct ticket_case c;

    open_case(&c);
    db_test_number("UPDATE limit_rule SET maximum = maximum * 100 WHERE level = 'full' AND "
                   "currency_id = ?",
                   DB_ARGS(db_u64(dollars(0).currency->id)));
    db_test_number("UPDATE user SET level = 'full' WHERE id = ?", DB_ARGS(db_i64(c.customer)));
    DB_GIVES(withdraw(&c, 20000 * USD + 1), ERR_INSUFFICIENT_FUNDS);
    DB_GIVES(withdraw(&c, 20000 * USD), ERR_OK);
    DB_GIVES(withdraw(&c, 1), ERR_INSUFFICIENT_FUNDS);
    db_test_number("UPDATE limit_rule SET maximum = maximum / 100 WHERE level = 'full' AND "
                   "currency_id = ?",
                   DB_ARGS(db_u64(dollars(0).currency->id)));
    open_case(&c);
    DB_GIVES(withdraw(&c, DAILY + 1), ERR_OVER_SINGLE_LIMIT);
    DB_GIVES(ticket_partner_set(test_db, c.partner,
                                &(struct ticket_partner_change){.verified_only = &verified}),
             ERR_OK);
    DB_GIVES(withdraw(&c, USD), ERR_PARTNER_VERIFIED);
    db_test_number("UPDATE user SET level = 'basic', otp_required = TRUE WHERE id = ?",
                   DB_ARGS(db_i64(c.customer)));
    DB_GIVES(withdraw(&c, USD), ERR_OTP_REQUIRED);
    db_test_number("UPDATE user SET otp_required = FALSE WHERE id = ?",
                   DB_ARGS(db_i64(c.customer)));
    DB_GIVES(withdraw(&c, USD), ERR_OK);
    c.customer = c.owner;
    DB_GIVES(withdraw(&c, USD), ERR_PARTNER_SELF);
}

static const struct test_case cases[] = {
    {"limits of creating, over midnight and the month's end", test_create_over_midnight},
    {"a month's limit", test_month},
    {"what is given back to which day", test_give_back},
    {"what is given back to the last day", test_give_back_alone},
    {"the rest that is shown", test_shown},
    {"an expired ticket is not settled", test_settle_late},
    {"what is held is there once", test_hold},
    {"more than there is, more than is allowed", test_refused},
    {NULL, NULL},
};

const struct test_suite suite_ticket = {.name = "ticket", .cases = cases};
