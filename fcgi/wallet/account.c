/* Accounts: what the caller has in SPOT and in FUND (api wallet, B7). */
#include "fcgi/server/fields.h"
#include "fcgi/wallet/face.h"

struct account_params {
    const struct currency *currency;
};

static const struct field account_fields[] = {
    {.name = "asset_symbol",
     .type = FIELD_CURRENCY,
     .place = FIELD_IN_PATH,
     .required = true,
     .offset = offsetof(struct account_params, currency)},
};

/* Which of the two accounts is written, and where. */
struct output {
    struct writer *json;
    enum wallet_place place;
    bool written;
};

static void write_account(struct output *output, struct amount balance, struct amount locked)
{
    struct writer *json = output->json;

    writer_object(json, NULL);
    writer_text(json, "asset_symbol", balance.currency->code);
    writer_short(json, "balance", balance);
    writer_short(json, "locked_balance", locked);
    writer_end(json);
    output->written = true;
}

static void add_account(void *arg, const struct ledger_funds *funds)
{
    struct output *output = arg;

    if (output->place == WALLET_FUND)
        write_account(output, funds->fund, funds->fund_locked);
    else
        write_account(output, funds->spot, funds->spot_locked);
}

static enum err list_accounts(struct request *request, struct reply *reply, enum wallet_place place)
{
    struct output output = {.json = &reply->writer, .place = place};

    writer_list(output.json, NULL);
    enum err rc = ledger_funds(request->db, request->caller.user_id, NULL, add_account, &output);
    writer_end(output.json);
    return rc;
}

/* Where the caller never had any of an asset there is nothing of it. */
static enum err show_account(struct request *request, struct reply *reply, enum wallet_place place)
{
    struct account_params params = {0};
    struct output output = {.json = &reply->writer, .place = place};

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_CURRENCY_UNKNOWN)
        return ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = ledger_funds(request->db, request->caller.user_id, params.currency, add_account,
                          &output);
    if (rc == ERR_OK && !output.written) {
        const struct amount nothing = {.currency = params.currency};
        write_account(&output, nothing, nothing);
    }
    return rc;
}

static enum err handle_spot(struct request *request, struct reply *reply)
{
    return list_accounts(request, reply, WALLET_SPOT);
}

static enum err handle_fund(struct request *request, struct reply *reply)
{
    return list_accounts(request, reply, WALLET_FUND);
}

static enum err handle_spot_of(struct request *request, struct reply *reply)
{
    return show_account(request, reply, WALLET_SPOT);
}

static enum err handle_fund_of(struct request *request, struct reply *reply)
{
    return show_account(request, reply, WALLET_FUND);
}

#define ACCOUNT_ROUTES(below, function, takes, words)                                      \
    WALLET_ROUTES(below, .methods = METHOD_GET, .auth = &auth_wallet,                      \
                  .rights = SCOPE_VIEW_BALANCE, .effect = EFFECT_READS, .fields = (takes), \
                  .handler = (function), .help = (words))

#define OF_ONE FIELD_TABLE(account_fields, struct account_params)

static const struct route rows[] = {
    ACCOUNT_ROUTES("/accounts", handle_spot, NULL, "What the caller has in SPOT."),
    ACCOUNT_ROUTES("/accounts/{asset_symbol}", handle_spot_of, OF_ONE,
                   "What the caller has of an asset in SPOT."),
    ACCOUNT_ROUTES("/fund/accounts", handle_fund, NULL, "What the caller has in FUND."),
    ACCOUNT_ROUTES("/fund/accounts/{asset_symbol}", handle_fund_of, OF_ONE,
                   "What the caller has of an asset in FUND."),
};
ROUTE_TABLE(routes_wallet_account, rows);
