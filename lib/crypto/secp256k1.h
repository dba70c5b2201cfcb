/* Keys and signatures on secp256k1, the curve of Bitcoin and Ethereum: the only code that includes
 * libsecp256k1. One context per process: not for several threads at once. */
#ifndef CRYPTO_SECP256K1_H
#define CRYPTO_SECP256K1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"

#define EC_SECRET_SIZE 32
#define EC_PUBLIC_SIZE 33 /* compressed: 02 or 03, then x (SEC 1, section 2.3.3) */
#define EC_POINT_SIZE 65  /* uncompressed: 04, x, y */
#define EC_DER_MAX 72     /* bytes of a signature in DER, at most */

struct ec_signature {
    uint8_t r[32], s[32]; /* big-endian; s is at most half of the order */
    uint8_t recovery;     /* 0 to 3: which of the possible keys signed; bit 0 is the parity of y */
};

/* True for 1 to n - 1, the only numbers that are keys. */
bool ec_secret_valid(const uint8_t secret[EC_SECRET_SIZE]);

/* The public key of `secret`. ERR_CRYPTO where that is none. */
MUST_USE enum err ec_public(const uint8_t secret[EC_SECRET_SIZE], uint8_t out[EC_PUBLIC_SIZE]);

/* The same point with both coordinates. ERR_CRYPTO where `public` is not on the curve. */
MUST_USE enum err ec_point(const uint8_t public[EC_PUBLIC_SIZE], uint8_t out[EC_POINT_SIZE]);

/* Adds `tweak` to a secret, or its point to a public key, in place (BIP-32, CKDpriv and CKDpub).
 * ERR_CRYPTO where the key or the sum is none, with the key unusable afterwards. */
MUST_USE enum err ec_secret_add(uint8_t secret[EC_SECRET_SIZE], const uint8_t tweak[32]);
MUST_USE enum err ec_public_add(uint8_t public[EC_PUBLIC_SIZE], const uint8_t tweak[32]);

/* Signs a hash. The nonce is that of RFC 6979: the same key and hash give the same bytes. s is low (BIP-62,
 * EIP-2). ERR_CRYPTO where `secret` is no key. */
MUST_USE enum err ec_sign(const uint8_t secret[EC_SECRET_SIZE], const uint8_t hash[32],
                          struct ec_signature *out);

/* True where the holder of `public` signed `hash`. A high s, which no chain relays, is refused; the
 * recovery number is not looked at. */
bool ec_verify(const uint8_t public[EC_PUBLIC_SIZE], const uint8_t hash[32],
               const struct ec_signature *signature);

/* Whose signature it is. ERR_CRYPTO where it is nobody's, or its s is high. */
MUST_USE enum err ec_recover(const struct ec_signature *signature, const uint8_t hash[32],
                             uint8_t out[EC_PUBLIC_SIZE]);

/* The signature in DER, as Bitcoin wants it (BIP-66). Returns its bytes. */
size_t ec_der(const struct ec_signature *signature, uint8_t out[EC_DER_MAX]);

#endif
