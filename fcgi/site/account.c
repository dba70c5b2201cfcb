/* The signed-in user's account: who they are, wallets, limits. */
#include <string.h>

#include "fcgi/site/face.h"
#include "identity/otp_device.h"
#include "identity/user.h"
#include "ledger/ledger.h"

static struct json_object *money_or_null(bool none, struct amount amount)
{
    return none ? NULL : reply_money(amount);
}

static struct json_object *wallet_object(const struct ledger_wallet *wallet)
{
    struct json_object *object = json_object_new_object();
    const struct ledger_limit *daily = &wallet->daily, *monthly = &wallet->monthly;
    struct amount spendable = {wallet->available.units - wallet->reserved.units,
                               wallet->available.currency};

    reply_text(object, "currency", wallet->available.currency->code);
    reply_add(object, "balance", reply_money(wallet->available));
    reply_add(object, "held", reply_money(wallet->held));
    reply_add(object, "reserved", reply_money(wallet->reserved));
    reply_add(object, "free", reply_money(spendable));
    reply_add(object, "daily_limit", money_or_null(daily->none, daily->max));
    reply_add(object, "daily_left", money_or_null(daily->none, daily->left));
    reply_add(object, "monthly_limit", money_or_null(monthly->none, monthly->max));
    reply_add(object, "monthly_left", money_or_null(monthly->none, monthly->left));
    reply_add(object, "single_limit", money_or_null(wallet->single.none, wallet->single.max));
    return object;
}

static struct json_object *otp_object(const char *kind)
{
    struct json_object *object = json_object_new_object();
    reply_bool(object, "enabled", kind[0] != '\0');
    reply_text(object, "kind", kind[0] == '\0' ? NULL : kind);
    return object;
}

static enum err handle_account(struct request *request, struct reply *reply)
{
    struct ledger_info info;
    char uuid[UUID_TEXT_SIZE], kind[5];

    enum err rc = ledger_info(request->db, request->caller.user_id, &info);
    if (rc == ERR_OK)
        rc = otp_device_active(request->db, request->caller.user_id, kind);
    if (rc != ERR_OK)
        return rc;
    uuid_format(&info.uuid, uuid);

    struct json_object *object = json_object_new_object(), *wallets = json_object_new_array();
    for (size_t i = 0; i < info.wallet_count; i++)
        json_object_array_add(wallets, wallet_object(&info.wallets[i]));
    reply_text(object, "login", info.login);
    reply_text(object, "email", info.email);
    reply_text(object, "id", uuid);
    reply_text(object, "level", info.level);
    reply_bool(object, "verified", strcmp(info.level, user_levels[0]) != 0);
    reply_add(object, "otp", otp_object(kind));
    reply_add(object, "wallets", wallets);
    reply->value = object;
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/account",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = handle_account,
     .help = "The user's account: verification, one-time password, wallets with limits."},
};
ROUTE_TABLE(routes_site_account, rows);
