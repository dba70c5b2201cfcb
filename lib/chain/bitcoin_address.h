/* Addresses of Bitcoin, and the scripts that they stand for: in base58 (P2PKH, P2SH), Bech32 (P2WPKH, P2WSH;
 * BIP-173) and Bech32m (P2TR and what may come; BIP-350). */
#ifndef CHAIN_BITCOIN_ADDRESS_H
#define CHAIN_BITCOIN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/bech32.h"
#include "chain/bytes.h"
#include "crypto/secp256k1.h"

#define BITCOIN_ADDRESS_SIZE BECH32_TEXT_SIZE
#define BITCOIN_SCRIPT_MAX 42 /* bytes of one that has an address */

enum bitcoin_network { BITCOIN_MAIN, BITCOIN_TEST, BITCOIN_REGTEST };

/* What an output asks of whoever spends it. */
enum bitcoin_kind {
    BITCOIN_P2PKH,
    BITCOIN_P2SH, /* of ours: always a nested P2WPKH */
    BITCOIN_P2WPKH,
    BITCOIN_P2WSH,
    BITCOIN_P2TR,
    BITCOIN_WITNESS, /* of a version without a meaning yet: anybody may spend it, so nobody is paid there */
    BITCOIN_OTHER, /* has no address */
};

struct bitcoin_script {
    uint8_t bytes[BITCOIN_SCRIPT_MAX];
    size_t len;
};

/* Reads an address.
 * kind  out, never BITCOIN_OTHER; what is BITCOIN_WITNESS is not to be paid
 * Returns ERR_ADDRESS, ERR_CHECKSUM, and ERR_ADDRESS_NETWORK for one of another network. Test and
 * regtest have base58 addresses in common. */
MUST_USE enum err bitcoin_address_parse(enum bitcoin_network network, const char *text, size_t len,
                                        enum bitcoin_kind *kind, struct bitcoin_script *script);

/* Writes the address of a script. False where it has none. */
bool bitcoin_address_format(enum bitcoin_network network, struct bytes script,
                            char out[BITCOIN_ADDRESS_SIZE]);

/* What kind of script it is. */
enum bitcoin_kind bitcoin_script_kind(struct bytes script);

/* The script that pays to a key, as BITCOIN_P2PKH, BITCOIN_P2SH (nested P2WPKH, BIP-49) or BITCOIN_P2WPKH
 * (BIP-84). ERR_INVALID for other kinds. */
MUST_USE enum err bitcoin_script_of_key(enum bitcoin_kind kind,
                                        const uint8_t public[EC_PUBLIC_SIZE],
                                        struct bitcoin_script *out);

static inline struct bytes bitcoin_script_bytes(const struct bitcoin_script *script)
{
    return (struct bytes){script->bytes, script->len};
}

/* The account of m/84'/COIN'/0' (BIP-44): 0 on the main chain, 1 on the others. */
static inline uint32_t bitcoin_coin_type(enum bitcoin_network network)
{
    return network == BITCOIN_MAIN ? 0 : 1;
}

#endif
