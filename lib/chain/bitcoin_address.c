/* Scripts of the kinds that have an address, and their two alphabets. */
#include "chain/bitcoin_address.h"

#include <string.h>

#include "chain/base58.h"
#include "crypto/crypto.h"

#define OP_0 0x00
#define OP_1 0x51
#define OP_16 0x60
#define OP_DUP 0x76
#define OP_EQUAL 0x87
#define OP_EQUALVERIFY 0x88
#define OP_HASH160 0xa9
#define OP_CHECKSIG 0xac
#define PUSH_20 0x14 /* the next 20 bytes */

#define P2PKH_SIZE 25
#define P2SH_SIZE 23
#define VERSION_MAX 16 /* of witness programs */
#define PROGRAM_MIN 2
#define PROGRAM_MAX 40
#define KEY_HASH_SIZE HASH160_SIZE
#define SCRIPT_HASH_SIZE SHA256_SIZE
#define TAPROOT_SIZE 32

static const struct network {
    uint8_t p2pkh, p2sh; /* first byte in base58 */
    const char *prefix;  /* in Bech32 */
} networks[] = {
    [BITCOIN_MAIN] = {0x00, 0x05, "bc"},
    [BITCOIN_TEST] = {0x6f, 0xc4, "tb"},
    [BITCOIN_REGTEST] = {0x6f, 0xc4, "bcrt"},
};
#define NETWORKS (sizeof(networks) / sizeof(networks[0]))

/* --- scripts ------------------------------------------------------------------------------------ */

static void make_p2pkh(const uint8_t hash[HASH160_SIZE], struct bitcoin_script *out)
{
    static const uint8_t head[] = {OP_DUP, OP_HASH160, PUSH_20};

    memcpy(out->bytes, head, sizeof(head));
    memcpy(out->bytes + sizeof(head), hash, HASH160_SIZE);
    out->bytes[P2PKH_SIZE - 2] = OP_EQUALVERIFY;
    out->bytes[P2PKH_SIZE - 1] = OP_CHECKSIG;
    out->len = P2PKH_SIZE;
}

static void make_p2sh(const uint8_t hash[HASH160_SIZE], struct bitcoin_script *out)
{
    out->bytes[0] = OP_HASH160;
    out->bytes[1] = PUSH_20;
    memcpy(out->bytes + 2, hash, HASH160_SIZE);
    out->bytes[P2SH_SIZE - 1] = OP_EQUAL;
    out->len = P2SH_SIZE;
}

static void make_witness(unsigned version, const uint8_t *program, size_t len,
                         struct bitcoin_script *out)
{
    out->bytes[0] = (uint8_t)(version == 0 ? OP_0 : OP_1 + version - 1);
    out->bytes[1] = (uint8_t)len;
    memcpy(out->bytes + 2, program, len);
    out->len = len + 2;
}

/* The kind of a witness program; BITCOIN_OTHER where version 0 has no such length (BIP-141). */
static enum bitcoin_kind program_kind(unsigned version, size_t len)
{
    if (version == 0)
        return len == KEY_HASH_SIZE      ? BITCOIN_P2WPKH
               : len == SCRIPT_HASH_SIZE ? BITCOIN_P2WSH
                                         : BITCOIN_OTHER;
    return version == 1 && len == TAPROOT_SIZE ? BITCOIN_P2TR : BITCOIN_WITNESS;
}

/* The version of a witness program, or -1. */
static int witness_version(struct bytes script)
{
    if (script.len < PROGRAM_MIN + 2 || script.len > PROGRAM_MAX + 2 ||
        script.data[1] != script.len - 2)
        return -1;
    if (script.data[0] == OP_0)
        return 0;
    return script.data[0] >= OP_1 && script.data[0] <= OP_16 ? script.data[0] - OP_1 + 1 : -1;
}

enum bitcoin_kind bitcoin_script_kind(struct bytes script)
{
    const uint8_t *code = script.data;
    int version = witness_version(script);

    if (version >= 0)
        return program_kind((unsigned)version, script.len - 2);
    if (script.len == P2PKH_SIZE && code[0] == OP_DUP && code[1] == OP_HASH160 &&
        code[2] == PUSH_20 && code[P2PKH_SIZE - 2] == OP_EQUALVERIFY &&
        code[P2PKH_SIZE - 1] == OP_CHECKSIG)
        return BITCOIN_P2PKH;
    if (script.len == P2SH_SIZE && code[0] == OP_HASH160 && code[1] == PUSH_20 &&
        code[P2SH_SIZE - 1] == OP_EQUAL)
        return BITCOIN_P2SH;
    return BITCOIN_OTHER;
}

enum err bitcoin_script_of_key(enum bitcoin_kind kind, const uint8_t public[EC_PUBLIC_SIZE],
                               struct bitcoin_script *out)
{
    uint8_t hash[HASH160_SIZE];

    crypto_hash160(public, EC_PUBLIC_SIZE, hash);
    switch (kind) {
    case BITCOIN_P2PKH:
        make_p2pkh(hash, out);
        return ERR_OK;
    case BITCOIN_P2WPKH:
        make_witness(0, hash, sizeof(hash), out);
        return ERR_OK;
    case BITCOIN_P2SH:
        make_witness(0, hash, sizeof(hash), out);
        crypto_hash160(out->bytes, out->len, hash);
        make_p2sh(hash, out);
        return ERR_OK;
    case BITCOIN_P2WSH:
    case BITCOIN_P2TR:
    case BITCOIN_WITNESS:
    case BITCOIN_OTHER:
        break;
    }
    return ERR_INVALID;
}

