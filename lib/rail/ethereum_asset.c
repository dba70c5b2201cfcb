/* What is listed on Ethereum, and whether the node is on the right chain. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "money/decimal.h"
#include "provider/ethereum.h"
#include "rail/ethereum.h"

static void keep_asset(void *arg, const struct rail_asset *asset)
{
    struct ethereum_assets *assets = arg;
    struct ethereum_asset *kept = &assets->list[assets->count];

    if (assets->count == ETHEREUM_ASSETS_MAX)
        return;
    *kept = (struct ethereum_asset){.asset = *asset, .is_token = asset->contract[0] != '\0'};
    if (kept->is_token &&
        ethereum_address_parse(asset->contract, strlen(asset->contract), &kept->token) != ERR_OK) {
        log_line(LOG_LEVEL_WARNING, "token", "currency=%s contract=%s problem=\"is no address\"",
                 asset->currency->code, asset->contract);
        return;
    }
    assets->count++;
}

enum err ethereum_assets_read(struct db *db, struct ethereum_assets *out)
{
    out->count = 0;
    return rail_assets(db, ETHEREUM_RAIL, NULL, keep_asset, out);
}

const struct ethereum_asset *ethereum_asset_find(const struct ethereum_assets *assets,
                                                 const struct ethereum_address *token)
{
    for (size_t i = 0; i < assets->count; i++) {
        const struct ethereum_asset *asset = &assets->list[i];
        if (asset->is_token == (token != NULL) &&
            (token == NULL || ethereum_address_equal(&asset->token, token)))
            return asset;
    }
    return NULL;
}

enum err ethereum_check_chain(const struct rpc_node *node, uint64_t chain_id, bool *checked)
{
    uint64_t found;

    if (*checked)
        return ERR_OK;
    enum err rc = ethereum_chain_id(node, &found);
    if (rc == ERR_OK && found != chain_id) {
        log_line(LOG_LEVEL_WARNING, "chain_id",
                 "found=%" PRIu64 " configured=%" PRIu64
                 " problem=\"the node is on another chain\"",
                 found, chain_id);
        rc = ERR_CONFIG;
    }
    *checked = rc == ERR_OK;
    return rc;
}

enum err ethereum_low_balance(const struct config *config, __int128 *out)
{
    const char *text = config->provider_ethereum_low_balance;
    unsigned scale = 0;

    if (decimal_parse(text, strlen(text), ETHEREUM_DECIMALS, out, &scale) != ERR_OK ||
        scale > ETHEREUM_DECIMALS ||
        __builtin_mul_overflow(*out, decimal_power(ETHEREUM_DECIMALS - scale), out) ||
        !decimal_in_range(*out))
        return ERR_CONFIG;
    return ERR_OK;
}
