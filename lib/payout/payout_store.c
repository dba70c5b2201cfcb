/* The payouts' SQL: reading under a lock, and the statements that write. */
#include <string.h>

#include "db/columns.h"
#include "identity/sql.h"
#include "ledger/sql.h"
#include "notify/event.h"
#include "notify/sql.h"
#include "payout/store.h"
#include "json/writer.h"

/* A payout alone. */
static const struct db_column columns[] = {
    DB_COLUMN("p.id", struct payout, id),
    DB_COLUMN("p.uuid", struct payout, uuid),
    DB_COLUMN("p.service", struct payout, service),
    DB_COLUMN("p.ref", struct payout, ref),
    DB_COLUMN("p.user_id", struct payout, user_id),
    DB_COLUMN("p.account_id", struct payout, account_id),
    DB_COLUMN("p.rail", struct payout, rail),
    DB_COLUMN("p.currency_id", struct payout, amount.currency),
    DB_COLUMN("p.amount", struct payout, amount.units),
    DB_COLUMN("p.currency_id", struct payout, fee.currency),
    DB_COLUMN("p.fee", struct payout, fee.units),
    DB_COLUMN("p.address", struct payout, address),
    DB_COLUMN("p.memo", struct payout, memo),
    DB_COLUMN("p.note", struct payout, note),
    DB_COLUMN("p.to_user_id", struct payout, to_user_id),
    DB_COLUMN("p.turn", struct payout, turn),
    DB_COLUMN("p.attempt", struct payout, attempt),
    DB_COLUMN("p.needed", struct payout, needed),
    DB_COLUMN("IF(p.needed = 0, 0, (SELECT COUNT(*) FROM payout_approval AS y WHERE y.payout_id = "
              "p.id))",
              struct payout, approvals),
    DB_COLUMN("p.reference", struct payout, reference),
    DB_COLUMN("p.confirmations", struct payout, confirmations),
    DB_COLUMN("p.why", struct payout, why),
    DB_COLUMN("UNIX_TIMESTAMP(p.created_at) DIV 1", struct payout, created),
    DB_COLUMN("UNIX_TIMESTAMP(p.changed_at) DIV 1", struct payout, changed),
    DB_COLUMN("UNIX_TIMESTAMP(p.sent_at) DIV 1", struct payout, sent),
    DB_COLUMN("UNIX_TIMESTAMP(p.ended_at) DIV 1", struct payout, ended),
};

/* What its rail and its asset there say, and its state, by the numbers of their words. */
struct payout_setting {
    int64_t kind, state; /* from 1 */
    char contract[RAIL_CONTRACT_MAX + 1];
    uint64_t decimals, confirmations;
};

#define SETTING(rail_has, asset_has)                                                           \
    {                                                                                          \
        DB_COLUMN("p.state + 0", struct payout_setting, state),                                \
            DB_COLUMN(rail_has("r.kind + 0"), struct payout_setting, kind),                    \
            DB_COLUMN(asset_has("a.contract"), struct payout_setting, contract),               \
            DB_COLUMN(asset_has("a.decimals"), struct payout_setting, decimals),               \
            DB_COLUMN(                                                                         \
                "COALESCE(" asset_has("a.confirmations") ", " rail_has("r.confirmations") ")", \
                struct payout_setting, confirmations),                                         \
    }

/* Of a join; and looked up one by one for locking reads, which would lock the rows of a join: nobody is to wait
 * for a rail's row. */
#define JOINED(column) column
#define OF_RAIL(column) "(SELECT " column " FROM rail AS r WHERE r.name = p.rail)"
#define OF_ASSET(column)                                                               \
    "(SELECT " column " FROM rail_asset AS a WHERE a.rail = p.rail AND a.currency_id " \
    "= p.currency_id)"
static const struct db_column setting_columns[] = SETTING(JOINED, JOINED);
static const struct db_column locked_setting_columns[] = SETTING(OF_RAIL, OF_ASSET);
#define SETTING_JOINS                                                                       \
    " LEFT JOIN rail AS r ON r.name = p.rail LEFT JOIN rail_asset AS a ON a.rail = p.rail " \
    "AND a.currency_id = p.currency_id "

/* What moves look at besides. */
static const struct db_column row_columns[] = {
    DB_COLUMN("p.fenced", struct payout_row, fenced),
    DB_COLUMN(OF_RAIL("r.outside"), struct payout_row, outside),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("p.user_id", "held", "p.currency_id"), struct payout_row, held),
    DB_COLUMN(LEDGER_SQL_RAIL_ACCOUNT("1", "external", "p.currency_id", OF_RAIL("r.outside")),
              struct payout_row, external),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("1", "fee", "p.currency_id"), struct payout_row, house_fee),
    DB_COLUMN(OF_RAIL("r.paused"), struct payout_row, paused),
    DB_COLUMN("NOW(6)", struct payout_row, now),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct payout_row, now_s),
};

