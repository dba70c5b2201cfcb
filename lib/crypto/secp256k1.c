/* Keys and signatures, by libsecp256k1. */
#include "crypto/secp256k1.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define COMPACT_SIZE 64 /* r and s */

/* Made when first needed and blinded with random bytes, against those who measure how long a
 * signature takes. The library aborts where an argument is illegal (flags 0 would be): none of ours
 * can be, since keys, hashes and signatures have one size each. */
static const secp256k1_context *context(void)
{
    static secp256k1_context *made;
    uint8_t seed[32];

    if (made != NULL)
        return made;
    made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    crypto_random(seed, sizeof(seed));
    if (made == NULL || !secp256k1_context_randomize(made, seed)) {
        log_line(LOG_LEVEL_BUG, "secp256k1", "context=no");
        abort();
    }
    crypto_wipe(seed, sizeof(seed));
    return made;
}

bool ec_secret_valid(const uint8_t secret[EC_SECRET_SIZE])
{
    return secp256k1_ec_seckey_verify(context(), secret);
}

static void compress(const secp256k1_pubkey *key, uint8_t out[EC_PUBLIC_SIZE])
{
    size_t len = EC_PUBLIC_SIZE;
    secp256k1_ec_pubkey_serialize(context(), out, &len, key, SECP256K1_EC_COMPRESSED);
}

enum err ec_public(const uint8_t secret[EC_SECRET_SIZE], uint8_t out[EC_PUBLIC_SIZE])
{
    secp256k1_pubkey key;

    if (!secp256k1_ec_pubkey_create(context(), &key, secret))
        return ERR_CRYPTO;
    compress(&key, out);
    return ERR_OK;
}

enum err ec_point(const uint8_t public[EC_PUBLIC_SIZE], uint8_t out[EC_POINT_SIZE])
{
    secp256k1_pubkey key;
    size_t len = EC_POINT_SIZE;

    if (!secp256k1_ec_pubkey_parse(context(), &key, public, EC_PUBLIC_SIZE))
        return ERR_CRYPTO;
    secp256k1_ec_pubkey_serialize(context(), out, &len, &key, SECP256K1_EC_UNCOMPRESSED);
    return ERR_OK;
}

enum err ec_secret_add(uint8_t secret[EC_SECRET_SIZE], const uint8_t tweak[32])
{
    return secp256k1_ec_seckey_tweak_add(context(), secret, tweak) ? ERR_OK : ERR_CRYPTO;
}

enum err ec_public_add(uint8_t public[EC_PUBLIC_SIZE], const uint8_t tweak[32])
{
    secp256k1_pubkey key;

    if (!secp256k1_ec_pubkey_parse(context(), &key, public, EC_PUBLIC_SIZE) ||
        !secp256k1_ec_pubkey_tweak_add(context(), &key, tweak))
        return ERR_CRYPTO;
    compress(&key, public);
    return ERR_OK;
}

enum err ec_sign(const uint8_t secret[EC_SECRET_SIZE], const uint8_t hash[32],
                 struct ec_signature *out)
{
    secp256k1_ecdsa_recoverable_signature made;
    uint8_t compact[COMPACT_SIZE];
    int recovery;

    if (!secp256k1_ecdsa_sign_recoverable(context(), &made, hash, secret, NULL, NULL))
        return ERR_CRYPTO;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), compact, &recovery, &made);
    memcpy(out->r, compact, sizeof(out->r));
    memcpy(out->s, compact + sizeof(out->r), sizeof(out->s));
    out->recovery = (uint8_t)recovery;
    return ERR_OK;
}

/* False where r or s is not below the order, or s is high. */
static bool read_compact(const struct ec_signature *signature, uint8_t compact[COMPACT_SIZE],
                         secp256k1_ecdsa_signature *out)
{
    memcpy(compact, signature->r, sizeof(signature->r));
    memcpy(compact + sizeof(signature->r), signature->s, sizeof(signature->s));
    return secp256k1_ecdsa_signature_parse_compact(context(), out, compact) &&
           !secp256k1_ecdsa_signature_normalize(context(), NULL, out);
}

bool ec_verify(const uint8_t public[EC_PUBLIC_SIZE], const uint8_t hash[32],
               const struct ec_signature *signature)
{
    uint8_t compact[COMPACT_SIZE];
    secp256k1_ecdsa_signature read;
    secp256k1_pubkey key;

    return secp256k1_ec_pubkey_parse(context(), &key, public, EC_PUBLIC_SIZE) &&
           read_compact(signature, compact, &read) &&
           secp256k1_ecdsa_verify(context(), &read, hash, &key);
}

enum err ec_recover(const struct ec_signature *signature, const uint8_t hash[32],
                    uint8_t out[EC_PUBLIC_SIZE])
{
    uint8_t compact[COMPACT_SIZE];
    secp256k1_ecdsa_signature low;
    secp256k1_ecdsa_recoverable_signature read;
    secp256k1_pubkey key;

    if (signature->recovery > 3 || !read_compact(signature, compact, &low) ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &read, compact,
                                                             signature->recovery) ||
        !secp256k1_ecdsa_recover(context(), &key, &read, hash))
        return ERR_CRYPTO;
    compress(&key, out);
    return ERR_OK;
}

size_t ec_der(const struct ec_signature *signature, uint8_t out[EC_DER_MAX])
{
    uint8_t compact[COMPACT_SIZE];
    secp256k1_ecdsa_signature read;
    size_t len = EC_DER_MAX;

    /* What is no signature becomes 0 and 0 in the library, which nobody accepts. */
    (void)read_compact(signature, compact, &read);
    secp256k1_ecdsa_signature_serialize_der(context(), out, &len, &read);
    return len;
}
