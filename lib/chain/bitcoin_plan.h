/* Which coins pay for what, with which fee: exact, and the same for the same input. */
#ifndef CHAIN_BITCOIN_PLAN_H
#define CHAIN_BITCOIN_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "chain/bitcoin_address.h"
#include "chain/bitcoin_tx.h"

#define BITCOIN_VSIZE_MAX 100000 /* of a transaction that nodes relay */
#define BITCOIN_RELAY_RATE \
    1000 /* satoshis per 1,000 vbytes: the least fee, and the least step up */
#define BITCOIN_RATE_MAX 10000000
#define BITCOIN_SEQUENCE 0xfffffffdU /* may be replaced (BIP-125) */

/* An output of ours that is not spent yet. */
struct bitcoin_coin {
    uint8_t id[BITCOIN_ID_SIZE];
    uint32_t index;
    int64_t value;          /* satoshis */
    enum bitcoin_kind kind; /* BITCOIN_P2PKH, BITCOIN_P2SH (nested P2WPKH) or BITCOIN_P2WPKH */
};

/* What is wanted. */
struct bitcoin_order {
    const struct bitcoin_output *outputs; /* who is paid; not owned */
    size_t output_count;
    struct bytes change; /* the script that gets what is left; not owned */
    int64_t fee_rate;    /* satoshis per 1,000 vbytes, BITCOIN_RELAY_RATE to BITCOIN_RATE_MAX */
    int64_t fee_max;     /* satoshis: the fee is never above it */
};

struct bitcoin_plan {
    struct bitcoin_coin *coins; /* those that are spent, in the arena */
    size_t coin_count;
    int64_t change; /* satoshis; 0: there is no such output */
    int64_t fee;    /* what inputs have more than outputs */
    size_t vsize;   /* of the signed transaction, at most */
};

/* The least value of an output with this script that nodes relay: what it would cost to spend it. */
int64_t bitcoin_dust(struct bytes script);

/* Chooses coins: the smallest that suffices alone, or else the largest until they do. A coin that costs
 * more than it brings is left alone. Where what is left over would be dust, the fee gets it.
 * coins  in any order
 * arena  for the plan's coins
 * Returns ERR_DUST where an output is too small, ERR_OUT_OF_RANGE for a rate or value out of range,
 * ERR_INSUFFICIENT_FUNDS, ERR_FEE_CAP, ERR_TOO_LARGE past BITCOIN_VSIZE_MAX, ERR_INVALID where the
 * kind of a coin or of the change cannot be spent with one key, or that of an output by nobody in particular;
 * ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_plan_make(const struct bitcoin_order *order,
                                    const struct bitcoin_coin *coins, size_t count,
                                    struct arena *arena, struct bitcoin_plan *out);

/* The plan that takes the place of another one which pays too little to be mined (BIP-125): the same coins,
 * the same outputs, a higher fee, taken from the change.
 * order  with the new rate and cap, which may be above the first ones
 * out    may be `old`
 * Returns ERR_OUT_OF_RANGE where the rate is not enough for nodes to replace it, and errors as
 * bitcoin_plan_make; ERR_INSUFFICIENT_FUNDS where the change cannot pay for it. */
MUST_USE enum err bitcoin_plan_replace(const struct bitcoin_order *order,
                                       const struct bitcoin_plan *old, struct bitcoin_plan *out);

/* The transaction, unsigned: the coins in the order of the plan, the outputs in theirs, the change last.
 * ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_plan_build(const struct bitcoin_order *order,
                                     const struct bitcoin_plan *plan, struct arena *arena,
                                     struct bitcoin_tx *out);

#endif