void payout_store_select(struct text *sql, const char *hint)
{
    db_select(sql, columns, DB_COUNT(columns));
    db_select_more(sql, setting_columns, DB_COUNT(setting_columns));
    text_addf(sql, "FROM payout AS p %s" SETTING_JOINS, hint);
}

bool payout_store_next(struct db_rows *rows, struct payout *out)
{
    struct payout_setting setting = {0};

    *out = (struct payout){0};
    if (!db_read(rows, columns, DB_COUNT(columns), out))
        return false;
    db_read_more(rows, DB_COUNT(columns), setting_columns, DB_COUNT(setting_columns), &setting);
    out->kind = (enum rail_kind)(setting.kind - 1);
    out->state = (enum payout_state)(setting.state - 1);
    text_copy(out->contract, sizeof(out->contract), setting.contract);
    out->decimals = setting.decimals;
    out->confirmations_needed = setting.confirmations;
    return true;
}

static void select_rows(struct text *sql)
{
    db_select(sql, columns, DB_COUNT(columns));
    db_select_more(sql, locked_setting_columns, DB_COUNT(locked_setting_columns));
    db_select_more(sql, row_columns, DB_COUNT(row_columns));
    text_puts(sql, "FROM payout AS p ");
}

static bool next_row(struct db_rows *rows, struct payout_row *out)
{
    *out = (struct payout_row){0};
    if (!payout_store_next(rows, &out->payout))
        return false;
    db_read_more(rows, DB_COUNT(columns) + DB_COUNT(setting_columns), row_columns,
                 DB_COUNT(row_columns), out);
    return true;
}

enum err payout_store_read(struct db *db, int64_t id, struct payout_row *out)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};

    select_rows(&sql);
    statement_add(&sql, db_in_txn(db) ? "WHERE p.id = ? FOR UPDATE" : "WHERE p.id = ?",
                  DB_ARGS(db_i64(id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !next_row(&rows, out))
        rc = ERR_PAYOUT_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err payout_store_lock(struct db *db, const char *ids,
                           void (*row)(void *arg, const struct payout_row *row), void *arg)
{
    struct text sql = TEXT(PAYOUT_SQL_MAX);
    struct db_rows rows = {0};
    struct payout_row read;

    select_rows(&sql);
    text_addf(&sql, "WHERE p.id IN (%s) ORDER BY p.id FOR UPDATE", ids);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && next_row(&rows, &read))
        row(arg, &read);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static const struct db_column offer_columns[] = {
    DB_COLUMN("r.name IS NOT NULL", struct payout_offer, rail_there),
    DB_COLUMN("a.rail IS NOT NULL", struct payout_offer, asset_there),
    DB_COLUMN("r.kind", struct payout_offer, kind),
    DB_COLUMN("r.paused", struct payout_offer, paused),
    DB_COLUMN("a.withdrawals", struct payout_offer, withdrawals),
    DB_COLUMN("a.memo_needed", struct payout_offer, memo_needed),
    DB_COLUMN("a.decimals", struct payout_offer, decimals),
    DB_COLUMN("a.min_withdrawal", struct payout_offer, min_withdrawal),
    DB_COLUMN("a.fee", struct payout_offer, fee),
    DB_COLUMN(LEDGER_SQL_ENABLED("asks.currency_id"), struct payout_offer, currency_enabled),
    DB_COLUMN("f.id", struct payout_offer, account),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", "held", "asks.currency_id"), struct payout_offer,
              held),
    DB_COLUMN("f.balance - f.reserved", struct payout_offer, free),
    DB_COLUMN("t.id", struct payout_offer, to_account),
    DB_COLUMN("NOW(6)", struct payout_offer, now),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct payout_offer, now_s),
};

