/* Sending on Ethereum. Each nonce of an account of ours is spent on one thing (a send), whose signed bytes are
 * committed before the node gets them. A version that is stuck or too cheap is replaced by one that offers
 * more, with the same nonce, so that at most one of them is ever mined; what became of it the chain is asked. */
#ifndef RAIL_ETHEREUM_SEND_H
#define RAIL_ETHEREUM_SEND_H

#include "chain/ethereum_fee.h"
#include "chain/ethereum_tx.h"
#include "net/signer.h"
#include "payout/payout.h"
#include "provider/ethereum.h"
#include "rail/ethereum.h"

#define ETHEREUM_GAS_PLAIN 21000      /* of a payment in coin to somebody who is no contract */
#define ETHEREUM_GAS_TOKEN_MAX 200000 /* more is not given to a token */
#define ETHEREUM_RAW_MAX 512          /* bytes of a transaction that we make */
#define ETHEREUM_SENDS_MAX 200        /* looked at in one go */
#define ETHEREUM_SQL_MAX 65536
#define ETHEREUM_PACKET_MAX (4 << 20)

/* The rail at work: for tools/pay alone. */
struct ethereum {
    struct node node;
    struct signer_client *signer;
    uint64_t chain_id;
    bool legacy;  /* the chain has no type 2 */
    bool checked; /* the node is on that chain */
    int64_t replace_s;
    __int128 gas_price_max; /* wei for one gas */
    __int128 low_balance;   /* wei: with less the hot wallet is to be filled */
    int64_t told_low_us;    /* when that was last said */
    struct ethereum_assets assets;
    struct deposit_rail rail;    /* path and key of our accounts */
    struct ethereum_address hot; /* account 0 */
    struct ethereum_block head;
    __int128 tip;
};

/* In the order of the schema, from 1. */
enum ethereum_kind { ETHEREUM_PAYOUT = 1, ETHEREUM_SWEEP, ETHEREUM_GAS };
enum ethereum_state { ETHEREUM_OPEN = 1, ETHEREUM_DONE, ETHEREUM_FAILED };

/* A send with its last version. */
struct ethereum_send {
    int64_t id;
    struct uuid uuid;
    uint64_t sender, nonce; /* sender: last step of its path */
    int64_t kind;           /* enum ethereum_kind */
    int64_t payout_id;      /* 0: none */
    const struct currency *currency;
    struct ethereum_address recipient, token;
    bool is_own, is_token;
    uint64_t own_index;
    __int128 amount;
    uint64_t gas, needed, versions;
    bool known;
    bool changed;  /* `known` or `height` is not as it is stored */
    int64_t state; /* enum ethereum_state */
    bool is_mined;
    uint64_t height; /* of its block; 0: in none that we know */
    char words[1021];
    uint8_t hash[ETHEREUM_HASH_SIZE]; /* of the last version, as what follows */
    __int128 max_fee, tip;
    int64_t age_s;
    uint8_t raw[ETHEREUM_RAW_MAX];
    uint64_t raw_len;
};

/* --- store -------------------------------------------------------------------------------------- */

/* Reads sends of a condition on s, with "ORDER BY" where that matters; at most `most`. */
MUST_USE enum err ethereum_sends(struct db *db, const char *where, struct db_args args,
                                 struct ethereum_send *list, size_t most, size_t *count);

/* The account's next nonce: ours, or the chain's where we have none yet.
 * chain  how many it has sent, by the chain
 * Returns ERR_NO_ANSWER where the chain knows more of them than we have made: somebody else has the key. */
MUST_USE enum err ethereum_next_nonce(struct db *db, uint64_t sender, uint64_t chain,
                                      uint64_t *out);

/* Adds statements that commit new sends of one account, whose nonces follow each other. */
void ethereum_add_sends(struct db_packet *packet, struct ethereum_send *list, size_t count);

/* Commits the next version of a send. */
MUST_USE enum err ethereum_add_version(struct db *db, struct ethereum_send *send);

