/* Parsing nonces and tonces. */
#include "identity/nonce.h"

#include <stdbool.h>
#include <string.h>

static const char highest[] = "9223372036854775808"; /* 2^63 */

static size_t count_digits(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

/* Drops leading zeros; zero itself becomes no digits at all. */
static void skip_zeros(const char **digits, size_t *len)
{
    while (*len > 0 && **digits == '0') {
        (*digits)++;
        (*len)--;
    }
}

/* True where the integer part, without leading zeros, is at most 2^63, and less where a fraction
 * follows. */
static bool in_range(const char *digits, size_t len, bool fraction)
{
    if (len != NONCE_MAX_INTEGER)
        return len < NONCE_MAX_INTEGER;
    int order = memcmp(digits, highest, NONCE_MAX_INTEGER);
    return order < 0 || (order == 0 && !fraction);
}

enum err nonce_parse(const char *text, size_t len, char out[NONCE_TEXT_SIZE])
{
    const char *integer = text, *fraction = text + len;
    size_t integer_len = count_digits(text, len), fraction_len = 0;

    if (integer_len == 0)
        return ERR_NONCE_INVALID;
    if (integer_len < len) {
        fraction = text + integer_len + 1;
        fraction_len = len - integer_len - 1;
        if (text[integer_len] != '.' || fraction_len == 0 || fraction_len > NONCE_MAX_FRACTION ||
            count_digits(fraction, fraction_len) != fraction_len)
            return ERR_NONCE_INVALID;
    }
    while (fraction_len > 0 && fraction[fraction_len - 1] == '0')
        fraction_len--;
    skip_zeros(&integer, &integer_len);
    if (!in_range(integer, integer_len, fraction_len > 0))
        return ERR_NONCE_INVALID;

    if (integer_len == 0)
        *out++ = '0';
    memcpy(out, integer, integer_len);
    out += integer_len;
    if (fraction_len > 0)
        *out++ = '.';
    memcpy(out, fraction, fraction_len);
    out[fraction_len] = '\0';
    return ERR_OK;
}

enum err nonce_parse_tonce(const char *text, size_t len, int64_t *out_us)
{
    int64_t value = 0;

    if (len == 0 || count_digits(text, len) != len)
        return ERR_NONCE_INVALID;
    skip_zeros(&text, &len);
    if (len >= NONCE_MAX_INTEGER) /* 18 digits reach the year 33658 and never overflow */
        return ERR_NONCE_INVALID;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (text[i] - '0');
    *out_us = value;
    return ERR_OK;
}
