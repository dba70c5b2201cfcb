/* The SQL of tickers. */
#include <string.h>

#include "market/data_store.h"

static struct amount money(const struct db_rows *rows, unsigned col,
                           const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col),
                           .currency = db_is_null(rows, col) ? NULL : currency};
}

/* A column that is a positive decimal; NULL is a rate of 0. */
static enum err read_rate(const struct db_rows *rows, unsigned col, struct rate *out)
{
    const char *text = db_get_text(rows, col);
    *out = (struct rate){0};
    return text == NULL ? ERR_OK : rate_parse(text, strlen(text), out);
}

enum err market_store_prices(struct db *db, const struct market *market, struct market_prices *out)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED), "
               "(SELECT MAX(price) FROM market_level WHERE market_id = ? AND side = 'bid'), "
               "(SELECT MIN(price) FROM market_level WHERE market_id = ? AND side = 'ask'), "
               "(SELECT price FROM trade WHERE market_id = ? AND voided_at IS NULL "
               "ORDER BY tid DESC LIMIT 1)",
               DB_ARGS(db_u64(market->id), db_u64(market->id), db_u64(market->id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK)
        *out = (struct market_prices){.now_us = db_get_i64(&rows, 0),
                                      .buy = money(&rows, 1, market->currency),
                                      .sell = money(&rows, 2, market->currency),
                                      .last_local = money(&rows, 3, market->currency)};
    db_rows_free(&rows);
    return rc;
}

enum err market_store_newest(struct db *db, const struct market *market, struct amount *price,
                             struct rate *from, struct rate *to)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT m.currency_id, t.price, r.per_dollar, own.per_dollar FROM market AS m "
        "JOIN trade AS t ON t.market_id = m.id AND t.tid = (SELECT tid FROM trade "
        "WHERE market_id = m.id AND voided_at IS NULL ORDER BY tid DESC LIMIT 1) "
        "LEFT JOIN currency_rate AS r ON r.currency_id = m.currency_id "
        "LEFT JOIN currency_rate AS own ON own.currency_id = ? "
        "WHERE m.item_id = ? AND (m.id = ? OR r.per_dollar * own.per_dollar > 0) "
        "ORDER BY t.tid DESC LIMIT 1",
        DB_ARGS(db_u64(market->currency->id), db_u64(market->item->id), db_u64(market->id)), &rows);
    *price = (struct amount){0};
    if (rc == ERR_OK && db_next(&rows)) {
        *price = money(&rows, 1, currency_by_id((uint16_t)db_get_u64(&rows, 0)));
        rc = read_rate(&rows, 2, from);
        if (rc == ERR_OK)
            rc = read_rate(&rows, 3, to);
    }
    db_rows_free(&rows);
    return rc;
}

/* A mean as the database divides: four decimals of a smallest unit, rounded half up. */
static enum err read_mean(const struct db_rows *rows, unsigned col, const struct market *market,
                          struct rate *out)
{
    enum err rc = read_rate(rows, col, out);
    out->scale = (uint8_t)(out->scale + market->currency->decimals);
    return rc;
}

enum err market_store_summary(struct db *db, const struct market *market, int64_t since_us,
                              int64_t minute, int64_t hour, struct market_summary *out)
{
    struct db_rows rows = {0};
    struct db_arg id = db_u64(market->id);
    enum err rc = db_run(
        db,
        "SELECT MAX(high), MIN(low), ROUND(SUM(price_sum) / SUM(trades), 4), "
        "ROUND(SUM(turnover) / SUM(volume), 4), SUM(volume) FROM ("
        "SELECT high, low, price_sum, trades, turnover, volume FROM market_candle "
        "WHERE market_id = ? AND span_s = 3600 AND at >= ? UNION ALL "
        "SELECT high, low, price_sum, trades, turnover, volume FROM market_candle "
        "WHERE market_id = ? AND span_s = 60 AND at >= ? AND at < ? UNION ALL "
        "SELECT price, price, price, 1, amount * price, amount FROM trade "
        "WHERE market_id = ? AND tid >= ? AND tid < ? * 1000000 AND voided_at IS NULL) AS part",
        DB_ARGS(id, db_i64(hour), id, db_i64(minute), db_i64(hour), id, db_i64(since_us),
                db_i64(minute)),
        &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK) {
        *out = (struct market_summary){
            .traded = !db_is_null(&rows, 0),
            .high = money(&rows, 0, market->currency),
            .low = money(&rows, 1, market->currency),
            .volume = {.units = db_get_i128(&rows, 4), .currency = market->item}};
        rc = read_mean(&rows, 2, market, &out->avg);
        if (rc == ERR_OK)
            rc = read_mean(&rows, 3, market, &out->vwap);
    }
    db_rows_free(&rows);
    return rc;
}

enum err market_store_sources(struct db *db, const struct market *market, struct rate *own,
                              struct market_source sources[MARKET_MAX_COUNT], size_t *count)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT m.id, m.currency_id, r.per_dollar, own.per_dollar FROM market AS m "
        "JOIN currency_rate AS r ON r.currency_id = m.currency_id "
        "JOIN currency_rate AS own ON own.currency_id = ? WHERE m.item_id = ? AND m.id <> ?",
        DB_ARGS(db_u64(market->currency->id), db_u64(market->item->id), db_u64(market->id)), &rows);
    *own = (struct rate){0};
    *count = 0;
    while (rc == ERR_OK && *count < MARKET_MAX_COUNT && db_next(&rows)) {
        struct market_source *source = &sources[(*count)++];
        source->id = (uint8_t)db_get_u64(&rows, 0);
        source->currency = currency_by_id((uint16_t)db_get_u64(&rows, 1));
        rc = read_rate(&rows, 2, &source->per_dollar);
        if (rc == ERR_OK)
            rc = read_rate(&rows, 3, own);
    }
    db_rows_free(&rows);
    return rc;
}
