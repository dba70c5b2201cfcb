/* Market data as JSON, alike for the v1 face, the site and the stream (api/exchange-v1, sections 1
 * and 3). Of the core it needs the writer alone, so that the stream has it without the worker. */
#ifndef FCGI_VIEWS_MARKET_H
#define FCGI_VIEWS_MARKET_H

#include "market/candle.h"
#include "market/depth.h"
#include "market/ticker.h"
#include "market/trades.h"
#include "json/writer.h"

/* The members high, low, avg, vwap, vol, last_local, last_orig, last_all, last, buy, sell, now of an
 * object that is open. What there is not is null: a zero would be taken for a price. */
void market_write_ticker(struct writer *json, const struct market *market,
                         const struct market_ticker *ticker);

/* The members last_local, last, last_orig, last_all, buy, sell, now. */
void market_write_prices(struct writer *json, const struct market_prices *prices);

/* What follows writes items of a list. */

/* {date, price, amount, price_int, amount_int, tid, price_currency, item, trade_type, primary,
 * properties}, the decimals as strings without trailing zeros. */
void market_write_trade(struct writer *json, const struct market_trade *trade);

/* {price, amount, price_int, amount_int, stamp}: price and amount as numbers, the others as strings;
 * stamp in microseconds since 1970. */
void market_write_level(struct writer *json, const struct market_level *level);

/* {date, open, high, low, close, volume, trades}: date in unix seconds, the prices and the volume as
 * strings without trailing zeros. */
void market_write_candle(struct writer *json, const struct market_candle *candle);

#endif
