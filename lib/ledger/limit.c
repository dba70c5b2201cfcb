/* Limits: the rules, and what is counted against them. */
#include "ledger/limit.h"

#include <string.h>

#include "db/statement.h"
#include "identity/sql.h"

#define MONTH_LEN (sizeof("YYYY-MM") - 1)

const char *const ledger_periods[LEDGER_PERIODS] = {"single", "day", "month"};

void ledger_limits_ask(struct db_packet *packet, const struct ledger_use *use)
{
    struct db_arg user = db_i64(use->user_id), scope = db_text(use->scope),
                  currency = db_u64(use->amount.currency->id), by_value = db_u64(use->by_value);

    db_packet_add(packet,
                  "SELECT day, day_amount, month_amount FROM limit_count WHERE user_id = ? AND "
                  "scope = ? AND currency_id = ? AND by_value = ? FOR UPDATE",
                  DB_ARGS(user, scope, currency, by_value));
    db_packet_add(packet,
                  "SELECT r.period, r.maximum, DATE(CONVERT_TZ(NOW(6), '+00:00', r.time_zone)) "
                  "FROM limit_rule AS r WHERE r.scope = ? AND r.level = " IDENTITY_SQL_LEVEL(
                      "?") " AND r.currency_id = ? AND r.by_value = ?",
                  DB_ARGS(scope, user, currency, by_value));
}

static enum ledger_period period_of(const char *word)
{
    enum ledger_period period = LEDGER_SINGLE;

    /* A CHECK of the table lets no other word in than these. */
    while (period < LEDGER_MONTH && strcmp(word, ledger_periods[period]) != 0)
        period++;
    return period;
}

void ledger_limits_take(struct db_rows rows[2], struct ledger_limits *out)
{
    *out = (struct ledger_limits){0};
    while (db_next(&rows[1])) {
        enum ledger_period period = period_of(db_get_text(&rows[1], 0));
        out->ruled[period] = true;
        out->none[period] = db_is_null(&rows[1], 1);
        out->max[period] = db_get_i128(&rows[1], 1);
        text_copy(out->today, sizeof(out->today), db_get_text(&rows[1], 2));
    }
    out->counted = db_next(&rows[0]);
    if (out->counted) {
        text_copy(out->day, sizeof(out->day), db_get_text(&rows[0], 0));
        out->used[0] = db_get_i128(&rows[0], 1);
        out->used[1] = db_get_i128(&rows[0], 2);
    }
    db_rows_free(&rows[0]);
    db_rows_free(&rows[1]);
}

/* What was used of a period that still runs. */
static __int128 used_in(const struct ledger_limits *limits, enum ledger_period period)
{
    size_t same = period == LEDGER_DAY ? sizeof(limits->day) - 1 : MONTH_LEN;

    if (period == LEDGER_SINGLE || !limits->counted ||
        strncmp(limits->day, limits->today, same) != 0)
        return 0;
    return limits->used[period - LEDGER_DAY];
}

enum err ledger_limits_check(const struct ledger_limits *limits, const struct ledger_use *use)
{
    static const enum err over[LEDGER_PERIODS] = {ERR_OVER_SINGLE_LIMIT, ERR_OVER_DAILY_LIMIT,
                                                  ERR_OVER_MONTHLY_LIMIT};

    for (enum ledger_period period = LEDGER_SINGLE; period < LEDGER_PERIODS; period++)
        if (!limits->ruled[period] ||
            (!limits->none[period] &&
             use->amount.units > limits->max[period] - used_in(limits, period)))
            return over[period];
    return ERR_OK;
}

void ledger_limits_count(struct db_packet *packet, const struct ledger_limits *limits,
                         const struct ledger_use *use)
{
    struct db_arg user = db_i64(use->user_id), scope = db_text(use->scope),
                  currency = db_u64(use->amount.currency->id), by_value = db_u64(use->by_value),
                  today = db_text(limits->today), units = db_i128(use->amount.units),
                  day_used = db_i128(used_in(limits, LEDGER_DAY) + use->amount.units),
                  month_used = db_i128(used_in(limits, LEDGER_MONTH) + use->amount.units);

    if (limits->counted)
        db_packet_add(packet,
                      "UPDATE limit_count SET day = ?, day_amount = ?, month_amount = ? "
                      "WHERE user_id = ? AND scope = ? AND currency_id = ? AND by_value = ?",
                      DB_ARGS(today, day_used, month_used, user, scope, currency, by_value));
    else
        db_packet_add_once(packet,
                           "INSERT INTO limit_count (user_id, scope, currency_id, by_value, day, "
                           "day_amount, month_amount) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           DB_ARGS(user, scope, currency, by_value, today, units, units),
                           ERR_DB_CONTENDED);
    db_packet_add(
        packet,
        "INSERT INTO limit_use (kind, ref, scope, currency_id, by_value, user_id, amount, "
        "day) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_text(use->kind), db_uuid(&use->ref), scope, currency, by_value, user, units,
                today));
}

void ledger_limits_give_back(struct db_packet *packet, const char *kind, const struct uuid *ref)
{
    struct db_args which = DB_ARGS(db_text(kind), db_uuid(ref));

    db_packet_add(packet,
                  "UPDATE limit_count AS c JOIN limit_use AS u ON u.user_id = c.user_id AND "
                  "u.scope = c.scope AND u.currency_id = c.currency_id AND u.by_value = c.by_value "
                  "SET c.day_amount = c.day_amount - IF(c.day = u.day, u.amount, 0), "
                  "c.month_amount = c.month_amount - u.amount WHERE u.kind = ? AND u.ref = ? "
                  "AND NOT u.given_back AND LAST_DAY(c.day) = LAST_DAY(u.day)",
                  which);
    db_packet_add(packet,
                  "UPDATE limit_use SET given_back = TRUE WHERE kind = ? AND ref = ? AND NOT "
                  "given_back",
                  which);
}
