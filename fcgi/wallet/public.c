/* What everybody may see: the time, assets, pairs and contracts (api wallet, B7, B9). */
#include <string.h>

#include "base/clock.h"
#include "fcgi/views/wallet.h"
#include "fcgi/wallet/face.h"
#include "ledger/operator.h"
#include "payout/rail.h"

#define NS_PER_US 1000

static enum err handle_ping(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;

    (void)request;
    writer_object(json, NULL);
    writer_int(json, "Timestamp", clock_now_us() * NS_PER_US);
    writer_end(json);
    return ERR_OK;
}

/* The assets, and the gateways of all of them. */
struct assets {
    struct writer *json;
    const struct rail_asset *gateways;
    size_t count;
};

static void add_gateway(struct writer *json, const struct rail_asset *gateway)
{
    writer_object(json, NULL);
    writer_uuid(json, "guid", &gateway->guid);
    writer_text(json, "gateway_name", gateway->rail);
    writer_bool(json, "is_deposit_enabled", gateway->deposits);
    writer_bool(json, "is_withdrawal_enabled", gateway->withdrawals && !gateway->paused);
    writer_short(json, "min_deposit_amount", gateway->min_deposit);
    writer_short(json, "min_withdrawal_amount", gateway->min_withdrawal);
    writer_short(json, "withdrawal_fee", gateway->fee);
    writer_int(json, "withdrawal_scale", rail_asset_scale(gateway));
    writer_int(json, "scale", gateway->currency->decimals);
    writer_bool(json, "is_memo_required", gateway->memo_needed);
    writer_end(json);
}

static void add_asset(void *arg, const struct currency *currency, bool enabled)
{
    const struct assets *assets = arg;
    struct writer *json = assets->json;
    const struct uuid uuid = wallet_asset_uuid(currency);

    writer_object(json, NULL);
    writer_uuid(json, "uuid", &uuid);
    writer_text(json, "symbol", currency->code);
    writer_text(json, "name", currency->name);
    writer_int(json, "scale", currency->decimals);
    writer_bool(json, "is_fiat", !currency->is_virtual);
    writer_bool(json, "is_transfer_enabled", enabled);
    writer_int(json, "transfer_scale", currency->decimals);
    writer_list(json, "binding_gateways");
    for (size_t i = 0; i < assets->count; i++)
        if (assets->gateways[i].currency == currency)
            add_gateway(json, &assets->gateways[i]);
    writer_end(json);
    writer_end(json);
}

/* Memory for the gateways of all assets, as long as the request. */
struct gateways {
    struct request *request;
    struct rail_asset *list;
    size_t count, room;
};

static void keep_gateway(void *arg, const struct rail_asset *gateway)
{
    struct gateways *gateways = arg;

    if (gateway->kind == RAIL_IN_HOUSE)
        return;
    if (gateways->count == gateways->room) {
        size_t room = gateways->room * 2 + 8;
        struct rail_asset *list = request_alloc(gateways->request, room * sizeof(*list));
        if (list == NULL)
            return;
        if (gateways->count > 0)
            memcpy(list, gateways->list, gateways->count * sizeof(*list));
        gateways->list = list;
        gateways->room = room;
    }
    gateways->list[gateways->count++] = *gateway;
}

static enum err read_gateways(struct gateways *gateways)
{
    struct request *request = gateways->request;
    enum err rc = rail_assets(request->db, NULL, NULL, keep_gateway, gateways);
    for (size_t i = 0; rc == ERR_OK && i < gateways->count; i++)
        rc = wallets_takes_deposits(request, &gateways->list[i], &gateways->list[i].deposits);
    return rc;
}

static enum err handle_assets(struct request *request, struct reply *reply)
{
    struct gateways gateways = {.request = request};

    enum err rc = read_gateways(&gateways);
    struct assets assets = {
        .json = &reply->writer, .gateways = gateways.list, .count = gateways.count};
    writer_list(assets.json, NULL);
    if (rc == ERR_OK)
        rc = ledger_currencies(request->db, add_asset, &assets);
    writer_end(assets.json);
    return rc;
}

/* Nothing is traded here; clients ask all the same, and give up where there is no list. */
static enum err handle_none(struct request *request, struct reply *reply)
{
    (void)request;
    writer_list(&reply->writer, NULL);
    writer_end(&reply->writer);
    return ERR_OK;
}

#define PUBLIC .methods = METHOD_GET, .auth = &auth_public, .effect = EFFECT_READS

static const struct route rows[] = {
    {PUBLIC, .path = "/api/v3/ping", .needs_no_db = true, .handler = handle_ping,
     .help = "The time, in nanoseconds since 1970."},
    {PUBLIC, .path = "/api/v3/assets", .cache = CACHE_PUBLIC_1S, .handler = handle_assets,
     .help = "The assets, and the gateways on which each can be deposited and withdrawn."},
    {PUBLIC, .path = "/api/v3/asset_pairs", .needs_no_db = true, .handler = handle_none,
     .help = "The pairs that are traded on this API: none."},
    {PUBLIC, .path = "/api/contract/v2/symbols", .needs_no_db = true, .shape = SHAPE_BARE,
     .handler = handle_none, .help = "The contracts that are traded on this API: none."},
};
ROUTE_TABLE(routes_wallet_public, rows);
