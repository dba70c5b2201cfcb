/* The SQL of conversions. */
#include "market/convert_store.h"
#include "ledger/sql.h"

static struct amount read_amount(const struct db_rows *rows, unsigned col,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col), .currency = currency};
}

enum err market_store_resting(struct db *db, const struct market *market, enum market_side side,
                              int64_t user_id, int from, struct market_resting *list, int count,
                              int *found)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT price, funded FROM market_order FORCE INDEX (book) "
                         "WHERE market_id = ? AND side = ? AND book_rank IS NOT NULL "
                         "AND user_id <> ? ORDER BY book_rank, id LIMIT ?, ?",
                         DB_ARGS(db_u64(market->id), db_text(side == MARKET_BID ? "ask" : "bid"),
                                 db_i64(user_id), db_i64(from), db_i64(count)),
                         &rows);
    *found = 0;
    while (rc == ERR_OK && *found < count && db_next(&rows))
        list[(*found)++] = (struct market_resting){.price = read_amount(&rows, 0, market->currency),
                                                   .funded = read_amount(&rows, 1, market->item)};
    db_rows_free(&rows);
    return rc;
}

enum err market_store_trader_fee(struct db *db, const struct market *market, int64_t user_id,
                                 int64_t *percent)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT CAST(market_fee(?, item_id, fee_schedule) * 1000 AS SIGNED) FROM "
                         "market WHERE id = ?",
                         DB_ARGS(db_i64(user_id), db_u64(market->id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_MARKET_UNKNOWN;
    if (rc == ERR_OK)
        *percent = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err market_store_lock_in(struct db *db, uint8_t market_id, bool *halted)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT status = 'halted' FROM market WHERE id = ? FOR UPDATE",
                         DB_ARGS(db_u64(market_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_MARKET_UNKNOWN;
    if (rc == ERR_OK)
        *halted = db_get_u64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

enum err market_store_hours(struct db *db, const struct market *market, int64_t days,
                            struct amount *list, size_t count, size_t *found)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT close FROM market_candle WHERE market_id = ? AND span_s = 3600 "
                         "AND at > UNIX_TIMESTAMP() - ? * 86400 ORDER BY at DESC LIMIT ?",
                         DB_ARGS(db_u64(market->id), db_i64(days), db_u64(count)), &rows);
    *found = 0;
    while (rc == ERR_OK && *found < count && db_next(&rows))
        list[(*found)++] = read_amount(&rows, 0, market->currency);
    db_rows_free(&rows);
    return rc;
}

enum err market_store_sums(struct db *db, const struct market *market, enum market_side side,
                           const struct uuid *oid, struct market_sums *sums)
{
    static const char bid[] =
        "SELECT COALESCE(SUM(t.spent + IF(o.fiat_fee, t.buyer_fee, 0)), 0), "
        "COALESCE(SUM(t.amount - IF(o.fiat_fee, 0, t.buyer_fee)), 0) "
        "FROM market_order AS o LEFT JOIN trade AS t ON t.bid_id = o.id WHERE o.oid = ?";
    static const char ask[] =
        "SELECT COALESCE(SUM(t.amount), 0), COALESCE(SUM(t.earned - t.seller_fee), 0) "
        "FROM market_order AS o LEFT JOIN trade AS t ON t.ask_id = o.id WHERE o.oid = ?";
    bool buys = side == MARKET_BID;
    struct db_rows rows = {0};

    enum err rc = db_run(db, buys ? bid : ask, DB_ARGS(db_uuid(oid)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_ORDER_UNKNOWN;
    if (rc == ERR_OK)
        *sums = (struct market_sums){
            .given = read_amount(&rows, 0, buys ? market->currency : market->item),
            .gained = read_amount(&rows, 1, buys ? market->item : market->currency)};
    db_rows_free(&rows);
    return rc;
}

enum err market_free(struct db *db, int64_t user_id, const struct currency *currency,
                     struct amount *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT COALESCE(" LEDGER_SQL_FREE("?", "?") ", 0)",
                         DB_ARGS(db_i64(user_id), db_u64(currency->id)), &rows);
    *out = (struct amount){.units = 0, .currency = currency};
    if (rc == ERR_OK && db_next(&rows))
        out->units = db_get_i128(&rows, 0);
    db_rows_free(&rows);
    return rc;
}
