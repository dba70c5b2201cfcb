/* Passwords: Argon2id in the PHC format. */
#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/crypto.h"

#define SALT_SIZE 16
#define HASH_SIZE 32
#define SALT_CHARS 22 /* unpadded base64 */
#define HASH_CHARS 43
#define HEAD_SIZE 48

/* What a hash costs to make; it is written into the hash, so that it can be raised without breaking
 * the old ones. */
struct cost {
    unsigned memory_kib;
    unsigned passes;
    unsigned lanes;
};

static const struct cost cost_now = {.memory_kib = 19456, .passes = 2, .lanes = 1};
/* The most that a stored hash may ask of us. */
static const struct cost cost_most = {.memory_kib = 262144, .passes = 16, .lanes = 4};

static void format_head(struct cost cost, char out[HEAD_SIZE])
{
    snprintf(out, HEAD_SIZE, "$argon2id$v=19$m=%u,t=%u,p=%u$", cost.memory_kib, cost.passes,
             cost.lanes);
}

static enum err argon2id(struct cost cost, const char *password, size_t len,
                         const uint8_t salt[SALT_SIZE], uint8_t out[HASH_SIZE])
{
    const unsigned long params[] = {HASH_SIZE, cost.passes, cost.memory_kib, cost.lanes};
    gcry_kdf_hd_t kdf = NULL;
    enum err rc = ERR_OK;

    if (gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, params,
                      sizeof(params) / sizeof(params[0]), password, len, salt, SALT_SIZE, NULL, 0,
                      NULL, 0))
        return ERR_CRYPTO;
    if (gcry_kdf_compute(kdf, NULL) || gcry_kdf_final(kdf, HASH_SIZE, out))
        rc = ERR_CRYPTO;
    gcry_kdf_close(kdf);
    return rc;
}

enum err crypto_password_hash(const char *password, size_t len, char out[PASSWORD_HASH_SIZE])
{
    uint8_t salt[SALT_SIZE];
    uint8_t hash[HASH_SIZE];
    char salt_text[BASE64_SIZE(SALT_SIZE)];
    char hash_text[BASE64_SIZE(HASH_SIZE)];
    char head[HEAD_SIZE];

    if (len == 0) /* the library refuses it as well */
        return ERR_EMPTY;
    crypto_random(salt, sizeof(salt));
    enum err rc = argon2id(cost_now, password, len, salt, hash);
    if (rc != ERR_OK)
        return rc;
    format_head(cost_now, head);
    base64_encode(salt, sizeof(salt), salt_text);
    base64_encode(hash, sizeof(hash), hash_text);
    snprintf(out, PASSWORD_HASH_SIZE, "%s%.*s$%.*s", head, SALT_CHARS, salt_text, HASH_CHARS,
             hash_text);
    crypto_wipe(hash, sizeof(hash));
    return ERR_OK;
}

/* Reads exactly `len` bytes from `chars` characters of base64. */
static bool read_base64(const char *text, size_t chars, uint8_t *out, size_t len)
{
    size_t got = len;
    return base64_decode(text, chars, out, &got) && got == len;
}

/* Takes a stored hash apart; false where it is not exactly what crypto_password_hash writes (at any
 * bearable cost). */
static bool parse_hash(const char *text, struct cost *cost, uint8_t salt[SALT_SIZE],
                       uint8_t hash[HASH_SIZE])
{
    char head[HEAD_SIZE];

    if (sscanf(text, "$argon2id$v=19$m=%7u,t=%3u,p=%3u$", &cost->memory_kib, &cost->passes,
               &cost->lanes) != 3)
        return false;
    if (cost->lanes == 0 || cost->lanes > cost_most.lanes || cost->passes == 0 ||
        cost->passes > cost_most.passes || cost->memory_kib < 8 * cost->lanes ||
        cost->memory_kib > cost_most.memory_kib)
        return false;
    /* sscanf lets pass signs, spaces and zeros in front: written again, the head must be the same.
     */
    format_head(*cost, head);
    size_t head_len = strlen(head);
    if (strncmp(text, head, head_len) != 0)
        return false;
    text += head_len;
    return strlen(text) == SALT_CHARS + 1 + HASH_CHARS && text[SALT_CHARS] == '$' &&
           read_base64(text, SALT_CHARS, salt, SALT_SIZE) &&
           read_base64(text + SALT_CHARS + 1, HASH_CHARS, hash, HASH_SIZE);
}

enum err crypto_password_check(const char *password, size_t len, const char *hash, bool *matches)
{
    struct cost cost;
    uint8_t salt[SALT_SIZE];
    uint8_t expected[HASH_SIZE];
    uint8_t got[HASH_SIZE];

    if (!parse_hash(hash, &cost, salt, expected))
        return ERR_CRYPTO;
    *matches = false;
    if (len == 0) /* never hashed, so it fits none */
        return ERR_OK;
    enum err rc = argon2id(cost, password, len, salt, got);
    if (rc != ERR_OK)
        return rc;
    *matches = crypto_equal(got, expected, sizeof(got));
    crypto_wipe(got, sizeof(got));
    return ERR_OK;
}
