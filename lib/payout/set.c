/* Setting rails, assets and rules: each in one packet, with the record of what was and what became. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "db/columns.h"
#include "ledger/slip.h"
#include "ledger/sql.h"
#include "payout/operate.h"
#include "payout/store.h"

#define CONFIRMATIONS_MAX 100000
#define DECIMALS_MAX 77 /* what 256 bits have */
#define PERIOD_MAX_S (366 * 86400)
#define SUBJECT_SIZE 64
#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define OUTSIDE_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789._-"

/* What a thing is as JSON, by SQL about its row t. */
#define RAIL_JSON                                                         \
    "JSON_OBJECT('kind', t.kind, 'outside', t.outside, 'confirmations', " \
    "t.confirmations, 'paused', t.paused)"
#define ASSET_JSON                                                                    \
    "JSON_OBJECT('contract', t.contract, 'decimals', t.decimals, 'min_deposit', "     \
    "CAST(t.min_deposit AS CHAR), 'min_withdrawal', CAST(t.min_withdrawal AS CHAR), " \
    "'fee', CAST(t.fee AS CHAR), 'confirmations', t.confirmations, 'deposits', "      \
    "t.deposits, 'withdrawals', t.withdrawals, 'memo_needed', t.memo_needed)"
#define RULE_JSON                                                                  \
    "JSON_OBJECT('kind', t.kind, 'rail', t.rail, 'currency', " LEDGER_SQL_CODE(    \
        "t.currency_id") ", 'level', t.level, 'amount', CAST(t.amount AS CHAR), "  \
                         "'times', t.times, 'period_s', t.period_s, 'approvals', " \
                         "t.approvals)"

/* A row on its way to a new content. */
struct setting {
    const char *who, *what, *subject; /* for the record */
    const char *json, *from;          /* the row as JSON; "rail AS t WHERE t.name = ?" */
    struct db_args key;               /* of `from` */
    struct text write;                /* the statement that writes */
    bool made;                        /* out: there was none before */
    bool must_be;                     /* there has to be one: else ERR_NOT_FOUND */
    int64_t id;                       /* out: of a rule that is added */
};

static enum err set_in(struct db *db, void *arg)
{
    struct setting *setting = arg;
    struct db_packet packet = DB_PACKET(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};
    struct text sql = TEXT(PAYOUT_SQL_MAX);

    text_addf(&sql, "SELECT %s FROM %s FOR UPDATE", setting->json, setting->from);
    enum err rc = db_run(db, "SET @payout_set = NULL", DB_NO_ARGS, NULL);
    if (rc == ERR_OK)
        rc = db_run(db, text_string(&sql), setting->key, &rows);
    bool found = rc == ERR_OK && db_next(&rows);
    setting->made = !found;
    if (rc == ERR_OK && setting->must_be && !found)
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        text_puts(db_packet_begin(&packet), text_string(&setting->write));
        db_packet_add(&packet, "SET @payout_set = LAST_INSERT_ID()", DB_NO_ARGS);
        struct text *record = db_packet_begin(&packet);
        statement_add(record,
                      "INSERT INTO payout_change (who, what, subject, was, became) VALUES (?, ?, "
                      "COALESCE(?, @payout_set), ?, (SELECT ",
                      DB_ARGS(db_text(setting->who), db_text(setting->what),
                              db_text(setting->subject),
                              found ? db_text(db_get_text(&rows, 0)) : db_null()));
        text_addf(record, "%s FROM ", setting->json);
        statement_add(record, setting->from, setting->key);
        text_puts(record, "))");
        db_packet_add(&packet, "SELECT @payout_set", DB_NO_ARGS);
        db_rows_free(&rows);
        rc = db_packet_commit(db, &packet, &rows, 1);
        if (rc == ERR_OK && db_next(&rows))
            setting->id = db_get_i64(&rows, 0);
    }
    db_rows_free(&rows);
    text_free(&sql);
    db_packet_free(&packet);
    return rc;
}

static enum err write_setting(struct db *db, struct setting *setting)
{
    bool resent = false;

    enum err rc = setting->write.full ? ERR_TOO_LARGE : db_txn(db, set_in, setting, &resent);
    text_free(&setting->write);
    return rc;
}

