/* The SQL of candles. */
#include "market/data_store.h"

static struct market_candle read_candle(const struct db_rows *rows, const struct market *market)
{
    const struct currency *currency = market->currency;
    return (struct market_candle){
        .at = db_get_i64(rows, 0),
        .open = {.units = db_get_i128(rows, 1), .currency = currency},
        .high = {.units = db_get_i128(rows, 2), .currency = currency},
        .low = {.units = db_get_i128(rows, 3), .currency = currency},
        .close = {.units = db_get_i128(rows, 4), .currency = currency},
        .volume = {.units = db_get_i128(rows, 5), .currency = market->item},
        .trades = db_get_i64(rows, 6)};
}

enum err market_store_candles(struct db *db, const struct market *market, int64_t span_s,
                              int64_t since, int64_t limit,
                              void (*row)(void *arg, const struct market_candle *candle), void *arg)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT at, open, high, low, close, volume, trades FROM market_candle "
               "WHERE market_id = ? AND span_s = ? AND at >= ? ORDER BY at LIMIT ?",
               DB_ARGS(db_u64(market->id), db_i64(span_s), db_i64(since), db_i64(limit)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct market_candle candle = read_candle(&rows, market);
        row(arg, &candle);
    }
    db_rows_free(&rows);
    return rc;
}
