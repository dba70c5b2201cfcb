/* A user's account as `info` shows it: what is withdrawn, traded and allowed counts by UTC days. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "market/trader.h"
#include "tests/db/db.h"

#define USD 2
#define BTC 1
#define PATIENCE_US 5000000

static int64_t user;
static struct ledger_info info;
static struct market_trader trader;

/* The user's only wallet. */
static const struct ledger_wallet *wallet(void)
{
    DB_GIVES(ledger_info(test_db, user, &info), ERR_OK);
    DB_CHECK(info.wallet_count == 1);
    return &info.wallets[0];
}

static void make_user(void)
{
    const struct amount dollar = {.units = 100000, .currency = currency_by_id(USD)};
    user = db_test_user(NULL, NULL);
    DB_GIVES(ledger_credit(test_db, user, dollar, ""), ERR_OK);
}

static void test_usage(void)
{
    static const struct {
        const char *day; /* of the last withdrawal */
        int today, month;
    } rows[] = {
        {"UTC_DATE()", 7, 9},
        /* Another day of this month. */
        {"IF(DAY(UTC_DATE()) = 1, LAST_DAY(UTC_DATE()), "
         "UTC_DATE() - INTERVAL DAY(UTC_DATE()) - 1 DAY)",
         0, 9},
        {"UTC_DATE() - INTERVAL DAY(UTC_DATE()) DAY", 0, 0}, /* the last one of the month before */
        {"UTC_DATE() - INTERVAL 1 YEAR", 0, 0},
    };
    make_user();
    const struct ledger_wallet *unused = wallet();
    DB_CHECK(unused->daily.max.units > 0 && unused->daily.left.units == unused->daily.max.units);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                 "INSERT INTO limit_count VALUES (?, 'withdrawal', ?, FALSE, %s, 7, 9)",
                 rows[i].day);
        db_test_number(sql, DB_ARGS(db_i64(user), db_u64(USD)));
        const struct ledger_wallet *used = wallet();
        DB_CHECK(used->single.left.units == used->single.max.units);
        DB_CHECK(used->daily.max.units - used->daily.left.units == rows[i].today);
        DB_CHECK(used->monthly.max.units - used->monthly.left.units == rows[i].month);
        /* No ticket made it: the audit must not find it. */
        db_test_number("DELETE FROM limit_count WHERE user_id = ?", DB_ARGS(db_i64(user)));
    }
}

/* What `info` says that the user traded. */
static __int128 volume(void)
{
    (void)wallet();
    DB_GIVES(market_trader(test_db, user, info.entries, info.today, &trader), ERR_OK);
    DB_CHECK(trader.volume.currency == currency_by_id(BTC));
    return trader.volume.units;
}

static void add_volume(unsigned item, int days_ago, int64_t volume)
{
    db_test_number("INSERT INTO trader_volume VALUES (?, ?, UTC_DATE() - INTERVAL ? DAY, ?)",
                   DB_ARGS(db_i64(user), db_u64(item), db_i64(days_ago), db_i64(volume)));
}

/* As a trade does, besides the volume. */
static void add_entry(void)
{
    const struct amount cent = {.units = 1000, .currency = currency_by_id(USD)};
    DB_GIVES(ledger_credit(test_db, user, cent, ""), ERR_OK);
}

static void test_volume(void)
{
    make_user();
    DB_CHECK(volume() == 0);
    add_volume(BTC, 0, 1);
    add_volume(BTC, 29, 20);
    add_volume(BTC, 30, 300); /* a day too old */
    add_volume(USD, 0, 5000); /* another item */
    add_entry();
    DB_CHECK(volume() == 21);
    add_volume(BTC, 1, 4000);
    DB_CHECK(volume() == 21); /* nothing was booked: it is not summed up again */
    add_entry();
    DB_CHECK(volume() == 4021);
    db_test_number("DELETE FROM trader_volume WHERE user_id = ?", DB_ARGS(db_i64(user)));
}

/* A step of everybody's fees holds from its volume on. */
static void test_fee(void)
{
    static const struct {
        int64_t volume;
        const char *percent;
    } rows[] = {{INT64_C(9999999999), "0.6"},
                {INT64_C(10000000000), "0.55"},
                {INT64_C(19999999999), "0.55"},
                {INT64_C(20000000000), "0.53"},
                {INT64_C(50000000000000), "0.25"}};

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        make_user();
        add_volume(BTC, 0, rows[i].volume);
        DB_CHECK(volume() == rows[i].volume);
        DB_CHECK(strcmp(trader.fee_percent, rows[i].percent) == 0);
        db_test_number("DELETE FROM trader_volume WHERE user_id = ?", DB_ARGS(db_i64(user)));
    }
}

/* The process holds the limits, but not for long. */
static void test_limits_change(void)
{
    int64_t until_us = clock_mono_us() + PATIENCE_US;

    make_user();
    __int128 before = wallet()->single.max.units;
    DB_CHECK(before > 0);
    db_test_number(
        "UPDATE limit_rule SET maximum = IF(period = 'single', maximum + 7, NULL) "
        "WHERE scope = 'withdrawal' AND currency_id = ? AND level = 'none' AND period IN "
        "('single', 'month')",
        DB_ARGS(db_u64(USD)));
    while (wallet()->single.max.units == before && clock_mono_us() < until_us)
        continue;
    DB_CHECK(wallet()->single.max.units == before + 7);
    DB_CHECK(!wallet()->daily.none && wallet()->monthly.none);
    db_test_number("UPDATE limit_rule SET maximum = ? * IF(period = 'month', 10, 1) "
                   "WHERE scope = 'withdrawal' AND currency_id = ? AND level = 'none'",
                   DB_ARGS(db_i128(before), db_u64(USD)));
}

static void test_unknown(void)
{
    DB_GIVES(ledger_info(test_db, INT64_MAX, &info), ERR_NOT_FOUND);
    user = db_test_user(NULL, NULL);
    DB_GIVES(ledger_info(test_db, user, &info), ERR_OK);
    DB_CHECK(info.user_id == user && info.wallet_count == 0);
}

static const struct test_case cases[] = {
    {"what was withdrawn", test_usage},           {"what was traded in thirty days", test_volume},
    {"the fee by what was traded", test_fee},     {"limits that change", test_limits_change},
    {"nobody, and nothing booked", test_unknown}, {NULL, NULL},
};
const struct test_suite suite_info = {.name = "info", .cases = cases};
