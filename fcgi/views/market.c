#include "fcgi/views/market.h"

#include <stdio.h>

/* Without trailing zeros, "72.98274". */
static void format_short(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    struct rate rate = {.coefficient = amount.units, .scale = amount.currency->decimals};
    rate_format(rate, out);
}

static void reply_units(struct json_object *object, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    amount_format_units(amount, digits);
    reply_text(object, key, digits);
}

static void reply_short(struct json_object *object, const char *key, struct amount amount)
{
    char digits[AMOUNT_TEXT_SIZE];
    format_short(amount, digits);
    reply_text(object, key, digits);
}

/* An exact whole number as a string: numbers of microseconds are strings on this face. */
static void reply_micros(struct json_object *object, const char *key, int64_t micros)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", (long long)micros);
    reply_text(object, key, digits);
}

struct json_object *market_money_json(struct amount amount)
{
    return amount.currency == NULL ? NULL : reply_money(amount);
}

/* A mean price: all that is known of it as value, everything else rounded half up. */
static struct json_object *mean_json(const struct market *market, struct rate mean)
{
    struct amount whole = {.units = 1, .currency = market->currency};
    const struct rate unit = {.coefficient = 1, .scale = market->currency->decimals};

    if (rate_apply(whole, mean, unit, market->currency, ROUND_HALF_UP, &whole) != ERR_OK)
        return NULL;
    /* Zeros at the end go, but not those that the currency's own decimals make. */
    while (mean.scale > market->currency->decimals && mean.coefficient % 10 == 0) {
        mean.coefficient /= 10;
        mean.scale--;
    }
    return reply_mean(whole, mean);
}

/* last_local to sell, in the order of each of the two tickers. */
static void add_prices(struct json_object *object, const struct market_prices *prices, bool fast)
{
    reply_add(object, "last_local", market_money_json(prices->last_local));
    if (fast)
        reply_add(object, "last", market_money_json(prices->last_local));
    reply_add(object, "last_orig", market_money_json(prices->last_orig));
    reply_add(object, "last_all", market_money_json(prices->last_all));
    if (!fast)
        reply_add(object, "last", market_money_json(prices->last_local));
    reply_add(object, "buy", market_money_json(prices->buy));
    reply_add(object, "sell", market_money_json(prices->sell));
    reply_micros(object, "now", prices->now_us);
}

struct json_object *market_ticker_json(const struct market *market,
                                       const struct market_ticker *ticker)
{
    const struct market_summary *day = &ticker->day;
    struct json_object *object = json_object_new_object();

    reply_add(object, "high", market_money_json(day->high));
    reply_add(object, "low", market_money_json(day->low));
    reply_add(object, "avg", day->traded ? mean_json(market, day->avg) : NULL);
    reply_add(object, "vwap", day->traded ? mean_json(market, day->vwap) : NULL);
    reply_add(object, "vol", reply_money(day->volume));
    add_prices(object, &ticker->prices, false);
    return object;
}

struct json_object *market_prices_json(const struct market_prices *prices)
{
    struct json_object *object = json_object_new_object();
    add_prices(object, prices, true);
    return object;
}

struct json_object *market_trade_json(const struct market_trade *trade)
{
    char properties[32];
    struct json_object *object = json_object_new_object();

    snprintf(properties, sizeof(properties), "%s%s", trade->at_market ? "market" : "limit",
             trade->primary ? "" : ",mixed_currency");
    reply_int(object, "date", trade->tid / 1000000);
    reply_short(object, "price", trade->price);
    reply_short(object, "amount", trade->amount);
    reply_units(object, "price_int", trade->price);
    reply_units(object, "amount_int", trade->amount);
    reply_micros(object, "tid", trade->tid);
    reply_text(object, "price_currency", trade->price.currency->code);
    reply_text(object, "item", trade->amount.currency->code);
    reply_text(object, "trade_type", market_side_name(trade->type));
    reply_text(object, "primary", trade->primary ? "Y" : "N");
    reply_text(object, "properties", properties);
    return object;
}

struct json_object *market_level_json(const struct market_level *level)
{
    char digits[AMOUNT_TEXT_SIZE];
    struct json_object *object = json_object_new_object();

    format_short(level->price, digits);
    reply_number(object, "price", digits);
    format_short(level->amount, digits);
    reply_number(object, "amount", digits);
    reply_units(object, "price_int", level->price);
    reply_units(object, "amount_int", level->amount);
    reply_micros(object, "stamp", level->changed_us);
    return object;
}

struct json_object *market_candle_json(const struct market_candle *candle)
{
    struct json_object *object = json_object_new_object();

    reply_int(object, "date", candle->at);
    reply_short(object, "open", candle->open);
    reply_short(object, "high", candle->high);
    reply_short(object, "low", candle->low);
    reply_short(object, "close", candle->close);
    reply_short(object, "volume", candle->volume);
    reply_int(object, "trades", candle->trades);
    return object;
}
