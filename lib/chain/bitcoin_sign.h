/* Signing inputs of Bitcoin that pay to one key: P2PKH, nested P2WPKH and P2WPKH. Each signature stands for
 * all inputs and outputs (SIGHASH_ALL). */
#ifndef CHAIN_BITCOIN_SIGN_H
#define CHAIN_BITCOIN_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "chain/bitcoin_address.h"
#include "chain/bitcoin_tx.h"
#include "crypto/secp256k1.h"

#define BITCOIN_SIGHASH_ALL 1

/* What is signed for input number `i` by the first rules.
 * script  of the output that is spent
 * ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_sighash_legacy(const struct bitcoin_tx *tx, size_t i, struct bytes script,
                                         uint8_t out[SHA256_SIZE]);

/* What is signed for an input with a witness (BIP-143).
 * script  the script code: for P2WPKH that of P2PKH to the same key
 * value   of the output that is spent, in satoshis
 * ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_sighash_witness(const struct bitcoin_tx *tx, size_t i,
                                          struct bytes script, int64_t value,
                                          uint8_t out[SHA256_SIZE]);

/* Signs input number `i`, and puts in its script and witness.
 * spent  the output that it spends, whose script has to be one that pays to the key: ERR_INVALID
 *        otherwise
 * arena  for script and witness
 * Returns ERR_CRYPTO where `secret` is no key, ERR_NO_MEMORY. The same input and key give the same
 * bytes. */
MUST_USE enum err bitcoin_sign_input(struct bitcoin_tx *tx, size_t i,
                                     const struct bitcoin_output *spent,
                                     const uint8_t secret[EC_SECRET_SIZE], struct arena *arena);

#endif
