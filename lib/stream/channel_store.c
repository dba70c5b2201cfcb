/* The SQL of channels. */
#include <stdio.h>

#include "ledger/sql.h"
#include "market/sql.h"
#include "stream/channel.h"

/* trade.lag, whatever is traded. */
static const struct uuid lag_channel = {{0x85, 0x17, 0x47, 0x11, 0xbe, 0x64, 0x4d, 0xe1, 0xb7, 0x83,
                                         0x06, 0x28, 0x99, 0x5d, 0x79, 0x14}};

#define MADE(kind, name) "UNHEX(MD5(CONCAT('" kind ".', " name ")))"

/* The table of currencies has the channels of its markets against BTC; trade.BTC is the one that all
 * clients know by heart. */
#define TICKER_CHANNEL "IF(i.code = 'BTC', c.ticker_channel, " MADE("ticker", "i.code, c.code") ")"
#define DEPTH_CHANNEL "IF(i.code = 'BTC', c.depth_channel, " MADE("depth", "i.code, c.code") ")"
#define TRADE_CHANNEL \
    "IF(i.code = 'BTC', UNHEX('dbf1dee94f2e4a088cb7748919a71b21'), " MADE("trade", "i.code") ")"

enum err stream_markets(struct db *db, struct stream_market *out, size_t *count)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db,
               "SELECT m.id, m.item_id, m.currency_id, " TICKER_CHANNEL ", " DEPTH_CHANNEL
               ", " TRADE_CHANNEL " FROM " MARKET_SQL_MARKETS " AS m JOIN " LEDGER_SQL_CURRENCIES
               " AS i ON i.id = m.item_id JOIN " LEDGER_SQL_CURRENCIES
               " AS c ON c.id = m.currency_id ORDER BY m.id",
               DB_NO_ARGS, &rows);
    *count = 0;
    while (rc == ERR_OK && *count < STREAM_MARKETS_MAX && db_next(&rows))
        out[(*count)++] = (struct stream_market){
            .id = (uint8_t)db_get_u64(&rows, 0),
            .item = currency_by_id((uint16_t)db_get_u64(&rows, 1)),
            .currency = currency_by_id((uint16_t)db_get_u64(&rows, 2)),
            .channels = {[STREAM_TICKER] = db_get_uuid(&rows, 3),
                         [STREAM_DEPTH] = db_get_uuid(&rows, 4),
                         [STREAM_TRADE] = db_get_uuid(&rows, 5),
                         [STREAM_LAG] = lag_channel},
        };
    db_rows_free(&rows);
    return rc;
}
