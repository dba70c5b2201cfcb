/* Tickers, trades, levels and candles as JSON. */
#include "fcgi/views/market.h"

#include <stdio.h>

/* A mean price: all that is known of it as value, everything else rounded half up. */
static void write_mean(struct writer *json, const char *key, const struct market *market,
                       bool traded, struct rate mean)
{
    struct amount whole = {.units = 1, .currency = market->currency};
    const struct rate unit = {.coefficient = 1, .scale = market->currency->decimals};

    if (!traded ||
        rate_apply(whole, mean, unit, market->currency, ROUND_HALF_UP, &whole) != ERR_OK) {
        writer_null(json, key);
        return;
    }
    /* Zeros at the end go, but not those that the currency's own decimals make. */
    while (mean.scale > market->currency->decimals && mean.coefficient % 10 == 0) {
        mean.coefficient /= 10;
        mean.scale--;
    }
    writer_mean(json, key, whole, mean);
}

/* last_local to sell, in the order of each of the two tickers. */
static void write_prices(struct writer *json, const struct market_prices *prices, bool fast)
{
    writer_money(json, "last_local", prices->last_local);
    if (fast)
        writer_money(json, "last", prices->last_local);
    writer_money(json, "last_orig", prices->last_orig);
    writer_money(json, "last_all", prices->last_all);
    if (!fast)
        writer_money(json, "last", prices->last_local);
    writer_money(json, "buy", prices->buy);
    writer_money(json, "sell", prices->sell);
    writer_digits(json, "now", prices->now_us);
}

void market_write_ticker(struct writer *json, const struct market *market,
                         const struct market_ticker *ticker)
{
    const struct market_summary *day = &ticker->day;

    writer_money(json, "high", day->high);
    writer_money(json, "low", day->low);
    write_mean(json, "avg", market, day->traded, day->avg);
    write_mean(json, "vwap", market, day->traded, day->vwap);
    writer_money(json, "vol", day->volume);
    write_prices(json, &ticker->prices, false);
}

void market_write_prices(struct writer *json, const struct market_prices *prices)
{
    write_prices(json, prices, true);
}

void market_write_trade(struct writer *json, const struct market_trade *trade)
{
    char properties[32];

    snprintf(properties, sizeof(properties), "%s%s", trade->at_market ? "market" : "limit",
             trade->primary ? "" : ",mixed_currency");
    writer_object(json, NULL);
    writer_int(json, "date", trade->tid / 1000000);
    writer_short(json, "price", trade->price);
    writer_short(json, "amount", trade->amount);
    writer_units(json, "price_int", trade->price);
    writer_units(json, "amount_int", trade->amount);
    writer_digits(json, "tid", trade->tid);
    writer_text(json, "price_currency", trade->price.currency->code);
    writer_text(json, "item", trade->amount.currency->code);
    writer_text(json, "trade_type", market_side_name(trade->type));
    writer_text(json, "primary", trade->primary ? "Y" : "N");
    writer_text(json, "properties", properties);
    writer_end(json);
}

void market_write_level(struct writer *json, const struct market_level *level)
{
    writer_object(json, NULL);
    writer_short_number(json, "price", level->price);
    writer_short_number(json, "amount", level->amount);
    writer_units(json, "price_int", level->price);
    writer_units(json, "amount_int", level->amount);
    writer_digits(json, "stamp", level->changed_us);
    writer_end(json);
}

void market_write_candle(struct writer *json, const struct market_candle *candle)
{
    writer_object(json, NULL);
    writer_int(json, "date", candle->at);
    writer_short(json, "open", candle->open);
    writer_short(json, "high", candle->high);
    writer_short(json, "low", candle->low);
    writer_short(json, "close", candle->close);
    writer_short(json, "volume", candle->volume);
    writer_int(json, "trades", candle->trades);
    writer_end(json);
}
