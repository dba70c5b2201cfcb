/* Asking teller-signer, the process with the keys that can spend (tools/signer/request.h has its protocol).
 * What comes back is read again: only the very transaction that was asked for is taken.
 *
 * A question has no effect but a share of the signer's budget, and the same question costs nothing more and
 * has the same answer. Where there was none (ERR_NO_ANSWER) it may therefore be asked again at any time. */
#ifndef NET_SIGNER_H
#define NET_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/base58.h"
#include "chain/bitcoin_tx.h"
#include "chain/bytes.h"
#include "chain/ethereum_tx.h"

#define SIGNER_WAIT_MS 10000 /* for an answer */

struct signer_client; /* not for several threads, nor for two questions at once */

/* Makes a client of the socket; it connects when it first asks.
 * out  owned by the caller: signer_client_close, also where it fails
 * Returns ERR_TOO_LONG, ERR_NO_MEMORY. */
MUST_USE enum err signer_client_open(const char *socket, struct signer_client **out);

/* NULL is fine. */
void signer_client_close(struct signer_client *client);

/* The public key of an account, "m/84'/0'/0'", from which all its addresses follow (chain/hd_key.h).
 * Returns ERR_NO_ANSWER, or what the signer says: ERR_INVALID for another path. */
MUST_USE enum err signer_xpub(struct signer_client *client, const char *account,
                              char out[BASE58_TEXT_SIZE]);

/* Has a transaction of Ethereum signed.
 * path    of the sender's key, "m/44'/60'/0'/0/5"
 * sender  its address
 * own     path of the recipient where the money stays with us; NULL otherwise
 * raw     out, the bytes to broadcast, behind what is in it
 * hash    out
 * Returns ERR_NO_ANSWER; the signer's refusals (sign_ethereum in tools/signer/request.h); ERR_CRYPTO where
 * the answer is not the transaction of that sender; errors of ethereum_tx_unsigned. */
MUST_USE enum err signer_ethereum(struct signer_client *client, const char *path,
                                  const struct ethereum_address *sender,
                                  const struct ethereum_tx *tx, const char *own, struct text *raw,
                                  uint8_t hash[KECCAK256_SIZE]);

/* An output that stays with us. */
struct signer_change {
    size_t output; /* number in the transaction, from 0, rising */
    const char *path;
};

/* What the signer needs beside a transaction of Bitcoin. */
struct signer_coins {
    const char *const *paths;     /* of the key of each input */
    const struct bytes *previous; /* the transactions that they spend from, each once */
    size_t previous_count;
    const struct signer_change *change;
    size_t change_count;
};

/* Has a transaction of Bitcoin signed.
 * tx   without scripts and witnesses
 * raw  out, the bytes to broadcast, behind what is in it
 * id   out
 * Returns as signer_ethereum. */
MUST_USE enum err signer_bitcoin(struct signer_client *client, const struct bitcoin_tx *tx,
                                 const struct signer_coins *coins, struct text *raw,
                                 uint8_t id[BITCOIN_ID_SIZE]);

#endif
