/* The market page's calls: the markets, and the signed-in trader's orders. The public data of a
 * market are on the v1 face. */
#include <string.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "identity/idkey.h"
#include "identity/user.h"
#include "market/board.h"
#include "market/order.h"

static struct json_object *money_or_null(struct amount amount)
{
    return amount.currency == NULL ? NULL : reply_money(amount);
}

static void add_market(void *arg, const struct market_summary *summary)
{
    struct json_object *object = json_object_new_object();
    const struct market *market = summary->market;

    reply_text(object, "market", market->code);
    reply_text(object, "item", market->item->code);
    reply_text(object, "currency", market->currency->code);
    reply_add(object, "amount_step", reply_money(market->amount_step));
    reply_add(object, "price_step", reply_money(market->price_step));
    reply_add(object, "min_amount", reply_money(market->min_amount));
    reply_bool(object, "halted", summary->halted);
    reply_add(object, "last", money_or_null(summary->last));
    reply_text(object, "fee_percent", summary->fee_percent);
    json_object_array_add(arg, object);
}

static enum err handle_markets(struct request *request, struct reply *reply)
{
    struct json_object *list = json_object_new_array();

    reply->value = json_object_new_object();
    reply_add(reply->value, "markets", list);
    return market_board(request->db, 0, add_market, list);
}

static struct json_object *order_object(const struct market_order *order)
{
    struct json_object *object = json_object_new_object();
    char oid[UUID_TEXT_SIZE];

    uuid_format(&order->oid, oid);
    reply_text(object, "oid", oid);
    reply_text(object, "market", order->market->code);
    reply_text(object, "type", market_side_name(order->side));
    reply_text(object, "status", order->status);
    reply_add(object, "amount", reply_money(order->remaining));
    reply_add(object, "effective_amount", reply_money(order->funded));
    reply_add(object, "placed", reply_money(order->amount));
    reply_add(object, "price", money_or_null(order->price));
    reply_add(object, "stop", money_or_null(order->stop));
    reply_int(object, "date", order->created_us / 1000000);
    return object;
}

static void add_order(void *arg, const struct market_order *order)
{
    json_object_array_add(arg, order_object(order));
}

static void add_fee(void *arg, const struct market_summary *summary)
{
    reply_text(arg, summary->market->code, summary->fee_percent);
}

static enum err handle_orders(struct request *request, struct reply *reply)
{
    struct json_object *orders = json_object_new_array(), *fees = json_object_new_object();

    reply->value = json_object_new_object();
    reply_add(reply->value, "orders", orders);
    reply_add(reply->value, "fees", fees);
    enum err rc = market_orders(request->db, request->caller.user_id, add_order, orders);
    return rc == ERR_OK ? market_board(request->db, request->caller.user_id, add_fee, fees) : rc;
}

struct place_params {
    const char *market;
    int64_t type;
    bool fiat_fee;
};

static const char *const types[] = {[MARKET_BID] = "bid", [MARKET_ASK] = "ask", NULL};

#define AT(member) offsetof(struct place_params, member)
static const struct field place_fields[] = {
    {.name = "market",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = MARKET_CODE_SIZE - 1,
     .offset = AT(market)},
    {.name = "type",
     .type = FIELD_CHOICE,
     .required = true,
     .offset = AT(type),
     .choices = types,
     .detail = "should be ask or bid"},
    {.name = "prefer_fiat_fee", .type = FIELD_BOOL, .offset = AT(fiat_fee)},
};
#undef AT

/* What is asked for, with the prices that the placement points to. */
struct place_order {
    struct market_placement placement;
    struct amount price, stop;
};

/* Reads a price where there is one: `out` is where it goes, `*price` then points to it. */
static enum err read_price(struct request *request, const char *name, const struct market *market,
                           struct amount *out, const struct amount **price)
{
    bool given = false;
    enum err rc = fields_amount_if_given(request, name, market->currency, out, &given);
    *price = given ? out : NULL;
    return rc;
}

static enum err read_order(struct request *request, struct place_order *order)
{
    struct place_params params = {.market = ""};
    struct market_placement *placement = &order->placement;

