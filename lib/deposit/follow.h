/* For whoever follows a chain: blocks one after the other, what they pay, and walking back where the chain was
 * reorganised. Any number of copies may follow: each change locks the chain's row and moves it by one block, so
 * that a copy which lost the race is told ERR_DEPOSIT_MOVED and looks again. */
#ifndef DEPOSIT_FOLLOW_H
#define DEPOSIT_FOLLOW_H

#include "db/packet.h"
#include "deposit/deposit.h"

#define DEPOSIT_HASH_SIZE 32
#define DEPOSIT_BLOCKS_KEPT 1000 /* a reorganisation that goes further back is left to people */
#define DEPOSIT_BATCH 50         /* credited in one transaction */

/* What a chain of its own adds to the transaction that takes a block or gives it back. */
struct deposit_also {
    void (*add)(void *arg, struct db_packet *packet);
    void *arg;
};

struct deposit_block {
    uint64_t height;
    uint8_t hash[DEPOSIT_HASH_SIZE], parent[DEPOSIT_HASH_SIZE];
    const struct deposit_also *also; /* NULL: nothing */
};

/* Something that a transaction pays to an address of ours. */
struct deposit_payment {
    uint8_t txid[DEPOSIT_TXID_SIZE];
    uint64_t output, index; /* which output pays; which address (its index) */
    int64_t user_id;        /* whose address it is */
    struct amount amount;   /* what is to be credited; zero only where it is withheld */
    __int128 chain_units;   /* the chain's smallest units, greater than zero */
    uint64_t needed;        /* confirmations, greater than zero */
    const char *withhold;   /* why an operator is to look at it; NULL: all is well */
};

/* The last block that was followed. ERR_NOT_FOUND where none was, ERR_DEPOSIT_RAIL.
 * out  out; `parent` is untouched, `also` NULL */
MUST_USE enum err deposit_last_block(struct db *db, const char *rail, struct deposit_block *out);

/* Begins to follow behind a block, where none was followed yet; nothing otherwise. */
MUST_USE enum err deposit_begin(struct db *db, const char *rail, const struct deposit_block *block);

/* Takes the next block with all that it pays to us, in one transaction.
 * Returns ERR_DEPOSIT_MOVED where it is not the next one any more, ERR_DEPOSIT_FORK where it does not follow
 * the last one: walk back. ERR_TOO_LARGE past some 10,000 payments. */
MUST_USE enum err deposit_take_block(struct db *db, const char *rail,
                                     const struct deposit_block *block,
                                     const struct deposit_payment *payments, size_t count);

/* Gives the last block back: its deposits are in no block, what was credited stays so until deposit_settle.
 * last  by its hash: ERR_DEPOSIT_MOVED where it is not the last one
 * Returns ERR_DEPOSIT_DEEP where the one before it is not known any more. */
MUST_USE enum err deposit_give_block(struct db *db, const char *rail,
                                     const struct deposit_block *last);

/* Says what waits in the chain's pool: pending until it is in a block. What is in no block and does not wait
 * there is cancelled. */
MUST_USE enum err deposit_pool(struct db *db, const char *rail,
                               const struct deposit_payment *payments, size_t count);

/* Takes back what was credited and is in no block, once the chain has been followed to its end. What the
 * user's fund account does not cover is owed, and the user cannot sign in until an operator says so.
 * count  out, how many */
MUST_USE enum err deposit_settle(struct db *db, const char *rail, uint64_t *count);

/* Credits what has its confirmations, one journal each, DEPOSIT_BATCH in a transaction.
 * count  out, how many */
MUST_USE enum err deposit_complete(struct db *db, const char *rail, uint64_t *count);

#endif
