/* Market data as JSON, alike for the v1 face, the site and the stream (api/exchange-v1, sections 1
 * and 3). Every object is owned by the caller.
 */
#ifndef FCGI_VIEWS_MARKET_H
#define FCGI_VIEWS_MARKET_H

#include "fcgi/server/reply.h"
#include "market/candle.h"
#include "market/depth.h"
#include "market/ticker.h"
#include "market/trades.h"

/* A money object, or null for an amount without currency. */
struct json_object *market_money_json(struct amount amount);

/* {high, low, avg, vwap, vol, last_local, last_orig, last_all, last, buy, sell, now}. What there is
 * not is null: a zero would be taken for a price. */
struct json_object *market_ticker_json(const struct market *market,
                                       const struct market_ticker *ticker);

/* {last_local, last, last_orig, last_all, buy, sell, now} */
struct json_object *market_prices_json(const struct market_prices *prices);

/* {date, price, amount, price_int, amount_int, tid, price_currency, item, trade_type, primary,
 * properties}, the decimals as strings without trailing zeros. */
struct json_object *market_trade_json(const struct market_trade *trade);

/* {price, amount, price_int, amount_int, stamp}: price and amount as numbers, the others as strings;
 * stamp in microseconds since 1970. */
struct json_object *market_level_json(const struct market_level *level);

/* {date, open, high, low, close, volume, trades}: date in unix seconds, the prices and the volume as
 * strings without trailing zeros. */
struct json_object *market_candle_json(const struct market_candle *candle);

#endif