static const struct db_column rule_columns[] = {
    DB_COLUMN("q.id", struct payout_rule_row, id),
    DB_COLUMN("q.kind", struct payout_rule_row, kind),
    DB_COLUMN("q.amount IS NOT NULL", struct payout_rule_row, by_amount),
    DB_COLUMN("q.times IS NOT NULL", struct payout_rule_row, by_times),
    DB_COLUMN("q.amount", struct payout_rule_row, amount),
    DB_COLUMN("q.times", struct payout_rule_row, times),
    DB_COLUMN("q.approvals", struct payout_rule_row, approvals),
    DB_COLUMN("q.kind = 'new_address' AND NOT EXISTS (SELECT 1 FROM payout AS k WHERE k.user_id = "
              "asks.user_id AND k.rail = asks.rail AND k.address = asks.address AND k.memo = "
              "asks.memo AND k.state = 'confirmed')",
              struct payout_rule_row, fresh),
    DB_COLUMN("(SELECT COUNT(*) FROM payout AS k WHERE k.user_id = asks.user_id AND k.created_at > "
              "NOW(6) - INTERVAL q.period_s SECOND AND (q.rail IS NULL OR k.rail = q.rail) AND "
              "(q.currency_id IS NULL OR k.currency_id = q.currency_id))",
              struct payout_rule_row, before),
    DB_COLUMN("(SELECT SUM(k.amount + k.fee) FROM payout AS k WHERE k.user_id = asks.user_id AND "
              "k.created_at > NOW(6) - INTERVAL q.period_s SECOND AND (q.rail IS NULL OR k.rail = "
              "q.rail) AND k.currency_id = asks.currency_id)",
              struct payout_rule_row, spent),
};

static void ask_offer(struct db_packet *packet, const struct payout_request *request,
                      int64_t to_user_id)
{
    struct text *sql = db_packet_begin(packet);
    struct db_arg user = db_i64(request->actor->user_id), rail = db_text(request->rail),
                  currency = db_u64(request->total.currency->id),
                  purpose = db_text(request->purpose);

    db_select(sql, offer_columns, DB_COUNT(offer_columns));
    statement_add(sql,
                  "FROM (SELECT ? AS user_id, ? AS currency_id) AS asks LEFT JOIN rail AS r ON "
                  "r.name = ? LEFT JOIN rail_asset AS a ON a.rail = ? AND a.currency_id = ? LEFT "
                  "JOIN " LEDGER_SQL_ACCOUNTS " AS f ON f.owner_id = ? AND f.purpose = ? AND "
                  "f.currency_id = ? AND f.rail = '' LEFT JOIN " LEDGER_SQL_ACCOUNTS
                  " AS t ON t.owner_id = ? AND t.purpose = ? AND t.currency_id = ? AND t.rail = ''",
                  DB_ARGS(user, currency, rail, rail, currency, user, purpose, currency,
                          db_i64(to_user_id), purpose, currency));
}

static void ask_rules(struct db_packet *packet, const struct payout_request *request,
                      const char *address)
{
    struct text *sql = db_packet_begin(packet);
    struct db_arg user = db_i64(request->actor->user_id), rail = db_text(request->rail),
                  currency = db_u64(request->total.currency->id);

    db_select(sql, rule_columns, DB_COUNT(rule_columns));
    statement_add(sql,
                  "FROM payout_rule AS q JOIN (SELECT ? AS user_id, ? AS rail, ? AS address, ? AS "
                  "memo, ? AS currency_id) AS asks ON TRUE WHERE (q.rail IS NULL OR q.rail = ?) "
                  "AND (q.currency_id IS NULL OR q.currency_id = ?) AND (q.level IS NULL OR "
                  "q.level = " IDENTITY_SQL_LEVEL("?") ") ORDER BY q.id",
                  DB_ARGS(user, rail, db_text(address),
                          db_text(request->memo == NULL ? "" : request->memo), currency, rail,
                          currency, user));
}

static void ask_before(struct db_packet *packet, const struct payout_request *request)
{
    struct text *sql = db_packet_begin(packet);

    payout_store_select(sql, "");
    statement_add(
        sql, "WHERE p.service = ? AND p.user_id = ? AND p.ref = ?",
        DB_ARGS(db_text(request->service), db_i64(request->actor->user_id), db_text(request->ref)));
}

enum err payout_store_offer(struct db *db, const struct payout_request *request,
                            const char *address, int64_t to_user_id, const struct ledger_use *use,
                            struct ledger_limits *limits, struct payout_offer *offer,
                            struct payout *before,
                            void (*rule)(void *arg, const struct payout_rule_row *rule), void *arg)
{
    enum { LIMITS = 0, OFFER = 2, BEFORE, RULES, RESULTS };
    struct db_packet packet = DB_PACKET(PAYOUT_SQL_MAX);
    struct db_rows rows[RESULTS] = {0};
    struct payout_rule_row one;

    ledger_limits_ask(&packet, use);
    ask_offer(&packet, request, to_user_id);
    ask_before(&packet, request);
    ask_rules(&packet, request, address);
    enum err rc = db_packet_run(db, &packet, rows, RESULTS);
    if (rc == ERR_OK && !db_read(&rows[OFFER], offer_columns, DB_COUNT(offer_columns), offer))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK)
        (void)payout_store_next(&rows[BEFORE], before);
    while (rc == ERR_OK && db_read(&rows[RULES], rule_columns, DB_COUNT(rule_columns), &one))
        rule(arg, &one);
    ledger_limits_take(&rows[LIMITS], limits);
    for (int i = OFFER; i < RESULTS; i++)
        db_rows_free(&rows[i]);
    return rc;
}

