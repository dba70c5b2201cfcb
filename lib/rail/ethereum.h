/* Ethereum as a rail: its coin and the tokens that operators have listed. Facts: api/chains, part A. */
#ifndef RAIL_ETHEREUM_H
#define RAIL_ETHEREUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "chain/ethereum_address.h"
#include "deposit/follow.h"
#include "payout/rail.h"
#include "provider/node.h"
#include "rail/ethereum_book.h"
#include "rail/watch.h"

#define ETHEREUM_RAIL "Ethereum"    /* rail.name */
#define ETHEREUM_OUTSIDE "ethereum" /* account.rail, and the name of its addresses */
#define ETHEREUM_ASSETS_MAX 64
#define ETHEREUM_DECIMALS 18 /* of the coin */

/* What is paid on the chain: its coin, or a token. */
struct ethereum_asset {
    struct rail_asset asset;
    struct ethereum_address token;
    bool is_token;
};

struct ethereum_assets {
    struct ethereum_asset list[ETHEREUM_ASSETS_MAX];
    size_t count;
};

/* Reads what operators have listed. A token whose contract is no address is left out, and said so. */
MUST_USE enum err ethereum_assets_read(struct db *db, struct ethereum_assets *out);

/* The asset of a token, or (NULL) the coin; NULL where it is not listed. */
const struct ethereum_asset *ethereum_asset_find(const struct ethereum_assets *assets,
                                                 const struct ethereum_address *token);

/* Whether the node is on the chain that the configuration names: asked once.
 * checked  in and out
 * Returns ERR_NO_ANSWER, ERR_CONFIG. */
MUST_USE enum err ethereum_check_chain(const struct rpc_node *node, uint64_t chain_id,
                                       bool *checked);

/* The wei with less than which the hot wallet is to be filled, by the configuration. ERR_CONFIG. */
MUST_USE enum err ethereum_low_balance(const struct config *config, __int128 *out);

/* What a block pays to addresses of ours. Zero it to begin. */
struct ethereum_paid {
    struct deposit_block block;
    struct deposit_payment *list; /* owned */
    size_t count, room;
};

/* Reads a block and all that it pays to us; what comes from our own addresses is none. Of tokens no more
 * counts than the balance has grown by.
 * Returns ERR_NOT_FOUND past the chain's end, ERR_NO_ANSWER, ERR_NO_MEMORY. */
MUST_USE enum err ethereum_paid_read(const struct rpc_node *node, uint64_t number,
                                     const struct ethereum_book *book,
                                     const struct ethereum_assets *assets,
                                     struct ethereum_paid *out);

void ethereum_paid_free(struct ethereum_paid *paid);

#endif
