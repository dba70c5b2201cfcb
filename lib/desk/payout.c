/* Paying affiliates: the whole balance, held with what it brings of a reserve until it is paid, or paid at
 * once to a balance here. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "db/columns.h"
#include "db/statement.h"
#include "desk/partner.h"
#include "desk/store.h"
#include "ledger/sql.h"
#include "json/writer.h"

#define HOLD_TAKEN "desk_payout"    /* kind of the hold of the affiliate's balance */
#define HOLD_PAID "desk_payout_pay" /* ... and of the reserve */
#define KEY_SIZE 96
#define NOTE_MAX 255
#define RECORD_MAX 4096 /* bytes */

/* A payment system as one for payouts, with the accounts of both sides. */
struct means {
    uint64_t system_id;
    char code[DESK_CODE_MAX + 1], name[257], rail[33], rule[DESK_RULE_SIZE], pay_out[8];
    uint64_t account_min, account_max, decimals;
    bool on, payout_on;
    const struct currency *currency, *desk_currency;
    char percent[16], worth[41], worth_in[41];
    __int128 balance, min_payout, reserve;
    int64_t affiliate, taken_held, profit; /* in the affiliates' currency */
    int64_t reserve_account, paid_held, external, own, profit_paid; /* in the system's */
};

#define OF_HOUSE(purpose) LEDGER_SQL_RAIL_ACCOUNT("1", purpose, "s.currency_id", "s.rail")
static const struct db_column means_columns[] = {
    DB_COLUMN("s.id", struct means, system_id),
    DB_COLUMN("s.code", struct means, code),
    DB_COLUMN("s.name", struct means, name),
    DB_COLUMN("s.rail", struct means, rail),
    DB_COLUMN("s.account_rule", struct means, rule),
    DB_COLUMN("s.pay_out", struct means, pay_out),
    DB_COLUMN("s.account_min", struct means, account_min),
    DB_COLUMN("s.account_max", struct means, account_max),
    DB_COLUMN("s.decimals", struct means, decimals),
    DB_COLUMN("c.affiliates", struct means, on),
    DB_COLUMN("s.payout_on", struct means, payout_on),
    DB_COLUMN("s.currency_id", struct means, currency),
    DB_COLUMN("c.currency_id", struct means, desk_currency),
    DB_COLUMN("s.payout_percent", struct means, percent),
    DB_COLUMN("IF(s.worth_rate_id IS NULL AND s.currency_id = c.currency_id, '1', (SELECT w.give "
              "FROM desk_rate AS w WHERE w.id = s.worth_rate_id))",
              struct means, worth),
    DB_COLUMN("IF(s.worth_rate_id IS NULL AND s.currency_id = c.currency_id, '1', (SELECT w.get "
              "FROM desk_rate AS w WHERE w.id = s.worth_rate_id))",
              struct means, worth_in),
    DB_COLUMN("COALESCE(" LEDGER_SQL_BALANCE("p.user_id", "affiliate", "c.currency_id") ", 0)",
              struct means, balance),
    DB_COLUMN("c.min_payout", struct means, min_payout),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "reserve", "s.currency_id", "s.rail"), struct means,
              reserve),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("p.user_id", "affiliate", "c.currency_id"), struct means,
              affiliate),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("p.user_id", "held", "c.currency_id"), struct means, taken_held),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("1", "profit", "c.currency_id"), struct means, profit),
    DB_COLUMN(OF_HOUSE("reserve"), struct means, reserve_account),
    DB_COLUMN(OF_HOUSE("held"), struct means, paid_held),
    DB_COLUMN(OF_HOUSE("external"), struct means, external),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("p.user_id", "available", "s.currency_id"), struct means, own),
};
#define FROM_MEANS                                                                             \
    "FROM desk_partner AS p JOIN desk_setting AS c ON c.id = 1 JOIN desk_system AS s ON TRUE " \
    "WHERE p.user_id = ?"

