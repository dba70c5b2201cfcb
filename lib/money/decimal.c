#include "money/decimal.h"

#include <stdint.h>
#include <string.h>

__int128 decimal_power(unsigned exponent)
{
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

bool decimal_in_range(__int128 value)
{
    return value >= -DECIMAL_MAX && value <= DECIMAL_MAX;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Checks the form; `*fraction` is the number of digits behind the point. */
static bool is_decimal(const char *text, size_t len, size_t *fraction)
{
    size_t point = len;
    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]))
            continue;
        if (text[i] != '.' || point != len)
            return false;
        point = i;
    }
    if (point == 0 || point == len - 1)
        return false;
    *fraction = point == len ? 0 : len - point - 1;
    return true;
}

enum err decimal_parse(const char *text, size_t len, unsigned max_scale, __int128 *coefficient,
                       unsigned *scale)
{
    size_t fraction;
    __int128 value = 0;

    if (len == 0)
        return ERR_EMPTY;
    if (!is_decimal(text, len, &fraction))
        return ERR_AMOUNT_FORMAT;
    if (fraction > max_scale)
        return ERR_AMOUNT_DIGITS;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.')
            continue;
        int digit = text[i] - '0';
        if (value > DECIMAL_MAX / 10 || (value == DECIMAL_MAX / 10 && digit > DECIMAL_MAX % 10))
            return ERR_AMOUNT_RANGE;
        value = value * 10 + digit;
    }
    *coefficient = value;
    *scale = (unsigned)fraction;
    return ERR_OK;
}

/* Takes the last digit off. Most amounts fit 64 bits, whose division takes a tenth of the time. */
static char take_digit(unsigned __int128 *rest)
{
    if (*rest > UINT64_MAX) {
        char digit = (char)('0' + (int)(*rest % 10));
        *rest /= 10;
        return digit;
    }
    uint64_t small = (uint64_t)*rest;
    *rest = small / 10;
    return (char)('0' + (int)(small % 10));
}

void decimal_format(__int128 value, unsigned scale, char out[DECIMAL_TEXT_SIZE])
{
    char reversed[DECIMAL_TEXT_SIZE];
    size_t len = 0;
    /* The magnitude of the most negative value does not fit into the signed type. */
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;

    for (unsigned i = 0; i <= scale || rest > 0; i++) {
        if (i == scale && scale > 0)
            reversed[len++] = '.';
        reversed[len++] = take_digit(&rest);
    }
    if (value < 0)
        *out++ = '-';
    while (len > 0)
        *out++ = reversed[--len];
    *out = '\0';
}

void int128_format(__int128 value, char out[DECIMAL_TEXT_SIZE])
{
    decimal_format(value, 0, out);
}

bool int128_parse(const char *text, size_t len, __int128 *out)
{
    bool negative = len > 0 && text[0] == '-';
    size_t start = negative ? 1 : 0;
    __int128 value = 0;

    if (start == len)
        return false;
    for (size_t i = start; i < len; i++) {
        int digit = text[i] - '0';
        if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}
