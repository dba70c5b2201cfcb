/* BIP-32: children of keys, and extended keys as text. */
#include "chain/hd_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"

#define EXTENDED_SIZE 78 /* version, depth, parent, index, chain code, key */
#define CODE_AT 13
#define KEY_AT 45
#define FINGERPRINT_SIZE 4

static void put_be32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

enum err hd_from_seed(const uint8_t *seed, size_t len, struct hd_key *out)
{
    static const char salt[] = "Bitcoin seed";
    uint8_t both[SHA512_SIZE];

    memset(out, 0, sizeof(*out));
    if (len < HD_SEED_MIN || len > HD_SEED_MAX)
        return ERR_INVALID;
    enum err rc = crypto_hmac_sha512(salt, sizeof(salt) - 1, seed, len, both);
    if (rc == ERR_OK) {
        memcpy(out->secret, both, EC_SECRET_SIZE);
        memcpy(out->chain_code, both + EC_SECRET_SIZE, sizeof(out->chain_code));
        out->has_secret = true;
        rc = ec_public(out->secret, out->public);
    }
    if (rc != ERR_OK)
        crypto_wipe(out, sizeof(*out));
    crypto_wipe(both, sizeof(both));
    return rc;
}

/* What the child's key is hashed from: a hardened one's from the parent's secret. */
static void child_input(const struct hd_key *parent, uint32_t index, uint8_t out[37])
{
    if (index & HD_HARDENED) {
        out[0] = 0;
        memcpy(out + 1, parent->secret, EC_SECRET_SIZE);
    } else {
        memcpy(out, parent->public, EC_PUBLIC_SIZE);
    }
    put_be32(out + EC_PUBLIC_SIZE, index);
}

static enum err make_child(const struct hd_key *parent, uint32_t index, struct hd_key *child)
{
    uint8_t input[EC_PUBLIC_SIZE + 4], both[SHA512_SIZE], id[HASH160_SIZE];

    child_input(parent, index, input);
    enum err rc = crypto_hmac_sha512(parent->chain_code, sizeof(parent->chain_code), input,
                                     sizeof(input), both);
    if (rc == ERR_OK && parent->has_secret)
        rc = ec_secret_add(child->secret, both);
    if (rc == ERR_OK)
        rc = parent->has_secret ? ec_public(child->secret, child->public)
                                : ec_public_add(child->public, both);
    crypto_hash160(parent->public, EC_PUBLIC_SIZE, id);
    memcpy(child->parent, id, FINGERPRINT_SIZE);
    memcpy(child->chain_code, both + EC_SECRET_SIZE, sizeof(child->chain_code));
    child->depth++;
    child->index = index;
    crypto_wipe(input, sizeof(input));
    crypto_wipe(both, sizeof(both));
    return rc;
}

enum err hd_child(const struct hd_key *parent, uint32_t index, struct hd_key *out)
{
    struct hd_key child = *parent;
    enum err rc = ERR_INVALID;

    if (parent->depth < UINT8_MAX && (parent->has_secret || !(index & HD_HARDENED)))
        rc = make_child(parent, index, &child);
    if (rc == ERR_OK)
        *out = child;
    else
        crypto_wipe(out, sizeof(*out));
    crypto_wipe(&child, sizeof(child));
    return rc;
}

enum err hd_derive(const struct hd_key *from, const struct hd_path *path, struct hd_key *out)
{
    enum err rc = ERR_OK;

    *out = *from;
    for (size_t i = 0; i < path->count && rc == ERR_OK; i++)
        rc = hd_child(out, path->steps[i], out);
    return rc;
}

void hd_public(const struct hd_key *key, struct hd_key *out)
{
    *out = *key;
    crypto_wipe(out->secret, sizeof(out->secret));
    out->has_secret = false;
}

/* The four bytes in front, which make the text begin with xpub and so on. */
static const uint32_t versions[2][2] = {
    [HD_MAIN] = {0x0488b21e, 0x0488ade4},
    [HD_TEST] = {0x043587cf, 0x04358394},
};

