/* Reading balances, limits, wallets and currencies. */
#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "identity/sql.h"
#include "ledger/limit.h"

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

#define SQL_MAX 4096

enum err ledger_load(struct db *db)
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

/* A row of what is read: one of the user's accounts, with the last day on which some of its currency
 * was withdrawn, what was withdrawn on it and in its month. */
struct account_row {
    const struct currency *currency; /* NULL in the only row of a user without accounts */
    char purpose[17];
    __int128 balance, reserved;
    uint64_t entries;
    char day[11];
    __int128 day_used, month_used;
    char today[11];
};

/* Of the user, the same in each row: DATETIMEs are cut to the second. */
static const struct db_column user_columns[] = {
    DB_COLUMN("u.id", struct ledger_info, user_id),
    DB_COLUMN("u.uuid", struct ledger_info, uuid),
    DB_COLUMN("u.login", struct ledger_info, login),
    DB_COLUMN("u.email", struct ledger_info, email),
    DB_COLUMN("u.level", struct ledger_info, level),
    DB_COLUMN("u.language", struct ledger_info, language),
    DB_COLUMN("u.otp_required", struct ledger_info, otp_required),
    DB_COLUMN("u.created_at", struct ledger_info, created),
    DB_COLUMN("u.last_login_at", struct ledger_info, last_login),
};

static const struct db_column account_columns[] = {
    DB_COLUMN("a.currency_id", struct account_row, currency),
    DB_COLUMN("a.purpose", struct account_row, purpose),
    DB_COLUMN("a.balance", struct account_row, balance),
    DB_COLUMN("a.reserved", struct account_row, reserved),
    DB_COLUMN("a.entries", struct account_row, entries),
    DB_COLUMN("w.day", struct account_row, day),
    DB_COLUMN("w.day_amount", struct account_row, day_used),
    DB_COLUMN("w.month_amount", struct account_row, month_used),
    DB_COLUMN("UTC_DATE()", struct account_row, today),
};

/* Whether the last day of withdrawals begins like today: with the day, or with the month. */
static bool is_now(const struct account_row *row, const struct ledger_info *info, size_t len)
{
    return strncmp(row->day, info->today, len) == 0;
}

static __int128 used_today(const struct account_row *row, const struct ledger_info *info)
{
    return is_now(row, info, sizeof("YYYY-MM-DD") - 1) ? row->day_used : 0;
}

static __int128 used_this_month(const struct account_row *row, const struct ledger_info *info)
{
    return is_now(row, info, sizeof("YYYY-MM") - 1) ? row->month_used : 0;
}

static struct ledger_wallet *find_wallet(struct ledger_info *info, const struct currency *currency)
{
    for (size_t i = 0; i < info->wallet_count; i++)
        if (info->wallets[i].available.currency == currency)
            return &info->wallets[i];
    return NULL;
}

/* The user's available or held account in one currency makes or completes a wallet. */
static enum err take_account(const struct account_row *row, struct ledger_info *info)
{
    const struct currency *currency = row->currency;
    bool is_available = strcmp(row->purpose, "available") == 0;
    struct ledger_wallet *wallet = find_wallet(info, currency);

    info->entries += row->entries;
    if (!is_available && strcmp(row->purpose, "held") != 0)
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
            .daily = limit_of(allowance, LEDGER_DAY, used_today(row, info), currency),
            .monthly = limit_of(allowance, LEDGER_MONTH, used_this_month(row, info), currency),
        };
    }
    if (is_available) {
        wallet->available.units = row->balance;
        wallet->reserved.units = row->reserved;
        wallet->entries = row->entries;
    } else {
        wallet->held.units = row->balance;
    }
    return ERR_OK;
}

static int by_currency(const void *a, const void *b)
{
    const struct ledger_wallet *left = a, *right = b;
    return (int)left->available.currency->id - (int)right->available.currency->id;
}

/* A row per account, in no order. The limits are held by the process, which compares the days as well:
 * a table more, or functions that would do it, cost as much as reading ten rows. */
static enum err read_accounts(struct db *db, int64_t user_id, struct db_rows *rows)
{
    struct text sql = TEXT(SQL_MAX);

    db_select(&sql, user_columns, DB_COUNT(user_columns));
    db_select_more(&sql, account_columns, DB_COUNT(account_columns));
    statement_add(&sql,
                  "FROM " IDENTITY_SQL_USERS " AS u LEFT JOIN account AS a ON a.owner_id = u.id "
                  "LEFT JOIN limit_count AS w ON w.user_id = u.id AND w.scope = '" LEDGER_WITHDRAWAL
                  "' AND w.currency_id = a.currency_id AND w.by_value = FALSE WHERE u.id = ?",
                  DB_ARGS(db_i64(user_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, rows);
    text_free(&sql);
    return rc;
}

enum err ledger_info(struct db *db, int64_t user_id, struct ledger_info *out)
{
    struct db_rows rows = {0};
    struct account_row row;

    enum err rc = load_allowances(db);
    if (rc == ERR_OK)
        rc = read_accounts(db, user_id, &rows);
    if (rc == ERR_OK && rows.count == 0)
        rc = ERR_NOT_FOUND;
    out->wallet_count = 0;
    out->entries = 0;
    while (rc == ERR_OK && db_read(&rows, user_columns, DB_COUNT(user_columns), out)) {
        db_read_more(&rows, DB_COUNT(user_columns), account_columns, DB_COUNT(account_columns),
                     &row);
        memcpy(out->today, row.today, sizeof(out->today));
        rc = row.currency != NULL ? take_account(&row, out) : ERR_OK;
    }
    db_rows_free(&rows);
    qsort(out->wallets, out->wallet_count, sizeof(out->wallets[0]), by_currency);
    return rc;
}
