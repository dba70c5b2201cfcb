/* What sending, replacing and asking have in common, and the rail as lib/payout knows it. */
#include "rail/bitcoin_wallet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chain/hd_key.h"
#include "rail/bitcoin_watch.h"

/* --- opening ------------------------------------------------------------------------------------ */

static void wallet_close(void *self)
{
    struct bitcoin_wallet *wallet = self;

    if (wallet == NULL)
        return;
    signer_client_close(wallet->signer);
    node_close(&wallet->node);
    free(wallet);
}

static enum err wallet_start(struct bitcoin_wallet *wallet)
{
    struct text problem = TEXT(1024);

    if (!node_bitcoin_network(wallet->config, &wallet->network) ||
        wallet->config->signer_socket[0] == '\0')
        return wallet->config->provider_bitcoin_url[0] == '\0' ? ERR_NOT_FOUND : ERR_CONFIG;
    enum err rc = node_bitcoin(wallet->config, &wallet->node, &problem);
    if (rc == ERR_CONFIG)
        log_line(LOG_LEVEL_WARNING, "node", "problem=\"%s\"", text_string(&problem));
    if (rc == ERR_OK)
        rc = signer_client_open(wallet->config->signer_socket, &wallet->signer);
    text_free(&problem);
    return rc;
}

static enum err wallet_open(const struct config *config, void **self)
{
    struct bitcoin_wallet *wallet = calloc(1, sizeof(*wallet));

    *self = NULL;
    if (wallet == NULL)
        return ERR_NO_MEMORY;
    wallet->config = config;
    enum err rc = wallet_start(wallet);
    if (rc == ERR_OK)
        *self = wallet;
    else
        wallet_close(wallet);
    return rc;
}

/* --- addresses ---------------------------------------------------------------------------------- */

static enum bitcoin_network network_of(enum deposit_format format)
{
    return format == DEPOSIT_BITCOIN        ? BITCOIN_MAIN
           : format == DEPOSIT_BITCOIN_TEST ? BITCOIN_TEST
                                            : BITCOIN_REGTEST;
}

