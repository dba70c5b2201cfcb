/* Market data: ticker, depth, trades, candles, quote (seed exchange-v1; api exchange-v1, sections 1
 * to 4). */
#include "fcgi/views/market.h"

#include <string.h>

#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"

/* The market that the path names. */
static enum err market_of(struct request *request, const struct market **market)
{
    const char *code = request_capture(request, "market");
    return market_find(request->db, code, strlen(code), market);
}

static enum err handle_ticker(struct request *request, struct reply *reply)
{
    const struct market *market;
    struct market_ticker ticker;

    enum err rc = market_of(request, &market);
    if (rc == ERR_OK)
        rc = market_ticker(request->db, market, &ticker);
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    market_write_ticker(&reply->writer, market, &ticker);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_ticker_fast(struct request *request, struct reply *reply)
{
    const struct market *market;
    struct market_prices prices;

    enum err rc = market_of(request, &market);
    if (rc == ERR_OK)
        rc = market_prices(request->db, market, &prices);
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    market_write_prices(&reply->writer, &prices);
    writer_end(&reply->writer);
    return ERR_OK;
}

/* Both sides of a book while they are written: the levels come side by side. */
struct sides {
    struct writer *writer;
    bool bids; /* the asks are through */
};

static struct sides begin_sides(struct reply *reply)
{
    writer_object(&reply->writer, NULL);
    writer_list(&reply->writer, "asks");
    return (struct sides){.writer = &reply->writer};
}

static void end_asks(struct sides *sides)
{
    if (sides->bids)
        return;
    writer_end(sides->writer);
    writer_list(sides->writer, "bids");
    sides->bids = true;
}

static void add_level(void *arg, const struct market_level *level)
{
    struct sides *sides = arg;
    if (level->side == MARKET_BID)
        end_asks(sides);
    market_write_level(sides->writer, level);
}

/* Ends the lists; their object goes on. */
static void end_sides(struct sides *sides)
{
    end_asks(sides);
    writer_end(sides->writer);
}

static enum err handle_depth(struct request *request, struct reply *reply)
{
    const struct market *market;
    struct market_filter filter;

    enum err rc = market_of(request, &market);
    if (rc != ERR_OK)
        return rc;
    struct sides sides = begin_sides(reply);
    rc = market_depth(request->db, market, &filter, add_level, &sides);
    if (rc != ERR_OK)
        return rc;
    end_sides(&sides);
    writer_money(&reply->writer, "filter_min_price", filter.min);
    writer_money(&reply->writer, "filter_max_price", filter.max);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_full_depth(struct request *request, struct reply *reply)
{
    const struct market *market;

    enum err rc = market_of(request, &market);
    if (rc != ERR_OK)
        return rc;
    struct sides sides = begin_sides(reply);
    rc = market_full_depth(request->db, market, add_level, &sides);
    if (rc != ERR_OK)
        return rc;
    end_sides(&sides);
    writer_end(&reply->writer);
    return ERR_OK;
}

struct trades_params {
    int64_t since, primary;
    bool has_since, has_primary;
};

static const char *const primary_choices[] = {"Y", "N", NULL};

static const struct field trades_fields[] = {
    {.name = "since",
     .type = FIELD_INT,
     .offset = offsetof(struct trades_params, since),
     .given_offset = offsetof(struct trades_params, has_since)},
    {.name = "primary",
     .type = FIELD_CHOICE,
     .choices = primary_choices,
     .offset = offsetof(struct trades_params, primary),
     .given_offset = offsetof(struct trades_params, has_primary)},
};

static void add_trade(void *arg, const struct market_trade *trade)
{
    market_write_trade(arg, trade);
}

static enum err handle_trades(struct request *request, struct reply *reply)
{
    struct trades_params params = {0};
    const struct market *market;

