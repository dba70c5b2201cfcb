/* Exact decimals for prices, rates and percentages, and the one place where an amount is multiplied
 * or divided. */
#ifndef MONEY_RATE_H
#define MONEY_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "money/amount.h"

#define RATE_MAX_SCALE 24

/* coefficient / 10^scale */
struct rate {
    __int128 coefficient;
    uint8_t scale;
};

/* Towards zero; away from zero; to the nearest, with ties away from zero or to the even one. */
enum rounding { ROUND_DOWN, ROUND_UP, ROUND_HALF_UP, ROUND_HALF_EVEN };

/* Reads a plain decimal, as amount_parse does, with at most RATE_MAX_SCALE decimals. */
MUST_USE enum err rate_parse(const char *text, size_t len, struct rate *out);

/* Plain decimal text without trailing zeros. */
void rate_format(struct rate rate, char out[AMOUNT_TEXT_SIZE]);

/* a / b with as many decimals as fit, at most RATE_MAX_SCALE, the rest cut off. Neither is below zero.
 * Errors: ERR_OUT_OF_RANGE where b is 0, ERR_OVERFLOW past 38 digits; `out` is untouched. */
MUST_USE enum err rate_divide(struct rate a, struct rate b, struct rate *out);

/* amount x multiply / divide in `currency`, in full precision (GMP), rounded once at the end. The
 * scale of the currencies is accounted for: 2 BTC x 100.5 is 201 USD.
 * Errors: ERR_OUT_OF_RANGE where divide is 0, ERR_OVERFLOW past 38 digits; `out` is untouched. */
MUST_USE enum err rate_apply(struct amount amount, struct rate multiply, struct rate divide,
                             const struct currency *currency, enum rounding rounding,
                             struct amount *out);

#endif
