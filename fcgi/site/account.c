/* The signed-in user's account: who they are, wallets, limits. */
#include <string.h>

#include "fcgi/site/face.h"
#include "identity/otp_device.h"
#include "identity/user.h"
#include "ledger/ledger.h"

static void write_limit(struct writer *json, const char *key, bool none, struct amount amount)
{
    static const struct amount unlimited = {0};

    writer_money(json, key, none ? unlimited : amount);
}

static void write_wallet(struct writer *json, const struct ledger_wallet *wallet)
{
    const struct ledger_limit *daily = &wallet->daily, *monthly = &wallet->monthly;
    struct amount spendable = {wallet->available.units - wallet->reserved.units,
                               wallet->available.currency};

    writer_object(json, NULL);
    writer_text(json, "currency", wallet->available.currency->code);
    writer_money(json, "balance", wallet->available);
    writer_money(json, "held", wallet->held);
    writer_money(json, "reserved", wallet->reserved);
    writer_money(json, "free", spendable);
    write_limit(json, "daily_limit", daily->none, daily->max);
    write_limit(json, "daily_left", daily->none, daily->left);
    write_limit(json, "monthly_limit", monthly->none, monthly->max);
    write_limit(json, "monthly_left", monthly->none, monthly->left);
    write_limit(json, "single_limit", wallet->single.none, wallet->single.max);
    writer_end(json);
}

static void write_otp(struct writer *json, const char *kind)
{
    writer_object(json, "otp");
    writer_bool(json, "enabled", kind[0] != '\0');
    writer_some_text(json, "kind", kind);
    writer_end(json);
}

static enum err handle_account(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct ledger_info info;
    char kind[5];

    enum err rc = ledger_info(request->db, request->caller.user_id, &info);
    if (rc == ERR_OK)
        rc = otp_device_active(request->db, request->caller.user_id, kind);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "login", info.login);
    writer_text(json, "email", info.email);
    writer_uuid(json, "id", &info.uuid);
    writer_text(json, "level", info.level);
    writer_bool(json, "verified", strcmp(info.level, user_levels[0]) != 0);
    write_otp(json, kind);
    writer_list(json, "wallets");
    for (size_t i = 0; i < info.wallet_count; i++)
        write_wallet(json, &info.wallets[i]);
    writer_end(json);
    writer_end(json);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/account",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .handler = handle_account,
     .help = "The user's account: verification, one-time password, wallets with limits."},
};
ROUTE_TABLE(routes_site_account, rows);
