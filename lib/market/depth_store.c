/* The SQL of depth. */
#include <string.h>

#include "market/data_store.h"

#define COLUMNS "price, amount, CAST(UNIX_TIMESTAMP(changed_at) * 1000000 AS SIGNED)"

struct market_level market_store_level(const struct db_rows *rows, const struct market *market)
{
    return (struct market_level){
        .side = strcmp(db_get_text(rows, 0), "bid") == 0 ? MARKET_BID : MARKET_ASK,
        .price = {.units = db_get_i128(rows, 1), .currency = market->currency},
        .amount = {.units = db_get_i128(rows, 2), .currency = market->item},
        .changed_us = db_get_i64(rows, 3)};
}

/* One statement, so that both sides are of one moment. */
enum err market_store_levels(struct db *db, const struct market *market, __int128 min, __int128 max,
                             void (*row)(void *arg, const struct market_level *level), void *arg)
{
    struct db_rows rows = {0};
    struct db_arg id = db_u64(market->id), most = db_i64(MARKET_LEVELS_MAX);
    enum err rc = db_run(
        db,
        "(SELECT 'ask', " COLUMNS " FROM market_level WHERE market_id = ? AND side = 'ask' "
        "AND price BETWEEN ? AND ? ORDER BY price LIMIT ?) UNION ALL "
        "(SELECT 'bid', " COLUMNS " FROM market_level WHERE market_id = ? AND side = 'bid' "
        "AND price BETWEEN ? AND ? ORDER BY price DESC LIMIT ?) ORDER BY 1, 2",
        DB_ARGS(id, db_i128(min), db_i128(max), most, id, db_i128(min), db_i128(max), most), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct market_level level = market_store_level(&rows, market);
        row(arg, &level);
    }
    db_rows_free(&rows);
    return rc;
}

enum err market_store_side(struct db *db, const struct market *market, enum market_side side,
                           __int128 beyond, int64_t limit, struct db_rows *rows)
{
    const char *sql = side == MARKET_BID
                          ? "SELECT 'bid', " COLUMNS " FROM market_level WHERE market_id = ? AND "
                            "side = 'bid' AND price < ? ORDER BY price DESC LIMIT ?"
                          : "SELECT 'ask', " COLUMNS " FROM market_level WHERE market_id = ? AND "
                            "side = 'ask' AND price > ? ORDER BY price LIMIT ?";
    return db_run(db, sql, DB_ARGS(db_u64(market->id), db_i128(beyond), db_i64(limit)), rows);
}
