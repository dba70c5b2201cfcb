/* The SQL of a trader's own trades. */
#include "market/my_trades.h"

static struct amount read_amount(const struct db_rows *rows, unsigned col,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col), .currency = currency};
}

static enum err read_trade(struct db *db, const struct db_rows *rows, struct market_trade *out)
{
    const struct market *market;
    enum err rc = market_by_id(db, (uint8_t)db_get_u64(rows, 0), &market);
    if (rc != ERR_OK)
        return rc;
    *out = (struct market_trade){.tid = db_get_i64(rows, 1),
                                 .price = read_amount(rows, 2, market->currency),
                                 .amount = read_amount(rows, 3, market->item),
                                 .type = db_get_u64(rows, 4) != 0 ? MARKET_ASK : MARKET_BID,
                                 .at_market = db_get_u64(rows, 5) != 0,
                                 .primary = true};
    return ERR_OK;
}

/* One side of a user's trades; each reads no more than the limit of its own index. */
#define OWN_SIDE(who)                                                                       \
    "(SELECT market_id, tid, price, amount, taker = 'ask', at_market FROM trade WHERE " who \
    " = ? "                                                                                 \
    "AND tid > ? AND voided_at IS NULL AND (? IS NULL OR market_id = ?) ORDER BY tid LIMIT ?) "

enum err market_my_trades(struct db *db, int64_t user_id, const struct market *market,
                          int64_t since, void (*row)(void *arg, const struct market_trade *trade),
                          void *arg)
{
    struct db_rows rows = {0};
    struct market_trade trade;
    struct db_arg user = db_i64(user_id), from = db_i64(since), most = db_i64(MARKET_TRADES_MAX);
    struct db_arg id = market == NULL ? db_null() : db_u64(market->id);

    enum err rc =
        db_run(db, OWN_SIDE("buyer_id") "UNION ALL " OWN_SIDE("seller_id") "ORDER BY 2 LIMIT ?",
               DB_ARGS(user, from, id, id, most, user, from, id, id, most, most), &rows);
    while (rc == ERR_OK && db_next(&rows) && (rc = read_trade(db, &rows, &trade)) == ERR_OK)
        row(arg, &trade);
    db_rows_free(&rows);
    return rc;
}

enum err market_order_fills(struct db *db, const struct market_order *order,
                            void (*row)(void *arg, const struct market_fill *fill), void *arg)
{
    static const char *const statements[] = {
        [MARKET_BID] = "SELECT t.tid, t.amount, t.price, t.spent, t.at_market FROM market_order AS "
                       "o JOIN trade AS t ON t.bid_id = o.id WHERE o.oid = ? AND t.voided_at IS "
                       "NULL ORDER BY t.tid",
        [MARKET_ASK] = "SELECT t.tid, t.amount, t.price, t.earned, t.at_market FROM market_order "
                       "AS o JOIN trade AS t ON t.ask_id = o.id WHERE o.oid = ? AND t.voided_at IS "
                       "NULL ORDER BY t.tid",
    };
    struct db_rows rows = {0};
    enum err rc = db_run(db, statements[order->side], DB_ARGS(db_uuid(&order->oid)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct market_fill fill = {.tid = db_get_i64(&rows, 0),
                                   .amount = read_amount(&rows, 1, order->market->item),
                                   .price = read_amount(&rows, 2, order->market->currency),
                                   .spent = read_amount(&rows, 3, order->market->currency),
                                   .at_market = db_get_u64(&rows, 4) != 0};
        row(arg, &fill);
    }
    db_rows_free(&rows);
    return rc;
}
