/* Withdrawals, deposits and addresses as both faces of the wallet show them. */
#include "fcgi/views/wallet.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define US_PER_S 1000000
#define TIME_SIZE 32

void wallets_add_time(struct writer *json, const char *key, int64_t at_us)
{
    char text[TIME_SIZE], date[CLOCK_TEXT_SIZE];

    if (at_us == 0) {
        writer_null(json, key);
        return;
    }
    clock_format(at_us / US_PER_S, date);
    date[sizeof("YYYY-MM-DD") - 1] = 'T';
    snprintf(text, sizeof(text), "%s.%06dZ", date, (int)(at_us % US_PER_S));
    writer_text(json, key, text);
}

enum err wallets_name_request(struct request *request, const char *kind, const char *guid)
{
    struct caller *caller = &request->caller;

    if (!wallet_guid_is_valid(guid))
        return request_fail_text(request, "guid", ERR_INVALID,
                                 "should be letters, digits, and -._:");
    snprintf(caller->request_key, sizeof(caller->request_key), "w%s:%s", kind, guid);
    caller->repeatable = true;
    return ERR_OK;
}

const char *wallets_state(enum payout_state state)
{
    if (!payout_state_ended(state))
        return "PENDING";
    if (state == PAYOUT_STATE_CANCELLED)
        return "CANCELLED";
    return payout_state_gave_back(state) ? "FAILED" : "COMPLETED";
}

/* First what the seed shows, in its order; then the rest of its table, and what clients read beside. */
void wallets_write_withdrawal(struct writer *json, const char *key, const struct payout *payout)
{
    bool ended = payout_state_ended(payout->state);
    bool inside = payout->kind == RAIL_IN_HOUSE;
    const struct uuid asset = wallet_asset_uuid(payout->amount.currency);

    writer_object(json, key);
    writer_int(json, "id", payout->id);
    writer_digits(json, "customer_id", payout->user_id);
    writer_text(json, "asset_symbol", payout->amount.currency->code);
    writer_short(json, "amount", payout->amount);
    writer_text(json, "state", wallets_state(payout->state));
    writer_text(json, "note", payout_state_gave_back(payout->state) ? payout->why : payout->note);
    writer_text(json, "txid", ended ? payout->reference : "");
    wallets_add_time(json, "completed_at", ended ? payout->ended * US_PER_S : 0);
    wallets_add_time(json, "inserted_at", payout->created * US_PER_S);
    writer_bool(json, "is_internal", inside);
    writer_text(json, "target_address", payout->address);
    writer_uuid(json, "asset_uuid", &asset);
    if (inside)
        writer_digits(json, "recipient_id", payout->to_user_id);
    else
        writer_null(json, "recipient_id");
    writer_short(json, "fee", payout->fee);
    writer_text(json, "kind", rail_kind_names[payout->kind]);
    writer_text(json, "memo", payout->memo);
    wallets_add_time(json, "updated_at", payout->changed * US_PER_S);
    writer_end(json);
}

/* A deposit, wherever it comes from. */
struct shown {
    int64_t id;
    struct amount amount;
    uint64_t confirms;
    const char *txid, *kind, *memo, *state, *address;
    int64_t inserted_us, updated_us, confirmed_us;
    bool internal;
};

/* No customer_id: clients tell withdrawals by it (api wallet, B9). */
static void write_shown(struct writer *json, const char *key, const struct shown *shown)
{
    writer_object(json, key);
    writer_int(json, "id", shown->id);
    writer_short(json, "amount", shown->amount);
    writer_int(json, "confirms", (int64_t)shown->confirms);
    writer_text(json, "txid", shown->txid);
    writer_bool(json, "is_internal", shown->internal);
    wallets_add_time(json, "inserted_at", shown->inserted_us);
    wallets_add_time(json, "updated_at", shown->updated_us);
    wallets_add_time(json, "confirmed_at", shown->confirmed_us);
    writer_text(json, "kind", shown->kind);
    writer_text(json, "memo", shown->memo);
    writer_text(json, "state", shown->state);
    writer_text(json, "asset_symbol", shown->amount.currency->code);
    writer_text(json, "target_account", wallet_place_names[WALLET_FUND]);
    writer_text(json, "target_address", shown->address);
    writer_end(json);
}

void wallets_write_deposit(struct writer *json, const char *key, const struct deposit *deposit)
{
    const struct shown shown = {.id = deposit->id,
                                .amount = deposit->amount,
                                .confirms = deposit->confirms,
                                .txid = deposit->txid,
                                .kind = "default",
                                .memo = "",
                                .state = deposit_states[deposit->state],
                                .address = deposit->address,
                                .inserted_us = deposit->inserted_us,
                                .updated_us = deposit->updated_us,
                                .confirmed_us = deposit->confirmed_us};
    write_shown(json, key, &shown);
}

