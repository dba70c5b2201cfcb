/* Withdrawals (seed withdrawals; api wallet, B6). */
#include <string.h>

#include "crypto/crypto.h"
#include "fcgi/server/fields.h"
#include "fcgi/views/wallet.h"
#include "fcgi/wallet/face.h"
#include "fcgi/wallet/page.h"

#define LIST_NAME_MAX 64

/* --- the list -------------------------------------------------------------------------------------- */

static const char *const kinds[] = {"on_chain", "off_chain", "internal", NULL};

struct list_params {
    const char *page_token;
    int64_t limit, kind;
    bool kind_given;
    const struct currency *currency;
};

#define AT(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
    {.name = "page_token", .type = FIELD_TEXT, .max = PAGE_TOKEN_SIZE, .offset = AT(page_token)},
    {.name = "limit", .type = FIELD_INT, .min = 1, .max = PAGE_LIMIT_MAX, .offset = AT(limit)},
    {.name = "kind",
     .type = FIELD_CHOICE,
     .choices = kinds,
     .offset = AT(kind),
     .given_offset = AT(kind_given)},
    {.name = "asset_symbol", .type = FIELD_CURRENCY, .offset = AT(currency)},
};
#undef AT

/* One row more than is shown is read: it says whether there is another page. */
struct list {
    struct writer *json;
    int64_t left, last_id;
    bool more;
};

static void add_withdrawal(void *arg, const struct payout *payout)
{
    struct list *list = arg;

    list->more = list->left == 0;
    if (list->more)
        return;
    list->left--;
    list->last_id = payout->id;
    wallets_write_withdrawal(list->json, NULL, payout);
}

static void name_list(const struct list_params *params, char out[LIST_NAME_MAX])
{
    struct text name = TEXT(LIST_NAME_MAX - 1);

    text_addf(&name, "withdrawals/%s/%s", params->kind_given ? kinds[params->kind] : "",
              params->currency == NULL ? "" : params->currency->code);
    text_copy(out, LIST_NAME_MAX, text_string(&name));
    text_free(&name);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list_params params = {.page_token = "", .limit = PAGE_LIMIT_DEFAULT};
    struct list list = {.json = &reply->writer};
    char name[LIST_NAME_MAX], token[PAGE_TOKEN_SIZE] = "";
    int64_t before;

    enum err rc = FIELDS_READ(request, &params);
    name_list(&params, name);
    if (rc == ERR_OK)
        rc = page_token_read(request, name, params.page_token, &before);
    if (rc != ERR_OK)
        return rc;
    const enum rail_kind kind = (enum rail_kind)params.kind;
    const struct payout_filter filter = {.user_id = request->caller.user_id,
                                         .service = WALLET_SERVICE,
                                         .kind = params.kind_given ? &kind : NULL,
                                         .currency = params.currency,
                                         .before_id = before,
                                         .limit = params.limit + 1};
    list.left = params.limit;
    writer_list(list.json, NULL);
    rc = payout_list(request->db, &filter, add_withdrawal, &list);
    writer_end(list.json);
    if (rc == ERR_OK && list.more)
        rc = page_token_make(request, name, list.last_id, token);
    writer_text(list.json, "page_token", token);
    return rc;
}

/* --- one ------------------------------------------------------------------------------------------- */

struct one_params {
    const char *guid;
};

static const struct field one_fields[] = {
    {.name = "guid",
     .type = FIELD_TEXT,
     .place = FIELD_IN_PATH,
     .required = true,
     .min = 1,
     .max = WALLET_GUID_MAX,
     .offset = offsetof(struct one_params, guid)},
};

static enum err find(struct request *request, struct payout *out)
{
    struct one_params params = {0};
    enum err rc = FIELDS_READ(request, &params);
    return rc == ERR_OK
               ? wallet_withdrawal_find(request->db, request->caller.user_id, params.guid, out)
               : rc;
}

static enum err handle_show(struct request *request, struct reply *reply)
{
    struct payout payout;
    enum err rc = find(request, &payout);
    if (rc == ERR_OK)
        wallets_write_withdrawal(&reply->writer, NULL, &payout);
    return rc;
}

