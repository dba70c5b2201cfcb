/* Decimal text and 128-bit integers: the digits under amounts and rates. */
#ifndef MONEY_DECIMAL_H
#define MONEY_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DECIMAL_MAX_DIGITS 38
/* The largest integer that 38 digits hold. */
#define DECIMAL_MAX ((__int128)9999999999999999999u * 10000000000000000000u + 9999999999999999999u)
#define DECIMAL_TEXT_SIZE 64 /* any 128-bit number as text with sign, point and NUL */

/* Reads a decimal in any spelling that programs print of an exact number: "12", "12.50", ".5", "12.",
 * "5.0E-5", with zeros in front and at the end. No sign, space or separator.
 * max_scale    the most digits behind the point, zeros at the end not counted
 * coefficient  out, the number without its point, at most DECIMAL_MAX
 * scale        out, the digits behind the point, as many as were written where they fit
 * Errors, in this order: ERR_EMPTY, ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE; nothing
 * is written then. */
MUST_USE enum err decimal_parse(const char *text, size_t len, unsigned max_scale,
                                __int128 *coefficient, unsigned *scale);

/* Writes value / 10^scale with exactly `scale` (at most 24) decimals: "-0.05" for -5 and 2. */
void decimal_format(__int128 value, unsigned scale, char out[DECIMAL_TEXT_SIZE]);

/* Copies a decimal as the database writes one, without zeros behind its point: "0.600" becomes "0.6".
 * size  of out; what does not fit is cut */
void decimal_copy_short(char *out, size_t size, const char *text);

/* 10^exponent, for exponents up to DECIMAL_MAX_DIGITS. */
__int128 decimal_power(unsigned exponent);

/* True where the value fits into DECIMAL(38,0). */
bool decimal_in_range(__int128 value);

/* The signed number itself, "-123". */
void int128_format(__int128 value, char out[DECIMAL_TEXT_SIZE]);

/* Reads an optional minus and digits; false for anything else and past 128 bits. */
MUST_USE bool int128_parse(const char *text, size_t len, __int128 *out);

#endif
