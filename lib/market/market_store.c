/* The SQL of markets. */
#include <stdio.h>

#include "db/packet.h"
#include "ledger/history.h"
#include "ledger/post.h"
#include "market/store.h"

#define SQL_MAX 65536

static struct amount read_amount(const struct db_rows *rows, unsigned col,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col), .currency = currency};
}

enum err market_list(struct db *db, void (*row)(void *arg, const struct market *market), void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT id, item_id, currency_id, amount_step, price_step, min_amount, "
                         "status = 'halted' FROM market ORDER BY id",
                         DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        const struct currency *item = currency_by_id((uint16_t)db_get_u64(&rows, 1));
        const struct currency *currency = currency_by_id((uint16_t)db_get_u64(&rows, 2));
        struct market market = {
            .id = (uint8_t)db_get_u64(&rows, 0),
            .item = item,
            .currency = currency,
            .amount_step = read_amount(&rows, 3, item),
            .price_step = read_amount(&rows, 4, currency),
            .min_amount = read_amount(&rows, 5, item),
            .halted = db_get_u64(&rows, 6) != 0,
        };
        snprintf(market.code, sizeof(market.code), "%s%s", item->code, currency->code);
        row(arg, &market);
    }
    db_rows_free(&rows);
    return rc;
}

static enum err add_in(struct db *db, void *arg)
{
    const struct market_rules *rules = arg;
    int64_t item_fees = 0, fees = 0, rounding = 0;
    struct db_packet packet = DB_PACKET(SQL_MAX);

    enum err rc = ledger_account_need(db, LEDGER_HOUSE, rules->item, "fee", "", &item_fees);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, rules->currency, "fee", "", &fees);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, rules->currency, "rounding", "", &rounding);
    if (rc != ERR_OK)
        return rc;
    db_packet_add_once(
        &packet,
        "INSERT INTO market (id, item_id, currency_id, amount_step, price_step, min_amount, "
        "item_unit, status, fee_schedule, item_fee_account, currency_fee_account, "
        "rounding_account) SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, "
        "CAST(CONCAT('1e-', ?) AS DECIMAL(19,18)), 'halted', 0, ?, ?, ? FROM market",
        DB_ARGS(db_u64(rules->item->id), db_u64(rules->currency->id),
                db_i128(rules->amount_step.units), db_i128(rules->price_step.units),
                db_i128(rules->min_amount.units), db_u64(rules->item->decimals), db_i64(item_fees),
                db_i64(fees), db_i64(rounding)),
        ERR_MARKET_EXISTS);
    return db_packet_commit(db, &packet, NULL, 0);
}

enum err market_store_add(struct db *db, const struct market_rules *rules, bool *resent)
{
    struct market_rules copy = *rules;
    return db_txn(db, add_in, &copy, resent);
}

enum err market_halt(struct db *db, const struct market *market, bool halted)
{
    return db_txn_call(db, "UPDATE market SET status = IF(?, 'halted', 'open') WHERE id = ?",
                       DB_ARGS(db_u64(halted), db_u64(market->id)), NULL, NULL);
}

enum err market_store_fee(struct db *db, const struct market *market, struct amount volume,
                          const char *percent)
{
    return db_txn_call(db, "CALL market_fee_set(?, ?, ?)",
                       DB_ARGS(db_u64(market->id), db_i128(volume.units), db_decimal(percent)),
                       NULL, NULL);
}

enum err market_fee_list(struct db *db, const struct market *market,
                         void (*row)(void *arg, bool own, struct amount volume,
                                     const char *percent),
                         void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT f.market_id <> 0, f.min_volume, f.percent FROM market AS m "
                         "JOIN trade_fee AS f ON f.market_id = m.fee_schedule WHERE m.id = ? "
                         "ORDER BY f.min_volume",
                         DB_ARGS(db_u64(market->id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_u64(&rows, 0) != 0, read_amount(&rows, 1, market->item),
            db_get_text(&rows, 2));
    db_rows_free(&rows);
    return rc;
}

enum err market_store_rate(struct db *db, const struct currency *currency, const char *per_dollar)
{
    return db_txn_call(db,
                       "INSERT INTO currency_rate (currency_id, per_dollar) VALUES (?, ?) "
                       "ON DUPLICATE KEY UPDATE per_dollar = VALUES(per_dollar)",
                       DB_ARGS(db_u64(currency->id), db_decimal(per_dollar)), NULL, NULL);
}

/* A trade that is to be taken back. */
struct voiding {
    int64_t tid;
    const char *note;
};

/* Locks the market, then the trade. */
static enum err lock_trade(struct db *db, int64_t tid, int64_t *journal_id)
{
    struct db_packet packet = DB_PACKET(SQL_MAX);
    struct db_rows rows[2] = {0};

    db_packet_add(&packet, "SELECT id FROM market WHERE id = ? MOD 100 FOR UPDATE",
                  DB_ARGS(db_i64(tid)));
    db_packet_add(&packet,
                  "SELECT journal_id, voided_at FROM trade WHERE market_id = ? MOD 100 AND tid = ? "
                  "FOR UPDATE",
                  DB_ARGS(db_i64(tid), db_i64(tid)));
    enum err rc = db_packet_run(db, &packet, rows, 2);
    if (rc == ERR_OK && !db_next(&rows[1]))
        rc = ERR_TRADE_UNKNOWN;
    if (rc == ERR_OK && !db_is_null(&rows[1], 1))
        rc = ERR_TRADE_VOIDED;
    if (rc == ERR_OK)
        *journal_id = db_get_i64(&rows[1], 0);
    db_rows_free(&rows[0]);
    db_rows_free(&rows[1]);
    return rc;
}

/* Everything that the trade's journal moved goes back in a new one, and its candles are made without
 * it. */
static enum err void_in(struct db *db, void *arg)
{
    static const int spans_s[] = {60, 3600};
    const struct voiding *voiding = arg;
    int64_t tid = voiding->tid, second = tid / 1000000, journal_id = 0;
    char key[sizeof("trade_void:") + 20], info[LEDGER_INFO_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = ""};
    struct ledger_posting posting = ledger_posting("trade_void", &house, NULL);
    struct db_packet packet = DB_PACKET(SQL_MAX);

    snprintf(key, sizeof(key), "trade_void:%lld", (long long)tid);
    snprintf(info, sizeof(info), "Trade taken back: [tid:%lld] %s", (long long)tid, voiding->note);
    enum err rc = lock_trade(db, tid, &journal_id);
    if (rc == ERR_OK)
        rc = ledger_legs_back(db, &posting, journal_id, info);
    if (rc == ERR_OK) {
        db_packet_add(&packet,
                      "UPDATE trade SET voided_at = NOW(6) WHERE market_id = ? MOD 100 AND tid = ?",
                      DB_ARGS(db_i64(tid), db_i64(tid)));
        for (size_t i = 0; i < sizeof(spans_s) / sizeof(spans_s[0]); i++)
            db_packet_add(
                &packet, "CALL market_candle_again(? MOD 100, ?, ?)",
                DB_ARGS(db_i64(tid), db_i64(spans_s[i]), db_i64(second - second % spans_s[i])));
        rc = ledger_post(&packet, &posting);
    }
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    ledger_posting_free(&posting);
    db_packet_free(&packet);
    return rc;
}

enum err market_store_void(struct db *db, int64_t tid, const char *note, bool *resent)
{
    struct voiding voiding = {.tid = tid, .note = note};
    return db_txn(db, void_in, &voiding, resent);
}