static bool is_word(const char *text, const char *letters, size_t most)
{
    size_t len = strlen(text);
    return len >= 1 && len <= most && strspn(text, letters) == len;
}

static bool in_range(const int64_t *number, int64_t least, int64_t most)
{
    return number == NULL || (*number >= least && *number <= most);
}

/* Whether another rail mirrors that outside already. */
static enum err check_outside(struct db *db, const char *name, const char *outside)
{
    struct db_rows rows = {0};

    enum err rc = db_run(db, "SELECT 1 FROM rail WHERE outside = ? AND name <> ?",
                         DB_ARGS(db_text(outside), db_text(name)), &rows);
    if (rc == ERR_OK && rows.count > 0)
        rc = ERR_RAIL_EXISTS;
    db_rows_free(&rows);
    return rc;
}

static enum err check_rail(const char *name, const struct rail_change *change)
{
    bool internal = strcmp(name, RAIL_INTERNAL) == 0;

    if (!is_word(name, NAME_LETTERS, RAIL_NAME_MAX))
        return ERR_INVALID;
    if (change->kind != NULL &&
        (internal || (strcmp(change->kind, rail_kind_names[RAIL_ON_CHAIN]) != 0 &&
                      strcmp(change->kind, rail_kind_names[RAIL_OFF_CHAIN]) != 0)))
        return ERR_INVALID;
    if (change->outside != NULL &&
        (internal || !is_word(change->outside, OUTSIDE_LETTERS, LEDGER_RAIL_MAX)))
        return ERR_INVALID;
    return in_range(change->confirmations, 0, CONFIRMATIONS_MAX) ? ERR_OK : ERR_OUT_OF_RANGE;
}

