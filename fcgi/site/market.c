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

static void add_market(void *arg, const struct market_summary *summary)
{
    struct writer *json = arg;
    const struct market *market = summary->market;

    writer_object(json, NULL);
    writer_text(json, "market", market->code);
    writer_text(json, "item", market->item->code);
    writer_text(json, "currency", market->currency->code);
    writer_money(json, "amount_step", market->amount_step);
    writer_money(json, "price_step", market->price_step);
    writer_money(json, "min_amount", market->min_amount);
    writer_bool(json, "halted", summary->halted);
    writer_money(json, "last", summary->last);
    writer_text(json, "fee_percent", summary->fee_percent);
    writer_end(json);
}

static enum err handle_markets(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_list(json, "markets");
    enum err rc = market_board(request->db, 0, add_market, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

static void add_order(void *arg, const struct market_order *order)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_uuid(json, "oid", &order->oid);
    writer_text(json, "market", order->market->code);
    writer_text(json, "type", market_side_name(order->side));
    writer_text(json, "status", order->status);
    writer_money(json, "amount", order->remaining);
    writer_money(json, "effective_amount", order->funded);
    writer_money(json, "placed", order->amount);
    writer_money(json, "price", order->price);
    writer_money(json, "stop", order->stop);
    writer_int(json, "date", order->created_us / 1000000);
    writer_end(json);
}

static void add_fee(void *arg, const struct market_summary *summary)
{
    writer_text(arg, summary->market->code, summary->fee_percent);
}

static enum err handle_orders(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_list(json, "orders");
    enum err rc = market_orders(request->db, request->caller.user_id, add_order, json);
    writer_end(json);
    writer_object(json, "fees");
    if (rc == ERR_OK)
        rc = market_board(request->db, request->caller.user_id, add_fee, json);
    writer_end(json);
    writer_end(json);
    return rc;
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
        add_order(&reply->writer, &order);
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
        add_order(&reply->writer, &order);
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
        writer_object(&reply->writer, NULL);
        writer_text(&reply->writer, "idkey", key);
        writer_end(&reply->writer);
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
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_orders,
     .help = "The user's live orders, the oldest first, and their fee in each market."},
    {.methods = METHOD_POST,
     .path = "/site/market/orders",
     .auth = &auth_session,
     .rights = SITE_TRADE,
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
     .rights = SITE_TRADE,
     .effect = EFFECT_CHANGES,
     .pool = POOL_ORDER,
     .handler = handle_cancel,
     .help = "Takes an order back; what it holds is free again.",
     .fields = FIELD_TABLE(order_fields, struct order_params)},
    {.methods = METHOD_GET,
     .path = "/site/market/idkey",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_idkey,
     .help = "The key of the user's private channel in the stream, good for 24 hours."},
};
ROUTE_TABLE(routes_site_market, rows);