void wallets_write_received(struct writer *json, const char *key, const struct payout *payout)
{
    const struct shown shown = {.id = payout->id,
                                .amount = payout->amount,
                                .txid = "",
                                .kind = "internal",
                                .memo = payout->memo,
                                .state = deposit_states[DEPOSIT_COMPLETED],
                                .address = payout->address,
                                .inserted_us = payout->created * US_PER_S,
                                .updated_us = payout->changed * US_PER_S,
                                .confirmed_us = payout->ended * US_PER_S,
                                .internal = true};
    write_shown(json, key, &shown);
}

/* Which parameter a refusal is about. */
static const struct {
    enum err rc;
    const char *field;
} fields[] = {
    {ERR_RAIL_UNKNOWN, "gateway_name"},
    {ERR_GATEWAY_MISSING, "gateway_name"},
    {ERR_PAYOUT_ADDRESS, "target_address"},
    {ERR_PAYOUT_OWN_ADDRESS, "target_address"},
    {ERR_PAYOUT_SELF, "target_address"},
    {ERR_PAYOUT_MEMO, "memo"},
    {ERR_PAYOUT_LOW, "amount"},
    {ERR_AMOUNT_DIGITS, "amount"},
    {ERR_AMOUNT_NOT_POSITIVE, "amount"},
    {ERR_OTP_REQUIRED, "otp"},
    {ERR_OTP_INVALID, "otp"},
    {ERR_NOT_UTF8, "memo"},
    {ERR_TOO_LONG, "memo"},
    {ERR_INVALID, "guid"},
    {ERR_ADDRESS_UNTRUSTED, "target_address"},
};

static enum err name_field(struct request *request, enum err rc)
{
    if (rc == ERR_NOT_FOUND)
        return request_fail_text(request, "target_address", ERR_PAYOUT_ADDRESS,
                                 "is no customer of this house");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].rc == rc)
            return request_fail(request, fields[i].field, rc);
    return rc;
}

enum err wallets_withdraw(struct request *request, const struct wallet_order *order,
                          struct payout *out)
{
    const struct actor actor = request_actor(request);
    bool repeated;
    enum err rc = wallet_withdraw(request->db, &actor, order, out, &repeated);
    return rc == ERR_OK ? ERR_OK : name_field(request, rc);
}

enum err wallets_takes_deposits(struct request *request, const struct rail_asset *asset, bool *out)
{
    struct deposit_rail chain;
    struct rail rail;
    enum err rc = ERR_DEPOSIT_RAIL;

    if (asset->deposits && asset->kind == RAIL_ON_CHAIN) {
        rc = rail_by_name(request->db, asset->rail, &rail);
        if (rc == ERR_OK)
            rc = deposit_rail_read(request->db, rail.outside, &chain);
    }
    *out = rc == ERR_OK;
    return rc == ERR_DEPOSIT_RAIL ? ERR_OK : rc;
}

/* The gateways of an asset that take deposits. */
struct gateways {
    struct wallets_address *list;
    size_t count;
};

static void add_gateway(void *arg, const struct rail_asset *asset)
{
    struct gateways *gateways = arg;

    if (asset->deposits && asset->kind == RAIL_ON_CHAIN && gateways->count < WALLETS_ADDRESSES_MAX)
        gateways->list[gateways->count++] = (struct wallets_address){.asset = *asset};
}

/* Gateways that are not set up here give no address. */
static enum err take_address(struct request *request, struct wallets_address *gateway, bool *there)
{
    struct rail rail;

    *there = false;
    enum err rc = rail_by_name(request->db, gateway->asset.rail, &rail);
    if (rc == ERR_OK)
        rc = deposit_address_take(request->db, rail.outside, request->caller.user_id,
                                  &gateway->address);
    if (rc == ERR_DEPOSIT_RAIL)
        return ERR_OK;
    text_copy(gateway->rail, sizeof(gateway->rail), rail.outside);
    *there = rc == ERR_OK;
    return rc;
}

enum err wallets_addresses(struct request *request, const struct currency *currency,
                           struct wallets_address *out, size_t *count)
{
    struct gateways gateways = {.list = out};
    size_t kept = 0;
    bool there;

    enum err rc = rail_assets(request->db, NULL, currency, add_gateway, &gateways);
    for (size_t i = 0; rc == ERR_OK && i < gateways.count; i++) {
        rc = take_address(request, &out[i], &there);
        if (rc == ERR_OK && there)
            out[kept++] = out[i];
    }
    *count = kept;
    return rc;
}