/* --- text --------------------------------------------------------------------------------------- */

static void put_base58(uint8_t version, const uint8_t hash[HASH160_SIZE],
                       char out[BITCOIN_ADDRESS_SIZE])
{
    uint8_t data[1 + HASH160_SIZE];
    char text[BASE58_TEXT_SIZE];

    data[0] = version;
    memcpy(data + 1, hash, HASH160_SIZE);
    base58_encode(data, sizeof(data), text);
    memcpy(out, text, strlen(text) + 1);
}

static bool put_program(const char *prefix, unsigned version, struct bytes program,
                        char out[BITCOIN_ADDRESS_SIZE])
{
    struct bech32 value = {.kind = version == 0 ? BECH32 : BECH32M, .count = 1};

    value.digits[0] = (uint8_t)version;
    memcpy(value.prefix, prefix, strlen(prefix) + 1);
    if (!bech32_put_bytes(program.data, program.len, &value))
        return false;
    bech32_encode(&value, out);
    return true;
}

bool bitcoin_address_format(enum bitcoin_network network, struct bytes script,
                            char out[BITCOIN_ADDRESS_SIZE])
{
    switch (bitcoin_script_kind(script)) {
    case BITCOIN_P2PKH:
        put_base58(networks[network].p2pkh, script.data + 3, out);
        return true;
    case BITCOIN_P2SH:
        put_base58(networks[network].p2sh, script.data + 2, out);
        return true;
    case BITCOIN_P2WPKH:
    case BITCOIN_P2WSH:
    case BITCOIN_P2TR:
    case BITCOIN_WITNESS:
        return put_program(networks[network].prefix, (unsigned)witness_version(script),
                           (struct bytes){script.data + 2, script.len - 2}, out);
    case BITCOIN_OTHER:
        break;
    }
    return false;
}

static enum err parse_program(enum bitcoin_network network, const struct bech32 *value,
                              enum bitcoin_kind *kind, struct bitcoin_script *script)
{
    uint8_t program[PROGRAM_MAX];
    size_t len;

    if (value->count == 0 || value->digits[0] > VERSION_MAX)
        return ERR_ADDRESS;
    unsigned version = value->digits[0];
    if (!bech32_get_bytes(value, 1, program, sizeof(program), &len) || len < PROGRAM_MIN ||
        (value->kind == BECH32) != (version == 0))
        return ERR_ADDRESS;
    *kind = program_kind(version, len);
    if (*kind == BITCOIN_OTHER)
        return ERR_ADDRESS;
    make_witness(version, program, len, script);
    if (strcmp(value->prefix, networks[network].prefix) == 0)
        return ERR_OK;
    for (size_t i = 0; i < NETWORKS; i++)
        if (strcmp(value->prefix, networks[i].prefix) == 0)
            return ERR_ADDRESS_NETWORK;
    return ERR_ADDRESS;
}

static enum err parse_base58(enum bitcoin_network network, const uint8_t *data, size_t len,
                             enum bitcoin_kind *kind, struct bitcoin_script *script)
{
    if (len != 1 + HASH160_SIZE)
        return ERR_ADDRESS;
    for (size_t i = 0; i < NETWORKS; i++) {
        const struct network *known = &networks[(network + i) % NETWORKS];
        if (data[0] != known->p2pkh && data[0] != known->p2sh)
            continue;
        *kind = data[0] == known->p2pkh ? BITCOIN_P2PKH : BITCOIN_P2SH;
        if (*kind == BITCOIN_P2PKH)
            make_p2pkh(data + 1, script);
        else
            make_p2sh(data + 1, script);
        return i == 0 ? ERR_OK : ERR_ADDRESS_NETWORK;
    }
    return ERR_ADDRESS;
}

/* True where somebody meant Bech32: what stands in front of the last 1 is a prefix of ours. */
static bool looks_like_bech32(const char *text, size_t len)
{
    for (size_t i = 0; i < NETWORKS; i++) {
        size_t prefix_len = strlen(networks[i].prefix);
        if (len > prefix_len && strncasecmp(text, networks[i].prefix, prefix_len) == 0 &&
            text[prefix_len] == '1')
            return true;
    }
    return false;
}

enum err bitcoin_address_parse(enum bitcoin_network network, const char *text, size_t len,
                               enum bitcoin_kind *kind, struct bitcoin_script *script)
{
    struct bech32 value;
    uint8_t data[BASE58_MAX];
    size_t size;

    enum err rc = bech32_decode(text, len, &value);
    if (rc == ERR_OK)
        return parse_program(network, &value, kind, script);
    if (looks_like_bech32(text, len))
        return rc == ERR_CHECKSUM ? rc : ERR_ADDRESS;
    rc = base58_decode(text, len, data, &size);
    if (rc == ERR_OK)
        return parse_base58(network, data, size, kind, script);
    return rc == ERR_CHECKSUM ? rc : ERR_ADDRESS;
}
