/* The SQL of markets. */
#include <stdio.h>

#include "market/store.h"

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

enum err market_store_add(struct db *db, const struct market_rules *rules, bool *resent)
{
    return db_txn_call(db, "CALL market_add(?, ?, ?, ?, ?)",
                       DB_ARGS(db_u64(rules->item->id), db_u64(rules->currency->id),
                               db_i128(rules->amount_step.units), db_i128(rules->price_step.units),
                               db_i128(rules->min_amount.units)),
                       NULL, resent);
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

enum err market_store_void(struct db *db, int64_t tid, const char *note, bool *resent)
{
    return db_txn_call(db, "CALL market_void(?, ?)", DB_ARGS(db_i64(tid), db_text(note)), NULL,
                       resent);
}
