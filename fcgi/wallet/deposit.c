/* Deposits, and the addresses to which they are sent (api wallet, B7). */
#include "fcgi/server/fields.h"
#include "fcgi/views/wallet.h"
#include "fcgi/wallet/face.h"
#include "fcgi/wallet/page.h"

#define LIST_NAME_MAX 64

/* As the API knows them. What comes in on a chain is of the kind default, what another customer has sent is
 * internal: a list of its own, whose ids are those of withdrawals. */
static const char *const kinds[] = {"default",
                                    "air_drop",
                                    "big_holder_dividend",
                                    "eosc_to_eos",
                                    "internal",
                                    "equally_airdrop",
                                    "referral_mining",
                                    "one_holder_dividend",
                                    "single_customer",
                                    "snapshotted_airdrop",
                                    "trade_mining",
                                    NULL};
enum { KIND_DEFAULT, KIND_INTERNAL = 4 };

struct list_params {
    const char *page_token;
    int64_t limit, kind;
    const struct currency *currency;
};

#define AT(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
    {.name = "page_token", .type = FIELD_TEXT, .max = PAGE_TOKEN_SIZE, .offset = AT(page_token)},
    {.name = "limit", .type = FIELD_INT, .min = 1, .max = PAGE_LIMIT_MAX, .offset = AT(limit)},
    {.name = "kind", .type = FIELD_CHOICE, .choices = kinds, .offset = AT(kind)},
    {.name = "asset_symbol", .type = FIELD_CURRENCY, .offset = AT(currency)},
};
#undef AT

/* One row more than is shown is read: it says whether there is another page. */
struct list {
    struct writer *json;
    int64_t left, last_id;
    bool more;
};

static void add_deposit(void *arg, const struct deposit *deposit)
{
    struct list *list = arg;

    list->more = list->left == 0;
    if (list->more)
        return;
    list->left--;
    list->last_id = deposit->id;
    wallets_write_deposit(list->json, NULL, deposit);
}

static void add_received(void *arg, const struct payout *payout)
{
    struct list *list = arg;

    list->more = list->left == 0;
    if (list->more)
        return;
    list->left--;
    list->last_id = payout->id;
    wallets_write_received(list->json, NULL, payout);
}

static enum err write_received(struct request *request, struct list *list,
                               const struct list_params *params, int64_t before)
{
    const struct payout_filter filter = {.to_user_id = request->caller.user_id,
                                         .currency = params->currency,
                                         .before_id = before,
                                         .limit = params->limit + 1};
    return payout_list(request->db, &filter, add_received, list);
}

static enum err write_deposits(struct request *request, struct list *list,
                               const struct list_params *params, int64_t before)
{
    const struct deposit_filter filter = {.user_id = request->caller.user_id,
                                          .currency = params->currency,
                                          .state = -1,
                                          .before = before,
                                          .limit = params->limit + 1};
    enum err rc = ERR_OK;

    writer_list(list->json, NULL);
    if (params->kind == KIND_DEFAULT)
        rc = deposit_list(request->db, &filter, add_deposit, list);
    else if (params->kind == KIND_INTERNAL)
        rc = write_received(request, list, params, before);
    writer_end(list->json);
    return rc;
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct list_params params = {.page_token = "", .limit = PAGE_LIMIT_DEFAULT};
    struct list list = {.json = &reply->writer};
    char token[PAGE_TOKEN_SIZE] = "";
    struct text name = TEXT(LIST_NAME_MAX);
    int64_t before;

    enum err rc = FIELDS_READ(request, &params);
    text_addf(&name, "deposits/%s/%s", kinds[params.kind],
              params.currency == NULL ? "" : params.currency->code);
    list.left = params.limit;
    if (rc == ERR_OK)
        rc = page_token_read(request, text_string(&name), params.page_token, &before);
    if (rc == ERR_OK)
        rc = write_deposits(request, &list, &params, before);
    if (rc == ERR_OK && list.more)
        rc = page_token_make(request, text_string(&name), list.last_id, token);
    if (rc == ERR_OK)
        writer_text(list.json, "page_token", token);
    text_free(&name);
    return rc;
}

struct address_params {
    const struct currency *currency;
};

static const struct field address_fields[] = {
    {.name = "asset_symbol",
     .type = FIELD_CURRENCY,
     .place = FIELD_IN_PATH,
     .required = true,
     .offset = offsetof(struct address_params, currency)},
};

static enum err handle_address(struct request *request, struct reply *reply)
{
    struct address_params params = {0};
    struct wallets_address addresses[WALLETS_ADDRESSES_MAX];
    struct writer *json = &reply->writer;
    size_t count = 0;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_CURRENCY_UNKNOWN)
        return ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = wallets_addresses(request, params.currency, addresses, &count);
    writer_list(json, NULL);
    for (size_t i = 0; i < count; i++) {
        writer_object(json, NULL);
        writer_int(json, "id", (int64_t)addresses[i].address.index);
        writer_text(json, "chain", addresses[i].asset.rail);
        writer_text(json, "value", addresses[i].address.address);
        writer_text(json, "memo", "");
        writer_end(json);
    }
    writer_end(json);
    return rc;
}

static const struct route rows[] = {
    WALLET_ROUTES("/deposits", .methods = METHOD_GET, .auth = &auth_wallet,
                  .rights = SCOPE_VIEW_DEPOSITS, .effect = EFFECT_READS, .shape = SHAPE_LIST,
                  .fields = FIELD_TABLE(list_fields, struct list_params), .handler = handle_list,
                  .help = "The caller's deposits, newest first."),
    /* A first call makes the address. */
    WALLET_ROUTES("/assets/{asset_symbol}/address", .methods = METHOD_GET, .auth = &auth_wallet,
                  .rights = SCOPE_VIEW_ADDRESS, .effect = EFFECT_CHANGES,
                  .fields = FIELD_TABLE(address_fields, struct address_params),
                  .handler = handle_address,
                  .help = "The caller's addresses for deposits of an asset, one for each gateway."),
};
ROUTE_TABLE(routes_wallet_deposit, rows);
