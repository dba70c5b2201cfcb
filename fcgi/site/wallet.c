/* The wallet page: assets with what is in SPOT and FUND, gateways, addresses, deposits. */
#include <string.h>

#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/wallet.h"
#include "identity/otp_device.h"
#include "identity/qr.h"
#include "ledger/operator.h"

#define LIST_MAX 50 /* deposits, and withdrawals, that the page shows */
#define URI_MAX 512

/* --- assets ---------------------------------------------------------------------------------------- */

/* What is known of an asset before it is written. */
struct asset {
    const struct currency *currency;
    struct ledger_funds funds;
    bool owned, enabled;
};

struct page {
    struct request *request;
    struct asset *assets;
    struct rail_asset *gateways;
    size_t asset_count, gateway_count;
};

#define GATEWAYS_MAX 256

static struct asset *find_asset(struct page *page, const struct currency *currency)
{
    for (size_t i = 0; i < page->asset_count; i++)
        if (page->assets[i].currency == currency)
            return &page->assets[i];
    return NULL;
}

static void add_currency(void *arg, const struct currency *currency, bool enabled)
{
    struct page *page = arg;

    if (page->asset_count < CURRENCY_MAX_COUNT)
        page->assets[page->asset_count++] =
            (struct asset){.currency = currency,
                           .funds = {{0, currency}, {0, currency}, {0, currency}, {0, currency}},
                           .enabled = enabled};
}

static void add_funds(void *arg, const struct ledger_funds *funds)
{
    struct asset *asset = find_asset(arg, funds->spot.currency);

    if (asset != NULL) {
        asset->funds = *funds;
        asset->owned = true;
    }
}

static void add_gateway(void *arg, const struct rail_asset *gateway)
{
    struct page *page = arg;

    if (gateway->kind != RAIL_IN_HOUSE && page->gateway_count < GATEWAYS_MAX)
        page->gateways[page->gateway_count++] = *gateway;
}

static void write_gateway(struct writer *json, const struct rail_asset *gateway)
{
    writer_object(json, NULL);
    writer_text(json, "name", gateway->rail);
    writer_bool(json, "deposits", gateway->deposits);
    writer_bool(json, "withdrawals", gateway->withdrawals && !gateway->paused);
    writer_money(json, "min_deposit", gateway->min_deposit);
    writer_money(json, "min_withdrawal", gateway->min_withdrawal);
    writer_money(json, "fee", gateway->fee);
    writer_int(json, "confirmations", (int64_t)gateway->confirmations);
    writer_int(json, "scale", rail_asset_scale(gateway));
    writer_bool(json, "memo", gateway->memo_needed);
    writer_end(json);
}

/* What the caller has, or could have on a gateway. */
static void write_asset(struct writer *json, const struct page *page, const struct asset *asset)
{
    bool reachable = asset->owned;

    for (size_t i = 0; i < page->gateway_count; i++)
        reachable = reachable || page->gateways[i].currency == asset->currency;
    if (!reachable)
        return;
    writer_object(json, NULL);
    writer_text(json, "symbol", asset->currency->code);
    writer_text(json, "name", asset->currency->name);
    writer_int(json, "decimals", asset->currency->decimals);
    writer_bool(json, "enabled", asset->enabled);
    writer_money(json, "fund", asset->funds.fund);
    writer_money(json, "fund_locked", asset->funds.fund_locked);
    writer_money(json, "spot", asset->funds.spot);
    writer_money(json, "spot_locked", asset->funds.spot_locked);
    writer_list(json, "gateways");
    for (size_t i = 0; i < page->gateway_count; i++)
        if (page->gateways[i].currency == asset->currency)
            write_gateway(json, &page->gateways[i]);
    writer_end(json);
    writer_end(json);
}

static void add_trusted(void *arg, const struct wallet_trusted *trusted)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "id", trusted->id);
    writer_text(json, "label", trusted->label);
    writer_text(json, "gateway", trusted->rail);
    writer_text(json, "address", trusted->address);
    writer_text(json, "memo", trusted->memo);
    writer_end(json);
}

static enum err write_rest(struct request *request, struct writer *json)
{
    char kind[5] = "";
    bool only = false;

    writer_list(json, "trusted");
    enum err rc =
        wallet_trusted_list(request->db, request->caller.user_id, add_trusted, json, &only);
    writer_end(json);
    writer_bool(json, "trusted_only", only);
    if (rc == ERR_OK)
        rc = otp_device_active(request->db, request->caller.user_id, kind);
    writer_bool(json, "otp", kind[0] != '\0');
    return rc;
}

static enum err handle_wallet(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct page page = {.request = request,
                        .assets = request_alloc(request, CURRENCY_MAX_COUNT * sizeof(struct asset)),
                        .gateways =
                            request_alloc(request, GATEWAYS_MAX * sizeof(struct rail_asset))};

    if (page.assets == NULL || page.gateways == NULL)
        return ERR_NO_MEMORY;
    enum err rc = ledger_currencies(request->db, add_currency, &page);
    if (rc == ERR_OK)
        rc = ledger_funds(request->db, request->caller.user_id, NULL, add_funds, &page);
    if (rc == ERR_OK)
        rc = rail_assets(request->db, NULL, NULL, add_gateway, &page);
    for (size_t i = 0; rc == ERR_OK && i < page.gateway_count; i++)
        rc = wallets_takes_deposits(request, &page.gateways[i], &page.gateways[i].deposits);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_list(json, "assets");
    for (size_t i = 0; i < page.asset_count; i++)
        write_asset(json, &page, &page.assets[i]);
    writer_end(json);
    rc = write_rest(request, json);
    writer_end(json);
    return rc;
}

