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

static struct json_object *limit_money(const struct ledger_limit *limit)
{
    return limit->none ? NULL : reply_money(limit->max);
}

/* The most that may be withdrawn in one go now, or null. */
static struct json_object *max_withdraw(const struct ledger_wallet *wallet)
{
    const struct ledger_limit *limits[] = {&wallet->single, &wallet->daily, &wallet->monthly};
    const struct ledger_limit *least = NULL;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (!limits[i]->none && (least == NULL || limits[i]->left.units < least->left.units))
            least = limits[i];
    return least == NULL ? NULL : reply_money(least->left);
}

static struct json_object *wallet_object(const struct ledger_wallet *wallet)
{
    struct json_object *object = json_object_new_object();

    reply_add(object, "Balance", reply_money(wallet->available));
    reply_int(object, "Operations", (int64_t)wallet->entries);
    reply_add(object, "Daily_Withdraw_Limit", limit_money(&wallet->daily));
    reply_add(object, "Monthly_Withdraw_Limit", limit_money(&wallet->monthly));
    reply_add(object, "Max_Withdraw", max_withdraw(wallet));
    reply_add(object, "Open_Orders", reply_money(wallet->reserved));
    return object;
}

static enum err handle_info(struct request *request, struct reply *reply)
{
    struct ledger_info info;
    char uuid[UUID_TEXT_SIZE], index[24];

    enum err rc = ledger_info(request->db, request->caller.user_id, &info);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&info.uuid, uuid);
    snprintf(index, sizeof(index), "%lld", (long long)info.user_id);

    struct json_object *object = json_object_new_object(), *wallets = json_object_new_object();
    for (size_t i = 0; i < info.wallet_count; i++)
        reply_add(wallets, info.wallets[i].available.currency->code,
                  wallet_object(&info.wallets[i]));
    reply_text(object, "Login", info.login);
    reply_text(object, "Index", index);
    reply_text(object, "Id", uuid);
    reply_add(object, "Rights", reply_rights(request->caller.rights));
    reply_text(object, "Language", info.language);
    reply_text(object, "Created", info.created);
    reply_text(object, "Last_Login", info.last_login[0] == '\0' ? NULL : info.last_login);
    reply_add(object, "Wallets", wallets);
    reply_add(object, "Monthly_Volume", reply_money(info.volume));
    reply_number(object, "Trade_Fee", info.trade_fee);
    reply->value = object;
    return ERR_OK;
}

/* What the line is about: its id, its class, and the name it goes by. */
static struct json_object *link_array(const struct ledger_line *line)
{
    const struct ledger_trade *trade = line->trade;
    const char *class = history_link_class(line);
    struct json_object *link = json_object_new_array();
    char id[UUID_TEXT_SIZE], tid[24];

    if (class == NULL)
        return link;
    uuid_format(trade != NULL ? &trade->oid : &line->ref, id);
    if (trade != NULL)
        snprintf(tid, sizeof(tid), "%lld", (long long)trade->tid);
    json_object_array_add(link, json_object_new_string(id));
    json_object_array_add(link, json_object_new_string(class));
    json_object_array_add(link, json_object_new_string(trade != NULL ? tid : id));
    return link;
}

static struct json_object *trade_object(const struct ledger_trade *trade)
{
    struct json_object *object = json_object_new_object();
    char oid[UUID_TEXT_SIZE], tid[24];

    uuid_format(&trade->oid, oid);
    snprintf(tid, sizeof(tid), "%lld", (long long)trade->tid);
    reply_text(object, "oid", oid);
    reply_text(object, "app", NULL);
    reply_text(object, "tid", tid);
    reply_add(object, "Amount", reply_money(trade->amount));
    reply_text(object, "Properties", trade->at_market ? "market" : "limit");
    return object;
}

static void add_line(void *arg, const struct ledger_line *line)
{
    struct json_object *object = json_object_new_object();
    char index[24];

    snprintf(index, sizeof(index), "%llu", (unsigned long long)line->index);
    reply_text(object, "Index", index);
    reply_int(object, "Date", line->date);
    reply_text(object, "Type", line->type);
    reply_add(object, "Value", reply_money(line->value));
    reply_add(object, "Balance", reply_money(line->balance));
    reply_text(object, "Info", history_words(line));
    reply_add(object, "Link", link_array(line));
    if (line->trade != NULL)
        reply_add(object, "Trade", trade_object(line->trade));
    json_object_array_add(arg, object);
}

static enum err handle_history(struct request *request, struct reply *reply)
{
    struct json_object *lines;
    struct page page;

    enum err rc = history_read(request, add_line, &lines, &page);
    if (rc == ERR_OK)
        reply->value = v1_page(&page, lines);
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

static void reply_decimal_text(struct json_object *object, const char *key, unsigned value)
{
    char digits[12];
    snprintf(digits, sizeof(digits), "%u", value);
    reply_text(object, key, digits);
}

static enum err handle_currency(struct request *request, struct reply *reply)
{
    struct currency_params params = {0};
    struct uuid ticker, depth;
    char ticker_text[UUID_TEXT_SIZE], depth_text[UUID_TEXT_SIZE];

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = ledger_currency_channels(request->db, params.currency, &ticker, &depth);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&ticker, ticker_text);
    uuid_format(&depth, depth_text);

    struct json_object *object = json_object_new_object();
    reply_text(object, "currency", params.currency->code);
    reply_text(object, "name", params.currency->name);
    reply_text(object, "symbol", params.currency->symbol);
    reply_decimal_text(object, "decimals", params.currency->decimals);
    reply_decimal_text(object, "display_decimals", params.currency->display_decimals);
    reply_text(object, "symbol_position", params.currency->symbol_after ? "after" : "before");
    reply_text(object, "virtual", params.currency->is_virtual ? "Y" : "N");
    reply_text(object, "ticker_channel", ticker_text);
    reply_text(object, "depth_channel", depth_text);
    reply_decimal_text(object, "index", params.currency->id);
    reply->value = object;
    return ERR_OK;
}

static enum err handle_hotp_gen(struct request *request, struct reply *reply)
{
    struct otp_device device;
    char serial[UUID_TEXT_SIZE], name[32], hex[HEX_SIZE(OTP_SECRET_SIZE)];
    char base32[BASE32_SIZE(OTP_SECRET_SIZE)];

    enum err rc = otp_device_add(request->db, request->app->master_key, request->caller.user_id,
                                 "hotp", &device);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&device.serial, serial);
    snprintf(name, sizeof(name), "OTP#%lld", (long long)device.id);
    hex_encode(device.secret, sizeof(device.secret), hex);
    base32_encode(device.secret, sizeof(device.secret), base32);

    reply->value = json_object_new_object();
    reply_text(reply->value, "serial", serial);
    reply_text(reply->value, "name", name);
    reply_text(reply->value, "key", hex);
    reply_text(reply->value, "key_base32", base32);
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
