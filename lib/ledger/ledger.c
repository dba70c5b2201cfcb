/* Reading balances, limits, wallets and currencies. */
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "db/columns.h"
#include "ledger/limit.h"

#define MAX_FEES 32 /* rows of everybody's schedule */

/* Everybody's trading fees, the lowest volume first. */
static struct {
    __int128 from; /* bitcoins traded in 30 days, in smallest units */
    char percent[LEDGER_PERCENT_SIZE];
} fees[MAX_FEES];
static size_t fee_count;

#define LEVELS 3                   /* of verification */
#define ALLOWANCES_KEPT_US 1000000 /* then they are read again: an operator may change them */

/* What a level may withdraw of a currency. */
struct allowance {
    uint16_t currency_id;
    char level[8];
    bool none[LEDGER_PERIODS]; /* nothing limits it */
    __int128 max[LEDGER_PERIODS];
};
static struct allowance allowances[CURRENCY_MAX_COUNT * LEVELS];
static size_t allowance_count;
static int64_t allowances_read_us; /* by the monotonic clock; 0 = never */

#define VOLUMES_KEPT 1024
#define DAY_SIZE sizeof("YYYY-MM-DD")

/* What users traded in 30 days, each in the place that their id gives. A trade books entries to the
 * trader's accounts (match.c posts every fill to both sides) and a day that is over leaves the sum:
 * where neither happened it is not summed up again, which would cost a sixth of all that `info`
 * does. */
static struct volume {
    int64_t user_id;
    uint64_t entries;     /* of all the user's accounts */
    char today[DAY_SIZE]; /* UTC */
    __int128 units;
} volumes[VOLUMES_KEPT];

static enum err load_currencies(struct db *db)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT id, code, name, symbol, symbol_position = 'after', decimals, "
                         "display_decimals, is_virtual FROM currency ORDER BY id",
                         DB_NO_ARGS, &rows);
    if (rc != ERR_OK)
        return rc;
    currency_reset();
    while (rc == ERR_OK && db_next(&rows)) {
        struct currency row = {.id = (uint16_t)db_get_u64(&rows, 0),
                               .symbol_after = db_get_u64(&rows, 4) != 0,
                               .decimals = (uint8_t)db_get_u64(&rows, 5),
                               .display_decimals = (uint8_t)db_get_u64(&rows, 6),
                               .is_virtual = db_get_u64(&rows, 7) != 0};
        text_copy(row.code, sizeof(row.code), db_get_text(&rows, 1));
        text_copy(row.name, sizeof(row.name), db_get_text(&rows, 2));
        text_copy(row.symbol, sizeof(row.symbol), db_get_text(&rows, 3));
        if (!currency_add(&row))
            rc = ERR_CONFIG;
    }
    db_rows_free(&rows);
    return rc;
}

static enum err load_fees(struct db *db)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT min_volume, percent FROM trade_fee WHERE market_id = 0 "
                         "ORDER BY min_volume",
                         DB_NO_ARGS, &rows);
    if (rc == ERR_OK && (rows.count == 0 || rows.count > MAX_FEES))
        rc = ERR_CONFIG;
    if (rc == ERR_OK)
        fee_count = 0;
    while (rc == ERR_OK && db_next(&rows)) {
        fees[fee_count].from = db_get_i128(&rows, 0);
        ledger_copy_percent(fees[fee_count].percent, db_get_text(&rows, 1));
        fee_count++;
    }
    db_rows_free(&rows);
    return rc;
}

/* What those pay who traded that much. */
static const char *fee_for(__int128 volume)
{
    size_t i = fee_count - 1;
    while (i > 0 && fees[i].from > volume)
        i--;
    return fees[i].percent;
}

enum err ledger_load(struct db *db)
{
    enum err rc = load_currencies(db);
    return rc == ERR_OK ? load_fees(db) : rc;
}

