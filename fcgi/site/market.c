/* The market page's calls: the markets, and the signed-in trader's orders. The public data of a
 * market are on the v1 face. */
#include <string.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/placement.h"
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

static const struct field place_fields[] = {
    {.name = "market",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = MARKET_CODE_SIZE - 1,
     .offset = PLACEMENT_AT(market)},
    PLACEMENT_FIELDS,
};

static enum err read_order(struct request *request, struct placement *placement)
{
    struct placement_params params = {.market = ""};
    const struct market *market;

    enum err rc = FIELDS_READ(request, &params);
    if (rc != ERR_OK)
        return rc;
    rc = market_find(request->db, params.market, strlen(params.market), &market);
    if (rc != ERR_OK)
        return request_fail(request, rc == ERR_MARKET_UNKNOWN ? "market" : NULL, rc);
    return placement_make(request, &params, market, placement);
}

static enum err handle_place(struct request *request, struct reply *reply)
{
    struct placement asked;
    struct market_order order;
    struct uuid oid;

    enum err rc = read_order(request, &asked);
    if (rc != ERR_OK)
        return rc;
    struct actor actor = request_actor(request);
    rc = market_place(request->db, request->matcher, request->app->master_key, &actor, &asked.order,
                      &oid);
    if (rc != ERR_OK)
        return placement_fail(request, &asked, rc);
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
     .place = FIELD_IN_PATH,
     .required = true,
     .offset = offsetof(struct order_params, oid)},
};

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct order_params params;
    struct market_order order;

    enum err rc = FIELDS_READ(request, &params);
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
     .help = "The markets with their steps, last prices and the fee of somebody new to them."},
    {.methods = METHOD_GET,
     .path = "/site/market/orders",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_orders,
     .help = "The user's live orders, the oldest first, and their fee in each market."},
    {.methods = METHOD_POST,
     .path = "/site/market/orders",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .pool = POOL_ORDER,
     .needs_key = true,
     .handler = handle_place,
     .help = "Places an order, without price at any price; header Idempotency-Key names the "
             "attempt.",
     .fields = FIELD_TABLE(place_fields, struct placement_params)},
    {.methods = METHOD_POST,
     .path = "/site/market/orders/{oid}/cancel",
     .auth = &auth_session,
     .effect = EFFECT_CHANGES,
     .pool = POOL_ORDER,
     .handler = handle_cancel,
     .help = "Takes an order back; what it holds is free again.",
     .fields = FIELD_TABLE(order_fields, struct order_params)},
    {.methods = METHOD_GET,
     .path = "/site/market/idkey",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_idkey,
     .help = "The key of the user's private channel in the stream, good for 24 hours."},
};
ROUTE_TABLE(routes_site_market, rows);
