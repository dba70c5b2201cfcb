/* A node of Ethereum, by its JSON-RPC: what the chain says, and giving it a transaction.
 *
 * Everything that reads returns ERR_NO_ANSWER where the node is away, refuses, or says what it cannot mean;
 * asking again does no harm. */
#ifndef PROVIDER_ETHEREUM_H
#define PROVIDER_ETHEREUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/bytes.h"
#include "chain/erc20.h"
#include "chain/ethereum_address.h"
#include "chain/node_answer.h"
#include "crypto/crypto.h"
#include "provider/rpc.h"

#define ETHEREUM_HASH_SIZE KECCAK256_SIZE
#define ETHEREUM_RETURNED_MAX 1024 /* bytes of what a call gives */

/* The chain's id, its height, and what is usual as a tip (wei for one gas). */
MUST_USE enum err ethereum_chain_id(const struct rpc_node *node, uint64_t *out);
MUST_USE enum err ethereum_height(const struct rpc_node *node, uint64_t *out);
MUST_USE enum err ethereum_tip(const struct rpc_node *node, __int128 *out);

struct ethereum_block {
    uint64_t number;
    uint8_t hash[ETHEREUM_HASH_SIZE];
    uint8_t parent[ETHEREUM_HASH_SIZE];
    __int128 base_fee; /* wei for one gas */
};

/* A block of the chain that the node follows. ERR_NOT_FOUND past its end. */
MUST_USE enum err ethereum_block(const struct rpc_node *node, uint64_t number,
                                 struct ethereum_block *out);

/* A transaction of a block that pays wei to somebody. Whether it has done so its receipt says. */
struct ethereum_transfer {
    uint8_t hash[ETHEREUM_HASH_SIZE];
    struct ethereum_address from, to;
    __int128 value; /* wei, more than 0 */
};

/* Reads a block with its transactions.
 * block  out: as ethereum_block
 * each   called for each transaction that pays; an error of its ends the reading, and is returned. What
 *        contracts pay on their way is no transaction, and is not among them
 * Returns as ethereum_block. */
MUST_USE enum err ethereum_transfers(
    const struct rpc_node *node, uint64_t number, struct ethereum_block *block,
    enum err (*each)(void *arg, const struct ethereum_transfer *transfer), void *arg);

/* How many transactions the account has sent.
 * pending  with those that wait in the node's pool */
MUST_USE enum err ethereum_nonce(const struct rpc_node *node,
                                 const struct ethereum_address *account, bool pending,
                                 uint64_t *out);

/* How many of its transactions were in blocks after a block; old ones a node may have forgotten. */
MUST_USE enum err ethereum_nonce_at(const struct rpc_node *node,
                                    const struct ethereum_address *account, uint64_t block,
                                    uint64_t *out);

/* The account's wei after a block. */
MUST_USE enum err ethereum_balance(const struct rpc_node *node,
                                   const struct ethereum_address *account, uint64_t block,
                                   __int128 *out);

/* Whether a contract stands at the address now. */
MUST_USE enum err ethereum_has_code(const struct rpc_node *node,
                                    const struct ethereum_address *address, bool *out);

/* Calls a contract without a transaction.
 * from, to, data  who calls, whom, with what
 * out, len        out, what it returns
 * Returns ERR_INVALID where the contract refuses (it reverts), ERR_TOO_LARGE. */
MUST_USE enum err ethereum_call(const struct rpc_node *node, const struct ethereum_address *from,
                                const struct ethereum_address *to, struct bytes data,
                                uint8_t out[ETHEREUM_RETURNED_MAX], size_t *len);

/* What an account has of a token after a block, in the token's smallest unit.
 * Returns ERR_INVALID where its contract does not say so: it reverts, answers something else, or there is
 * none; also where the node has forgotten that block. */
MUST_USE enum err ethereum_token_balance(const struct rpc_node *node,
                                         const struct ethereum_address *token,
                                         const struct ethereum_address *owner, uint64_t block,
                                         __int128 *out);

/* The gas that a transaction would use; ERR_INVALID where it would fail. */
MUST_USE enum err ethereum_estimate(const struct rpc_node *node,
                                    const struct ethereum_address *from,
                                    const struct ethereum_address *to, __int128 value,
                                    struct bytes data, uint64_t *out);

/* Gives the node a signed transaction.
 * hash  of `raw`: a node that answers with another one has not taken these bytes
 * out   out, NODE_KNOWN where it has it; anything else never says that it was not mined
 * Returns ERR_NO_MEMORY, ERR_INVALID. */
MUST_USE enum err ethereum_send(const struct rpc_node *node, struct bytes raw,
                                const uint8_t hash[ETHEREUM_HASH_SIZE], enum node_answer *out);

struct ethereum_receipt {
    bool succeeded; /* false: it was mined, paid its fee and did nothing */
    uint64_t block;
    uint8_t block_hash[ETHEREUM_HASH_SIZE];
    __int128 fee; /* wei that it has cost */
};

/* What became of a transaction. ERR_NOT_FOUND where it is in no block of the node's chain. */
MUST_USE enum err ethereum_receipt(const struct rpc_node *node,
                                   const uint8_t hash[ETHEREUM_HASH_SIZE],
                                   struct ethereum_receipt *out);

/* A payment in a token, as its contract tells of it. */
struct ethereum_log {
    struct ethereum_address token;
    struct erc20_transfer transfer;
    uint64_t block;
    uint8_t block_hash[ETHEREUM_HASH_SIZE];
    uint8_t tx[ETHEREUM_HASH_SIZE];
    uint64_t index; /* among the block's events: with its hash it names the payment */
};

struct ethereum_search {
    uint64_t first, last; /* blocks, both included; `last` not past the chain's end */
    const struct ethereum_address *tokens, *payees;
    size_t token_count, payee_count; /* neither 0: a node takes an empty list for "any" */
};

/* Looks for payments of some tokens to some addresses.
 * each  called for each; an error of its ends the search, and is returned
 * Returns ERR_INVALID for an empty list, ERR_NO_ANSWER, also where there are too many for one answer
 * (RPC_VALUES_MAX): search fewer blocks then. */
MUST_USE enum err ethereum_payments(const struct rpc_node *node,
                                    const struct ethereum_search *search,
                                    enum err (*each)(void *arg, const struct ethereum_log *log),
                                    void *arg);

#endif
