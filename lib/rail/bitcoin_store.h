/* The rows of Bitcoin's coins and of what is sent with them. Ids are in the order of the hash here, and turned
 * round in the database. */
#ifndef RAIL_BITCOIN_STORE_H
#define RAIL_BITCOIN_STORE_H

#include "chain/bitcoin_plan.h"
#include "db/packet.h"
#include "payout/payout.h"
#include "rail/bitcoin_scan.h"

#define BITCOIN_SQL_MAX 16384
#define BITCOIN_PACKET_MAX (4 << 20)

/* --- as the chain is followed ------------------------------------------------------------------- */

/* Adds to a packet what a block means for our coins.
 * height  of the block */
void bitcoin_moves_add(struct db_packet *packet, const struct bitcoin_moves *moves,
                       uint64_t height);

/* Adds what it means that a block, and what may be behind it, is gone. */
void bitcoin_moves_back(struct db_packet *packet, uint64_t height);

/* Reads our coins that nothing in the chain has spent. The set is cleared before. */
MUST_USE enum err bitcoin_coins_load(struct db *db, struct bitcoin_set *out);

/* --- what is sent ------------------------------------------------------------------------------- */

/* A coin that may be spent now. */
struct bitcoin_own {
    struct bitcoin_coin coin;
    uint32_t index; /* last step of its address's path */
};

#define BITCOIN_COINS_MAX 2000 /* read at once, the largest first */

/* Reads coins that nothing spends and no send is promised.
 * tip            height of the chain as it was followed
 * confirmations  that a stranger's payment needs; what we have sent ourselves needs one
 * arena          for the list
 * out, count     out */
MUST_USE enum err bitcoin_coins_free(struct db *db, uint64_t tip, uint64_t confirmations,
                                     struct arena *arena, struct bitcoin_own **out, size_t *count);

/* Reads the coins of a send, in the order of the inputs. ERR_INTERNAL where they are not those. */
MUST_USE enum err bitcoin_coins_of_send(struct db *db, int64_t send_id, const struct bitcoin_tx *tx,
                                        struct bitcoin_own *out);

/* Reads the transactions that coins come from, each once.
 * arena       for their bytes
 * out, count  out, at most as many as there are coins */
MUST_USE enum err bitcoin_sources(struct db *db, const struct bitcoin_own *coins, size_t coin_count,
                                  struct arena *arena, struct bytes *out, size_t *count);

/* A signed transaction on its way into the database. */
struct bitcoin_signed {
    uint8_t id[BITCOIN_ID_SIZE];
    struct bytes raw;
    int64_t fee;
    size_t vsize;
    uint64_t height; /* of the chain now */
};

/* Commits a new send, before anything of it is broadcast: its first transaction, its coins, and the payouts
 * it pays, each under its fence. Payout number i is paid by output i.
 * Returns ERR_INSUFFICIENT_FUNDS where a coin is not free any more, ERR_PAYOUT_STATE, ERR_REPLAYED where a
 * payout is in a send already; errors of db_txn. */
MUST_USE enum err bitcoin_send_write(struct db *db, const struct bitcoin_signed *made,
                                     const struct bitcoin_own *coins, size_t coin_count,
                                     const struct payout *payouts, size_t count);

/* A send that is in no block, with its last transaction. */
struct bitcoin_pending {
    int64_t send_id;
    uint64_t number;            /* of its transaction: 1 for the first */
    struct bitcoin_signed last; /* its bytes in the arena; height when it was made */
    uint64_t payments;          /* outputs that pay somebody: the rest is change */
};

/* Reads sends that are in no block and were not told to a node for so long, the oldest first.
 * out  room for `most` of them */
MUST_USE enum err bitcoin_pending_read(struct db *db, int64_t rest_s, struct arena *arena,
                                       struct bitcoin_pending *out, size_t most, size_t *count);

/* Commits the transaction that takes the place of the last one. ERR_REPLAYED where somebody else was
 * faster. */
MUST_USE enum err bitcoin_try_write(struct db *db, const struct bitcoin_pending *old,
                                    const struct bitcoin_signed *made);

/* Notes that a transaction was given to a node; known: which has it. */
MUST_USE enum err bitcoin_send_told(struct db *db, const uint8_t id[BITCOIN_ID_SIZE], bool known);

/* Ends what has ended: sends that are `buried` blocks deep, and those of which a coin was spent by somebody
 * else's transaction that is `settled` blocks deep, whose other coins are free again. */
MUST_USE enum err bitcoin_sends_end(struct db *db, uint64_t tip, uint64_t settled, uint64_t buried);

/* What became of a payout. */
struct bitcoin_fate {
    uint64_t output; /* which pays it */
    bool dead, known;
    bool mined;
    uint64_t height;             /* mined: of its block */
    uint8_t id[BITCOIN_ID_SIZE]; /* of the transaction that was mined, or the last one */
    int64_t fee;                 /* of that one, satoshis */
};

/* ERR_NOT_FOUND where nothing was ever committed to pay it. */
MUST_USE enum err bitcoin_fate_read(struct db *db, int64_t payout_id, struct bitcoin_fate *out);

#endif
