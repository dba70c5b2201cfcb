#include "ledger/operator.h"

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

static struct db_arg limit_arg(const struct amount *limit)
{
    return limit == NULL ? db_null() : db_i128(limit->units);
}

static bool in_currency(const struct amount *limit, const struct currency *currency)
{
    return limit == NULL || limit->currency == currency;
}

enum err ledger_limits_set(struct db *db, const struct currency *currency, const char *level,
                           const struct ledger_limits *limits)
{
    if (!in_currency(limits->single, currency) || !in_currency(limits->daily, currency) ||
        !in_currency(limits->monthly, currency))
        return ERR_CURRENCY_MISMATCH;
    return db_run(db,
                  "INSERT INTO withdrawal_limit (currency_id, level, single_max, daily_max, "
                  "monthly_max) VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
                  "single_max = VALUES(single_max), daily_max = VALUES(daily_max), "
                  "monthly_max = VALUES(monthly_max)",
                  DB_ARGS(db_u64(currency->id), db_text(level), limit_arg(limits->single),
                          limit_arg(limits->daily), limit_arg(limits->monthly)),
                  NULL);
}

/* The limit in column `col`, or NULL where there is none; `amount` holds it. */
static const struct amount *read_limit(const struct db_rows *rows, unsigned col,
                                       const struct currency *currency, struct amount *amount)
{
    if (db_is_null(rows, col))
        return NULL;
    *amount = (struct amount){.units = db_get_i128(rows, col), .currency = currency};
    return amount;
}

enum err ledger_limits_list(struct db *db, const struct currency *currency,
                            void (*row)(void *arg, const char *level,
                                        const struct ledger_limits *limits),
                            void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT level, single_max, daily_max, monthly_max FROM withdrawal_limit "
                         "WHERE currency_id = ? ORDER BY level + 0",
                         DB_ARGS(db_u64(currency->id)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct amount single, daily, monthly;
        struct ledger_limits limits = {.single = read_limit(&rows, 1, currency, &single),
                                       .daily = read_limit(&rows, 2, currency, &daily),
                                       .monthly = read_limit(&rows, 3, currency, &monthly)};
        row(arg, db_get_text(&rows, 0), &limits);
    }
    db_rows_free(&rows);
    return rc;
}
