/* What everybody may see: the time, assets, pairs and contracts (api wallet, B7, B9). */
#include "base/clock.h"
#include "fcgi/wallet/face.h"
#include "ledger/operator.h"

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

static void add_asset(void *arg, const struct currency *currency, bool enabled)
{
    struct writer *json = arg;
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
    writer_end(json);
    writer_end(json);
}

static enum err handle_assets(struct request *request, struct reply *reply)
{
    writer_list(&reply->writer, NULL);
    enum err rc = ledger_currencies(request->db, add_asset, &reply->writer);
    writer_end(&reply->writer);
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
