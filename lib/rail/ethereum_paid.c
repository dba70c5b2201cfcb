/* What one block pays to our addresses. The coin by transactions; tokens by the events of listed contracts,
 * whose words are compared with balances: a contract may tell of what it did not do, or keep a part. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "provider/ethereum.h"
#include "rail/ethereum.h"
#include "rail/units.h"

#define PAYEES_MAX 10000 /* addresses of one search */

/* A block on its way, and what has been found in it. */
struct reading {
    const struct rpc_node *node;
    const struct ethereum_book *book;
    const struct ethereum_assets *assets;
    struct ethereum_paid *out;
    uint64_t number;
    struct outflow *outflows; /* owned */
    size_t outflow_count, outflow_room;
};

/* Tokens that went from an address of ours to the hot wallet in the block. */
struct outflow {
    uint64_t index;
    const struct ethereum_asset *asset;
    __int128 units;
};

/* The place for a payment: what a transaction pays of one asset to one address counts as one. */
static struct deposit_payment *payment_of(struct ethereum_paid *paid, const uint8_t *txid,
                                          uint64_t index, const struct currency *currency)
{
    for (size_t i = paid->count; i > 0; i--) {
        struct deposit_payment *there = &paid->list[i - 1];
        if (there->index == index && there->amount.currency == currency &&
            memcmp(there->txid, txid, sizeof(there->txid)) == 0)
            return there;
    }
    if (paid->count == paid->room) {
        size_t room = paid->room * 2 + 16;
        struct deposit_payment *list = realloc(paid->list, room * sizeof(*list));
        if (list == NULL)
            return NULL;
        paid->list = list;
        paid->room = room;
    }
    struct deposit_payment *made = &paid->list[paid->count++];
    *made = (struct deposit_payment){.index = index, .amount = {.currency = currency}};
    memcpy(made->txid, txid, sizeof(made->txid));
    return made;
}

static enum err add_payment(struct reading *reading, const uint8_t *txid,
                            const struct ethereum_owner *owner, const struct ethereum_asset *asset,
                            __int128 units)
{
    struct deposit_payment *payment =
        payment_of(reading->out, txid, owner->index, asset->asset.currency);

    if (payment == NULL)
        return ERR_NO_MEMORY;
    payment->user_id = owner->user_id;
    payment->needed = asset->asset.confirmations > 0 ? asset->asset.confirmations : 1;
    return __builtin_add_overflow(payment->chain_units, units, &payment->chain_units)
               ? ERR_NO_ANSWER
               : ERR_OK;
}

/* --- the coin ----------------------------------------------------------------------------------- */

static enum err keep_transfer(void *arg, const struct ethereum_transfer *transfer)
{
    struct reading *reading = arg;
    const struct ethereum_asset *coin = ethereum_asset_find(reading->assets, NULL);
    struct ethereum_owner owner, from;
    struct ethereum_receipt receipt;

    if (coin == NULL || !ethereum_book_find(reading->book, &transfer->to, &owner) ||
        ethereum_book_find(reading->book, &transfer->from, &from))
        return ERR_OK;
    enum err rc = ethereum_receipt(reading->node, transfer->hash, &receipt);
    if (rc == ERR_NOT_FOUND)
        return ERR_NO_ANSWER; /* the block is being replaced: it is read again */
    if (rc != ERR_OK || !receipt.succeeded)
        return rc;
    return add_payment(reading, transfer->hash, &owner, coin, transfer->value);
}

/* --- tokens ------------------------------------------------------------------------------------- */

static enum err add_outflow(struct reading *reading, uint64_t index,
                            const struct ethereum_asset *asset, __int128 units)
{
    if (reading->outflow_count == reading->outflow_room) {
        size_t room = reading->outflow_room * 2 + 16;
        struct outflow *list = realloc(reading->outflows, room * sizeof(*list));
        if (list == NULL)
            return ERR_NO_MEMORY;
        reading->outflows = list;
        reading->outflow_room = room;
    }
    reading->outflows[reading->outflow_count++] =
        (struct outflow){.index = index, .asset = asset, .units = units};
    return ERR_OK;
}

static enum err keep_log(void *arg, const struct ethereum_log *log)
{
    struct reading *reading = arg;
    const struct ethereum_asset *asset = ethereum_asset_find(reading->assets, &log->token);
    struct ethereum_owner owner, from;

    if (asset == NULL || !ethereum_book_find(reading->book, &log->transfer.to, &owner))
        return ERR_OK;
    if (log->block != reading->number ||
        memcmp(log->block_hash, reading->out->block.hash, sizeof(log->block_hash)) != 0)
        return ERR_NO_ANSWER; /* of another branch */
    if (ethereum_book_find(reading->book, &log->transfer.from, &from))
        return add_outflow(reading, from.index, asset, log->transfer.units);
    return add_payment(reading, log->tx, &owner, asset, log->transfer.units);
}

static enum err search_tokens(struct reading *reading)
{
    struct ethereum_address tokens[ETHEREUM_ASSETS_MAX];
    struct ethereum_search search = {
        .first = reading->number, .last = reading->number, .tokens = tokens};
    enum err rc = ERR_OK;

    for (size_t i = 0; i < reading->assets->count; i++)
        if (reading->assets->list[i].is_token)
            tokens[search.token_count++] = reading->assets->list[i].token;
    if (search.token_count == 0)
        return ERR_OK;
    if (reading->book->has_hot) {
        search.payees = &reading->book->hot;
        search.payee_count = 1;
        rc = ethereum_payments(reading->node, &search, keep_log, reading);
    }
    for (size_t at = 0; rc == ERR_OK && at < reading->book->count; at += search.payee_count) {
        size_t left = reading->book->count - at;
        search.payees = reading->book->list + at;
        search.payee_count = left < PAYEES_MAX ? left : PAYEES_MAX;
        rc = ethereum_payments(reading->node, &search, keep_log, reading);
    }
    return rc;
}