/* What the balance brings: converted, less the percentage, rounded down to the system's digits. */
static enum err bring(const struct means *means, struct amount *out)
{
    struct amount balance = {means->balance, means->desk_currency};
    struct rate worth, in, percent, hundred = {.coefficient = 100};
    __int128 grid = decimal_power(means->currency->decimals - (unsigned)means->decimals);

    *out = (struct amount){.currency = means->currency};
    if (means->worth[0] == '\0' || means->worth_in[0] == '\0' || balance.units <= 0)
        return ERR_OK;
    enum err rc = rate_parse(means->worth, strlen(means->worth), &worth);
    if (rc == ERR_OK)
        rc = rate_parse(means->worth_in, strlen(means->worth_in), &in);
    if (rc == ERR_OK)
        rc = rate_parse(means->percent, strlen(means->percent), &percent);
    if (rc != ERR_OK)
        return rc;
    /* (100 - percent) in percent: exact, since percent has few decimals */
    percent.coefficient = 100 * decimal_power(percent.scale) - percent.coefficient;
    struct amount less;
    rc = rate_apply(balance, percent, hundred, means->desk_currency, ROUND_DOWN, &less);
    if (rc == ERR_OK)
        rc = rate_apply(less, worth, in, means->currency, ROUND_DOWN, out);
    if (rc == ERR_OK)
        out->units -= out->units % grid;
    return rc;
}

enum err desk_payout_items(struct db *db, int64_t user_id,
                           void (*row)(void *arg, const struct desk_payout_item *item), void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct means means;

    db_select(&sql, means_columns, DB_COUNT(means_columns));
    statement_add(&sql, FROM_MEANS " AND s.payout_on ORDER BY s.sort, s.id",
                  DB_ARGS(db_i64(user_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, means_columns, DB_COUNT(means_columns), &means)) {
        struct desk_payout_item item = {.system_id = means.system_id};
        rc = bring(&means, &item.amount);
        if (rc != ERR_OK || item.amount.units == 0 || item.amount.units > means.reserve)
            continue;
        text_copy(item.code, sizeof(item.code), means.code);
        text_copy(item.name, sizeof(item.name), means.name);
        text_copy(item.percent, sizeof(item.percent), means.percent);
        row(arg, &item);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static const struct db_column payout_columns[] = {
    DB_COLUMN("o.id", struct desk_payout, id),
    DB_COLUMN("o.uuid", struct desk_payout, uuid),
    DB_COLUMN("o.partner_id", struct desk_payout, partner_id),
    DB_COLUMN("o.system_id", struct desk_payout, system_id),
    DB_COLUMN("s.code", struct desk_payout, code),
    DB_COLUMN("o.account", struct desk_payout, account),
    DB_COLUMN("o.currency_id", struct desk_payout, original.currency),
    DB_COLUMN("o.original", struct desk_payout, original.units),
    DB_COLUMN("s.currency_id", struct desk_payout, pay.currency),
    DB_COLUMN("o.pay", struct desk_payout, pay.units),
    DB_COLUMN("o.note", struct desk_payout, note),
    DB_COLUMN("UNIX_TIMESTAMP(o.created_at) DIV 1", struct desk_payout, created),
    DB_COLUMN("UNIX_TIMESTAMP(o.changed_at) DIV 1", struct desk_payout, changed),
};
enum { STATUS = DB_COUNT(payout_columns) }; /* behind them: o.status */

static void begin_payouts(struct text *sql)
{
    db_select(sql, payout_columns, DB_COUNT(payout_columns));
    text_puts(sql, ", o.status FROM desk_payout AS o JOIN desk_system AS s ON s.id = o.system_id ");
}

static bool next_payout(struct db_rows *rows, struct desk_payout *out)
{
    if (!db_read(rows, payout_columns, DB_COUNT(payout_columns), out))
        return false;
    out->status = (enum desk_payout_status)db_get_u64(rows, STATUS);
    return true;
}

enum err desk_payout_list(struct db *db, const struct desk_payout_filter *filter,
                          void (*row)(void *arg, const struct desk_payout *payout), void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct desk_payout payout;
    int64_t since = filter->since, until = filter->until;

    if (!span_fits(&since, &until))
        return ERR_OK;
    begin_payouts(&sql);
    statement_add(&sql,
                  "WHERE (? = 0 OR o.partner_id = ?) AND (? = 0 OR o.id = ?) AND o.created_at >= "
                  "FROM_UNIXTIME(?) AND (? = 0 OR o.created_at < FROM_UNIXTIME(? + 1)) AND (? = 0 "
                  "OR o.status = 0) ORDER BY o.id DESC LIMIT ?, ?",
                  DB_ARGS(db_i64(filter->partner_id), db_i64(filter->partner_id),
                          db_i64(filter->id), db_i64(filter->id), db_i64(since), db_i64(until),
                          db_i64(until), db_i64(filter->waiting),
                          db_i64(list_offset(filter->offset)), db_i64(list_limit(filter->limit))));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && next_payout(&rows, &payout))
        row(arg, &payout);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* A payout on its way, new or old. */
struct paying {
    struct db *db;
    struct means means;
    struct desk_payout payout;
    const char *trace, *note, *who;
    bool to_balance, repeated;
    enum desk_payout_status status;
    int64_t user_id;
};

/* Opens the accounts that are missing. */
static enum err need_accounts(struct paying *paying)
{
    struct means *means = &paying->means;
    struct db *db = paying->db;
    int64_t partner = paying->payout.partner_id;

    enum err rc =
        ledger_account_need(db, partner, means->desk_currency, "affiliate", "", &means->affiliate);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, partner, means->desk_currency, "held", "", &means->taken_held);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, means->desk_currency, "profit", "",
                                 &means->profit);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, means->currency, "reserve", means->rail,
                                 &means->reserve_account);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, means->currency, "held", means->rail,
                                 &means->paid_held);
    if (rc == ERR_OK && paying->to_balance)
        return ledger_account_need(db, partner, means->currency, "available", "", &means->own);
    return rc == ERR_OK ? ledger_account_need(db, LEDGER_HOUSE, means->currency, "external",
                                              means->rail, &means->external)
                        : rc;
}

