/* Orders and own trades (seed exchange-v1; api exchange-v1, sections 1 and 4). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"
#include "fcgi/views/market.h"
#include "fcgi/views/placement.h"
#include "identity/rights.h"
#include "market/my_trades.h"
#include "market/order.h"
#include "money/rate.h"

#define SECOND_US 1000000

struct order_params {
    int64_t type;
    bool with_type;
    struct uuid oid, order;
    bool with_oid, with_order;
};

#define AT(member) offsetof(struct order_params, member)
/* Clients say oid, later notes order: one of them is needed, and the first of them is what an error
 * names. */
#define FIELD_OID                                                                           \
    {                                                                                       \
        .name = "oid", .type = FIELD_UUID, .offset = AT(oid), .given_offset = AT(with_oid), \
        .one_of = "order"                                                                   \
    }
#define FIELD_ORDER                                                                               \
    {                                                                                             \
        .name = "order", .type = FIELD_UUID, .offset = AT(order), .given_offset = AT(with_order), \
        .one_of = "order"                                                                         \
    }

static const struct field add_fields[] = {PLACEMENT_FIELDS};
static const struct field cancel_fields[] = {FIELD_OID, FIELD_ORDER};
static const struct field result_fields[] = {
    {.name = "type",
     .type = FIELD_CHOICE,
     .offset = AT(type),
     .given_offset = AT(with_type),
     .choices = placement_types,
     .detail = "should be ask or bid"},
    FIELD_ORDER,
    FIELD_OID,
};
#undef AT

struct trades_params {
    int64_t since;
};

static const struct field trades_fields[] = {
    {.name = "since", .type = FIELD_INT, .min = 0, .offset = offsetof(struct trades_params, since)},
};

/* The market that the path names. */
static enum err find_market(struct request *request, const struct market **market)
{
    const char *code = request_capture(request, "market");
    return market_find(request->db, code, strlen(code), market);
}

static enum err handle_add(struct request *request, struct reply *reply)
{
    struct placement_params params = {0};
    struct placement placement;
    const struct market *market;
    const struct actor actor = request_actor(request);
    struct uuid oid;

    enum err rc = find_market(request, &market);
    if (rc == ERR_OK)
        rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = placement_make(request, &params, market, &placement);
    if (rc != ERR_OK)
        return rc;
    rc = market_place(request->db, request->matcher, request->app->master_key, &actor,
                      &placement.order, &oid);
    if (rc != ERR_OK)
        return placement_fail(request, &placement, rc);
    writer_uuid(&reply->writer, NULL, &oid);
    return ERR_OK;
}

/* The order that oid or order names. */
static struct uuid order_named(const struct order_params *params)
{
    return params->with_oid ? params->oid : params->order;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct writer *json = &reply->writer;
    struct uuid qid = crypto_uuid4();

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct uuid oid = order_named(&params);
    rc = market_cancel(request->db, request->matcher, request->caller.user_id, &oid);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_uuid(json, "oid", &oid);
    writer_uuid(json, "qid", &qid);
    writer_end(json);
    return ERR_OK;
}

static void add_order(void *arg, const struct market_order *order)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_uuid(json, "oid", &order->oid);
    writer_text(json, "currency", order->market->currency->code);
    writer_text(json, "item", order->market->item->code);
    writer_text(json, "type", market_side_name(order->side));
    writer_money(json, "amount", order->remaining);
    writer_money(json, "effective_amount", order->funded);
    if (order->price.currency != NULL)
        writer_money(json, "price", order->price);
    if (order->stop.currency != NULL)
        writer_money(json, "stop", order->stop);
    writer_text(json, "status", order->status);
    writer_int(json, "date", order->created_us / SECOND_US);
    writer_digits(json, "priority", order->created_us);
    writer_list(json, "actions");
    writer_end(json);
    writer_end(json);
}