enum err rail_set(struct db *db, const char *who, const char *name,
                  const struct rail_change *change, bool *made)
{
    char outside[RAIL_NAME_MAX + 1];
    const struct db_arg key = db_text(name);
    struct setting setting = {.who = who,
                              .what = "rail",
                              .subject = name,
                              .json = RAIL_JSON,
                              .from = "rail AS t WHERE t.name = ?",
                              .key = {&key, 1},
                              .write = TEXT(PAYOUT_SQL_MAX)};

    enum err rc = check_rail(name, change);
    if (rc != ERR_OK)
        return rc;
    text_copy(outside, sizeof(outside), change->outside == NULL ? name : change->outside);
    for (char *c = outside; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    rc = check_outside(db, name, outside);
    if (rc != ERR_OK)
        return rc;
    statement_add(&setting.write,
                  "INSERT INTO rail (name, kind, outside, confirmations) VALUES (?, ?, ?, ?) ON "
                  "DUPLICATE KEY UPDATE name = name",
                  DB_ARGS(key, db_text(change->kind == NULL ? "on_chain" : change->kind),
                          db_text(outside),
                          db_i64(change->confirmations == NULL ? 1 : *change->confirmations)));
    if (change->kind != NULL)
        text_puts(&setting.write, ", kind = VALUES(kind)");
    if (change->outside != NULL)
        text_puts(&setting.write, ", outside = VALUES(outside)");
    if (change->confirmations != NULL)
        text_puts(&setting.write, ", confirmations = VALUES(confirmations)");
    rc = write_setting(db, &setting);
    if (made != NULL)
        *made = setting.made;
    return rc;
}

enum err rail_pause(struct db *db, const char *who, const char *name, bool paused)
{
    const struct db_arg key = db_text(name);
    struct setting setting = {.who = who,
                              .what = "rail",
                              .subject = name,
                              .json = RAIL_JSON,
                              .from = "rail AS t WHERE t.name = ?",
                              .key = {&key, 1},
                              .write = TEXT(PAYOUT_SQL_MAX),
                              .must_be = true};

    statement_add(&setting.write, "UPDATE rail SET paused = ? WHERE name = ?",
                  DB_ARGS(db_u64(paused), key));
    enum err rc = write_setting(db, &setting);
    return rc == ERR_NOT_FOUND ? ERR_RAIL_UNKNOWN : rc;
}

static bool fits_currency(const struct amount *amount, const struct currency *currency)
{
    return amount == NULL || amount->currency == currency;
}

static enum err check_asset(const char *rail, const struct currency *currency,
                            const struct asset_change *change)
{
    if (strcmp(rail, RAIL_INTERNAL) == 0)
        return ERR_INVALID;
    if (!fits_currency(change->min_deposit, currency) ||
        !fits_currency(change->min_withdrawal, currency) || !fits_currency(change->fee, currency))
        return ERR_CURRENCY_MISMATCH;
    for (const char *c = change->contract == NULL ? "" : change->contract; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return ERR_INVALID;
    if (change->contract != NULL && strlen(change->contract) > RAIL_CONTRACT_MAX)
        return ERR_INVALID;
    return in_range(change->decimals, 0, DECIMALS_MAX) &&
                   in_range(change->confirmations, -1, CONFIRMATIONS_MAX)
               ? ERR_OK
               : ERR_OUT_OF_RANGE;
}

static struct db_arg units_or_zero(const struct amount *amount)
{
    return amount == NULL ? db_i64(0) : db_i128(amount->units);
}

/* The statement that makes an asset, and what of it changes where it is there. */
static void write_asset(struct text *sql, const char *rail, const struct currency *currency,
                        const struct asset_change *change)
{
    const struct uuid guid = crypto_uuid4();
    bool own = change->confirmations == NULL || *change->confirmations < 0;
    const struct {
        const void *given;
        const char *column;
    } columns[] = {
        {change->contract, "contract"},
        {change->decimals, "decimals"},
        {change->min_deposit, "min_deposit"},
        {change->min_withdrawal, "min_withdrawal"},
        {change->fee, "fee"},
        {change->confirmations, "confirmations"},
        {change->deposits, "deposits"},
        {change->withdrawals, "withdrawals"},
        {change->memo_needed, "memo_needed"},
    };

    statement_add(
        sql,
        "INSERT INTO rail_asset (rail, currency_id, guid, contract, decimals, min_deposit, "
        "min_withdrawal, fee, confirmations, deposits, withdrawals, memo_needed) VALUES (?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE rail = rail",
        DB_ARGS(db_text(rail), db_u64(currency->id), db_uuid(&guid),
                db_text(change->contract == NULL ? "" : change->contract),
                db_i64(change->decimals == NULL ? currency->decimals : *change->decimals),
                units_or_zero(change->min_deposit), units_or_zero(change->min_withdrawal),
                units_or_zero(change->fee), own ? db_null() : db_i64(*change->confirmations),
                db_u64(change->deposits == NULL || *change->deposits),
                db_u64(change->withdrawals == NULL || *change->withdrawals),
                db_u64(change->memo_needed != NULL && *change->memo_needed)));
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (columns[i].given != NULL)
            text_addf(sql, ", %s = VALUES(%s)", columns[i].column, columns[i].column);
}

enum err rail_asset_set(struct db *db, const char *who, const char *rail,
                        const struct currency *currency, const struct asset_change *change,
                        bool *made)
{
    const struct db_arg key[] = {db_text(rail), db_u64(currency->id)};
    char subject[SUBJECT_SIZE];
    struct rail there;
    struct setting setting = {.who = who,
                              .what = "asset",
                              .subject = subject,
                              .json = ASSET_JSON,
                              .from = "rail_asset AS t WHERE t.rail = ? AND t.currency_id = ?",
                              .key = {key, 2},
                              .write = TEXT(PAYOUT_SQL_MAX)};

    enum err rc = rail_by_name(db, rail, &there);
    if (rc == ERR_OK)
        rc = check_asset(rail, currency, change);
    if (rc != ERR_OK)
        return rc;
    snprintf(subject, sizeof(subject), "%s/%s", rail, currency->code);
    write_asset(&setting.write, rail, currency, change);
    rc = write_setting(db, &setting);
    if (made != NULL)
        *made = setting.made;
    return rc;
}

/* Whether the parts of a rule fit its kind: the schema has the same. */
static enum err check_rule(const struct payout_rule *rule)
{
    bool velocity = strcmp(rule->kind, "velocity") == 0, amount = strcmp(rule->kind, "amount") == 0;

    if (!velocity && !amount && strcmp(rule->kind, "all") != 0 &&
        strcmp(rule->kind, "new_address") != 0)
        return ERR_INVALID;
    if (rule->approvals < 1 || rule->approvals > 2 || rule->units < 0 || rule->times < 0 ||
        rule->times > UINT32_MAX || rule->period_s < 0 || rule->period_s > PERIOD_MAX_S)
        return ERR_OUT_OF_RANGE;
    if (rule->units > 0 ? rule->currency == NULL || (!velocity && !amount) : amount)
        return ERR_INVALID;
    if (velocity != (rule->period_s > 0) || (rule->times > 0 && !velocity) ||
        (velocity && rule->times == 0 && rule->units == 0))
        return ERR_INVALID;
    return ERR_OK;
}

static struct db_arg text_or_null(const char *text)
{
    return db_text(text[0] == '\0' ? NULL : text);
}

enum err payout_rule_add(struct db *db, const char *who, const struct payout_rule *rule,
                         int64_t *id)
{
    struct rail rail;
    struct setting setting = {.who = who,
                              .what = "rule",
                              .json = RULE_JSON,
                              .from = "payout_rule AS t WHERE t.id = @payout_set",
                              .key = DB_NO_ARGS,
                              .write = TEXT(PAYOUT_SQL_MAX)};

    enum err rc = check_rule(rule);
    if (rc == ERR_OK && rule->rail[0] != '\0')
        rc = rail_by_name(db, rule->rail, &rail);
    if (rc != ERR_OK)
        return rc;
    statement_add(
        &setting.write,
        "INSERT INTO payout_rule (kind, rail, currency_id, level, amount, times, "
        "period_s, approvals) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_text(rule->kind), text_or_null(rule->rail),
                rule->currency == NULL ? db_null() : db_u64(rule->currency->id),
                text_or_null(rule->level), rule->units == 0 ? db_null() : db_i128(rule->units),
                rule->times == 0 ? db_null() : db_i64(rule->times),
                rule->period_s == 0 ? db_null() : db_i64(rule->period_s), db_i64(rule->approvals)));
    rc = write_setting(db, &setting);
    *id = setting.id;
    return rc;
}

enum err payout_rule_remove(struct db *db, const char *who, int64_t id)
{
    const struct db_arg key = db_i64(id);
    char subject[SUBJECT_SIZE];
    struct setting setting = {.who = who,
                              .what = "rule",
                              .subject = subject,
                              .json = RULE_JSON,
                              .from = "payout_rule AS t WHERE t.id = ?",
                              .key = {&key, 1},
                              .write = TEXT(PAYOUT_SQL_MAX),
                              .must_be = true};

    snprintf(subject, sizeof(subject), "%lld", (long long)id);
    statement_add(&setting.write, "DELETE FROM payout_rule WHERE id = ?", DB_ARGS(key));
    return write_setting(db, &setting);
}

/* Columns may be NULL, which reads as "" and 0. */
static const struct db_column rule_columns[] = {
    DB_COLUMN("q.id", struct payout_rule, id),
    DB_COLUMN("q.kind", struct payout_rule, kind),
    DB_COLUMN("COALESCE(q.rail, '')", struct payout_rule, rail),
    DB_COLUMN("q.currency_id", struct payout_rule, currency),
    DB_COLUMN("COALESCE(q.level, '')", struct payout_rule, level),
    DB_COLUMN("q.amount", struct payout_rule, units),
    DB_COLUMN("q.times", struct payout_rule, times),
    DB_COLUMN("q.period_s", struct payout_rule, period_s),
    DB_COLUMN("q.approvals", struct payout_rule, approvals),
};

enum err payout_rules(struct db *db, void (*row)(void *arg, const struct payout_rule *rule),
                      void *arg)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};
    struct payout_rule rule;

    db_select(&sql, rule_columns, DB_COUNT(rule_columns));
    text_puts(&sql, "FROM payout_rule AS q ORDER BY q.id");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, rule_columns, DB_COUNT(rule_columns), &rule))
        row(arg, &rule);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
