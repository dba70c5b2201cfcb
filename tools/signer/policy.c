/* The signer's configuration: read by inih, every key known, every limit whole. */
#include "tools/signer/policy.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "money/decimal.h"

#define LIMIT_PREFIX "limit."
#define DECIMALS_MAX 24
#define BITCOIN_DECIMALS 8
#define ETHER_DECIMALS 18
#define AMOUNT_SIZE 64

/* The amounts of a limit as they are written: they are read once its decimals are known. */
struct amounts {
    char per_request[AMOUNT_SIZE], per_day[AMOUNT_SIZE], fee_per_request[AMOUNT_SIZE];
};

struct reader {
    struct policy *policy;
    struct amounts amounts[POLICY_LIMITS_MAX];
    bool has_decimals[POLICY_LIMITS_MAX];
    const char *problem; /* NULL: none yet */
};

/* Keeps a value where none was given yet. */
static bool set_text(struct reader *reader, char *out, size_t size, const char *value)
{
    if (out[0] != '\0')
        reader->problem = "the key is set twice";
    else if (value[0] == '\0' || strlen(value) >= size)
        reader->problem = "the value is empty or too long";
    else
        text_copy(out, size, value);
    return reader->problem == NULL;
}

static bool refuse(struct reader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

static bool set_network(struct reader *reader, const char *value)
{
    static const char *const names[] = {"main", "test", "regtest"};

    for (int i = BITCOIN_MAIN; i <= BITCOIN_REGTEST; i++)
        if (strcmp(value, names[i]) == 0) {
            reader->policy->network = (enum bitcoin_network)i;
            return true;
        }
    return refuse(reader, "bitcoin_network should be main, test or regtest");
}

static bool set_own(struct reader *reader, const char *name, const char *value)
{
    struct policy *policy = reader->policy;

    if (strcmp(name, "seed_file") == 0)
        return set_text(reader, policy->seed_file, POLICY_PATH_SIZE, value);
    if (strcmp(name, "key_file") == 0)
        return set_text(reader, policy->key_file, POLICY_PATH_SIZE, value);
    if (strcmp(name, "spent_file") == 0)
        return set_text(reader, policy->spent_file, POLICY_PATH_SIZE, value);
    if (strcmp(name, "bitcoin_network") == 0)
        return set_network(reader, value);
    return refuse(reader, "unknown key in [signer]");
}

/* The limit of a section, made where it is new. */
static struct policy_limit *find_section(struct reader *reader, const char *name)
{
    struct policy *policy = reader->policy;

    for (size_t i = 0; i < policy->count; i++)
        if (strcmp(policy->limits[i].name, name) == 0)
            return &policy->limits[i];
    size_t len = strlen(name);
    if (policy->count == POLICY_LIMITS_MAX || len == 0 || len >= POLICY_NAME_SIZE ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != len) {
        reader->problem = "the name of the limit is not one, or there are too many";
        return NULL;
    }
    struct policy_limit *limit = &policy->limits[policy->count++];
    text_copy(limit->name, sizeof(limit->name), name);
    return limit;
}

static bool set_chain(struct reader *reader, struct policy_limit *limit, const char *value)
{
    if (strcmp(value, "bitcoin") == 0)
        limit->chain = POLICY_BITCOIN;
    else if (strcmp(value, "ethereum") == 0)
        limit->chain = POLICY_ETHEREUM;
    else
        return refuse(reader, "chain should be bitcoin or ethereum");
    return true;
}

static bool set_limit(struct reader *reader, struct policy_limit *limit, const char *name,
                      const char *value)
{
    size_t at = (size_t)(limit - reader->policy->limits);
    struct amounts *amounts = &reader->amounts[at];
    int64_t number;

    if (strcmp(name, "chain") == 0)
        return set_chain(reader, limit, value);
    if (strcmp(name, "chain_id") == 0) {
        if (!text_to_number(value, 1, INT64_C(1) << 52, &number))
            return refuse(reader, "chain_id should be a number");
        limit->chain_id = (uint64_t)number;
        return true;
    }
    if (strcmp(name, "token") == 0) {
        limit->is_token = true;
        return ethereum_address_parse(value, strlen(value), &limit->token) == ERR_OK ||
               refuse(reader, "token should be an address of Ethereum");
    }
    if (strcmp(name, "decimals") == 0) {
        if (!text_to_number(value, 0, DECIMALS_MAX, &number))
            return refuse(reader, "decimals should be a number from 0 to 24");
        limit->decimals = (unsigned)number;
        reader->has_decimals[at] = true;
        return true;
    }
    if (strcmp(name, "per_request") == 0)
        return set_text(reader, amounts->per_request, AMOUNT_SIZE, value);
    if (strcmp(name, "per_day") == 0)
        return set_text(reader, amounts->per_day, AMOUNT_SIZE, value);
    if (strcmp(name, "fee_per_request") == 0)
        return set_text(reader, amounts->fee_per_request, AMOUNT_SIZE, value);
    return refuse(reader, "unknown key of a limit");
}

/* inih calls this for each key; 0 stops it. */
static int on_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reader *reader = arg;

    if (reader->problem != NULL)
        return 0;
    if (strcmp(section, "signer") == 0)
        return set_own(reader, name, value);
    if (strncmp(section, LIMIT_PREFIX, strlen(LIMIT_PREFIX)) != 0)
        return refuse(reader, "unknown section");
    struct policy_limit *limit = find_section(reader, section + strlen(LIMIT_PREFIX));
    return limit != NULL && set_limit(reader, limit, name, value);
}