/* Writes down, in one transaction, what the node has said of those that are `changed`: whether it has their last
 * version, and in which block it is. */
MUST_USE enum err ethereum_note(struct db *db, struct ethereum_send *list, size_t count);

/* The hash of an earlier version. ERR_NOT_FOUND. */
MUST_USE enum err ethereum_version_hash(struct db *db, int64_t send_id, uint64_t version,
                                        uint8_t out[ETHEREUM_HASH_SIZE]);

/* The end of a send, with what it cost, which is booked as the house's cost.
 * mined  hash of the version that is in a block; NULL: none will be
 * fee    wei
 * words  why it failed; "" where it is done */
struct ethereum_end {
    enum ethereum_state state;
    const uint8_t *mined;
    uint64_t height;
    __int128 fee;
    const char *words;
};
MUST_USE enum err ethereum_finish(struct db *db, const struct ethereum *self,
                                  const struct ethereum_send *send, const struct ethereum_end *end);

/* What open sends of an account may take of an asset still.
 * coin  with the most that all of them may cost */
MUST_USE enum err ethereum_promised(struct db *db, uint64_t sender,
                                    const struct ethereum_asset *asset, __int128 *out);

/* Pays out nothing more in a token, which has done something else than it said. */
MUST_USE enum err ethereum_distrust(struct db *db, const struct ethereum_address *token,
                                    const char *trouble);

/* Why a token is not trusted; "" where it is. */
MUST_USE enum err ethereum_trouble(struct db *db, const struct ethereum_address *token,
                                   char out[RAIL_WORDS_SIZE]);

/* --- signing and broadcasting ------------------------------------------------------------------- */

/* Signs the next version of a send for a fee: its raw, hash, max_fee and tip.
 * Returns as signer_ethereum. */
MUST_USE enum err ethereum_sign(struct ethereum *self, struct ethereum_send *send,
                                const struct ethereum_fee *fee);

/* What is offered for so much gas now, within the cap. ERR_FEE_CAP. */
MUST_USE enum err ethereum_offer(const struct ethereum *self, uint64_t gas,
                                 struct ethereum_fee *out);

/* Offers more for a send that is stuck or too cheap: the next version is signed, committed and broadcast. What
 * is in the way is logged, and the last version stands. Errors are those of the database. */
MUST_USE enum err ethereum_replace(struct ethereum *self, struct db *db,
                                   struct ethereum_send *send);

/* Gives the node the last version. What it says is to be noted (ethereum_note). */
enum node_answer ethereum_broadcast(struct ethereum *self, struct ethereum_send *send);

/* Reads what every round needs: the chain checked, what is listed, our accounts, the newest block.
 * Returns ERR_NO_ANSWER, ERR_CONFIG, ERR_DEPOSIT_RAIL; errors of the database. */
MUST_USE enum err ethereum_look(struct ethereum *self, struct db *db);

/* The wei and units that an account has after the newest block.
 * asset  the coin, or a token: ERR_INVALID where its contract does not say */
MUST_USE enum err ethereum_has(const struct ethereum *self, const struct ethereum_asset *asset,
                               const struct ethereum_address *account, __int128 *out);

/* --- rounds ------------------------------------------------------------------------------------- */

/* Makes a send of a payout, or says why not.
 * spendable  in and out, what the hot wallet has of each asset, by its place in the list; less than 0: not
 *            read yet
 * Returns true where `send` is to be signed. */
MUST_USE enum err ethereum_plan(struct ethereum *self, struct db *db, const struct payout *payout,
                                __int128 spendable[ETHEREUM_ASSETS_MAX], struct ethereum_send *send,
                                bool *planned, struct rail_outcome *outcome);

/* Sees what became of all that is open, sends again what was dropped and replaces what is stuck. */
MUST_USE enum err ethereum_tend(struct ethereum *self, struct db *db);

/* Takes what was deposited to the hot wallet. */
MUST_USE enum err ethereum_sweep(struct ethereum *self, struct db *db);

extern const struct payout_rail ethereum_rail;

#endif
