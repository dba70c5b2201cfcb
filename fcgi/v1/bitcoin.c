/* Bitcoin as the exchange's clients know it (seed exchange-v1; api exchange-v1, section 1): an address to be paid
 * at, sending, and what became of either. What a call tells is the caller's own: nobody learns whose an
 * address is. */
#include <string.h>

#include "deposit/deposit.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "fcgi/server/reply.h"
#include "fcgi/v1/face.h"
#include "identity/otp_device.h"
#include "identity/rights.h"
#include "payout/payout.h"
#include "rail/bitcoin_watch.h"

#define SERVICE "exchange"        /* payout.service of what is asked for here */
#define SPENT_PURPOSE "available" /* of the account that pays: the one that these clients see */
#define FEE_INT_MAX 1000000       /* satoshis that a client may offer as a fee */
#define HASH_MAX 64               /* characters of a transaction's id */
#define DESCRIPTION_MAX 255
#define ADDRESS_LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define LIST_MOST 1000 /* of the newest that are looked through */

struct bitcoin_params {
    const char *address, *hash, *otp, *description, *ipn;
    struct field_amount amount;
    int64_t fee_int;
    bool no_instant, green;
};

#define AT(member) offsetof(struct bitcoin_params, member)
static const struct field address_fields[] = {
    {.name = "description", .type = FIELD_TEXT, .max = DESCRIPTION_MAX, .offset = AT(description)},
    {.name = "ipn", .type = FIELD_TEXT, .offset = AT(ipn)},
};
static const struct field send_fields[] = {
    {.name = "address",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = RAIL_ADDRESS_MAX,
     .offset = AT(address)},
    {.name = "amount", .type = FIELD_AMOUNT, .required = true, .offset = AT(amount)},
    {.name = "fee_int", .type = FIELD_INT, .min = 0, .max = FEE_INT_MAX, .offset = AT(fee_int)},
    {.name = "no_instant", .type = FIELD_BOOL, .offset = AT(no_instant)},
    {.name = "green", .type = FIELD_BOOL, .offset = AT(green)},
    {.name = "otp", .type = FIELD_TEXT, .max = OTP_TEXT_MAX, .offset = AT(otp)},
};
static const struct field tx_fields[] = {{.name = "hash",
                                          .type = FIELD_TEXT,
                                          .required = true,
                                          .min = 1,
                                          .max = HASH_MAX,
                                          .offset = AT(hash)}};
static const struct field addr_fields[] = {{.name = "hash",
                                            .type = FIELD_TEXT,
                                            .required = true,
                                            .min = 1,
                                            .max = RAIL_ADDRESS_MAX,
                                            .offset = AT(hash)}};
#undef AT

static void take_asset(void *arg, const struct rail_asset *asset)
{
    if (asset->contract[0] == '\0')
        *(struct rail_asset *)arg = *asset;
}

/* The chain's own coin. ERR_RAIL_UNKNOWN where operators have none. */
static enum err find_asset(struct request *request, struct rail_asset *out)
{
    *out = (struct rail_asset){.currency = NULL};
    enum err rc = rail_assets(request->db, BITCOIN_RAIL, NULL, take_asset, out);
    return rc == ERR_OK && out->currency == NULL ? ERR_RAIL_UNKNOWN : rc;
}

/* Every address of the chain is letters and digits. */
static enum err check_letters(struct request *request, const char *field, const char *address)
{
    return address[strspn(address, ADDRESS_LETTERS)] == '\0'
               ? ERR_OK
               : request_fail(request, field, ERR_ADDRESS);
}

/* --- address ------------------------------------------------------------------------------------ */

static enum err handle_address(struct request *request, struct reply *reply)
{
    struct bitcoin_params params = {.description = NULL};
    struct deposit_address address;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = deposit_address_take(request->db, BITCOIN_CHAIN, request->caller.user_id, &address);
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_text(&reply->writer, "addr", address.address);
    writer_end(&reply->writer);
    return ERR_OK;
}

/* --- send --------------------------------------------------------------------------------------- */

/* Where the account has a one-time password, one is used up. */
static enum err use_otp(struct request *request, const char *otp)
{
    char kind[5];
    int64_t user_id = request->caller.user_id;

