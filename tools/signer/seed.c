/* The sealed seed: made once, read at each start. */
#include "tools/signer/seed.h"

#include <string.h>

#include "base/config.h"
#include "base/encode.h"
#include "crypto/crypto.h"
#include "crypto/master_key.h"
#include "tools/signer/file.h"

#define PLACE "signer/seed" /* what the seal is bound to */
#define SEALED_MAX (HD_SEED_MAX + SEAL_OVERHEAD)

static enum err load_key(const struct policy *policy, uint8_t out[SEAL_KEY_SIZE],
                         struct text *problem)
{
    const struct config config = {.security_key_file = policy->key_file};
    enum err rc = master_key_load(&config, out);

    if (rc != ERR_OK)
        master_key_problem(&config, problem);
    return rc;
}

enum err seed_write(const struct policy *policy, const uint8_t *seed, size_t len,
                    struct text *problem)
{
    uint8_t key[SEAL_KEY_SIZE], sealed[SEALED_MAX];
    char line[HEX_SIZE(SEALED_MAX)];

    if (len < HD_SEED_MIN || len > HD_SEED_MAX) {
        text_addf(problem, "a seed has %d to %d bytes", HD_SEED_MIN, HD_SEED_MAX);
        return ERR_CONFIG;
    }
    enum err rc = load_key(policy, key, problem);
    if (rc != ERR_OK)
        return rc;
    rc = crypto_seal(key, PLACE, seed, len, sealed);
    crypto_wipe(key, sizeof(key));
    if (rc != ERR_OK)
        return rc;
    hex_encode(sealed, len + SEAL_OVERHEAD, line);
    size_t line_len = strlen(line);
    line[line_len++] = '\n';
    return file_make(policy->seed_file, line, line_len, problem);
}

/* Reads the seed, to be wiped after use. */
static enum err read_seed(const struct policy *policy, uint8_t seed[HD_SEED_MAX], size_t *len,
                          struct text *problem)
{
    char line[HEX_SIZE(SEALED_MAX)];
    uint8_t key[SEAL_KEY_SIZE], sealed[SEALED_MAX];

    enum err rc = config_secret(policy->seed_file, line, sizeof(line));
    if (rc != ERR_OK) {
        config_secret_problem(policy->seed_file, problem);
        return rc;
    }
    size_t size = strlen(line) / 2;
    if (size < SEAL_OVERHEAD + HD_SEED_MIN || size > sizeof(sealed) ||
        !hex_decode(line, strlen(line), sealed, size)) {
        text_addf(problem, "%s: is no sealed seed", policy->seed_file);
        return ERR_CONFIG;
    }
    rc = load_key(policy, key, problem);
    if (rc != ERR_OK)
        return rc;
    rc = crypto_unseal(key, PLACE, sealed, size, seed);
    crypto_wipe(key, sizeof(key));
    *len = size - SEAL_OVERHEAD;
    if (rc != ERR_OK)
        text_addf(problem, "%s: was not sealed with this key", policy->seed_file);
    return rc;
}

enum err seed_reseal(const struct policy *policy, const char *key_file, const char *seed_file,
                     struct text *problem)
{
    struct policy other = *policy;
    uint8_t seed[HD_SEED_MAX];
    size_t len;

    text_copy(other.key_file, sizeof(other.key_file), key_file);
    text_copy(other.seed_file, sizeof(other.seed_file), seed_file);
    enum err rc = read_seed(policy, seed, &len, problem);
    if (rc == ERR_OK)
        rc = seed_write(&other, seed, len, problem);
    crypto_wipe(seed, sizeof(seed));
    return rc;
}

enum err seed_load(const struct policy *policy, struct hd_key *out, struct text *problem)
{
    uint8_t seed[HD_SEED_MAX];
    size_t len;

    enum err rc = read_seed(policy, seed, &len, problem);
    if (rc == ERR_OK)
        rc = hd_from_seed(seed, len, out);
    crypto_wipe(seed, sizeof(seed));
    return rc;
}
