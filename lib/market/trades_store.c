/* The SQL of public trades. */
#include "base/text.h"
#include "ledger/sql.h"
#include "market/data_store.h"

#define BRANCH_ARGS 3 /* arguments of one market's branch */

/* A branch for each market, so that each reads no more than the limit of its own index. */
enum err market_store_trades(struct db *db, const uint8_t *ids, size_t count,
                             const struct market_trade_filter *filter, struct db_rows *rows)
{
    struct db_arg list[MARKET_MAX_COUNT * BRANCH_ARGS + 1];
    struct text sql = TEXT(MARKET_MAX_COUNT * 512);
    struct db_arg most = db_i64(MARKET_TRADES_MAX);
    size_t args = 0;

    for (size_t i = 0; i < count; i++) {
        text_addf(&sql,
                  "%s(SELECT market_id, tid, price, amount, taker, at_market FROM trade "
                  "WHERE market_id = ? AND voided_at IS NULL AND tid > COALESCE(?, "
                  "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED) - %d * 1000000 - 1) "
                  "ORDER BY tid LIMIT ?)",
                  i == 0 ? "" : " UNION ALL ", MARKET_WINDOW_S);
        list[args++] = db_u64(ids[i]);
        list[args++] = filter->has_since ? db_i64(filter->since) : db_null();
        list[args++] = most;
    }
    text_puts(&sql, " ORDER BY 2 LIMIT ?");
    list[args++] = most;
    enum err rc = sql.full ? ERR_NO_MEMORY
                           : db_run(db, text_string(&sql),
                                    (struct db_args){.list = list, .count = args}, rows);
    text_free(&sql);
    return rc;
}

/* The few that were taken back are found by the request that did it (market_void), so that no trade
 * pays for an index of them. */
enum err market_cancelled_trades(struct db *db, const struct market *market,
                                 void (*row)(void *arg, int64_t tid), void *arg)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT t.tid FROM " LEDGER_SQL_JOURNALS " AS j JOIN trade AS t ON t.market_id = ? "
               "AND t.tid = CAST(SUBSTR(j.request_key, LENGTH('trade_void:') + 1) AS SIGNED) "
               "WHERE j.user_id = 1 AND j.request_key LIKE 'trade\\_void:%' "
               "AND t.voided_at >= NOW(6) - INTERVAL 1 MONTH ORDER BY t.tid",
               DB_ARGS(db_u64(market->id)), &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, db_get_i64(&rows, 0));
    db_rows_free(&rows);
    return rc;
}
