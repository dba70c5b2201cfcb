/* The checksum of Bech32, and digits of five bits to bytes and back. */
#include "chain/bech32.h"

#include <string.h>

#define CHECKSUM_DIGITS 6
#define TEXT_MAX (BECH32_TEXT_SIZE - 1)
#define TEXT_MIN (1 + 1 + CHECKSUM_DIGITS) /* prefix, separator */

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const uint32_t constants[] = {[BECH32] = 1, [BECH32M] = 0x2bc830a3};

/* One step of the remainder by the generator polynomial. */
static uint32_t step(uint32_t sum, uint32_t digit)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                         0x2a1462b3};
    uint32_t top = sum >> 25;

    sum = (sum & 0x1ffffff) << 5 ^ digit;
    for (int i = 0; i < 5; i++)
        if (top >> i & 1)
            sum ^= generator[i];
    return sum;
}

/* The remainder of prefix and digits. */
static uint32_t sum_up(const struct bech32 *value)
{
    uint32_t sum = 1;

    for (const char *c = value->prefix; *c != '\0'; c++)
        sum = step(sum, (uint8_t)*c >> 5);
    sum = step(sum, 0);
    for (const char *c = value->prefix; *c != '\0'; c++)
        sum = step(sum, *c & 31);
    for (size_t i = 0; i < value->count; i++)
        sum = step(sum, value->digits[i]);
    return sum;
}

void bech32_encode(const struct bech32 *value, char out[BECH32_TEXT_SIZE])
{
    uint32_t sum = sum_up(value);
    char *at = out + strlen(value->prefix);

    memcpy(out, value->prefix, (size_t)(at - out));
    *at++ = '1';
    for (size_t i = 0; i < value->count; i++)
        *at++ = alphabet[value->digits[i]];
    for (int i = 0; i < CHECKSUM_DIGITS; i++)
        sum = step(sum, 0);
    sum ^= constants[value->kind];
    for (int i = CHECKSUM_DIGITS - 1; i >= 0; i--)
        *at++ = alphabet[sum >> 5 * i & 31];
    *at = '\0';
}

/* Copies the text in lower case; false for both cases mixed and for what cannot be printed. */
static bool to_lower(const char *text, size_t len, char out[BECH32_TEXT_SIZE])
{
    bool lower = false, upper = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c < '!' || c > '~')
            return false;
        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[len] = '\0';
    return !(lower && upper);
}

enum err bech32_decode(const char *text, size_t len, struct bech32 *out)
{
    char lower[BECH32_TEXT_SIZE];

    if (len < TEXT_MIN || len > TEXT_MAX || !to_lower(text, len, lower))
        return ERR_INVALID;
    const char *separator = strrchr(lower, '1');
    if (separator == NULL || separator == lower || lower + len - separator <= CHECKSUM_DIGITS)
        return ERR_INVALID;
    size_t prefix_len = (size_t)(separator - lower);
    memcpy(out->prefix, lower, prefix_len);
    out->prefix[prefix_len] = '\0';
    out->count = len - prefix_len - 1 - CHECKSUM_DIGITS;
    uint8_t digits[TEXT_MAX] = {0};
    for (size_t i = 0; i < out->count + CHECKSUM_DIGITS; i++) {
        const char *digit = strchr(alphabet, separator[1 + i]);
        if (digit == NULL)
            return ERR_INVALID;
        digits[i] = (uint8_t)(digit - alphabet);
    }
    memcpy(out->digits, digits, out->count);
    uint32_t sum = sum_up(out);
    for (int i = 0; i < CHECKSUM_DIGITS; i++)
        sum = step(sum, digits[out->count + (size_t)i]);
    if (sum != constants[BECH32] && sum != constants[BECH32M])
        return ERR_CHECKSUM;
    out->kind = sum == constants[BECH32] ? BECH32 : BECH32M;
    return ERR_OK;
}

bool bech32_put_bytes(const uint8_t *data, size_t len, struct bech32 *out)
{
    uint32_t pending = 0;
    unsigned have = 0;

    for (size_t i = 0; i < len; i++) {
        pending = (pending << 8 | data[i]) & 0xfff;
        for (have += 8; have >= 5; have -= 5) {
            if (out->count == BECH32_DIGITS_MAX)
                return false;
            out->digits[out->count++] = pending >> (have - 5) & 31;
        }
    }
    if (have > 0 && out->count < BECH32_DIGITS_MAX)
        out->digits[out->count++] = pending << (5 - have) & 31;
    else if (have > 0)
        return false;
    return true;
}

bool bech32_get_bytes(const struct bech32 *value, size_t from, uint8_t *out, size_t room,
                      size_t *len)
{
    uint32_t pending = 0;
    unsigned have = 0;

    *len = 0;
    for (size_t i = from; i < value->count; i++) {
        pending = (pending << 5 | value->digits[i]) & 0xfff;
        have += 5;
        if (have < 8)
            continue;
        have -= 8;
        if (*len == room)
            return false;
        out[(*len)++] = (uint8_t)(pending >> have);
    }
    return have < 5 && (pending & ((1u << have) - 1)) == 0;
}
