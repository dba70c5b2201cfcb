/* Rates, and the one division that rounds (GMP). */
#include "money/rate.h"

#include <gmp.h>
#include <string.h>

enum err rate_parse(const char *text, size_t len, struct rate *out)
{
    __int128 coefficient;
    unsigned scale;

    enum err rc = decimal_parse(text, len, RATE_MAX_SCALE, &coefficient, &scale);
    if (rc != ERR_OK)
        return rc;
    *out = (struct rate){.coefficient = coefficient, .scale = (uint8_t)scale};
    return ERR_OK;
}

void rate_format(struct rate rate, char out[AMOUNT_TEXT_SIZE])
{
    decimal_format(rate.coefficient, rate.scale, out);
    if (rate.scale == 0)
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        len--;
    if (out[len - 1] == '.')
        len--;
    out[len] = '\0';
}

static void set_int128(mpz_t out, __int128 value)
{
    unsigned __int128 magnitude = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    mpz_import(out, 1, -1, sizeof(magnitude), 0, 0, &magnitude);
    if (value < 0)
        mpz_neg(out, out);
}

static bool get_int128(const mpz_t value, __int128 *out)
{
    unsigned __int128 magnitude = 0;

    if (mpz_sizeinbase(value, 2) > 127)
        return false;
    mpz_export(&magnitude, NULL, -1, sizeof(magnitude), 0, 0, value);
    *out = mpz_sgn(value) < 0 ? -(__int128)magnitude : (__int128)magnitude;
    return true;
}

/* Whether a quotient cut towards zero has to move away from it by one. The caller knows that `rest`
 * is not zero. */
static bool rounds_away(const mpz_t quotient, const mpz_t rest, const mpz_t divisor,
                        enum rounding rounding)
{
    mpz_t twice;
    mpz_init(twice);
    mpz_mul_2exp(twice, rest, 1);
    int half = mpz_cmpabs(twice, divisor); /* below, at or above the half */
    mpz_clear(twice);

    switch (rounding) {
    case ROUND_DOWN:
        return false;
    case ROUND_UP:
        return true;
    case ROUND_HALF_UP:
        return half >= 0;
    case ROUND_HALF_EVEN:
        return half > 0 || (half == 0 && mpz_odd_p(quotient));
    }
    return false;
}

/* quotient = dividend / divisor, rounded once. */
static void divide_rounded(mpz_t quotient, const mpz_t dividend, const mpz_t divisor,
                           enum rounding rounding)
{
    mpz_t rest;
    mpz_init(rest);
    mpz_tdiv_qr(quotient, rest, dividend, divisor);
    if (mpz_sgn(rest) != 0 && rounds_away(quotient, rest, divisor, rounding)) {
        if (mpz_sgn(dividend) == mpz_sgn(divisor))
            mpz_add_ui(quotient, quotient, 1);
        else
            mpz_sub_ui(quotient, quotient, 1);
    }
    mpz_clear(rest);
}

/* value = factor x 10^exponent x value */
static void scale_up(mpz_t value, __int128 factor, unsigned exponent)
{
    mpz_t other;
    mpz_init(other);
    set_int128(other, factor);
    mpz_mul(value, value, other);
    mpz_ui_pow_ui(other, 10, exponent);
    mpz_mul(value, value, other);
    mpz_clear(other);
}

enum err rate_divide(struct rate a, struct rate b, struct rate *out)
{
    mpz_t above, below, quotient;
    __int128 units = 0;
    bool fits = false;

    if (b.coefficient == 0)
        return ERR_OUT_OF_RANGE;
    mpz_inits(above, below, quotient, NULL);
    set_int128(below, b.coefficient);
    scale_up(below, 1, a.scale);
    int scale = RATE_MAX_SCALE + 1;
    while (!fits && scale-- > 0) {
        set_int128(above, a.coefficient);
        scale_up(above, 1, b.scale + (unsigned)scale);
        mpz_tdiv_q(quotient, above, below);
        fits = get_int128(quotient, &units) && decimal_in_range(units);
    }
    mpz_clears(above, below, quotient, NULL);
    if (!fits)
        return ERR_OVERFLOW;
    *out = (struct rate){.coefficient = units, .scale = (uint8_t)scale};
    return ERR_OK;
}

enum err rate_apply(struct amount amount, struct rate multiply, struct rate divide,
                    const struct currency *currency, enum rounding rounding, struct amount *out)
{
    enum err rc = ERR_OK;
    mpz_t above;
    mpz_t below;
    mpz_t quotient;
    __int128 units;

    if (divide.coefficient == 0)
        return ERR_OUT_OF_RANGE;
    mpz_inits(above, below, quotient, NULL);
    set_int128(above, amount.units);
    scale_up(above, multiply.coefficient, (unsigned)divide.scale + currency->decimals);
    set_int128(below, divide.coefficient);
    scale_up(below, 1, (unsigned)multiply.scale + amount.currency->decimals);

    divide_rounded(quotient, above, below, rounding);
    if (!get_int128(quotient, &units) || !decimal_in_range(units))
        rc = ERR_OVERFLOW;
    else
        *out = (struct amount){.units = units, .currency = currency};
    mpz_clears(above, below, quotient, NULL);
    return rc;
}
