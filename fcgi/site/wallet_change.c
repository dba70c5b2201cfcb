/* What the wallet page changes: transfers, withdrawals, trusted addresses. */
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/wallet.h"
#include "identity/otp_device.h"
#include "identity/user.h"

struct change_params {
    const struct currency *currency;
    struct amount amount;
    const char *guid, *target_address, *memo, *gateway_name, *otp, *label;
    int64_t from, to, id;
    bool only;
};

#define AT(member) offsetof(struct change_params, member)
#define FIELD_ASSET                                                                          \
    {                                                                                        \
        .name = "currency", .type = FIELD_CURRENCY, .required = true, .offset = AT(currency) \
    }
#define FIELD_SUM                                                                         \
    {                                                                                     \
        .name = "amount", .type = FIELD_AMOUNT, .required = true, .currency = "currency", \
        .offset = AT(amount)                                                              \
    }
#define FIELD_GUID                                                                              \
    {                                                                                           \
        .name = "guid", .type = FIELD_TEXT, .required = true, .min = 1, .max = WALLET_GUID_MAX, \
        .offset = AT(guid)                                                                      \
    }
#define FIELD_PLACE(field)                                                                     \
    {                                                                                          \
        .name = #field, .type = FIELD_CHOICE, .required = true, .choices = wallet_place_names, \
        .offset = AT(field)                                                                    \
    }
#define FIELD_CODE                                                                \
    {                                                                             \
        .name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp) \
    }
#define FIELD_TARGET                                                                       \
    {.name = "target_address",                                                             \
     .type = FIELD_TEXT,                                                                   \
     .required = true,                                                                     \
     .min = 1,                                                                             \
     .max = RAIL_ADDRESS_MAX,                                                              \
     .offset = AT(target_address)},                                                        \
        {.name = "memo", .type = FIELD_TEXT, .max = RAIL_ADDRESS_MAX, .offset = AT(memo)}, \
    {                                                                                      \
        .name = "gateway_name", .type = FIELD_TEXT, .max = RAIL_NAME_MAX,                  \
        .offset = AT(gateway_name)                                                         \
    }
#define FIELD_ID                                                                             \
    {                                                                                        \
        .name = "id", .type = FIELD_INT, .place = FIELD_IN_PATH, .required = true, .min = 1, \
        .offset = AT(id)                                                                     \
    }

static const struct field transfer_fields[] = {FIELD_ASSET, FIELD_SUM, FIELD_GUID,
                                               FIELD_PLACE(from), FIELD_PLACE(to)};
static const struct field withdraw_fields[] = {FIELD_ASSET, FIELD_SUM, FIELD_GUID, FIELD_TARGET,
                                               FIELD_CODE};
static const struct field trust_fields[] = {FIELD_ASSET,
                                            FIELD_TARGET,
                                            {.name = "label",
                                             .type = FIELD_TEXT,
                                             .required = true,
                                             .min = 1,
                                             .max = WALLET_LABEL_MAX,
                                             .offset = AT(label)},
                                            FIELD_CODE};
static const struct field only_fields[] = {
    {.name = "only", .type = FIELD_BOOL, .required = true, .offset = AT(only)}, FIELD_CODE};
static const struct field id_fields[] = {FIELD_ID};
#undef AT

static const struct change_params nothing = {
    .guid = "", .target_address = "", .memo = "", .gateway_name = "", .otp = "", .label = ""};

static void write_nothing(struct reply *reply)
{
    writer_object(&reply->writer, NULL);
    writer_end(&reply->writer);
}

static enum err handle_transfer(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;
    struct wallet_transfer transfer = {0};
    bool repeated;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK && params.from == params.to)
        rc = request_fail_text(request, "to", ERR_INVALID, "should be another account than from");
    if (rc == ERR_OK)
        rc = wallets_name_request(request, "t", params.guid);
    if (rc != ERR_OK)
        return rc;
    const struct actor actor = request_actor(request);
    transfer.amount = params.amount;
    transfer.from = (enum wallet_place)params.from;
    transfer.to = (enum wallet_place)params.to;
    text_copy(transfer.guid, sizeof(transfer.guid), params.guid);
    rc = wallet_transfer(request->db, &actor, &transfer, &repeated);
    if (rc == ERR_OK)
        write_nothing(reply);
    return rc == ERR_INSUFFICIENT_FUNDS ? request_fail(request, "amount", rc) : rc;
}

/* A one-time password where the account has one. Withdrawals use it up in their own transaction. */
static enum err check_otp(struct request *request, const char *otp, struct otp_step *out)
{
    if (otp[0] == '\0')
        return ERR_OK;
    enum err rc =
        otp_device_check(request->db, request->app->master_key, request->caller.user_id, otp, out);
    return rc == ERR_OK ? ERR_OK : request_fail(request, "otp", rc);
}