    enum err rc = FIELDS_READ(request, place_fields, &params);
    if (rc != ERR_OK)
        return rc;
    rc = market_find(request->db, params.market, strlen(params.market), &placement->market);
    if (rc != ERR_OK)
        return request_fail(request, rc == ERR_MARKET_UNKNOWN ? "market" : NULL, rc);
    placement->side = (enum market_side)params.type;
    placement->fiat_fee = params.fiat_fee;
    rc = fields_amount(request, "amount", placement->market->item, &placement->amount);
    if (rc == ERR_OK)
        rc = read_price(request, "price", placement->market, &order->price, &placement->price);
    if (rc == ERR_OK)
        rc = read_price(request, "stop", placement->market, &order->stop, &placement->stop);
    return rc;
}

/* Says which input a refusal of the market is about. */
static enum err name_field(struct request *request, const struct market_placement *placement,
                           enum err rc)
{
    if (rc == ERR_ORDER_AMOUNT_LOW || rc == ERR_AMOUNT_STEP)
        return request_fail(request, "amount", rc);
    if (rc != ERR_PRICE_STEP)
        return rc;
    bool price_fits = placement->price == NULL ||
                      placement->price->units % placement->market->price_step.units == 0;
    return request_fail(request, price_fits ? "stop" : "price", rc);
}

static enum err handle_place(struct request *request, struct reply *reply)
{
    struct place_order asked = {.price = {0}};
    struct market_order order;
    struct uuid oid;

    enum err rc = read_order(request, &asked);
    if (rc != ERR_OK)
        return rc;
    struct actor actor = request_actor(request);
    rc = market_place(request->db, request->matcher, request->app->master_key, &actor,
                      &asked.placement, &oid);
    if (rc != ERR_OK)
        return name_field(request, &asked.placement, rc);
    rc = market_order_view(request->db, actor.user_id, &oid, &order);
    if (rc == ERR_OK)
        reply->value = order_object(&order);
    return rc;
}

struct order_params {
    struct uuid oid;
};

static const struct field order_fields[] = {
    {.name = "oid",
     .type = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct order_params, oid)},
};

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct order_params params;
    struct market_order order;

    enum err rc = FIELDS_READ(request, order_fields, &params);
    if (rc == ERR_OK)
        rc = market_cancel(request->db, request->matcher, request->caller.user_id, &params.oid);
    if (rc == ERR_OK)
        rc = market_order_view(request->db, request->caller.user_id, &params.oid, &order);
    if (rc == ERR_OK)
        reply->value = order_object(&order);
    return rc;
}

static enum err handle_idkey(struct request *request, struct reply *reply)
{
    struct user user;
    char key[IDKEY_SIZE];

    enum err rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc == ERR_OK)
        rc = idkey_make(request->app->master_key, &user.uuid, clock_now_us() / 1000000, key);
    if (rc == ERR_OK) {
        reply->value = json_object_new_object();
        reply_text(reply->value, "idkey", key);
    }
    crypto_wipe(key, sizeof(key));
    return rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/markets",
     .auth = &auth_public,
     .cache = CACHE_PUBLIC_1S,
     .effect = EFFECT_READS,
     .handler = handle_markets,
     .help = "The markets with their steps, last prices and the fee of somebody new to them.",
     .params = ""},
    {.methods = METHOD_GET,
     .path = "/site/market/orders",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_orders,
     .help = "The user's live orders, the oldest first, and their fee in each market.",
     .params = ""},
    {.methods = METHOD_POST,
     .path = "/site/market/orders",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .pool = POOL_ORDER,
     .needs_key = true,
     .handler = handle_place,
     .help = "Places an order, without price at any price; header Idempotency-Key names the "
             "attempt.",
     .params = "market* type* amount amount_int price price_int stop stop_int prefer_fiat_fee"},
    {.methods = METHOD_POST,
     .path = "/site/market/orders/{oid}/cancel",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .pool = POOL_ORDER,
     .handler = handle_cancel,
     .help = "Takes an order back; what it holds is free again.",
     .params = ""},
    {.methods = METHOD_GET,
     .path = "/site/market/idkey",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_idkey,
     .help = "The key of the user's private channel in the stream, good for 24 hours.",
     .params = ""},
};
ROUTE_TABLE(routes_site_market, rows);
