/* Paying on Bitcoin's chain: the rail of lib/payout, in one process at a time. What is to be broadcast is signed
 * and committed first; broadcasting again, or in another process, is giving the same bytes again. */
#ifndef RAIL_BITCOIN_WALLET_H
#define RAIL_BITCOIN_WALLET_H

#include "net/signer.h"
#include "payout/payout.h"
#include "provider/bitcoin.h"
#include "provider/node.h"
#include "rail/bitcoin_store.h"

#define BITCOIN_FEE_BLOCKS 6  /* a fee is asked for that has a transaction mined within so many */
#define BITCOIN_TOLD_REST_S 5 /* between two times that the same is given to a node */
#define BITCOIN_REPLACE_BLOCKS 6 /* without being mined, then it offers more, */
#define BITCOIN_SETTLED 6        /* what is so deep below the chain's end does not come back */
#define BITCOIN_BURIED 100

struct bitcoin_wallet {
    const struct config *config;
    struct node node;
    struct signer_client *signer;
    enum bitcoin_network network;
};

/* What the chain is now, for one call of the rail. */
struct bitcoin_now {
    struct deposit_rail rail;     /* with its key, and how far it was followed */
    struct bitcoin_script change; /* of the hot wallet */
    int64_t fee_rate;             /* satoshis per 1,000 vbytes */
};

/* Reads it. ERR_DEPOSIT_RAIL; ERR_NOT_FOUND where the chain was not followed yet. */
MUST_USE enum err bitcoin_now_read(struct bitcoin_wallet *wallet, struct db *db,
                                   struct bitcoin_now *out);

/* A transaction that is being made. */
struct bitcoin_making {
    const struct bitcoin_order *order;
    const struct bitcoin_plan *plan;
    const struct bitcoin_own *coins; /* the plan's, in its order */
};

/* Has it built and signed.
 * arena  for its bytes
 * Returns as signer_bitcoin. */
MUST_USE enum err bitcoin_make(struct bitcoin_wallet *wallet, struct db *db,
                               const struct bitcoin_now *now, const struct bitcoin_making *making,
                               struct arena *arena, struct bitcoin_signed *out);

/* Gives a transaction that is committed to the node, and notes that.
 * out  out, what it means; NODE_KNOWN where the node has it
 * Returns errors of the database. */
MUST_USE enum err bitcoin_tell(struct bitcoin_wallet *wallet, struct db *db,
                               const struct bitcoin_signed *made, enum node_answer *out);

/* The functions of the rail (payout/rail.h), one file each. */
MUST_USE enum err bitcoin_check(struct db *db, const struct currency *currency, const char *address,
                                const char *memo, char out[RAIL_ADDRESS_MAX + 1]);
MUST_USE enum err bitcoin_send_payouts(void *self, struct db *db, const struct payout *payouts,
                                       size_t count, struct rail_outcome *outcomes);
MUST_USE enum err bitcoin_ask_payouts(void *self, struct db *db, const struct payout *payouts,
                                      size_t count, struct rail_outcome *outcomes);
MUST_USE enum err bitcoin_tend(void *self, struct db *db);

/* For lib/house. */
extern const struct payout_rail bitcoin_payout_rail;

#endif
