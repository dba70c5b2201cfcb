/* A sealed text is nonce, ciphertext, tag. If a nonce should ever come twice, GCM-SIV gives away
 * only whether the two texts are the same. */
#include <gcrypt.h>
#include <string.h>

#include "crypto/crypto.h"

/* Opens a cipher with key, nonce and associated data in place; the caller closes `*out` where it is
 * not NULL. */
static enum err open_cipher(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
                            const char *where, gcry_cipher_hd_t *out)
{
    *out = NULL;
    if (gcry_cipher_open(out, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM_SIV, 0))
        return ERR_CRYPTO;
    if (gcry_cipher_setkey(*out, key, SEAL_KEY_SIZE) ||
        gcry_cipher_setiv(*out, nonce, SEAL_NONCE_SIZE) ||
        gcry_cipher_authenticate(*out, where, strlen(where)))
        return ERR_CRYPTO;
    return ERR_OK;
}

enum err crypto_seal(const uint8_t key[SEAL_KEY_SIZE], const char *where, const void *data,
                     size_t len, void *out)
{
    uint8_t *nonce = out;
    uint8_t *body = nonce + SEAL_NONCE_SIZE;
    gcry_cipher_hd_t cipher;

    crypto_random(nonce, SEAL_NONCE_SIZE);
    enum err rc = open_cipher(key, nonce, where, &cipher);
    if (rc != ERR_OK)
        goto out;
    gcry_cipher_final(cipher);
    if (gcry_cipher_encrypt(cipher, body, len, data, len) ||
        gcry_cipher_gettag(cipher, body + len, SEAL_TAG_SIZE))
        rc = ERR_CRYPTO;
out:
    gcry_cipher_close(cipher);
    return rc;
}

enum err crypto_unseal(const uint8_t key[SEAL_KEY_SIZE], const char *where, const void *sealed,
                       size_t len, void *out)
{
    const uint8_t *nonce = sealed;
    gcry_cipher_hd_t cipher;

    if (len < SEAL_OVERHEAD)
        return ERR_CRYPTO;
    const uint8_t *body = nonce + SEAL_NONCE_SIZE;
    size_t body_len = len - SEAL_OVERHEAD;
    enum err rc = open_cipher(key, nonce, where, &cipher);
    if (rc != ERR_OK)
        goto out;
    gcry_cipher_final(cipher);
    /* The tag comes first: in this mode it is the start value of the decryption, which then checks
     * it. */
    if (gcry_cipher_set_decryption_tag(cipher, (void *)(uintptr_t)(body + body_len),
                                       SEAL_TAG_SIZE) ||
        gcry_cipher_decrypt(cipher, out, body_len, body, body_len))
        rc = ERR_CRYPTO;
out:
    gcry_cipher_close(cipher);
    return rc;
}