    enum err rc = otp_device_active(request->db, user_id, kind);
    if (rc != ERR_OK || kind[0] == '\0')
        return rc;
    rc = otp[0] == '\0' ? ERR_OTP_REQUIRED
                        : otp_device_use(request->db, request->app->master_key, user_id, otp);
    return rc == ERR_OK ? rc : request_fail(request, "otp", rc);
}

/* Names what a refusal is about. */
static enum err send_fail(struct request *request, enum err rc)
{
    static const enum err addresses[] = {ERR_ADDRESS, ERR_CHECKSUM, ERR_ADDRESS_NETWORK,
                                         ERR_PAYOUT_ADDRESS, ERR_PAYOUT_OWN_ADDRESS};

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        if (addresses[i] == rc)
            return request_fail(request, "address", rc);
    return rc == ERR_PAYOUT_LOW || rc == ERR_AMOUNT_DIGITS || rc == ERR_INSUFFICIENT_FUNDS
               ? request_fail(request, "amount", rc)
               : rc;
}

/* The payout of what was read: the amount arrives, the fee of the house comes on top of it. */
static enum err ask_payout(struct request *request, const struct bitcoin_params *params,
                           struct payout *out)
{
    const struct actor actor = request_actor(request);
    struct rail_asset asset;
    struct amount amount, total;
    bool repeated;

    enum err rc = find_asset(request, &asset);
    if (rc == ERR_OK)
        rc = fields_amount(request, &params->amount, asset.currency, &amount);
    if (rc == ERR_OK)
        rc = amount_add(amount, asset.fee, &total);
    if (rc == ERR_OK)
        rc = use_otp(request, params->otp);
    if (rc != ERR_OK)
        return rc;
    const struct payout_request order = {.service = SERVICE,
                                         .ref = actor.request_key,
                                         .actor = &actor,
                                         .purpose = SPENT_PURPOSE,
                                         .rail = BITCOIN_RAIL,
                                         .total = total,
                                         .address = params->address};
    rc = payout_request(request->db, &order, out, &repeated);
    return rc == ERR_OK ? rc : send_fail(request, rc);
}

static enum err handle_send(struct request *request, struct reply *reply)
{
    struct bitcoin_params params = {.otp = ""};
    struct payout payout;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = check_letters(request, "address", params.address);
    if (rc == ERR_OK)
        rc = ask_payout(request, &params, &payout);
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_uuid(&reply->writer, "trx", &payout.uuid);
    writer_end(&reply->writer);
    return ERR_OK;
}

/* --- what became of it -------------------------------------------------------------------------- */

/* A search through the caller's deposits and payouts. */
struct search {
    const char *word; /* a txid, the name that send_simple gave, or an address */
    struct writer *json;
    bool found;
    struct amount received, pending, sent; /* of an address */
};

/* A transaction's object. */
static void write_tx(struct search *search, const char *hash, const char *type,
                     struct amount amount, const char *address, uint64_t confirmations,
                     const char *status)
{
    search->found = true;
    writer_object(search->json, NULL);
    writer_text(search->json, "hash", hash);
    writer_text(search->json, "type", type);
    writer_money(search->json, "amount", amount);
    writer_text(search->json, "address", address);
    writer_int(search->json, "confirmations", (int64_t)confirmations);
    writer_text(search->json, "status", status);
    writer_end(search->json);
}

static void match_deposit(void *arg, const struct deposit *deposit)
{
    struct search *search = arg;

    if (!search->found && strcmp(deposit->txid, search->word) == 0)
        write_tx(search, deposit->txid, "deposit", deposit->amount, deposit->address,
                 deposit->confirms, deposit_state_words[deposit->state]);
}

static void match_payout(void *arg, const struct payout *payout)
{
    struct search *search = arg;
    char name[UUID_TEXT_SIZE];

    uuid_format(&payout->uuid, name);
    if (!search->found &&
        (strcmp(payout->reference, search->word) == 0 || strcmp(name, search->word) == 0))
        write_tx(search, payout->reference, "withdraw", payout->amount, payout->address,
                 payout->confirmations, payout_state_names[payout->state]);
}