void hd_format(const struct hd_key *key, enum hd_network network, char out[BASE58_TEXT_SIZE])
{
    uint8_t data[EXTENDED_SIZE] = {0};

    put_be32(data, versions[network][key->has_secret]);
    data[4] = key->depth;
    memcpy(data + 5, key->parent, FINGERPRINT_SIZE);
    put_be32(data + 9, key->index);
    memcpy(data + CODE_AT, key->chain_code, sizeof(key->chain_code));
    if (key->has_secret)
        memcpy(data + KEY_AT + 1, key->secret, EC_SECRET_SIZE);
    else
        memcpy(data + KEY_AT, key->public, EC_PUBLIC_SIZE);
    base58_encode(data, sizeof(data), out);
    crypto_wipe(data, sizeof(data));
}

static bool find_version(uint32_t version, enum hd_network *network, bool *has_secret)
{
    for (int i = HD_MAIN; i <= HD_TEST; i++)
        for (int secret = 0; secret <= 1; secret++)
            if (versions[i][secret] == version) {
                *network = (enum hd_network)i;
                *has_secret = secret;
                return true;
            }
    return false;
}

/* False where the key itself is none. */
static bool read_key(const uint8_t data[EC_PUBLIC_SIZE], struct hd_key *key)
{
    uint8_t point[EC_POINT_SIZE];

    if (!key->has_secret) {
        memcpy(key->public, data, EC_PUBLIC_SIZE);
        return ec_point(key->public, point) == ERR_OK;
    }
    memcpy(key->secret, data + 1, EC_SECRET_SIZE);
    return data[0] == 0 && ec_public(key->secret, key->public) == ERR_OK;
}

enum err hd_parse(const char *text, size_t len, enum hd_network *network, struct hd_key *out)
{
    static const uint8_t nobody[FINGERPRINT_SIZE];
    uint8_t data[BASE58_MAX];
    size_t size;

    memset(out, 0, sizeof(*out));
    enum err rc = base58_decode(text, len, data, &size);
    if (rc != ERR_OK)
        return rc;
    rc = ERR_INVALID;
    if (size != EXTENDED_SIZE || !find_version(get_be32(data), network, &out->has_secret))
        goto out;
    out->depth = data[4];
    memcpy(out->parent, data + 5, FINGERPRINT_SIZE);
    out->index = get_be32(data + 9);
    memcpy(out->chain_code, data + CODE_AT, sizeof(out->chain_code));
    bool has_parent = memcmp(out->parent, nobody, sizeof(nobody)) != 0 || out->index != 0;
    if ((out->depth > 0 || !has_parent) && read_key(data + KEY_AT, out))
        rc = ERR_OK;
out:
    if (rc != ERR_OK)
        crypto_wipe(out, sizeof(*out));
    crypto_wipe(data, sizeof(data));
    return rc;
}

/* Reads one step, and moves `*at` behind it. */
static bool read_step(const char *text, size_t len, size_t *at, uint32_t *step)
{
    uint64_t value = 0;
    size_t start = *at, i = start;

    for (; i < len && text[i] >= '0' && text[i] <= '9' && value < HD_HARDENED; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (i == start || (text[start] == '0' && i > start + 1) || value >= HD_HARDENED)
        return false;
    *step = (uint32_t)value;
    if (i < len && text[i] == '\'') {
        *step |= HD_HARDENED;
        i++;
    }
    *at = i;
    return true;
}

bool hd_path_parse(const char *text, size_t len, struct hd_path *out)
{
    size_t at = 1;

    out->count = 0;
    if (len == 0 || text[0] != 'm')
        return false;
    while (at < len) {
        if (text[at++] != '/' || out->count == HD_PATH_MAX ||
            !read_step(text, len, &at, &out->steps[out->count++]))
            return false;
    }
    return true;
}

void hd_path_format(const struct hd_path *path, char out[HD_PATH_SIZE])
{
    size_t at = (size_t)snprintf(out, HD_PATH_SIZE, "m");

    for (size_t i = 0; i < path->count; i++)
        at += (size_t)snprintf(out + at, HD_PATH_SIZE - at, "/%" PRIu32 "%s",
                               path->steps[i] & ~HD_HARDENED,
                               path->steps[i] & HD_HARDENED ? "'" : "");
}