/* --- addresses ------------------------------------------------------------------------------------- */

struct address_params {
    const struct currency *currency;
};

static const struct field address_fields[] = {
    {.name = "currency",
     .type = FIELD_CURRENCY,
     .required = true,
     .offset = offsetof(struct address_params, currency)},
};

static enum err write_address(struct writer *json, const struct wallets_address *address)
{
    struct text svg = TEXT(QR_SVG_MAX);
    enum err rc = qr_svg(address->address.address, &svg);

    writer_object(json, NULL);
    writer_text(json, "gateway", address->asset.rail);
    writer_text(json, "address", address->address.address);
    writer_text(json, "qr_svg", text_string(&svg));
    writer_int(json, "confirmations", (int64_t)address->asset.confirmations);
    writer_money(json, "min_deposit", address->asset.min_deposit);
    writer_end(json);
    text_free(&svg);
    return rc;
}

static enum err handle_address(struct request *request, struct reply *reply)
{
    struct address_params params = {0};
    struct wallets_address addresses[WALLETS_ADDRESSES_MAX];
    struct writer *json = &reply->writer;
    size_t count = 0;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = wallets_addresses(request, params.currency, addresses, &count);
    writer_object(json, NULL);
    writer_list(json, "addresses");
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        rc = write_address(json, &addresses[i]);
    writer_end(json);
    writer_end(json);
    return rc;
}

/* --- what is under way ----------------------------------------------------------------------------- */

static void add_deposit(void *arg, const struct deposit *deposit)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "id", deposit->id);
    writer_money(json, "amount", deposit->amount);
    writer_text(json, "txid", deposit->txid);
    writer_text(json, "state", deposit_state_words[deposit->state]);
    writer_int(json, "confirms", (int64_t)deposit->confirms);
    writer_int(json, "needed", (int64_t)deposit->needed);
    writer_int(json, "created", deposit->inserted_us / 1000000);
    writer_end(json);
}

static void write_payout(struct writer *json, const char *key, const struct payout *payout)
{
    bool waits = payout->state == PAYOUT_STATE_REQUESTED ||
                 payout->state == PAYOUT_STATE_MODERATING || payout->state == PAYOUT_STATE_APPROVED;

    writer_object(json, key);
    writer_int(json, "id", payout->id);
    writer_text(json, "guid", payout->ref);
    writer_money(json, "amount", payout->amount);
    writer_money(json, "fee", payout->fee);
    writer_text(json, "gateway", payout->rail);
    writer_bool(json, "internal", payout->kind == RAIL_IN_HOUSE);
    writer_text(json, "address", payout->address);
    writer_text(json, "memo", payout->memo);
    writer_text(json, "state", payout_state_names[payout->state]);
    writer_bool(json, "ended", payout_state_ended(payout->state));
    writer_bool(json, "cancellable", waits);
    writer_text(json, "txid", payout->reference);
    writer_int(json, "confirms", (int64_t)payout->confirmations);
    writer_int(json, "needed", (int64_t)payout->confirmations_needed);
    writer_int(json, "created", payout->created);
    writer_end(json);
}

static void add_payout(void *arg, const struct payout *payout)
{
    write_payout(arg, NULL, payout);
}

static enum err handle_moves(struct request *request, struct reply *reply)
{
    const struct deposit_filter in = {
        .user_id = request->caller.user_id, .state = -1, .limit = LIST_MAX};
    const struct payout_filter out = {
        .user_id = request->caller.user_id, .service = WALLET_SERVICE, .limit = LIST_MAX};
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_list(json, "deposits");
    enum err rc = deposit_list(request->db, &in, add_deposit, json);
    writer_end(json);
    writer_list(json, "withdrawals");
    if (rc == ERR_OK)
        rc = payout_list(request->db, &out, add_payout, json);
    writer_end(json);
    writer_end(json);
    return rc;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/wallet",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_wallet,
     .help = "The user's assets in FUND and SPOT, their gateways, and trusted addresses."},
    {.methods = METHOD_GET,
     .path = "/site/wallet/moves",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_moves,
     .help = "The last deposits and withdrawals, with their confirmations."},
    /* A first call makes the address. */
    {.methods = METHOD_POST,
     .path = "/site/wallet/address",
     .auth = &auth_session,
     .rights = SITE_WITHDRAW,
     .effect = EFFECT_CHANGES,
     .handler = handle_address,
     .help = "The user's addresses for deposits of a currency, with QR codes.",
     .fields = FIELD_TABLE(address_fields, struct address_params)},
};
ROUTE_TABLE(routes_site_wallet, rows);