static void write_asked(struct reply *reply, const struct payout *payout)
{
    struct writer *json = &reply->writer;

    writer_object(json, NULL);
    writer_int(json, "id", payout->id);
    writer_text(json, "state", payout_state_names[payout->state]);
    writer_money(json, "amount", payout->amount);
    writer_money(json, "fee", payout->fee);
    writer_end(json);
}

/* One that was asked for before is answered first: its one-time password is used up. */
static enum err handle_withdraw(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;
    struct payout payout;
    struct user user;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = wallets_name_request(request, "p", params.guid);
    if (rc == ERR_OK)
        rc = user_by_id(request->db, request->caller.user_id, &user);
    if (rc != ERR_OK)
        return rc;
    struct wallet_order order = {.guid = params.guid,
                                 .total = params.amount,
                                 .address = params.target_address,
                                 .memo = params.memo,
                                 .gateway = params.gateway_name,
                                 .otp_needed = user.otp_required};
    rc = wallet_withdrawal_find(request->db, user.id, params.guid, &payout);
    if (rc == ERR_PAYOUT_NOT_FOUND)
        rc = check_otp(request, params.otp, &order.otp);
    if (rc == ERR_OK)
        rc = wallets_withdraw(request, &order, &payout);
    if (rc == ERR_OK)
        write_asked(reply, &payout);
    return rc == ERR_INSUFFICIENT_FUNDS ? request_fail(request, "amount", rc) : rc;
}

static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;
    struct payout payout;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = payout_cancel(request->db, request->caller.user_id, params.id, request->id, &payout);
    if (rc == ERR_OK)
        write_asked(reply, &payout);
    return rc;
}

static enum err name_trust_field(struct request *request, enum err rc)
{
    if (rc == ERR_RAIL_UNKNOWN)
        return request_fail(request, "gateway_name", rc);
    if (rc == ERR_PAYOUT_ADDRESS || rc == ERR_PAYOUT_OWN_ADDRESS)
        return request_fail(request, "target_address", rc);
    if (rc == ERR_PAYOUT_MEMO)
        return request_fail(request, "memo", rc);
    if (rc == ERR_TRUSTED_LABEL || rc == ERR_TRUSTED_FULL)
        return request_fail(request, "label", rc);
    return rc;
}

static enum err handle_trust(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;
    struct wallet_trusted trusted = {0};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = site_take_otp(request, params.otp);
    if (rc != ERR_OK)
        return rc;
    text_copy(trusted.label, sizeof(trusted.label), params.label);
    text_copy(trusted.rail, sizeof(trusted.rail), params.gateway_name);
    text_copy(trusted.address, sizeof(trusted.address), params.target_address);
    text_copy(trusted.memo, sizeof(trusted.memo), params.memo);
    rc = wallet_trust(request->db, request->caller.user_id, params.currency, &trusted);
    if (rc != ERR_OK)
        return name_trust_field(request, rc);
    writer_object(&reply->writer, NULL);
    writer_int(&reply->writer, "id", trusted.id);
    writer_text(&reply->writer, "address", trusted.address);
    writer_end(&reply->writer);
    return ERR_OK;
}

static enum err handle_distrust(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = wallet_distrust(request->db, request->caller.user_id, params.id);
    if (rc == ERR_OK)
        write_nothing(reply);
    return rc;
}

static enum err handle_only(struct request *request, struct reply *reply)
{
    struct change_params params = nothing;

    enum err rc = FIELDS_READ(request, &params);
    /* What widens where money may go asks for it. */
    if (rc == ERR_OK && !params.only)
        rc = site_take_otp(request, params.otp);
    if (rc == ERR_OK)
        rc = wallet_trusted_only(request->db, request->caller.user_id, params.only);
    if (rc == ERR_OK)
        write_nothing(reply);
    return rc;
}

#define CHANGE(verb, where, takes, function, words)                                              \
    {                                                                                            \
        .methods = METHOD_##verb, .path = "/site/wallet/" where, .auth = &auth_session,          \
        .rights = SITE_WITHDRAW, .effect = EFFECT_CHANGES,                                       \
        .fields = FIELD_TABLE(takes, struct change_params), .handler = (function), .help = words \
    }

static const struct route rows[] = {
    CHANGE(POST, "transfer", transfer_fields, handle_transfer,
           "Moves money between SPOT and FUND, once under its guid."),
    CHANGE(POST, "withdrawals", withdraw_fields, handle_withdraw,
           "Asks for a withdrawal from FUND, once under its guid."),
    CHANGE(POST, "withdrawals/{id}/cancel", id_fields, handle_cancel,
           "Takes a withdrawal back that is not being sent yet."),
    CHANGE(POST, "trusted", trust_fields, handle_trust, "Puts a trusted address down."),
    CHANGE(DELETE, "trusted/{id}", id_fields, handle_distrust, "Takes a trusted address off."),
    CHANGE(POST, "trusted-only", only_fields, handle_only,
           "Sets whether withdrawals go to trusted addresses alone."),
};
ROUTE_TABLE(routes_site_wallet_change, rows);