/* How much of a token has come to an address in the block. ERR_INVALID where its contract does not say. */
static enum err read_gain(const struct reading *reading, const struct ethereum_asset *asset,
                          uint64_t index, __int128 *out)
{
    const struct ethereum_address *owner = ethereum_book_address(reading->book, index);
    __int128 before = 0, after = 0;

    if (owner == NULL)
        return ERR_INTERNAL;
    enum err rc =
        ethereum_token_balance(reading->node, &asset->token, owner, reading->number, &after);
    if (rc == ERR_OK && reading->number > 0)
        rc = ethereum_token_balance(reading->node, &asset->token, owner, reading->number - 1,
                                    &before);
    *out = after - before;
    for (size_t i = 0; i < reading->outflow_count; i++)
        if (reading->outflows[i].index == index && reading->outflows[i].asset == asset)
            *out += reading->outflows[i].units;
    return rc;
}

/* What all payments of a token to one address claim; several: more than one. */
static __int128 claimed(const struct ethereum_paid *paid, const struct deposit_payment *of,
                        bool *several)
{
    __int128 sum = 0;

    *several = false;
    for (size_t i = 0; i < paid->count; i++)
        if (paid->list[i].index == of->index &&
            paid->list[i].amount.currency == of->amount.currency) {
            sum += paid->list[i].chain_units;
            *several = *several || &paid->list[i] != of;
        }
    return sum;
}

/* Compares what a token tells with what has arrived. Where nothing has, there is no payment; one that was cut
 * counts as what is left of it; of several nobody knows which was. */
static enum err check_gain(const struct reading *reading, const struct ethereum_asset *asset,
                           struct deposit_payment *payment)
{
    bool several;
    __int128 sum = claimed(reading->out, payment, &several), gain = 0;
    enum err rc = read_gain(reading, asset, payment->index, &gain);

    if (rc == ERR_INVALID) {
        payment->withhold = "Its balance cannot be seen";
        return ERR_OK;
    }
    if (rc != ERR_OK || gain >= sum)
        return rc;
    char hash[HEX_SIZE(DEPOSIT_TXID_SIZE)];
    hex_encode(payment->txid, sizeof(payment->txid), hash);
    log_line(LOG_LEVEL_WARNING, "token_lies", "currency=%s tx=%s several=%s arrived=%s",
             asset->asset.currency->code, hash, several ? "yes" : "no",
             gain > 0 ? "less" : "nothing");
    if (gain <= 0)
        payment->chain_units = 0;
    else if (!several)
        payment->chain_units = gain;
    else
        payment->withhold = "Less has arrived than its contract says";
    return ERR_OK;
}

/* --- both --------------------------------------------------------------------------------------- */

static const struct ethereum_asset *asset_of(const struct ethereum_assets *assets,
                                             const struct currency *currency)
{
    for (size_t i = 0; i < assets->count; i++)
        if (assets->list[i].asset.currency == currency)
            return &assets->list[i];
    return NULL;
}

/* What a payment is worth here, and whether it is credited by itself. */
static enum err weigh(const struct reading *reading, struct deposit_payment *payment)
{
    const struct ethereum_asset *asset = asset_of(reading->assets, payment->amount.currency);

    if (asset == NULL)
        return ERR_INTERNAL;
    enum err rc = asset->is_token ? check_gain(reading, asset, payment) : ERR_OK;
    if (rc == ERR_OK)
        rc = rail_units_in(&asset->asset, payment->chain_units, &payment->amount);
    if (rc == ERR_OVERFLOW) {
        payment->amount.units = 0;
        payment->withhold = "More than an amount can be";
        return ERR_OK;
    }
    if (rc != ERR_OK || payment->withhold != NULL)
        return rc;
    if (payment->amount.units == 0)
        payment->withhold = "Less than the smallest unit here";
    else if (!asset->asset.deposits)
        payment->withhold = "Deposits are off";
    else if (payment->amount.units < asset->asset.min_deposit.units)
        payment->withhold = "Less than the least deposit";
    return ERR_OK;
}

enum err ethereum_paid_read(const struct rpc_node *node, uint64_t number,
                            const struct ethereum_book *book, const struct ethereum_assets *assets,
                            struct ethereum_paid *out)
{
    struct reading reading = {
        .node = node, .book = book, .assets = assets, .out = out, .number = number};
    struct ethereum_block block;

    out->count = 0;
    enum err rc = ethereum_transfers(node, number, &block, keep_transfer, &reading);
    if (rc != ERR_OK)
        return rc;
    out->block = (struct deposit_block){.height = number};
    memcpy(out->block.hash, block.hash, sizeof(out->block.hash));
    memcpy(out->block.parent, block.parent, sizeof(out->block.parent));
    rc = search_tokens(&reading);
    size_t kept = 0;
    for (size_t i = 0; rc == ERR_OK && i < out->count; i++)
        rc = weigh(&reading, &out->list[i]);
    for (size_t i = 0; rc == ERR_OK && i < out->count; i++)
        if (out->list[i].chain_units > 0)
            out->list[kept++] = out->list[i];
    out->count = kept;
    free(reading.outflows);
    return rc;
}

void ethereum_paid_free(struct ethereum_paid *paid)
{
    free(paid->list);
    *paid = (struct ethereum_paid){0};
}
