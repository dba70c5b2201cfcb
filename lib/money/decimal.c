/* Exact decimal text in and out of 128 bits, in every spelling that is taken. */
#include "money/decimal.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define EXPONENT_MAX 9999 /* no amount has more digits; a larger one counts as this and more */

__int128 decimal_power(unsigned exponent)
{
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

void decimal_copy_short(char *out, size_t size, const char *text)
{
    text_copy(out, size, text);
    if (strchr(out, '.') == NULL)
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[--len] = '\0';
}

bool decimal_in_range(__int128 value)
{
    return value >= -DECIMAL_MAX && value <= DECIMAL_MAX;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal as it is written: digits with a point somewhere among them, perhaps an exponent. */
struct written {
    const char *text;
    size_t len;      /* of digits and point */
    size_t fraction; /* digits behind the point */
    long exponent;
};

/* "e-5" at the end of the text, of EXPONENT_MAX at most. */
static bool take_exponent(const char *text, size_t len, long *exponent)
{
    size_t sign = len > 1 && (text[1] == '-' || text[1] == '+');
    long value = 0;
    if (len < 2 + sign)
        return false;
    for (size_t i = 1 + sign; i < len; i++) {
        if (!is_digit(text[i]))
            return false;
        value = value > EXPONENT_MAX ? value : value * 10 + (text[i] - '0');
    }
    *exponent = text[1] == '-' ? -value : value;
    return true;
}

static bool take_apart(const char *text, size_t len, struct written *out)
{
    size_t point = len, digits = 0, i = 0;
    *out = (struct written){.text = text};
    for (; i < len && text[i] != 'e' && text[i] != 'E'; i++) {
        if (is_digit(text[i])) {
            digits++;
            continue;
        }
        if (text[i] != '.' || point != len)
            return false;
        point = i;
    }
    out->len = i;
    out->fraction = point == len ? 0 : i - point - 1;
    return digits > 0 && (i == len || take_exponent(text + i, len - i, &out->exponent));
}

/* The digits without the zeros at the end, as a number. ERR_AMOUNT_RANGE past 38 of them. */
static enum err significant(const struct written *written, __int128 *value)
{
    __int128 sum = 0;
    long pending = 0; /* zeros that count only if another digit follows */
    for (size_t i = 0; i < written->len; i++) {
        int digit = written->text[i] - '0';
        if (written->text[i] == '.')
            continue;
        if (digit == 0) {
            pending += sum != 0;
            continue;
        }
        for (; pending >= 0; pending--) {
            if (sum > DECIMAL_MAX / 10)
                return ERR_AMOUNT_RANGE;
            sum *= 10;
        }
        pending = 0;
        sum += digit;
        if (sum > DECIMAL_MAX)
            return ERR_AMOUNT_RANGE;
    }
    *value = sum;
    return ERR_OK;
}

/* How many digits behind the point are not zeros at the end, the exponent counted; below zero where
 * the last digit that is none stands before the point. */
static long exact_scale(const struct written *written)
{
    long zeros = 0;
    for (size_t i = written->len;
         i > 0 && (written->text[i - 1] == '0' || written->text[i - 1] == '.'); i--)
        zeros += written->text[i - 1] == '0';
    return (long)written->fraction - zeros - written->exponent;
}

enum err decimal_parse(const char *text, size_t len, unsigned max_scale, __int128 *coefficient,
                       unsigned *scale)
{
    struct written written;
    __int128 value = 0;

    if (len == 0)
        return ERR_EMPTY;
    if (!take_apart(text, len, &written))
        return ERR_AMOUNT_FORMAT;
    long behind = exact_scale(&written);
    enum err rc = significant(&written, &value);
    if (rc == ERR_OK && value == 0)
        behind = 0;
    else if (behind > (long)max_scale)
        return ERR_AMOUNT_DIGITS;
    if (rc != ERR_OK)
        return rc;
    /* Zeros at the end that were written are kept where there is room for them. */
    long wanted = (long)written.fraction - written.exponent;
    wanted = wanted < 0 ? 0 : wanted > (long)max_scale ? (long)max_scale : wanted;
    for (; behind < 0 || (behind < wanted && value <= DECIMAL_MAX / 10); behind++) {
        if (value > DECIMAL_MAX / 10)
            return ERR_AMOUNT_RANGE;
        value *= 10;
    }
    *coefficient = value;
    *scale = (unsigned)behind;
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