    enum err rc = market_of(request, &market);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct market_trade_filter filter = {.has_since = params.has_since,
                                         .since = params.since,
                                         .primary = !params.has_primary || params.primary == 0,
                                         .converted = !params.has_primary || params.primary == 1};
    writer_list(&reply->writer, NULL);
    rc = market_trades(request->db, market, &filter, add_trade, &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

static void add_tid(void *arg, int64_t tid)
{
    writer_digits(arg, NULL, tid);
}

static enum err handle_cancelled(struct request *request, struct reply *reply)
{
    const struct market *market;

    enum err rc = market_of(request, &market);
    if (rc != ERR_OK)
        return rc;
    writer_list(&reply->writer, NULL);
    rc = market_cancelled_trades(request->db, market, add_tid, &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

struct candles_params {
    int64_t interval, since;
};

static const struct field candles_fields[] = {
    {.name = "interval",
     .type = FIELD_INT,
     .required = true,
     .offset = offsetof(struct candles_params, interval)},
    {.name = "since", .type = FIELD_INT, .offset = offsetof(struct candles_params, since)},
};

static void add_candle(void *arg, const struct market_candle *candle)
{
    market_write_candle(arg, candle);
}

static enum err handle_candles(struct request *request, struct reply *reply)
{
    struct candles_params params = {.since = -1};
    const struct market *market;

    enum err rc = market_of(request, &market);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK && !market_interval_known(params.interval))
        rc = request_fail_text(request, "interval", ERR_INVALID,
                               "should be 60, 300, 900, 3600, 14400 or 86400");
    if (rc != ERR_OK)
        return rc;
    writer_list(&reply->writer, NULL);
    rc = market_candles(request->db, market, params.interval, params.since, add_candle,
                        &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

static const char *const side_choices[] = {"ask", "bid", NULL};

struct quote_params {
    int64_t type;
    struct field_amount amount;
};

static const struct field quote_fields[] = {
    {.name = "type",
     .type = FIELD_CHOICE,
     .required = true,
     .choices = side_choices,
     .offset = offsetof(struct quote_params, type)},
    {.name = "amount",
     .type = FIELD_AMOUNT,
     .required = true,
     .offset = offsetof(struct quote_params, amount)},
};

static enum err handle_quote(struct request *request, struct reply *reply)
{
    struct quote_params params = {0};
    const struct market *market;
    struct amount amount, total;
    char digits[AMOUNT_TEXT_SIZE];

    enum err rc = market_of(request, &market);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = fields_amount(request, &params.amount, market->item, &amount);
    if (rc == ERR_OK)
        rc = market_quote(request->db, market, params.type == 0 ? MARKET_ASK : MARKET_BID, amount,
                          &total);
    if (rc != ERR_OK)
        return rc;
    amount_format_units(total, digits);
    writer_object(&reply->writer, NULL);
    writer_number(&reply->writer, "amount", digits);
    writer_end(&reply->writer);
    return ERR_OK;
}

/* A row of this file: every one is public, and the same for everybody for a second. */
#define PUBLIC_ROUTE(route_path, route_handler, takes, route_help)                  \
    {                                                                               \
        .methods = METHOD_GET | METHOD_POST, .path = "/api/1/{market}/" route_path, \
        .auth = &auth_public, .effect = EFFECT_READS, .cache = CACHE_PUBLIC_1S,     \
        .handler = (route_handler), .help = (route_help), .fields = (takes)         \
    }

#define TRADES_FIELDS FIELD_TABLE(trades_fields, struct trades_params)

static const struct route rows[] = {
    PUBLIC_ROUTE("ticker", handle_ticker, NULL,
                 "Prices now and of the last 24 hours: high, low, means, volume, last, best."),
    PUBLIC_ROUTE("ticker_fast", handle_ticker_fast, NULL, "Last and best prices alone."),
    PUBLIC_ROUTE("depth", handle_depth, NULL, "The book within 10 % of the best prices, by price."),
    PUBLIC_ROUTE("depth/fetch", handle_depth, NULL, "The same as depth."),
    PUBLIC_ROUTE("fulldepth", handle_full_depth, NULL,
                 "The whole book by price, the best 10,000 prices of each side."),
    PUBLIC_ROUTE("depth/full", handle_full_depth, NULL, "The same as fulldepth."),
    PUBLIC_ROUTE("trades", handle_trades, TRADES_FIELDS,
                 "Trades after the trade id since, or of 24 hours, the oldest 5,000."),
    PUBLIC_ROUTE("trades/fetch", handle_trades, TRADES_FIELDS, "The same as trades."),
    PUBLIC_ROUTE("cancelledtrades", handle_cancelled, NULL,
                 "Ids of the trades that were taken back in the last month."),
    PUBLIC_ROUTE("trades/cancelled", handle_cancelled, NULL, "The same as cancelledtrades."),
    PUBLIC_ROUTE("candles", handle_candles, FIELD_TABLE(candles_fields, struct candles_params),
                 "Candles of interval seconds from since on, the oldest 1,000."),
    PUBLIC_ROUTE("order/quote", handle_quote, FIELD_TABLE(quote_fields, struct quote_params),
                 "What a market order would cost or bring now, before fees."),
};
ROUTE_TABLE(routes_v1_market, rows);