static struct ledger_hold taken_hold(const struct paying *paying)
{
    return (struct ledger_hold){.kind = HOLD_TAKEN,
                                .ref = paying->payout.uuid,
                                .held = paying->means.taken_held,
                                .amount = paying->payout.original};
}

static struct ledger_hold paid_hold(const struct paying *paying)
{
    return (struct ledger_hold){.kind = HOLD_PAID,
                                .ref = paying->payout.uuid,
                                .held = paying->means.paid_held,
                                .amount = paying->payout.pay};
}

static enum err post(struct db_packet *packet, const struct paying *paying, const char *kind)
{
    const struct ledger_hold taken = taken_hold(paying), paid = paid_hold(paying);
    const struct means *means = &paying->means;
    char key[KEY_SIZE], id[UUID_TEXT_SIZE];
    const struct actor house = {
        .user_id = LEDGER_HOUSE, .request_key = key, .trace = paying->trace};

    uuid_format(&paying->payout.uuid, id);
    snprintf(key, sizeof(key), "%s:%s", kind, id);
    struct ledger_posting posting = ledger_posting(kind, &house, &paying->payout.uuid);
    if (strcmp(kind, "desk_payout_hold") == 0) {
        ledger_hold(&posting, &taken, means->affiliate, NULL, NULL);
        ledger_hold(&posting, &paid, means->reserve_account, NULL, NULL);
    } else if (strcmp(kind, "desk_payout_free") == 0) {
        ledger_release(&posting, &taken, means->affiliate, NULL, NULL);
        ledger_release(&posting, &paid, means->reserve_account, NULL, NULL);
    } else {
        ledger_capture(&posting, &taken, means->profit, NULL, NULL);
        ledger_capture(&posting, &paid, paying->to_balance ? means->own : means->external,
                       paying->to_balance ? "deposit" : NULL,
                       paying->to_balance ? "Affiliate's reward" : NULL);
    }
    enum err rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

static enum err check_new(struct paying *paying)
{
    const struct means *means = &paying->means;
    struct desk_payout *payout = &paying->payout;