static enum err handle_orders(struct request *request, struct reply *reply)
{
    writer_list(&reply->writer, NULL);
    enum err rc = market_orders(request->db, request->caller.user_id, add_order, &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

/* An order's trades, listed and summed up. */
struct result {
    const struct market_order *order;
    struct writer *writer;
    struct amount amount, spent;
};

static void add_fill(void *arg, const struct market_fill *fill)
{
    struct result *result = arg;
    struct writer *json = result->writer;
    char date[CLOCK_TEXT_SIZE];

    result->amount.units += fill->amount.units; /* no more than the order's */
    result->spent.units += fill->spent.units;   /* no more than there is of it */
    clock_format(fill->tid / SECOND_US, date);
    writer_object(json, NULL);
    writer_digits(json, "trade_id", fill->tid);
    writer_text(json, "primary", "Y");
    writer_text(json, "currency", fill->price.currency->code);
    writer_text(json, "type", market_side_name(result->order->side));
    writer_text(json, "properties", fill->at_market ? "market" : "limit");
    writer_text(json, "item", fill->amount.currency->code);
    writer_money(json, "amount", fill->amount);
    writer_money(json, "price", fill->price);
    writer_money(json, "spent", fill->spent);
    writer_text(json, "date", date);
    writer_end(json);
}

/* What a whole item cost on average, rounded half up; 0 where nothing was traded. */
static struct amount average(const struct result *result)
{
    const struct rate one = {.coefficient = 1};
    const struct rate items = {.coefficient = result->amount.units,
                               .scale = result->amount.currency->decimals};
    struct amount mean = {.units = 0, .currency = result->spent.currency};

    if (rate_apply(result->spent, one, items, mean.currency, ROUND_HALF_UP, &mean) != ERR_OK)
        mean.units = 0;
    return mean;
}

static enum err handle_result(struct request *request, struct reply *reply)
{
    struct order_params params = {0};
    struct market_order order;
    struct writer *json = &reply->writer;

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct uuid oid = order_named(&params);
    rc = market_order_view(request->db, request->caller.user_id, &oid, &order);
    if (rc == ERR_OK && params.with_type && (enum market_side)params.type != order.side)
        rc = ERR_ORDER_UNKNOWN;
    if (rc != ERR_OK)
        return rc;
    struct result result = {.order = &order,
                            .writer = json,
                            .amount = {.currency = order.market->item},
                            .spent = {.currency = order.market->currency}};
    writer_object(json, NULL);
    writer_uuid(json, "order_id", &oid);
    writer_list(json, "trades");
    rc = market_order_fills(request->db, &order, add_fill, &result);
    writer_end(json);
    writer_money(json, "total_amount", result.amount);
    writer_money(json, "total_spent", result.spent);
    writer_money(json, "avg_cost", average(&result));
    writer_end(json);
    return rc;
}

static void add_trade(void *arg, const struct market_trade *trade)
{
    market_write_trade(arg, trade);
}

/* The caller's trades in one market, or in all where it is NULL. */
static enum err reply_trades(struct request *request, struct reply *reply,
                             const struct market *market)
{
    struct trades_params params = {0};
    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    writer_list(&reply->writer, NULL);
    rc = market_my_trades(request->db, request->caller.user_id, market, params.since, add_trade,
                          &reply->writer);
    writer_end(&reply->writer);
    return rc;
}

static enum err handle_trades(struct request *request, struct reply *reply)
{
    return reply_trades(request, reply, NULL);
}

static enum err handle_market_trades(struct request *request, struct reply *reply)
{
    const struct market *market;
    enum err rc = find_market(request, &market);
    return rc == ERR_OK ? reply_trades(request, reply, market) : rc;
}

static enum err handle_lag(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    int64_t age_us, length;
    char digits[48], words[64];

    enum err rc = market_lag(request->db, &age_us, &length);
    if (rc != ERR_OK)
        return rc;
    snprintf(digits, sizeof(digits), "%lld.%06lld", (long long)(age_us / SECOND_US),
             (long long)(age_us % SECOND_US));
    snprintf(words, sizeof(words), "%s seconds", digits);
    writer_object(json, NULL);
    writer_int(json, "lag", age_us);
    writer_number(json, "lag_secs", digits);
    writer_text(json, "lag_text", words);
    writer_digits(json, "length", length);
    writer_end(json);
    return ERR_OK;
}

#define CHANGE_ROUTE(name, function, words, takes)                                               \
    {                                                                                            \
        .methods = METHOD_POST, .path = "/api/1/" name, .auth = &auth_v1, .rights = RIGHT_TRADE, \
        .effect = EFFECT_CHANGES, .pool = POOL_ORDER, .handler = (function), .help = words,      \
        .fields = (takes)                                                                        \
    }
#define LOOK_ROUTE(name, function, words, takes)                                               \
    {                                                                                          \
        .methods = METHOD_POST, .path = "/api/1/" name, .auth = &auth_v1,                      \
        .rights = RIGHT_GET_INFO | RIGHT_TRADE, .effect = EFFECT_READS, .handler = (function), \
        .help = words, .fields = (takes)                                                       \
    }

#define ONE_ORDER FIELD_TABLE(cancel_fields, struct order_params)
#define TRADES_FIELDS FIELD_TABLE(trades_fields, struct trades_params)

static const struct route rows[] = {
    CHANGE_ROUTE(
        "{market}/order/add", handle_add,
        "Places an order; at any price where none is given. stop: waits for a trade at it.",
        FIELD_TABLE(add_fields, struct placement_params)),
    CHANGE_ROUTE("{market}/order/cancel", handle_cancel,
                 "Takes an open order back, whatever market the path names.", ONE_ORDER),
    CHANGE_ROUTE("generic/order/cancel", handle_cancel, "Takes an open order back.", ONE_ORDER),
    LOOK_ROUTE("generic/orders", handle_orders,
               "The caller's open orders, the oldest first: what is left of them.", NULL),
    LOOK_ROUTE("generic/order/result", handle_result,
               "What an order of the caller's traded, without fees.",
               FIELD_TABLE(result_fields, struct order_params)),
    LOOK_ROUTE("generic/trades", handle_trades,
               "The caller's trades after the trade id since, without fees, the oldest 5,000.",
               TRADES_FIELDS),
    LOOK_ROUTE("generic/private/trades", handle_trades, "The same as generic/trades.",
               TRADES_FIELDS),
    LOOK_ROUTE("{market}/private/trades", handle_market_trades, "The same of one market.",
               TRADES_FIELDS),
    {.methods = METHOD_GET | METHOD_POST,
     .path = "/api/1/generic/order/lag",
     .auth = &auth_public,
     .cache = CACHE_PUBLIC_1S,
     .effect = EFFECT_READS,
     .handler = handle_lag,
     .help = "How long the oldest order that was set off waits to be matched."},
};
ROUTE_TABLE(routes_v1_order, rows);