enum err bitcoin_check(struct db *db, const struct currency *currency, const char *address,
                       const char *memo, char out[RAIL_ADDRESS_MAX + 1])
{
    char text[BITCOIN_ADDRESS_SIZE];
    struct bitcoin_script script;
    struct deposit_address own;
    struct deposit_rail rail;
    enum bitcoin_kind kind;

    (void)currency;
    if (memo[0] != '\0')
        return ERR_PAYOUT_MEMO;
    enum err rc = deposit_rail_read(db, BITCOIN_CHAIN, &rail);
    if (rc == ERR_DEPOSIT_RAIL)
        return ERR_RAIL_OFF;
    if (rc == ERR_OK)
        rc = bitcoin_address_parse(network_of(rail.format), address, strlen(address), &kind,
                                   &script);
    if (rc == ERR_OK && kind == BITCOIN_WITNESS)
        rc = ERR_PAYOUT_ADDRESS; /* of a version that nobody can protect yet */
    if (rc == ERR_OK &&
        !bitcoin_address_format(network_of(rail.format), bitcoin_script_bytes(&script), text))
        rc = ERR_INTERNAL;
    if (rc != ERR_OK)
        return rc;
    snprintf(out, RAIL_ADDRESS_MAX + 1, "%s", text);
    rc = deposit_address_find(db, BITCOIN_CHAIN, text, &own); /* the hot wallet's is among them */
    return rc == ERR_OK ? ERR_PAYOUT_OWN_ADDRESS : rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* --- the chain now ------------------------------------------------------------------------------ */

/* What the node advises, or where it cannot what the configuration says; never over its most. */
static int64_t fee_rate(struct bitcoin_wallet *wallet)
{
    int64_t rate;

    if (bitcoin_fee_rate(&wallet->node.rpc, BITCOIN_FEE_BLOCKS, &rate) != ERR_OK)
        rate = wallet->config->provider_bitcoin_fee_rate;
    if (rate > wallet->config->provider_bitcoin_fee_rate_max)
        rate = wallet->config->provider_bitcoin_fee_rate_max;
    return rate < BITCOIN_RELAY_RATE ? BITCOIN_RELAY_RATE : rate;
}

enum err bitcoin_now_read(struct bitcoin_wallet *wallet, struct db *db, struct bitcoin_now *out)
{
    char hot[DEPOSIT_ADDRESS_SIZE];
    enum bitcoin_kind kind;

    enum err rc = deposit_rail_read(db, BITCOIN_CHAIN, &out->rail);
    if (rc == ERR_OK && !out->rail.follows)
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        rc = deposit_derive(&out->rail, 0, hot);
    if (rc == ERR_OK)
        rc = bitcoin_address_parse(wallet->network, hot, strlen(hot), &kind, &out->change);
    if (rc == ERR_OK)
        out->fee_rate = fee_rate(wallet);
    return rc;
}

/* --- making ------------------------------------------------------------------------------------- */

/* What the signer needs beside the transaction. */
struct for_signer {
    char (*text)[HD_PATH_SIZE];
    const char **paths;
    struct bytes *previous;
    size_t previous_count;
    struct signer_change change;
    char change_path[HD_PATH_SIZE];
};

static enum err gather(struct db *db, const struct bitcoin_now *now,
                       const struct bitcoin_making *making, struct arena *arena,
                       struct for_signer *out)
{
    size_t count = making->plan->coin_count;

    out->text = arena_alloc(arena, count * sizeof(*out->text));
    out->paths = arena_alloc(arena, count * sizeof(*out->paths));
    out->previous = arena_alloc(arena, count * sizeof(*out->previous));
    if (out->text == NULL || out->paths == NULL || out->previous == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        snprintf(out->text[i], sizeof(out->text[i]), "%s/0/%u", now->rail.path,
                 (unsigned)making->coins[i].index);
        out->paths[i] = out->text[i];
    }
    snprintf(out->change_path, sizeof(out->change_path), "%s/0/0", now->rail.path);
    out->change =
        (struct signer_change){.output = making->order->output_count, .path = out->change_path};
    return bitcoin_sources(db, making->coins, count, arena, out->previous, &out->previous_count);
}

static enum err keep_raw(const struct text *raw, struct arena *arena, struct bytes *out)
{
    uint8_t *copy = raw->full ? NULL : arena_alloc(arena, raw->len + 1);

    if (copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(copy, raw->data, raw->len);
    *out = (struct bytes){copy, raw->len};
    return ERR_OK;
}

enum err bitcoin_make(struct bitcoin_wallet *wallet, struct db *db, const struct bitcoin_now *now,
                      const struct bitcoin_making *making, struct arena *arena,
                      struct bitcoin_signed *out)
{
    struct text raw = TEXT(2 * BITCOIN_VSIZE_MAX);
    struct for_signer with;
    struct bitcoin_tx tx;

    *out = (struct bitcoin_signed){
        .fee = making->plan->fee, .vsize = making->plan->vsize, .height = now->rail.height};
    enum err rc = gather(db, now, making, arena, &with);
    if (rc == ERR_OK)
        rc = bitcoin_plan_build(making->order, making->plan, arena, &tx);
    if (rc == ERR_OK) {
        const struct signer_coins coins = {.paths = with.paths,
                                           .previous = with.previous,
                                           .previous_count = with.previous_count,
                                           .change = &with.change,
                                           .change_count = making->plan->change > 0};
        rc = signer_bitcoin(wallet->signer, &tx, &coins, &raw, out->id);
    }
    if (rc == ERR_OK)
        rc = keep_raw(&raw, arena, &out->raw);
    text_free(&raw);
    return rc;
}

enum err bitcoin_tell(struct bitcoin_wallet *wallet, struct db *db,
                      const struct bitcoin_signed *made, enum node_answer *out)
{
    enum err rc = bitcoin_send(&wallet->node.rpc, made->raw, made->id, out);

    if (rc != ERR_OK && rc != ERR_IO)
        return rc;
    return bitcoin_send_told(db, made->id, *out == NODE_KNOWN);
}

const struct payout_rail bitcoin_payout_rail = {.name = BITCOIN_RAIL,
                                                .check = bitcoin_check,
                                                .open = wallet_open,
                                                .close = wallet_close,
                                                .send = bitcoin_send_payouts,
                                                .ask = bitcoin_ask_payouts,
                                                .tend = bitcoin_tend};
