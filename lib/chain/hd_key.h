/* Hierarchical deterministic keys (BIP-32): all keys of a wallet from one seed, and its addresses from
 * public keys alone. */
#ifndef CHAIN_HD_KEY_H
#define CHAIN_HD_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/base58.h"
#include "crypto/secp256k1.h"

#define HD_SEED_MIN 16
#define HD_SEED_MAX 64
#define HD_HARDENED \
    UINT32_C(0x80000000) /* such children need the secret: 84' is HD_HARDENED + 84 */
#define HD_PATH_MAX 10   /* steps */
#define HD_PATH_SIZE 122 /* the longest path as text, with its NUL */

/* A key and what its children are made from. Wipe one that has a secret. */
struct hd_key {
    uint8_t depth;     /* steps from the master key */
    uint8_t parent[4]; /* the parent's fingerprint; 0 for the master key */
    uint32_t index;    /* which child of the parent */
    uint8_t chain_code[32];
    uint8_t public[EC_PUBLIC_SIZE];
    uint8_t secret[EC_SECRET_SIZE]; /* zeros where has_secret is false */
    bool has_secret;
};

/* Steps from a key to one that descends from it. */
struct hd_path {
    uint32_t steps[HD_PATH_MAX];
    size_t count;
};

/* Which chain an extended key is written for. Ethereum writes its keys as Bitcoin's main chain does. */
enum hd_network { HD_MAIN, HD_TEST };

/* The master key of a seed.
 * len  bytes, HD_SEED_MIN to HD_SEED_MAX; ERR_INVALID for others
 * Returns ERR_CRYPTO for one seed in 2^127. */
MUST_USE enum err hd_from_seed(const uint8_t *seed, size_t len, struct hd_key *out);

/* Child number `index`, with its secret where the parent has one.
 * out  may be the parent
 * Returns ERR_INVALID where a hardened child is asked for without the secret, or the depth would pass
 * 255; ERR_CRYPTO for one index in 2^127, which then has no key (take the next). `out` is wiped where
 * it fails. */
MUST_USE enum err hd_child(const struct hd_key *parent, uint32_t index, struct hd_key *out);

/* The key at the end of a path. Errors as hd_child. */
MUST_USE enum err hd_derive(const struct hd_key *from, const struct hd_path *path,
                            struct hd_key *out);

/* The key without its secret, which may be shown to whoever may see all addresses. */
void hd_public(const struct hd_key *key, struct hd_key *out);

/* Writes xprv.../tprv... where there is a secret, xpub.../tpub... otherwise. */
void hd_format(const struct hd_key *key, enum hd_network network, char out[BASE58_TEXT_SIZE]);

/* The way back. ERR_INVALID for what is no extended key (another version, a key that is none, a master
 * key with a parent), ERR_CHECKSUM. `out` is wiped where it fails. */
MUST_USE enum err hd_parse(const char *text, size_t len, enum hd_network *network,
                           struct hd_key *out);

/* Reads "m", "m/84'/0'/0'/1/5": decimal steps below 2^31 without zeros in front, hardened ones with an
 * apostrophe. False for anything else. */
bool hd_path_parse(const char *text, size_t len, struct hd_path *out);

/* Writes a path as hd_path_parse reads it. */
void hd_path_format(const struct hd_path *path, char out[HD_PATH_SIZE]);

#endif
