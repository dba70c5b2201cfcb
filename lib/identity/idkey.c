/* Making and checking idkeys: a day under a MAC. */
#include "identity/idkey.h"

#include <string.h>

#include "base/encode.h"

/* What the MAC covers: a word that keeps it apart from other uses of the master key, then the first
 * two parts of the idkey. */
static const char purpose[] = "idkey";

#define PURPOSE_LEN (sizeof(purpose) - 1)
#define EXPIRY_SIZE 8
#define CLAIM_SIZE (sizeof(struct uuid) + EXPIRY_SIZE)
#define RAW_SIZE (CLAIM_SIZE + SHA256_SIZE)

_Static_assert(IDKEY_SIZE == BASE64_SIZE(RAW_SIZE) - 1, "one character of padding is left out");

static enum err make_mac(const uint8_t master[SEAL_KEY_SIZE], const uint8_t claim[CLAIM_SIZE],
                         uint8_t mac[SHA256_SIZE])
{
    uint8_t message[PURPOSE_LEN + CLAIM_SIZE];
    memcpy(message, purpose, PURPOSE_LEN);
    memcpy(message + PURPOSE_LEN, claim, CLAIM_SIZE);
    return crypto_hmac_sha256(master, SEAL_KEY_SIZE, message, sizeof(message), mac);
}

enum err idkey_make(const uint8_t master[SEAL_KEY_SIZE], const struct uuid *user, int64_t now_s,
                    char out[IDKEY_SIZE])
{
    uint8_t raw[RAW_SIZE];
    char padded[BASE64_SIZE(RAW_SIZE)];
    uint64_t expiry = (uint64_t)now_s + IDKEY_LIFE_S;

    memcpy(raw, user->bytes, sizeof(user->bytes));
    for (size_t i = 0; i < EXPIRY_SIZE; i++)
        raw[sizeof(*user) + i] = (uint8_t)(expiry >> (56 - 8 * i));
    enum err rc = make_mac(master, raw, raw + CLAIM_SIZE);
    if (rc != ERR_OK)
        return rc;
    base64_encode(raw, sizeof(raw), padded);
    memcpy(out, padded, IDKEY_SIZE - 1);
    out[IDKEY_SIZE - 1] = '\0';
    return ERR_OK;
}

enum err idkey_check(const uint8_t master[SEAL_KEY_SIZE], const char *text, size_t len,
                     int64_t now_s, struct uuid *user, int64_t *expires_s)
{
    uint8_t raw[RAW_SIZE], mac[SHA256_SIZE];
    size_t raw_len = sizeof(raw);
    uint64_t expiry = 0;

    /* With this length there is no room for padding or white space: one text for each idkey. */
    if (len != IDKEY_SIZE - 1 || !base64_decode(text, len, raw, &raw_len) || raw_len != sizeof(raw))
        return ERR_IDKEY_INVALID;
    enum err rc = make_mac(master, raw, mac);
    if (rc != ERR_OK)
        return rc;
    if (!crypto_equal(mac, raw + CLAIM_SIZE, sizeof(mac)))
        return ERR_IDKEY_INVALID;
    for (size_t i = 0; i < EXPIRY_SIZE; i++)
        expiry = expiry << 8 | raw[sizeof(*user) + i];
    if (now_s < 0 || (uint64_t)now_s >= expiry)
        return ERR_IDKEY_EXPIRED;
    memcpy(user->bytes, raw, sizeof(user->bytes));
    *expires_s = (int64_t)expiry;
    return ERR_OK;
}