    if (!means->on)
        return ERR_DESK_PARTNERS;
    if (!means->payout_on)
        return ERR_DESK_PAYOUT_SYSTEM;
    if (!paying->to_balance && desk_rule_check(means->rule, means->account_min, means->account_max,
                                               payout->account) != DESK_FITS)
        return ERR_DESK_PAYOUT_ACCOUNT;
    if (means->balance <= 0 || means->balance < means->min_payout)
        return ERR_DESK_PAYOUT_LOW;
    payout->original = (struct amount){means->balance, means->desk_currency};
    enum err rc = bring(means, &payout->pay);
    if (rc == ERR_OK && payout->pay.units == 0)
        return ERR_DESK_PAYOUT_LOW;
    return rc == ERR_OK && payout->pay.units > means->reserve ? ERR_DESK_PAYOUT_RESERVE : rc;
}

/* Locks the affiliate, so that of two payouts one finds nothing left, and reads. */
static enum err read_means(struct paying *paying)
{
    struct db_packet packet = DB_PACKET(DESK_SQL_MAX);
    struct db_rows rows[2] = {0};

    db_packet_add(&packet, "SELECT user_id FROM desk_partner WHERE user_id = ? FOR UPDATE",
                  DB_ARGS(db_i64(paying->payout.partner_id)));
    struct text *sql = db_packet_begin(&packet);
    db_select(sql, means_columns, DB_COUNT(means_columns));
    statement_add(sql, FROM_MEANS " AND s.id = ?",
                  DB_ARGS(db_i64(paying->payout.partner_id), db_u64(paying->payout.system_id)));
    enum err rc = db_packet_run(paying->db, &packet, rows, 2);
    if (rc == ERR_OK && rows[0].count == 0)
        rc = ERR_DESK_PARTNERS;
    if (rc == ERR_OK && !db_read(&rows[1], means_columns, DB_COUNT(means_columns), &paying->means))
        rc = ERR_DESK_PAYOUT_SYSTEM;
    paying->to_balance = strcmp(paying->means.pay_out, "balance") == 0;
    db_rows_free(&rows[0]);
    db_rows_free(&rows[1]);
    return rc;
}

static enum err add_in(struct db *db, void *arg)
{
    struct paying *paying = arg;
    const struct desk_payout *payout = &paying->payout;
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);

    paying->db = db;
    paying->means = (struct means){0};
    enum err rc = read_means(paying);
    if (rc == ERR_OK)
        rc = check_new(paying);
    if (rc == ERR_OK)
        rc = need_accounts(paying);
    if (rc != ERR_OK)
        return rc;
    db_packet_add_once(&packet,
                       "INSERT INTO desk_payout (uuid, partner_id, system_id, account, "
                       "currency_id, original, pay, status, created_at, changed_at) VALUES (?, ?, "
                       "?, ?, ?, ?, ?, ?, NOW(6), NOW(6))",
                       DB_ARGS(db_uuid(&payout->uuid), db_i64(payout->partner_id),
                               db_u64(payout->system_id), db_text(payout->account),
                               db_u64(payout->original.currency->id),
                               db_i128(payout->original.units), db_i128(payout->pay.units),
                               db_u64(paying->to_balance ? DESK_PAYOUT_PAID : DESK_PAYOUT_WAITS)),
                       ERR_REPLAYED);
    rc = post(&packet, paying, "desk_payout_hold");
    if (rc == ERR_OK && paying->to_balance)
        rc = post(&packet, paying, "desk_payout_paid");
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc == ERR_INSUFFICIENT_FUNDS ? ERR_DESK_PAYOUT_RESERVE : rc;
}