enum err ledger_currency_channels(struct db *db, const struct currency *currency,
                                  struct uuid *ticker, struct uuid *depth)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT ticker_channel, depth_channel FROM currency WHERE id = ?",
                         DB_ARGS(db_u64(currency->id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_CURRENCY_UNKNOWN;
    if (rc == ERR_OK) {
        *ticker = db_get_uuid(&rows, 0);
        *depth = db_get_uuid(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}

/* Cuts the microseconds off a DATETIME(6). */
static void copy_date(char out[20], const char *text)
{
    text_copy(out, 20, text);
}

/* A row of limit_rule. */
struct rule {
    uint16_t currency_id;
    char level[8], period[8];
    bool none;
    __int128 max;
};

static const struct db_column rule_columns[] = {
    DB_COLUMN("currency_id", struct rule, currency_id),
    DB_COLUMN("level", struct rule, level),
    DB_COLUMN("period", struct rule, period),
    DB_COLUMN("maximum IS NULL", struct rule, none),
    DB_COLUMN("maximum", struct rule, max),
};

static void keep_rule(const struct rule *rule)
{
    struct allowance *row = NULL;

    for (size_t i = 0; i < allowance_count && row == NULL; i++)
        if (allowances[i].currency_id == rule->currency_id &&
            strcmp(allowances[i].level, rule->level) == 0)
            row = &allowances[i];
    if (row == NULL) {
        row = &allowances[allowance_count++];
        *row = (struct allowance){.currency_id = rule->currency_id};
        text_copy(row->level, sizeof(row->level), rule->level);
    }
    for (enum ledger_period period = LEDGER_SINGLE; period < LEDGER_PERIODS; period++)
        if (strcmp(rule->period, ledger_periods[period]) == 0) {
            row->none[period] = rule->none;
            row->max[period] = rule->max;
        }
}

static enum err load_allowances(struct db *db)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(1024);
    struct rule rule;
    int64_t now_us = clock_mono_us();
    if (allowances_read_us != 0 && now_us - allowances_read_us < ALLOWANCES_KEPT_US)
        return ERR_OK;
    db_select(&sql, rule_columns, DB_COUNT(rule_columns));
    text_puts(&sql, "FROM limit_rule WHERE scope = '" LEDGER_WITHDRAWAL "' AND NOT by_value");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    text_free(&sql);
    if (rc == ERR_OK && rows.count > CURRENCY_MAX_COUNT * LEVELS * LEDGER_PERIODS)
        rc = ERR_CONFIG;
    if (rc == ERR_OK) {
        allowances_read_us = now_us;
        allowance_count = 0;
    }
    while (rc == ERR_OK && db_read(&rows, rule_columns, DB_COUNT(rule_columns), &rule))
        keep_rule(&rule);
    db_rows_free(&rows);
    return rc;
}

/* NULL where nothing is allowed. */
static const struct allowance *find_allowance(const struct currency *currency, const char *level)
{
    for (size_t i = 0; i < allowance_count; i++)
        if (allowances[i].currency_id == currency->id && strcmp(allowances[i].level, level) == 0)
            return &allowances[i];
    return NULL;
}

/* The limit of a period, of which `used` is used up. */
static struct ledger_limit limit_of(const struct allowance *allowance, enum ledger_period period,
                                    __int128 used, const struct currency *currency)
{
    struct ledger_limit limit = {.max.currency = currency, .left.currency = currency};
    if (allowance == NULL)
        return limit;
    limit.none = allowance->none[period];
    limit.max.units = allowance->max[period];
    limit.left.units = limit.max.units > used ? limit.max.units - used : 0;
    return limit;
}

/* Whether the last day of withdrawals begins like today: with the day, or with the month. */
static bool is_now(const struct db_rows *rows, size_t len)
{
    const char *day = db_get_text(rows, 14), *today = db_get_text(rows, 17);
    return day != NULL && strncmp(day, today, len) == 0;
}

static __int128 used_today(const struct db_rows *rows)
{
    return is_now(rows, DAY_SIZE - 1) ? db_get_i128(rows, 15) : 0;
}

static __int128 used_this_month(const struct db_rows *rows)
{
    return is_now(rows, sizeof("YYYY-MM") - 1) ? db_get_i128(rows, 16) : 0;
}

static struct ledger_wallet *find_wallet(struct ledger_info *info, const struct currency *currency)
{
    for (size_t i = 0; i < info->wallet_count; i++)
        if (info->wallets[i].available.currency == currency)
            return &info->wallets[i];
    return NULL;
}

/* One row: the user's available or held account in one currency makes or completes a wallet. */
static enum err read_account(const struct db_rows *rows, struct ledger_info *info)
{
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, 9));
    const char *purpose = db_get_text(rows, 10);
    struct amount balance = {.units = db_get_i128(rows, 11), .currency = currency};
    bool is_available = strcmp(purpose, "available") == 0;
    struct ledger_wallet *wallet = find_wallet(info, currency);

    if (!is_available && strcmp(purpose, "held") != 0)
        return ERR_OK;
    if (wallet == NULL) {
        if (info->wallet_count == LEDGER_MAX_WALLETS)
            return ERR_INTERNAL;
        const struct allowance *allowance = find_allowance(currency, info->level);
        wallet = &info->wallets[info->wallet_count++];
        *wallet = (struct ledger_wallet){
            .available.currency = currency,
            .reserved.currency = currency,
            .held.currency = currency,
            .single = limit_of(allowance, LEDGER_SINGLE, 0, currency),
            .daily = limit_of(allowance, LEDGER_DAY, used_today(rows), currency),
            .monthly = limit_of(allowance, LEDGER_MONTH, used_this_month(rows), currency),
        };
    }
    if (is_available) {
        wallet->available = balance;
        wallet->reserved.units = db_get_i128(rows, 12);
        wallet->entries = db_get_u64(rows, 13);
    } else {
        wallet->held = balance;
    }
    return ERR_OK;
}

