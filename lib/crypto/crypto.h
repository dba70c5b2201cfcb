/* Cryptography: the only code that includes gcrypt and nettle; secp256k1.h has the curve of the
 * chains. Everything here is a thin, typed door to the libraries. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

#define SHA1_SIZE 20
#define SHA256_SIZE 32
#define SHA512_SIZE 64
#define KECCAK256_SIZE 32
#define HASH160_SIZE 20
#define SEAL_KEY_SIZE 32
#define SEAL_NONCE_SIZE 12
#define SEAL_TAG_SIZE 16
#define SEAL_OVERHEAD (SEAL_NONCE_SIZE + SEAL_TAG_SIZE) /* nonce in front, tag behind */
#define PASSWORD_HASH_SIZE 128 /* "$argon2id$v=19$m=19456,t=2,p=1$salt$hash" and a NUL */

/* Starts the library once per process (FIPS off, no secure-memory warning). ERR_CRYPTO where it is
 * too old. */
MUST_USE enum err crypto_start(void);

/* Strong random bytes, from the kernel. Ends the process where it has none to give. */
void crypto_random(void *out, size_t len);

/* A random UUID (version 4), and one that sorts by time (version 7, RFC 9562 section 6.2, method 3:
 * 48 bits of milliseconds, 12 of their fraction, 62 random bits). Those of one thread rise; those
 * of two sort by a quarter of a microsecond. */
struct uuid crypto_uuid4(void);
struct uuid crypto_uuid7(void);

/* SHA-256 (FIPS 180-4) of `len` bytes. */
void crypto_sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);

/* Bitcoin's two: SHA-256 of SHA-256, and RIPEMD-160 of SHA-256. */
void crypto_hash256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);
void crypto_hash160(const void *data, size_t len, uint8_t out[HASH160_SIZE]);

/* Ethereum's: Keccak-256 as it was handed in for SHA-3, which FIPS 202 then padded otherwise. */
void crypto_keccak256(const void *data, size_t len, uint8_t out[KECCAK256_SIZE]);

/* HMAC (RFC 2104) of `data` under `key`. Uses one handle per process and algorithm: not for several
 * threads at once.
 * out  out, as many bytes as the hash has
 * Returns ERR_CRYPTO. */
MUST_USE enum err crypto_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                                   uint8_t out[SHA1_SIZE]);
MUST_USE enum err crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                                     uint8_t out[SHA256_SIZE]);
MUST_USE enum err crypto_hmac_sha512(const void *key, size_t key_len, const void *data, size_t len,
                                     uint8_t out[SHA512_SIZE]);

/* True where both hold the same bytes; the time taken does not depend on them. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* Overwrites memory in a way that the compiler keeps. */
void crypto_wipe(void *data, size_t len);

/* Seals `data` under `key` with AES-256-GCM-SIV (RFC 8452) and a random nonce.
 * where  NUL-terminated, e.g. "api_key/17": bound as associated data
 * out    out, len + SEAL_OVERHEAD bytes: nonce, ciphertext, tag
 * Returns ERR_CRYPTO. */
MUST_USE enum err crypto_seal(const uint8_t key[SEAL_KEY_SIZE], const char *where, const void *data,
                              size_t len, void *out);

/* The way back.
 * sealed  `len` bytes as crypto_seal wrote them
 * out     out, len - SEAL_OVERHEAD bytes
 * Returns ERR_CRYPTO where it was changed or belongs elsewhere. */
MUST_USE enum err crypto_unseal(const uint8_t key[SEAL_KEY_SIZE], const char *where,
                                const void *sealed, size_t len, void *out);

/* Argon2id (RFC 9106) with m=19 MiB, t=2, p=1 and a random salt, in the PHC string form. Takes some
 * 25 ms on purpose. Returns ERR_EMPTY for an empty password, ERR_CRYPTO. */
MUST_USE enum err crypto_password_hash(const char *password, size_t len,
                                       char out[PASSWORD_HASH_SIZE]);

/* True in `*matches` where the password gave `hash`, at the cost that the hash names (up to 256
 * MiB, 16 passes, 4 lanes). An empty password matches nothing. ERR_CRYPTO where `hash` is not in
 * our form. */
MUST_USE enum err crypto_password_check(const char *password, size_t len, const char *hash,
                                        bool *matches);

#endif
