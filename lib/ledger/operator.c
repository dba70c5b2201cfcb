/* What an operator sets: currencies and limits. */
#include "ledger/operator.h"

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "ledger/limit.h"

enum err ledger_currencies(struct db *db,
                           void (*row)(void *arg, const struct currency *currency, bool enabled),
                           void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT id, enabled FROM currency ORDER BY id", DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        const struct currency *currency = currency_by_id((uint16_t)db_get_u64(&rows, 0));
        if (currency == NULL)
            rc = ERR_INTERNAL;
        else
            row(arg, currency, db_get_u64(&rows, 1) != 0);
    }
    db_rows_free(&rows);
    return rc;
}

enum err ledger_currency_enable(struct db *db, const struct currency *currency, bool enabled)
{
    return db_run(db, "UPDATE currency SET enabled = ? WHERE id = ?",
                  DB_ARGS(db_u64(enabled), db_u64(currency->id)), NULL);
}

static bool in_currency(const struct amount *limit, const struct currency *currency)
{
    return limit == NULL || limit->currency == currency;
}

/* Whether a shorter period allows more than a longer one, which then never allows it. */
static bool contradict(const struct amount *shorter, const struct amount *longer)
{
    return longer != NULL && shorter != NULL && shorter->units > longer->units;
}

enum err ledger_limits_set(struct db *db, const struct currency *currency, const char *level,
                           const struct ledger_limits_given *limits)
{
    const struct amount *const max[LEDGER_PERIODS] = {limits->single, limits->daily,
                                                      limits->monthly};
    struct text sql = TEXT(4096);

    for (enum ledger_period period = LEDGER_SINGLE; period < LEDGER_PERIODS; period++)
        if (!in_currency(max[period], currency))
            return ERR_CURRENCY_MISMATCH;
    if (contradict(limits->single, limits->daily) || contradict(limits->daily, limits->monthly) ||
        contradict(limits->single, limits->monthly))
        return ERR_LIMITS_CONTRADICT;
    text_puts(&sql, "INSERT INTO limit_rule (scope, level, currency_id, period, maximum) VALUES ");
    for (enum ledger_period period = LEDGER_SINGLE; period < LEDGER_PERIODS; period++)
        statement_add(&sql, period == LEDGER_SINGLE ? "(?, ?, ?, ?, ?)" : ", (?, ?, ?, ?, ?)",
                      DB_ARGS(db_text(LEDGER_WITHDRAWAL), db_text(level), db_u64(currency->id),
                              db_text(ledger_periods[period]),
                              max[period] == NULL ? db_null() : db_i128(max[period]->units)));
    text_puts(&sql, " ON DUPLICATE KEY UPDATE maximum = VALUES(maximum)");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, NULL);
    text_free(&sql);
    return rc;
}

/* The three limits of a level. */
struct level_row {
    char level[8];
    bool with_single, with_daily, with_monthly;
    __int128 single, daily, monthly;
};

#define OF_PERIOD(word) "MAX(IF(period = '" word "', maximum, NULL))"
static const struct db_column level_columns[] = {
    DB_COLUMN("level", struct level_row, level),
    DB_COLUMN(OF_PERIOD("single") " IS NOT NULL", struct level_row, with_single),
    DB_COLUMN(OF_PERIOD("day") " IS NOT NULL", struct level_row, with_daily),
    DB_COLUMN(OF_PERIOD("month") " IS NOT NULL", struct level_row, with_monthly),
    DB_COLUMN(OF_PERIOD("single"), struct level_row, single),
    DB_COLUMN(OF_PERIOD("day"), struct level_row, daily),
    DB_COLUMN(OF_PERIOD("month"), struct level_row, monthly),
};

enum err ledger_limits_list(struct db *db, const struct currency *currency,
                            void (*row)(void *arg, const char *level,
                                        const struct ledger_limits_given *limits),
                            void *arg)
{
    struct text sql = TEXT(4096);
    struct db_rows rows = {0};
    struct level_row level;

    db_select(&sql, level_columns, DB_COUNT(level_columns));
    statement_add(&sql,
                  "FROM limit_rule WHERE scope = ? AND currency_id = ? AND NOT by_value "
                  "GROUP BY level ORDER BY FIELD(level, 'none', 'basic', 'full')",
                  DB_ARGS(db_text(LEDGER_WITHDRAWAL), db_u64(currency->id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, level_columns, DB_COUNT(level_columns), &level)) {
        const struct amount single = {level.single, currency}, daily = {level.daily, currency},
                            monthly = {level.monthly, currency};
        const struct ledger_limits_given limits = {.single = level.with_single ? &single : NULL,
                                                   .daily = level.with_daily ? &daily : NULL,
                                                   .monthly = level.with_monthly ? &monthly : NULL};
        row(arg, level.level, &limits);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
