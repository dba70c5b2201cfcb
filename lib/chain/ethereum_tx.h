/* Transactions of Ethereum to one recipient: legacy ones that name their chain (EIP-155), and those of
 * type 2 (EIP-1559), without access lists. Others are refused by name: no wallet of ours makes them. */
#ifndef CHAIN_ETHEREUM_TX_H
#define CHAIN_ETHEREUM_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/bytes.h"
#include "chain/ethereum_address.h"
#include "crypto/crypto.h"

#define ETHEREUM_TX_MAX 4096 /* bytes of a raw transaction that we make or read */
/* So that the v of a legacy signature stays below 2^53, which JSON readers keep exact. */
#define ETHEREUM_CHAIN_MAX ((UINT64_C(1) << 52) - 19)

enum ethereum_tx_type {
    ETHEREUM_TX_LEGACY = 0,
    ETHEREUM_TX_1559 = 2,
};

struct ethereum_tx {
    enum ethereum_tx_type type;
    uint64_t chain_id; /* 1 to ETHEREUM_CHAIN_MAX */
    uint64_t nonce;    /* below 2^64 - 1 (EIP-2681) */
    __int128 max_fee;  /* wei for one gas at most; a legacy one pays exactly this */
    __int128 tip;      /* the part of it that the block's maker gets, at most; 0 in a legacy one */
    uint64_t gas;      /* the most gas that may be used */
    struct ethereum_address to;
    __int128 value;    /* wei */
    struct bytes data; /* of a call; not owned */
};

/* The most that it can cost beside its value, in wei. ERR_OVERFLOW past DECIMAL_MAX. */
MUST_USE enum err ethereum_tx_fee(const struct ethereum_tx *tx, __int128 *out);

/* Writes the bytes whose hash is signed, behind what is in `out`. Returns ERR_OUT_OF_RANGE where a field is
 * not as struct ethereum_tx says (numbers past DECIMAL_MAX included), ERR_TOO_LARGE past
 * ETHEREUM_TX_MAX bytes of data, ERR_NO_MEMORY where it does not fit. */
MUST_USE enum err ethereum_tx_unsigned(const struct ethereum_tx *tx, struct text *out);

/* Signs it.
 * raw   out, the bytes to broadcast, behind what is in it
 * hash  out, by which the chain will know it
 * Errors as ethereum_tx_unsigned; ERR_CRYPTO where `secret` is no key. The same transaction and key give
 * the same bytes. */
MUST_USE enum err ethereum_tx_sign(const struct ethereum_tx *tx,
                                   const uint8_t secret[EC_SECRET_SIZE], struct text *raw,
                                   uint8_t hash[KECCAK256_SIZE]);

/* Reads a signed transaction; `tx->data` points into `raw`.
 * sender  out, who signed it
 * hash    out
 * Returns ERR_TRANSACTION_FORM for anything that a node may refuse (another type, a legacy one without a
 * chain, a second spelling, bytes behind it, a high s, nobody's signature) and for a new contract. */
MUST_USE enum err ethereum_tx_read(struct bytes raw, struct ethereum_tx *tx,
                                   struct ethereum_address *sender, uint8_t hash[KECCAK256_SIZE]);

/* Reads what ethereum_tx_unsigned wrote. ERR_TRANSACTION_FORM. */
MUST_USE enum err ethereum_tx_read_unsigned(struct bytes data, struct ethereum_tx *tx);

/* True where both say the same, so that one that came back is the one that was asked for. */
bool ethereum_tx_equal(const struct ethereum_tx *a, const struct ethereum_tx *b);

#endif
