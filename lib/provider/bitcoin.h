/* A node of Bitcoin, by the part of its RPC that Bitcoin Core and others have in common: the chain's blocks,
 * what waits for the next one, and giving it a transaction. No wallet of the node is used.
 *
 * Everything that reads returns ERR_NO_ANSWER where the node is away, refuses, or says what it cannot mean;
 * asking again does no harm. */
#ifndef PROVIDER_BITCOIN_H
#define PROVIDER_BITCOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/bitcoin_tx.h"
#include "chain/bytes.h"
#include "chain/node_answer.h"
#include "provider/rpc.h"

/* The height of the chain. */
MUST_USE enum err bitcoin_height(const struct rpc_node *node, uint32_t *out);

/* The block of the node's chain at a height: where it is not the one that was seen there, the chain was
 * reorganised. ERR_NOT_FOUND past its end. */
MUST_USE enum err bitcoin_block_id(const struct rpc_node *node, uint32_t height,
                                   uint8_t out[BITCOIN_ID_SIZE]);

/* A block's bytes, behind what is in `out`: bitcoin_block_take reads them. ERR_NOT_FOUND where the node does
 * not have it. */
MUST_USE enum err bitcoin_block(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                                struct text *out);

/* The transactions that wait.
 * each  called for each; an error of its ends it, and is returned */
MUST_USE enum err bitcoin_pool(const struct rpc_node *node,
                               enum err (*each)(void *arg, const uint8_t id[BITCOIN_ID_SIZE]),
                               void *arg);

/* A transaction's bytes, behind what is in `out`: one that waits, or any where the node keeps an index.
 * ERR_NOT_FOUND where it has none. */
MUST_USE enum err bitcoin_raw_tx(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                                 struct text *out);

/* What an output is worth, in satoshis, that nothing in the chain has spent. ERR_NOT_FOUND where it is spent, or
 * never was. */
MUST_USE enum err bitcoin_unspent(const struct rpc_node *node, const uint8_t id[BITCOIN_ID_SIZE],
                                  uint32_t output, int64_t *out);

/* The fee for being mined within so many blocks, in satoshis per 1,000 vbytes. ERR_NOT_FOUND where the node
 * has not seen enough to say. */
MUST_USE enum err bitcoin_fee_rate(const struct rpc_node *node, unsigned blocks, int64_t *out);

/* Gives the node a signed transaction.
 * id   of `raw`
 * out  out, NODE_KNOWN where it has it; anything else never says that it was not mined
 * Returns ERR_NO_MEMORY, ERR_INVALID. */
MUST_USE enum err bitcoin_send(const struct rpc_node *node, struct bytes raw,
                               const uint8_t id[BITCOIN_ID_SIZE], enum node_answer *out);

#endif