void payout_store_add(struct db_packet *packet, const struct payout *payout, const char *now)
{
    bool ended = payout_state_ended(payout->state);

    db_packet_add_once(
        packet,
        "INSERT INTO payout (uuid, service, ref, user_id, account_id, rail, currency_id, amount, "
        "fee, address, memo, note, to_user_id, state, turn, needed, why, created_at, changed_at, "
        "next_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_uuid(&payout->uuid), db_text(payout->service), db_text(payout->ref),
                db_i64(payout->user_id), db_i64(payout->account_id), db_text(payout->rail),
                db_u64(payout->amount.currency->id), db_i128(payout->amount.units),
                db_i128(payout->fee.units), db_text(payout->address), db_text(payout->memo),
                db_text(payout->note),
                payout->to_user_id == 0 ? db_null() : db_i64(payout->to_user_id),
                db_text(payout_state_names[payout->state]), db_u64(payout->turn),
                db_u64(payout->needed), db_text(payout->why), db_text(now), db_text(now),
                db_text(now), ended ? db_text(now) : db_null()),
        ERR_DB_CONTENDED);
    db_packet_add(packet, "SET @payout = LAST_INSERT_ID()", DB_NO_ARGS);
    db_packet_add(packet,
                  "INSERT INTO payout_history (payout_id, turn, at, state, who, note) VALUES "
                  "(@payout, 1, ?, 'requested', 'customer', ''), (@payout, 2, ?, ?, 'job', ?)",
                  DB_ARGS(db_text(now), db_text(now), db_text(payout_state_names[payout->state]),
                          db_text(payout->why)));
}

void payout_store_history(struct db_packet *packet, int64_t id, uint64_t turn, const char *at,
                          const struct payout_move *move)
{
    db_packet_add(
        packet,
        "INSERT INTO payout_history (payout_id, turn, at, state, who, name, note) VALUES "
        "(?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_i64(id), db_u64(turn), db_text(at), db_text(payout_state_names[move->to]),
                db_text(payout_who_names[move->who]), db_text(move->name == NULL ? "" : move->name),
                db_text(move->note == NULL ? "" : move->note)));
}

void payout_store_record(struct db_packet *packet, const char *who, int64_t id, const char *was,
                         const char *became, const char *reference, const char *note)
{
    db_packet_add(
        packet,
        "INSERT INTO payout_change (who, what, subject, was, became) VALUES (?, 'payout', "
        "?, JSON_OBJECT('state', ?), JSON_OBJECT('state', ?, 'reference', ?, 'note', ?))",
        DB_ARGS(db_text(who), db_i64(id), db_text(was), db_text(became),
                db_text(reference == NULL ? "" : reference), db_text(note == NULL ? "" : note)));
}

void payout_store_event(struct db_packet *packet, const struct payout *payout)
{
    struct text payload = TEXT(EVENT_PAYLOAD_MAX);
    struct writer writer = {.out = &payload};
    char units[AMOUNT_TEXT_SIZE];

    writer_object(&writer, NULL);
    writer_int(&writer, "id", payout->id);
    writer_text(&writer, "service", payout->service);
    writer_text(&writer, "rail", payout->rail);
    writer_text(&writer, "currency", payout->amount.currency->code);
    amount_format_units(payout->amount, units);
    writer_text(&writer, "amount", units);
    amount_format_units(payout->fee, units);
    writer_text(&writer, "fee", units);
    writer_text(&writer, "reference", payout->reference);
    writer_end(&writer);
    event_add(packet, &(struct event){.topic = "payout",
                                      .kind = payout_state_names[payout->state],
                                      .owner_id = payout->user_id,
                                      .subject = &payout->uuid,
                                      .payload = text_string(&payload)});
    text_free(&payload);
}

void payout_store_stream(struct db_packet *packet, const struct payout *payout)
{
    db_packet_add(packet,
                  NOTIFY_SQL_STREAM_INSERT "('payout', NULL, NULL, NULL, NULL, ?, NULL, ?, ?)",
                  DB_ARGS(db_u64(payout->confirmations), db_i64(payout->id),
                          db_text(payout_state_names[payout->state])));
}

void payout_fence(struct db_packet *packet, const struct payout *payout)
{
    db_packet_add(packet,
                  "UPDATE payout SET fenced = fenced + 1 WHERE id = ? AND state = 'sending' AND "
                  "attempt = ?",
                  DB_ARGS(db_i64(payout->id), db_u64(payout->attempt)));
    db_packet_expect(packet, 1, ERR_PAYOUT_STATE);
}
