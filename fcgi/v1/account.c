/* info, wallet/history, currency, hotp/gen (seed exchange-v1; api exchange-v1, section 1). */
#include <stdio.h>

#include "base/encode.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/v1/face.h"
#include "fcgi/v1/page.h"
#include "fcgi/views/history.h"
#include "identity/otp_device.h"
#include "identity/rights.h"
#include "ledger/ledger.h"
#include "market/line.h"
#include "market/trader.h"

/* What is written as null. */
static const struct amount unlimited = {0};

static void write_limit(struct writer *json, const char *key, const struct ledger_limit *limit)
{
    writer_money(json, key, limit->none ? unlimited : limit->max);
}

/* The most that may be withdrawn in one go now; no currency where there is no limit. */
static struct amount max_withdraw(const struct ledger_wallet *wallet)
{
    const struct ledger_limit *limits[] = {&wallet->single, &wallet->daily, &wallet->monthly};
    const struct ledger_limit *least = NULL;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (!limits[i]->none && (least == NULL || limits[i]->left.units < least->left.units))
            least = limits[i];
    return least == NULL ? unlimited : least->left;
}

static void write_wallet(struct writer *json, const struct ledger_wallet *wallet)
{
    writer_object(json, wallet->available.currency->code);
    writer_money(json, "Balance", wallet->available);
    writer_int(json, "Operations", (int64_t)wallet->entries);
    write_limit(json, "Daily_Withdraw_Limit", &wallet->daily);
    write_limit(json, "Monthly_Withdraw_Limit", &wallet->monthly);
    writer_money(json, "Max_Withdraw", max_withdraw(wallet));
    writer_money(json, "Open_Orders", wallet->reserved);
    writer_end(json);
}

static enum err handle_info(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct ledger_info info;
    struct market_trader trader;

    enum err rc = ledger_info(request->db, request->caller.user_id, &info);
    if (rc == ERR_OK)
        rc = market_trader(request->db, info.user_id, info.entries, info.today, &trader);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "Login", info.login);
    writer_digits(json, "Index", info.user_id);
    writer_uuid(json, "Id", &info.uuid);
    reply_rights(json, "Rights", rights_names, request->caller.rights);
    writer_text(json, "Language", info.language);
    writer_text(json, "Created", info.created);
    writer_some_text(json, "Last_Login", info.last_login);
    writer_object(json, "Wallets");
    for (size_t i = 0; i < info.wallet_count; i++)
        write_wallet(json, &info.wallets[i]);
    writer_end(json);
    writer_money(json, "Monthly_Volume", trader.volume);
    writer_number(json, "Trade_Fee", trader.fee_percent);
    writer_end(json);
    return ERR_OK;
}

/* What the line is about: its id, its class, and the name it goes by. */
static void write_link(struct writer *json, const struct ledger_line *line)
{
    const struct market_line *trade = market_line_of(line);
    const char *class = history_link_class(line);

    writer_list(json, "Link");
    if (class != NULL) {
        writer_uuid(json, NULL, trade != NULL ? &trade->oid : &line->ref);
        writer_text(json, NULL, class);
        if (trade != NULL)
            writer_digits(json, NULL, trade->tid);
        else
            writer_uuid(json, NULL, &line->ref);
    }
    writer_end(json);
}

static void write_trade(struct writer *json, const struct market_line *trade)
{
    writer_object(json, "Trade");
    writer_uuid(json, "oid", &trade->oid);
    writer_null(json, "app");
    writer_digits(json, "tid", trade->tid);
    writer_money(json, "Amount", trade->amount);
    writer_text(json, "Properties", trade->at_market ? "market" : "limit");
    writer_end(json);
}

static void add_line(void *arg, const struct ledger_line *line)
{
    const struct market_line *trade = market_line_of(line);
    struct writer *json = page_row(arg);

    writer_object(json, NULL);
    writer_digits(json, "Index", (int64_t)line->index);
    writer_int(json, "Date", line->date);
    writer_text(json, "Type", line->type);
    writer_money(json, "Value", line->value);
    writer_money(json, "Balance", line->balance);
    writer_text(json, "Info", line->info);
    write_link(json, line);
    if (trade != NULL)
        write_trade(json, trade);
    writer_end(json);
}

static enum err handle_history(struct request *request, struct reply *reply)
{
    struct page_rows rows = v1_page(reply);

    enum err rc = history_read(request, add_line, &rows);
    if (rc == ERR_OK)
        v1_page_end(&rows);
    return rc;
}

struct currency_params {
    const struct currency *currency;
};

static const struct field currency_fields[] = {
    {.name = "currency",
     .type = FIELD_CURRENCY,
     .required = true,
     .offset = offsetof(struct currency_params, currency)},
};

static enum err handle_currency(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct currency_params params = {0};
    struct uuid ticker, depth;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ledger_currency_channels(request->db, params.currency, &ticker, &depth);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "currency", params.currency->code);
    writer_text(json, "name", params.currency->name);
    writer_text(json, "symbol", params.currency->symbol);
    writer_digits(json, "decimals", params.currency->decimals);
    writer_digits(json, "display_decimals", params.currency->display_decimals);
    writer_text(json, "symbol_position", params.currency->symbol_after ? "after" : "before");
    writer_text(json, "virtual", params.currency->is_virtual ? "Y" : "N");
    writer_uuid(json, "ticker_channel", &ticker);
    writer_uuid(json, "depth_channel", &depth);
    writer_digits(json, "index", params.currency->id);
    writer_end(json);
    return ERR_OK;
}

static enum err handle_hotp_gen(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct otp_device device;
    char name[32], hex[HEX_SIZE(OTP_SECRET_SIZE)];
    char base32[BASE32_SIZE(OTP_SECRET_SIZE)];

    const struct actor actor = request_actor(request);
    enum err rc = otp_device_add(request->db, request->app->master_key, &actor, "hotp", &device);
    if (rc != ERR_OK)
        return rc;
    snprintf(name, sizeof(name), "OTP#%lld", (long long)device.id);
    hex_encode(device.secret, sizeof(device.secret), hex);
    base32_encode(device.secret, sizeof(device.secret), base32);

    writer_object(json, NULL);
    writer_uuid(json, "serial", &device.serial);
    writer_text(json, "name", name);
    writer_text(json, "key", hex);
    writer_text(json, "key_base32", base32);
    writer_end(json);
    crypto_wipe(&device, sizeof(device));
    crypto_wipe(hex, sizeof(hex));
    crypto_wipe(base32, sizeof(base32));
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/api/1/generic/info",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_READS,
     .handler = handle_info,
     .help = "The caller's account: wallets with limits, rights, fee."},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/wallet/history",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_history,
     .help = "One page of a wallet's history, newest first.",
     .fields = &history_params},
    {.methods = METHOD_GET | METHOD_POST,
     .path = "/api/1/generic/currency",
     .auth = &auth_public,
     .cache = CACHE_PUBLIC_1S,
     .effect = EFFECT_READS,
     .handler = handle_currency,
     .help = "A currency: name, symbol, decimals, channels.",
     .fields = FIELD_TABLE(currency_fields, struct currency_params)},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/hotp/gen",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_CHANGES,
     .handler = handle_hotp_gen,
     .help = "A new HOTP key; it becomes active on the site, with the password."},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/hotp_gen",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_CHANGES,
     .handler = handle_hotp_gen,
     .help = "The same as hotp/gen, as older clients spell it."},
};
ROUTE_TABLE(routes_v1_account, rows);