static void read_user(const struct db_rows *rows, struct ledger_info *out)
{
    out->user_id = db_get_i64(rows, 0);
    out->uuid = db_get_uuid(rows, 1);
    text_copy(out->login, sizeof(out->login), db_get_text(rows, 2));
    text_copy(out->email, sizeof(out->email), db_get_text(rows, 3));
    text_copy(out->level, sizeof(out->level), db_get_text(rows, 4));
    text_copy(out->language, sizeof(out->language), db_get_text(rows, 5));
    out->otp_required = db_get_u64(rows, 6) != 0;
    copy_date(out->created, db_get_text(rows, 7));
    copy_date(out->last_login, db_get_text(rows, 8));
}

/* The bitcoins that the user of `now` traded in 30 days (UTC), as market_fee counts them. */
static enum err find_volume(struct db *db, struct volume *now)
{
    struct volume *kept = &volumes[now->user_id % VOLUMES_KEPT];
    struct db_rows rows = {0};

    if (now->entries == 0) /* never traded */
        return ERR_OK;
    if (kept->user_id == now->user_id && kept->entries == now->entries &&
        strcmp(kept->today, now->today) == 0) {
        now->units = kept->units;
        return ERR_OK;
    }
    enum err rc = db_run(db,
                         "SELECT SUM(volume) FROM trader_volume WHERE user_id = ? AND "
                         "item_id = 1 /* bitcoin */ AND day > UTC_DATE() - INTERVAL 30 DAY",
                         DB_ARGS(db_i64(now->user_id)), &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        now->units = db_get_i128(&rows, 0);
        *kept = *now;
    }
    db_rows_free(&rows);
    return rc;
}

static int by_currency(const void *a, const void *b)
{
    const struct ledger_wallet *left = a, *right = b;
    return (int)left->available.currency->id - (int)right->available.currency->id;
}

enum err ledger_info(struct db *db, int64_t user_id, struct ledger_info *out)
{
    struct db_rows rows = {0};
    struct volume volume = {.user_id = user_id};
    enum err rc = load_allowances(db);
    if (rc == ERR_OK)
        rc = db_run(db, "CALL account_info(?)", DB_ARGS(db_i64(user_id)), &rows);
    if (rc == ERR_OK && rows.count == 0)
        rc = ERR_NOT_FOUND;
    out->wallet_count = 0;
    for (bool first = true; rc == ERR_OK && db_next(&rows); first = false) {
        if (first) {
            read_user(&rows, out);
            text_copy(volume.today, sizeof(volume.today), db_get_text(&rows, 17));
        }
        if (!db_is_null(&rows, 9)) {
            volume.entries += db_get_u64(&rows, 13);
            rc = read_account(&rows, out);
        }
    }
    db_rows_free(&rows);
    if (rc == ERR_OK)
        rc = find_volume(db, &volume);
    out->volume = (struct amount){.units = volume.units, .currency = currency_by_code("BTC", 3)};
    text_copy(out->trade_fee, sizeof(out->trade_fee), fee_for(volume.units));
    qsort(out->wallets, out->wallet_count, sizeof(out->wallets[0]), by_currency);
    return rc;
}