static bool read_amount(const char *text, unsigned decimals, __int128 *out)
{
    __int128 value;
    unsigned scale;

    if (decimal_parse(text, strlen(text), decimals, &value, &scale) != ERR_OK || scale > decimals ||
        __builtin_mul_overflow(value, decimal_power(decimals - scale), out))
        return false;
    return decimal_in_range(*out);
}

/* NULL, or what is wrong with a limit that was read to its end. */
static const char *finish_limit(const struct reader *reader, struct policy_limit *limit)
{
    size_t at = (size_t)(limit - reader->policy->limits);
    const struct amounts *amounts = &reader->amounts[at];
    bool wants_fee = !limit->is_token;

    if (limit->chain == POLICY_UNSET || !reader->has_decimals[at])
        return "chain and decimals have to be set";
    if ((limit->chain == POLICY_ETHEREUM) != (limit->chain_id != 0))
        return "chain_id has to be set on ethereum, and nowhere else";
    if (limit->is_token && limit->chain != POLICY_ETHEREUM)
        return "only ethereum has tokens";
    /* A wrong one would move the limit by powers of ten. */
    if (!limit->is_token &&
        limit->decimals != (limit->chain == POLICY_BITCOIN ? BITCOIN_DECIMALS : ETHER_DECIMALS))
        return "a coin has 8 decimals on bitcoin, 18 on ethereum";
    if (!read_amount(amounts->per_request, limit->decimals, &limit->per_request) ||
        !read_amount(amounts->per_day, limit->decimals, &limit->per_day))
        return "per_request and per_day should be amounts";
    if (wants_fee != (amounts->fee_per_request[0] != '\0'))
        return "fee_per_request has to be set for a coin, and for no token";
    if (wants_fee &&
        !read_amount(amounts->fee_per_request, limit->decimals, &limit->fee_per_request))
        return "fee_per_request should be an amount";
    if (policy_find(reader->policy, limit->chain, limit->chain_id,
                    limit->is_token ? &limit->token : NULL) != limit)
        return "another limit is about the same";
    return NULL;
}

static enum err check_whole(struct reader *reader, const char *path, struct text *problem)
{
    struct policy *policy = reader->policy;

    if (policy->seed_file[0] == '\0' || policy->key_file[0] == '\0' ||
        policy->spent_file[0] == '\0') {
        text_addf(problem, "%s: seed_file, key_file and spent_file in [signer] have to be set",
                  path);
        return ERR_CONFIG;
    }
    for (size_t i = 0; i < policy->count; i++) {
        const char *words = finish_limit(reader, &policy->limits[i]);
        if (words != NULL) {
            text_addf(problem, "%s: [" LIMIT_PREFIX "%s]: %s", path, policy->limits[i].name, words);
            return ERR_CONFIG;
        }
    }
    return ERR_OK;
}

enum err policy_load(const char *path, struct policy *out, struct text *problem)
{
    struct reader reader = {.policy = out};

    memset(out, 0, sizeof(*out));
    ini_stop_on_first_error = true;
    ini_allow_multiline = false;
    int line = ini_parse(path, on_key, &reader);
    if (line == -1)
        text_addf(problem, "%s: %s", path, strerror(errno));
    else if (line != 0)
        text_addf(problem, "%s:%d: %s", path, line,
                  reader.problem != NULL ? reader.problem : "not understood");
    return line != 0 ? ERR_CONFIG : check_whole(&reader, path, problem);
}

const struct policy_limit *policy_find(const struct policy *policy, enum policy_chain chain,
                                       uint64_t chain_id, const struct ethereum_address *token)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_limit *limit = &policy->limits[i];
        if (limit->chain == chain && limit->chain_id == chain_id &&
            limit->is_token == (token != NULL) &&
            (token == NULL || ethereum_address_equal(&limit->token, token)))
            return limit;
    }
    return NULL;
}
