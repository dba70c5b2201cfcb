/* Digests and MACs, by libgcrypt. */
#include <gcrypt.h>

#include "crypto/crypto.h"

void crypto_sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
    gcry_md_hash_buffer(GCRY_MD_SHA256, out, data, len);
}

void crypto_hash256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
    crypto_sha256(data, len, out);
    crypto_sha256(out, SHA256_SIZE, out);
}

void crypto_hash160(const void *data, size_t len, uint8_t out[HASH160_SIZE])
{
    uint8_t first[SHA256_SIZE];

    crypto_sha256(data, len, first);
    gcry_md_hash_buffer(GCRY_MD_RMD160, out, first, sizeof(first));
}

/* One opened handle per algorithm for the life of the process: opening takes three times as long as
 * the MAC of a request body. Not for several threads at once. */
struct hmac {
    int algorithm;
    gcry_mac_hd_t handle; /* NULL until first used */
};

static enum err hmac(struct hmac *mac, const void *key, size_t key_len, const void *data,
                     size_t len, void *out, size_t out_len)
{
    size_t got = out_len;

    if (mac->handle == NULL && gcry_mac_open(&mac->handle, mac->algorithm, 0, NULL)) {
        mac->handle = NULL;
        return ERR_CRYPTO;
    }
    /* Setting a key also forgets what an earlier call left. */
    if (gcry_mac_setkey(mac->handle, key, key_len) || gcry_mac_write(mac->handle, data, len) ||
        gcry_mac_read(mac->handle, out, &got) || got != out_len)
        return ERR_CRYPTO;
    return ERR_OK;
}

enum err crypto_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                          uint8_t out[SHA1_SIZE])
{
    static struct hmac mac = {.algorithm = GCRY_MAC_HMAC_SHA1};
    return hmac(&mac, key, key_len, data, len, out, SHA1_SIZE);
}

enum err crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                            uint8_t out[SHA256_SIZE])
{
    static struct hmac mac = {.algorithm = GCRY_MAC_HMAC_SHA256};
    return hmac(&mac, key, key_len, data, len, out, SHA256_SIZE);
}

enum err crypto_hmac_sha512(const void *key, size_t key_len, const void *data, size_t len,
                            uint8_t out[SHA512_SIZE])
{
    static struct hmac mac = {.algorithm = GCRY_MAC_HMAC_SHA512};
    return hmac(&mac, key, key_len, data, len, out, SHA512_SIZE);
}
