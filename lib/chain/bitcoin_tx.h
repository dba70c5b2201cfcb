/* Transactions and blocks of Bitcoin, as they are on the wire. Amounts are whole satoshis. Ids are kept in
 * the order of the hash; people and nodes write them the other way round. */
#ifndef CHAIN_BITCOIN_TX_H
#define CHAIN_BITCOIN_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "chain/bytes.h"
#include "crypto/crypto.h"

#define BITCOIN_ID_SIZE 32
#define BITCOIN_ID_TEXT_SIZE 65   /* with its NUL */
#define BITCOIN_BLOCK_MAX 4000000 /* bytes of a block, and so of a transaction */
#define BITCOIN_MONEY_MAX (INT64_C(21000000) * 100000000) /* satoshis that there can ever be */

struct bitcoin_input {
    uint8_t id[BITCOIN_ID_SIZE]; /* of the transaction that is spent from */
    uint32_t index;              /* of its output */
    struct bytes script;
    uint32_t sequence;
    struct bytes witness; /* as on the wire, its count included; none where it is empty */
};

struct bitcoin_output {
    int64_t value; /* satoshis, 0 to BITCOIN_MONEY_MAX */
    struct bytes script;
};

/* Nothing in it is owned: inputs and outputs are in an arena, scripts there or where it was read. */
struct bitcoin_tx {
    uint32_t version;
    struct bitcoin_input *inputs;
    size_t input_count;
    struct bitcoin_output *outputs;
    size_t output_count;
    uint32_t lock_time;
};

/* Takes a transaction from the front of `in`.
 * arena  for its inputs and outputs
 * Returns ERR_TRANSACTION_FORM for what is cut off, has no input or output, an amount out of range, or a
 * second spelling; ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_tx_take(struct bytes *in, struct arena *arena, struct bitcoin_tx *out);

/* Reads one with nothing behind it. Errors as bitcoin_tx_take. */
MUST_USE enum err bitcoin_tx_read(struct bytes raw, struct arena *arena, struct bitcoin_tx *out);

/* Adds the transaction to `out`: as it is broadcast, or without its witnesses, as its id is made from.
 * `out->full` where it has no room. */
void bitcoin_tx_write(const struct bitcoin_tx *tx, bool with_witnesses, struct text *out);

/* Its id (txid), which witnesses do not change; and that of all of it (wtxid). ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_tx_id(const struct bitcoin_tx *tx, uint8_t out[BITCOIN_ID_SIZE]);
MUST_USE enum err bitcoin_tx_witness_id(const struct bitcoin_tx *tx, uint8_t out[BITCOIN_ID_SIZE]);

/* Its size as fees count it: a byte of a witness is a quarter (BIP-141). */
size_t bitcoin_tx_vsize(const struct bitcoin_tx *tx);

/* Writes an id as nodes do, and reads it: 64 hexadecimal digits. */
void bitcoin_id_format(const uint8_t id[BITCOIN_ID_SIZE], char out[BITCOIN_ID_TEXT_SIZE]);
bool bitcoin_id_parse(const char *text, size_t len, uint8_t out[BITCOIN_ID_SIZE]);

struct bitcoin_block {
    uint8_t id[BITCOIN_ID_SIZE];
    uint8_t parent[BITCOIN_ID_SIZE];
    uint64_t tx_count;
};

/* Takes a block's header from the front of `in`; as many transactions as it says stand behind it.
 * ERR_TRANSACTION_FORM where it is cut off. */
MUST_USE enum err bitcoin_block_take(struct bytes *in, struct bitcoin_block *out);

/* Adds numbers as they are on the wire, least significant byte first: fixed ones, and lengths. */
void bitcoin_put(struct text *out, uint64_t value, unsigned bytes);
void bitcoin_put_length(struct text *out, uint64_t value);

#endif
