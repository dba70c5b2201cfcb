/* Quantities and data of JSON-RPC. */
#include "chain/ethereum_hex.h"

#include <stdio.h>

#include "base/encode.h"

#define PREFIX_SIZE 2
#define HALF_DIGITS 16 /* of 64 bits */

static bool has_prefix(const char *text, size_t len)
{
    return len >= PREFIX_SIZE && text[0] == '0' && text[1] == 'x';
}

void ethereum_quantity_format(__int128 value, char out[ETHEREUM_QUANTITY_SIZE])
{
    unsigned long long high = (unsigned long long)(value >> 64), low = (unsigned long long)value;

    if (high != 0)
        snprintf(out, ETHEREUM_QUANTITY_SIZE, "0x%llx%0*llx", high, HALF_DIGITS, low);
    else
        snprintf(out, ETHEREUM_QUANTITY_SIZE, "0x%llx", low);
}

enum err ethereum_quantity_parse(const char *text, size_t len, __int128 most, __int128 *out)
{
    unsigned __int128 value = 0;
    bool fits = true;

    if (!has_prefix(text, len) || len == PREFIX_SIZE || (text[2] == '0' && len > PREFIX_SIZE + 1))
        return ERR_AMOUNT_FORMAT;
    for (size_t i = PREFIX_SIZE; i < len; i++) {
        const char pair[] = {'0', text[i]};
        int digit = hex_byte(pair);
        if (digit < 0)
            return ERR_AMOUNT_FORMAT;
        fits = fits && value >> 124 == 0;
        value = value << 4 | (unsigned)digit;
    }
    if (!fits || value > (unsigned __int128)most)
        return ERR_AMOUNT_RANGE;
    *out = (__int128)value;
    return ERR_OK;
}

void ethereum_data_add(struct text *out, struct bytes data)
{
    text_puts(out, "0x");
    if (data.len > 0)
        text_hex(out, data.data, data.len);
}

enum err ethereum_data_parse(const char *text, size_t text_len, void *out, size_t room, size_t *len)
{
    if (!has_prefix(text, text_len) || text_len % 2 != 0)
        return ERR_INVALID;
    size_t size = (text_len - PREFIX_SIZE) / 2;
    if (size > room)
        return ERR_TOO_LARGE;
    if (!hex_decode(text + PREFIX_SIZE, text_len - PREFIX_SIZE, out, size))
        return ERR_INVALID;
    *len = size;
    return ERR_OK;
}