/* Looks through what the caller has got and sent on the chain, the newest first. */
static enum err search_own(struct request *request, struct search *search,
                           void (*deposit)(void *arg, const struct deposit *deposit),
                           void (*payout)(void *arg, const struct payout *payout))
{
    int64_t user_id = request->caller.user_id;
    const struct deposit_filter got = {
        .user_id = user_id, .rail = BITCOIN_CHAIN, .state = -1, .limit = LIST_MOST};
    const struct payout_filter sent = {
        .user_id = user_id, .rail = BITCOIN_RAIL, .limit = LIST_MOST};

    enum err rc = deposit_list(request->db, &got, deposit, search);
    return rc == ERR_OK ? payout_list(request->db, &sent, payout, search) : rc;
}

static enum err handle_tx(struct request *request, struct reply *reply)
{
    struct bitcoin_params params = {.hash = ""};
    struct search search = {.json = &reply->writer};

    enum err rc = FIELDS_READ(request, &params);
    search.word = params.hash;
    if (rc == ERR_OK)
        rc = search_own(request, &search, match_deposit, match_payout);
    return rc == ERR_OK && !search.found ? ERR_NOT_FOUND : rc;
}

static void sum_deposit(void *arg, const struct deposit *deposit)
{
    struct search *search = arg;

    if (strcmp(deposit->address, search->word) != 0)
        return;
    if (deposit->state == DEPOSIT_COMPLETED)
        search->received.units += deposit->amount.units;
    else if (deposit->state != DEPOSIT_CANCELLED)
        search->pending.units += deposit->amount.units;
}

static void sum_payout(void *arg, const struct payout *payout)
{
    struct search *search = arg;

    if (strcmp(payout->address, search->word) == 0 && !payout_state_gave_back(payout->state))
        search->sent.units += payout->amount.units;
}

static enum err handle_addr(struct request *request, struct reply *reply)
{
    struct bitcoin_params params = {.hash = ""};
    struct search search = {.json = &reply->writer};
    struct deposit_address own;
    struct rail_asset asset;

    enum err rc = FIELDS_READ(request, &params);
    if (rc == ERR_OK)
        rc = check_letters(request, "hash", params.hash);
    if (rc == ERR_OK)
        rc = find_asset(request, &asset);
    if (rc != ERR_OK)
        return rc;
    search.word = params.hash;
    search.received.currency = search.pending.currency = search.sent.currency = asset.currency;
    rc = search_own(request, &search, sum_deposit, sum_payout);
    enum err whose =
        rc != ERR_OK ? rc : deposit_address_find(request->db, BITCOIN_CHAIN, params.hash, &own);
    if (whose != ERR_OK && whose != ERR_NOT_FOUND)
        return whose;
    writer_object(search.json, NULL);
    writer_text(search.json, "addr", params.hash);
    writer_bool(search.json, "own", whose == ERR_OK && own.user_id == request->caller.user_id);
    writer_money(search.json, "received", search.received);
    writer_money(search.json, "pending", search.pending);
    writer_money(search.json, "sent", search.sent);
    writer_end(search.json);
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_POST,
     .path = "/api/1/generic/bitcoin/address",
     .auth = &auth_v1,
     .rights = RIGHT_DEPOSIT,
     .effect = EFFECT_CHANGES,
     .handler = handle_address,
     .help = "The caller's address, the same each time; description and ipn are not used.",
     .fields = FIELD_TABLE(address_fields, struct bitcoin_params)},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/bitcoin/send_simple",
     .auth = &auth_v1,
     .rights = RIGHT_WITHDRAW,
     .effect = EFFECT_CHANGES,
     .handler = handle_send,
     .help =
         "Sends bitcoins: the amount arrives, the house's fee comes on top; fee_int, no_instant "
         "and green are not used.",
     .fields = FIELD_TABLE(send_fields, struct bitcoin_params)},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/bitcoin/tx_details",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_tx,
     .help = "A deposit or withdrawal of the caller's by its transaction's id, or by what "
             "send_simple has given: the newest 1,000 of each are looked through.",
     .fields = FIELD_TABLE(tx_fields, struct bitcoin_params)},
    {.methods = METHOD_POST,
     .path = "/api/1/generic/bitcoin/addr_details",
     .auth = &auth_v1,
     .rights = RIGHT_GET_INFO,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_addr,
     .help = "What the caller got at an address of theirs, or has sent to another's, of the newest "
             "1,000 each.",
     .fields = FIELD_TABLE(addr_fields, struct bitcoin_params)},
};
ROUTE_TABLE(routes_v1_bitcoin, rows);