/* What was sent, or has ended, stays as it is: the caller sees it when they look again. */
static enum err handle_cancel(struct request *request, struct reply *reply)
{
    struct payout payout, after;

    (void)reply;
    enum err rc = find(request, &payout);
    if (rc == ERR_OK)
        rc = payout_cancel(request->db, request->caller.user_id, payout.id, request->id, &after);
    return rc == ERR_PAYOUT_SENT || rc == ERR_PAYOUT_ENDED ? ERR_OK : rc;
}

/* --- asking for one -------------------------------------------------------------------------------- */

struct create_params {
    const struct currency *symbol;
    struct amount amount;
    const char *target_address, *memo, *guid, *gateway_name;
};

#define AT(member) offsetof(struct create_params, member)
static const struct field create_fields[] = {
    {.name = "symbol", .type = FIELD_CURRENCY, .required = true, .offset = AT(symbol)},
    {.name = "target_address",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = RAIL_ADDRESS_MAX,
     .offset = AT(target_address)},
    {.name = "amount",
     .type = FIELD_AMOUNT,
     .required = true,
     .currency = "symbol",
     .offset = AT(amount)},
    {.name = "memo", .type = FIELD_TEXT, .max = RAIL_ADDRESS_MAX, .offset = AT(memo)},
    {.name = "guid", .type = FIELD_TEXT, .max = WALLET_GUID_MAX, .offset = AT(guid)},
    {.name = "gateway_name", .type = FIELD_TEXT, .max = RAIL_NAME_MAX, .offset = AT(gateway_name)},
};
#undef AT

/* Without a guid each call is one of its own. */
static enum err handle_create(struct request *request, struct reply *reply)
{
    struct create_params params = {.memo = "", .guid = "", .gateway_name = ""};
    const struct uuid own = crypto_uuid4();
    char guid[UUID_TEXT_SIZE];
    struct payout payout;

    enum err rc = FIELDS_READ(request, &params);
    uuid_format(&own, guid);
    if (rc == ERR_OK)
        rc = wallets_name_request(request, "p", params.guid[0] == '\0' ? guid : params.guid);
    if (rc != ERR_OK)
        return rc;
    const struct wallet_order order = {.guid = params.guid[0] == '\0' ? guid : params.guid,
                                       .total = params.amount,
                                       .address = params.target_address,
                                       .memo = params.memo,
                                       .gateway = params.gateway_name};
    rc = wallets_withdraw(request, &order, &payout);
    if (rc == ERR_OK)
        wallets_write_withdrawal(&reply->writer, NULL, &payout);
    return rc;
}

#define READS .methods = METHOD_GET, .rights = SCOPE_VIEW_WITHDRAWALS, .effect = EFFECT_READS
#define CHANGES .methods = METHOD_POST, .rights = SCOPE_WITHDRAW, .effect = EFFECT_CHANGES
#define ONE FIELD_TABLE(one_fields, struct one_params)

static const struct route rows[] = {
    WALLET_ROUTES("/withdrawals", READS, .auth = &auth_wallet, .shape = SHAPE_LIST,
                  .fields = FIELD_TABLE(list_fields, struct list_params), .handler = handle_list,
                  .help = "The caller's withdrawals, newest first."),
    WALLET_ROUTES("/withdrawals", CHANGES, .auth = &auth_wallet,
                  .fields = FIELD_TABLE(create_fields, struct create_params),
                  .handler = handle_create,
                  .help = "Asks for a withdrawal from FUND, once under its guid."),
    WALLET_ROUTES("/withdrawals/{guid}", READS, .auth = &auth_wallet, .fields = ONE,
                  .handler = handle_show, .help = "One withdrawal by its guid, or by its id."),
    WALLET_ROUTES("/withdrawals/{guid}/cancel", CHANGES, .auth = &auth_wallet,
                  .shape = SHAPE_SUBMITTED, .fields = ONE, .handler = handle_cancel,
                  .help = "Takes a withdrawal back, unless it is being sent; its state says what "
                          "became of that."),
};
ROUTE_TABLE(routes_wallet_withdrawal, rows);
