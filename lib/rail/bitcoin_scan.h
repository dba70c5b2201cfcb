/* What a transaction or a block means for us: which outputs are ours, which coins of ours it spends. */
#ifndef RAIL_BITCOIN_SCAN_H
#define RAIL_BITCOIN_SCAN_H

#include "deposit/follow.h"
#include "payout/rail.h"
#include "rail/bitcoin_set.h"

struct bitcoin_payments {
    struct deposit_payment *list; /* owned */
    size_t count, room;
};

/* Adds one. ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_payments_add(struct bitcoin_payments *all,
                                       const struct deposit_payment *payment);

/* An output of ours in a block, or a coin that it spends. */
struct bitcoin_move {
    uint8_t id[BITCOIN_ID_SIZE]; /* the coin's */
    uint32_t output;
    bool spent;
    uint8_t spent_by[BITCOIN_ID_SIZE];
    uint32_t index; /* not spent: of its address */
    int64_t value;  /* not spent: satoshis */
    bool coinbase;  /* not spent */
    struct bytes
        raw; /* not spent: the transaction without witnesses, in the scan's arena; once for each */
};

struct bitcoin_moves {
    struct bitcoin_move *list; /* owned */
    size_t count, room;
};

/* What is needed to read transactions, and what was found in them. */
struct bitcoin_scan {
    const struct bitcoin_set *scripts; /* of our addresses */
    struct bitcoin_set *coins; /* of ours that are not spent; what is found in a block is added */
    bool pool;                 /* what waits: nothing is moved yet */
    const struct rail_asset *asset; /* the chain's own coin */
    struct bitcoin_payments payments;
    struct bitcoin_moves moves; /* in their order; none in the pool */
    struct arena arena;
};

/* Reads a transaction. ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_scan_tx(struct bitcoin_scan *scan, const struct bitcoin_tx *tx);

/* Reads the transactions of a block.
 * block  out
 * Returns ERR_TRANSACTION_FORM where they are not what the header says; ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_scan_block(struct bitcoin_scan *scan, struct bytes raw,
                                     struct bitcoin_block *block);

/* Forgets what was found. */
void bitcoin_scan_clear(struct bitcoin_scan *scan);

/* Gives all memory back but that of the sets. */
void bitcoin_scan_free(struct bitcoin_scan *scan);

/* Satoshis as an amount of the asset's currency, less what is smaller than its smallest unit. */
struct amount bitcoin_amount(const struct rail_asset *asset, int64_t satoshis);

/* The way back, exact for what a payout may ask for. False where it is no number of satoshis. */
bool bitcoin_satoshis(const struct currency *currency, __int128 units, int64_t *out);

/* An id as nodes, people and the database write it: the other way round. */
void bitcoin_turn(const uint8_t in[BITCOIN_ID_SIZE], uint8_t out[BITCOIN_ID_SIZE]);

#endif
