/* Transfers between the caller's own accounts (api wallet, B7). */
#include "fcgi/server/fields.h"
#include "fcgi/views/wallet.h"
#include "fcgi/wallet/face.h"

/* As the API knows them; only those of this house are there. */
static const char *const places[] = {"SPOT", "FUND", "CONTRACT", NULL};
static const char *const types[] = {"NORMAL", "MASTER_TO_SUB", "SUB_TO_MASTER", "SUB_INTERNAL",
                                    NULL};
enum { TYPE_NORMAL };

struct transfer_params {
    const struct currency *symbol;
    struct amount amount;
    const char *guid, *sub_account;
    int64_t from, to, type;
};

#define AT(member) offsetof(struct transfer_params, member)
#define FIELD_GUID                                                                              \
    {                                                                                           \
        .name = "guid", .type = FIELD_TEXT, .required = true, .min = 1, .max = WALLET_GUID_MAX, \
        .offset = AT(guid)                                                                      \
    }

static const struct field transfer_fields[] = {
    {.name = "symbol", .type = FIELD_CURRENCY, .required = true, .offset = AT(symbol)},
    {.name = "amount",
     .type = FIELD_AMOUNT,
     .required = true,
     .currency = "symbol",
     .offset = AT(amount)},
    FIELD_GUID,
    {.name = "from",
     .type = FIELD_CHOICE,
     .required = true,
     .choices = places,
     .detail = "should be SPOT or FUND",
     .offset = AT(from)},
    {.name = "to",
     .type = FIELD_CHOICE,
     .required = true,
     .choices = places,
     .detail = "should be SPOT or FUND",
     .offset = AT(to)},
    {.name = "type", .type = FIELD_CHOICE, .choices = types, .offset = AT(type)},
    {.name = "sub_account", .type = FIELD_TEXT, .max = WALLET_GUID_MAX, .offset = AT(sub_account)},
};
static const struct field find_fields[] = {FIELD_GUID};
#undef AT

/* What this house has not: contracts, and accounts below accounts. */
static enum err check_kind(struct request *request, const struct transfer_params *params)
{
    if (params->type != TYPE_NORMAL)
        return request_fail_text(request, "type", ERR_INVALID, "should be NORMAL");
    if (params->sub_account[0] != '\0')
        return request_fail_text(request, "sub_account", ERR_INVALID, "is not known");
    if (params->from >= WALLET_PLACES)
        return request_fail_text(request, "from", ERR_INVALID, "should be SPOT or FUND");
    if (params->to >= WALLET_PLACES)
        return request_fail_text(request, "to", ERR_INVALID, "should be SPOT or FUND");
    if (params->from == params->to)
        return request_fail_text(request, "to", ERR_INVALID, "should be another account than from");
    return ERR_OK;
}

static enum err handle_transfer(struct request *request, struct reply *reply)
{
    struct transfer_params params = {.sub_account = ""};
    struct wallet_transfer transfer = {0};
    bool repeated;

    (void)reply;
    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = check_kind(request, &params);
    if (rc == ERR_OK)
        rc = wallets_name_request(request, "t", params.guid);
    if (rc != ERR_OK)
        return rc;
    struct actor actor = request_actor(request);
    transfer.amount = params.amount;
    transfer.from = (enum wallet_place)params.from;
    transfer.to = (enum wallet_place)params.to;
    text_copy(transfer.guid, sizeof(transfer.guid), params.guid);
    return wallet_transfer(request->db, &actor, &transfer, &repeated);
}

static enum err handle_find(struct request *request, struct reply *reply)
{
    struct transfer_params params = {.sub_account = ""};
    struct wallet_transfer transfer;
    struct writer *json = &reply->writer;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = wallet_transfer_find(request->db, request->caller.user_id, params.guid, &transfer);
    if (rc != ERR_OK)
        return rc;
    writer_object(json, NULL);
    writer_text(json, "guid", transfer.guid);
    writer_text(json, "symbol", transfer.amount.currency->code);
    writer_short(json, "amount", transfer.amount);
    writer_text(json, "from", wallet_place_names[transfer.from]);
    writer_text(json, "to", wallet_place_names[transfer.to]);
    writer_text(json, "type", types[TYPE_NORMAL]);
    wallets_add_time(json, "inserted_at", transfer.at_us);
    writer_end(json);
    return ERR_OK;
}

#define TABLE(rows) FIELD_TABLE(rows, struct transfer_params)

static const struct route rows[] = {
    WALLET_ROUTES("/transfer", .methods = METHOD_POST, .auth = &auth_wallet, .rights = WALLET_MOVE,
                  .effect = EFFECT_CHANGES, .shape = SHAPE_LIST, .fields = TABLE(transfer_fields),
                  .handler = handle_transfer,
                  .help = "Moves money between SPOT and FUND, once under its guid; asks for View "
                          "Account Balance Information."),
    WALLET_ROUTES("/transfer", .methods = METHOD_GET, .auth = &auth_wallet,
                  .rights = SCOPE_VIEW_BALANCE, .effect = EFFECT_READS,
                  .fields = TABLE(find_fields), .handler = handle_find,
                  .help = "One transfer by its guid."),
};
ROUTE_TABLE(routes_wallet_transfer, rows);