static enum err view(struct db *db, const char *where, struct db_arg name, struct desk_payout *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    begin_payouts(&sql);
    statement_add(&sql, where, DB_ARGS(name));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !next_payout(&rows, out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err desk_payout_add(struct db *db, int64_t user_id, uint64_t system_id, const char *account,
                         const char *trace, struct desk_payout *out)
{
    struct paying paying = {.trace = trace};
    bool resent = false;

    paying.payout =
        (struct desk_payout){.uuid = crypto_uuid7(), .partner_id = user_id, .system_id = system_id};
    if (account != NULL && text_is_utf8(account, strlen(account)))
        text_copy(paying.payout.account, sizeof(paying.payout.account), account);
    enum err rc = db_txn(db, add_in, &paying, &resent);
    if (resent && view(db, "WHERE o.uuid = ?", db_uuid(&paying.payout.uuid), out) == ERR_OK)
        return ERR_OK; /* its answer was lost */
    return rc == ERR_OK ? view(db, "WHERE o.uuid = ?", db_uuid(&paying.payout.uuid), out) : rc;
}

/* Reads a payout that is to end, locked, with its means. */
static enum err read_payout(struct paying *paying, int64_t id)
{
    struct db_rows locked = {0};

    enum err rc = db_run(paying->db, "SELECT partner_id FROM desk_payout WHERE id = ? FOR UPDATE",
                         DB_ARGS(db_i64(id)), &locked);
    if (rc == ERR_OK &&
        (!db_next(&locked) || (paying->user_id != 0 && db_get_i64(&locked, 0) != paying->user_id)))
        rc = ERR_NOT_FOUND;
    db_rows_free(&locked);
    if (rc == ERR_OK)
        rc = view(paying->db, "WHERE o.id = ?", db_i64(id), &paying->payout);
    return rc == ERR_OK ? read_means(paying) : rc;
}

/* Waiting payouts end: how, by whom and why, for the record of what operators do. */
static void add_record(struct db_packet *packet, const struct paying *paying)
{
    struct text became = TEXT(RECORD_MAX);
    struct writer json = {.out = &became};
    char subject[24];

    writer_object(&json, NULL);
    writer_int(&json, "status", (int64_t)paying->status);
    if (paying->note != NULL)
        writer_text(&json, "note", paying->note);
    writer_end(&json);
    snprintf(subject, sizeof(subject), "%lld", (long long)paying->payout.id);
    change_add(packet, paying->who, "payout", subject, "{\"status\":0}", text_string(&became));
    text_free(&became);
}

static enum err end_in(struct db *db, void *arg)
{
    struct paying *paying = arg;
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);
    int64_t id = paying->payout.id;

    paying->db = db;
    paying->means = (struct means){0};
    enum err rc = read_payout(paying, id);
    if (rc != ERR_OK || paying->payout.status == paying->status)
        return rc;
    if (paying->payout.status != DESK_PAYOUT_WAITS)
        return ERR_DESK_ACTION;
    rc = need_accounts(paying);
    if (rc != ERR_OK)
        return rc;
    db_packet_add(&packet,
                  "UPDATE desk_payout SET status = ?, changed_at = NOW(6), note = ? WHERE id = ? "
                  "AND status = 0",
                  DB_ARGS(db_u64(paying->status), db_text(paying->note), db_i64(id)));
    db_packet_expect(&packet, 1, ERR_DB_CONTENDED);
    if (paying->who != NULL)
        add_record(&packet, paying);
    rc = post(&packet, paying,
              paying->status == DESK_PAYOUT_PAID ? "desk_payout_paid" : "desk_payout_free");
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err desk_payout_end(struct db *db, int64_t id, int64_t user_id, enum desk_payout_status status,
                         const char *who, const char *note, const char *trace,
                         struct desk_payout *out)
{
    struct paying paying = {.trace = trace,
                            .who = who,
                            .note = note,
                            .status = status,
                            .user_id = user_id,
                            .payout = {.id = id}};
    bool resent = false; /* done before, it has that status: no other answer is needed */

    if (status == DESK_PAYOUT_WAITS)
        return ERR_DESK_ACTION;
    if (note != NULL && !text_is_utf8(note, strlen(note)))
        return ERR_NOT_UTF8;
    if (note != NULL && text_utf8_length(note, strlen(note)) > NOTE_MAX)
        return ERR_TOO_LONG;
    enum err rc = db_txn(db, end_in, &paying, &resent);
    return rc == ERR_OK ? view(db, "WHERE o.id = ?", db_i64(id), out) : rc;
}
