/* Amounts: a signed 128-bit count of a currency's smallest unit. No floats, no silent wrap, no
 * mixing of currencies. */
#ifndef MONEY_AMOUNT_H
#define MONEY_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "money/currency.h"
#include "money/decimal.h"

#define AMOUNT_MAX_DIGITS DECIMAL_MAX_DIGITS /* what DECIMAL(38,0) can store */
#define AMOUNT_TEXT_SIZE DECIMAL_TEXT_SIZE   /* any amount as text with sign, point and NUL */

struct amount {
    __int128 units;                  /* smallest units, signed */
    const struct currency *currency; /* never NULL in a valid amount */
};

/* a + b and a - b. ERR_CURRENCY_MISMATCH, or ERR_OVERFLOW past 38 digits; `out` is untouched then
 * and may be a or b. */
MUST_USE enum err amount_add(struct amount a, struct amount b, struct amount *out);
MUST_USE enum err amount_sub(struct amount a, struct amount b, struct amount *out);

/* Compares two amounts of one currency.
 * order  out, -1, 0 or 1
 * Returns ERR_CURRENCY_MISMATCH. */
MUST_USE enum err amount_compare(struct amount a, struct amount b, int *order);

/* Reads a decimal such as "12", "12.5", "5.0E-5" (decimal_parse) that has no more than the currency's
 * decimals, zeros at the end not counted. No sign, no space.
 * Errors: ERR_EMPTY, ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE; `out` is untouched. */
MUST_USE enum err amount_parse(const char *text, size_t len, const struct currency *currency,
                               struct amount *out);

/* Reads a whole number of smallest units, however it is written: "530000", "530000.0", "5.3e5". Errors: ERR_EMPTY, ERR_AMOUNT_FORMAT,
 * ERR_AMOUNT_RANGE. */
MUST_USE enum err amount_parse_units(const char *text, size_t len, const struct currency *currency,
                                     struct amount *out);

/* Smallest units as decimal text, "-123". */
void amount_format_units(struct amount amount, char out[AMOUNT_TEXT_SIZE]);

/* All decimals, "0.20000000", "-7.00000". */
void amount_format(struct amount amount, char out[AMOUNT_TEXT_SIZE]);

#endif
