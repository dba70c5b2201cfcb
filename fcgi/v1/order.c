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
    char text[UUID_TEXT_SIZE];

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
    uuid_format(&oid, text);
    reply->value = json_object_new_string(text);
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
    struct uuid qid = crypto_uuid4();
    char text[UUID_TEXT_SIZE];

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct uuid oid = order_named(&params);
    rc = market_cancel(request->db, request->matcher, request->caller.user_id, &oid);
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    uuid_format(&oid, text);
    reply_text(reply->value, "oid", text);
    uuid_format(&qid, text);
    reply_text(reply->value, "qid", text);
    return ERR_OK;
}

static void write_order(struct writer *writer, const void *data)
{
    const struct market_order *order = data;
    char text[UUID_TEXT_SIZE];

    writer_open(writer, '{');
    uuid_format(&order->oid, text);
    writer_text(writer, "oid", text);
    writer_text(writer, "currency", order->market->currency->code);
    writer_text(writer, "item", order->market->item->code);
    writer_text(writer, "type", market_side_name(order->side));
    writer_amount(writer, "amount", order->remaining);
    writer_amount(writer, "effective_amount", order->funded);
    if (order->price.currency != NULL)
        writer_amount(writer, "price", order->price);
    if (order->stop.currency != NULL)
        writer_amount(writer, "stop", order->stop);
    writer_text(writer, "status", order->status);
    writer_int(writer, "date", order->created_us / SECOND_US);
    snprintf(text, sizeof(text), "%lld", (long long)order->created_us);
    writer_text(writer, "priority", text);
    writer_key(writer, "actions");
    writer_open(writer, '[');
    writer_close(writer, ']');
    writer_close(writer, '}');
}

static void add_order(void *arg, const struct market_order *order)
{
    json_object_array_add(arg, reply_late(order, sizeof(*order), write_order));
}

static enum err handle_orders(struct request *request, struct reply *reply)
{
    reply->value = json_object_new_array();
    return market_orders(request->db, request->caller.user_id, add_order, reply->value);
}

/* An order's trades, listed and summed up. */
struct result {
    const struct market_order *order;
    struct json_object *trades;
    struct amount amount, spent;
};

static void add_fill(void *arg, const struct market_fill *fill)
{
    struct result *result = arg;
    struct json_object *object = json_object_new_object();
    char tid[24], date[CLOCK_TEXT_SIZE];

    result->amount.units += fill->amount.units; /* no more than the order's */
    result->spent.units += fill->spent.units;   /* no more than there is of it */
    snprintf(tid, sizeof(tid), "%lld", (long long)fill->tid);
    clock_format(fill->tid / SECOND_US, date);
    reply_text(object, "trade_id", tid);
    reply_text(object, "primary", "Y");
    reply_text(object, "currency", fill->price.currency->code);
    reply_text(object, "type", market_side_name(result->order->side));
    reply_text(object, "properties", fill->at_market ? "market" : "limit");
    reply_text(object, "item", fill->amount.currency->code);
    reply_add(object, "amount", reply_money(fill->amount));
    reply_add(object, "price", reply_money(fill->price));
    reply_add(object, "spent", reply_money(fill->spent));
    reply_text(object, "date", date);
    json_object_array_add(result->trades, object);
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
    char text[UUID_TEXT_SIZE];

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
                            .trades = json_object_new_array(),
                            .amount = {.currency = order.market->item},
                            .spent = {.currency = order.market->currency}};
    reply->value = json_object_new_object();
    uuid_format(&oid, text);
    reply_text(reply->value, "order_id", text);
    reply_add(reply->value, "trades", result.trades);
    rc = market_order_fills(request->db, &order, add_fill, &result);
    reply_add(reply->value, "total_amount", reply_money(result.amount));
    reply_add(reply->value, "total_spent", reply_money(result.spent));
    reply_add(reply->value, "avg_cost", reply_money(average(&result)));
    return rc;
}

static void add_trade(void *arg, const struct market_trade *trade)
{
    json_object_array_add(arg, market_trade_json(trade));
}

/* The caller's trades in one market, or in all where it is NULL. */
static enum err reply_trades(struct request *request, struct reply *reply,
                             const struct market *market)
{
    struct trades_params params = {0};
    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_array();
    return market_my_trades(request->db, request->caller.user_id, market, params.since, add_trade,
                            reply->value);
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
    int64_t age_us, length;
    char digits[48], words[64];

    enum err rc = market_lag(request->db, &age_us, &length);
    if (rc != ERR_OK)
        return rc;
    snprintf(digits, sizeof(digits), "%lld.%06lld", (long long)(age_us / SECOND_US),
             (long long)(age_us % SECOND_US));
    snprintf(words, sizeof(words), "%s seconds", digits);
    reply->value = json_object_new_object();
    reply_int(reply->value, "lag", age_us);
    reply_number(reply->value, "lag_secs", digits);
    reply_text(reply->value, "lag_text", words);
    snprintf(digits, sizeof(digits), "%lld", (long long)length);
    reply_text(reply->value, "length", digits);
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
