/* The calculator: exact fractions (GMP) between the figures, each of which is rounded once. */
#include "desk/calc.h"

#include <gmp.h>
#include <stdio.h>
#include <string.h>

static void set_int128(mpz_t out, __int128 value)
{
    unsigned __int128 magnitude = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    mpz_import(out, 1, -1, sizeof(magnitude), 0, 0, &magnitude);
    if (value < 0)
        mpz_neg(out, out);
}

static void set_units(mpq_t out, __int128 units)
{
    set_int128(mpq_numref(out), units);
    mpz_set_ui(mpq_denref(out), 1);
}

/* rate / 10^more */
static void set_rate(mpq_t out, struct rate rate, unsigned more)
{
    set_int128(mpq_numref(out), rate.coefficient);
    mpz_ui_pow_ui(mpq_denref(out), 10, rate.scale + more);
    mpq_canonicalize(out);
}

/* value x 10^exponent, which may be below zero */
static void shift(mpq_t value, int exponent)
{
    mpq_t power;
    mpq_init(power);
    mpz_ui_pow_ui(mpq_numref(power), 10, (unsigned long)(exponent < 0 ? -exponent : exponent));
    if (exponent < 0)
        mpq_inv(power, power);
    mpq_mul(value, value, power);
    mpq_clear(power);
}

/* The multiple of `grid` at or next to value: `up` or down. Nothing below zero. False where it has
 * more than 38 digits. */
static bool round_to(const mpq_t value, __int128 grid, bool up, __int128 *out)
{
    unsigned __int128 magnitude = 0;
    mpz_t quotient, divisor;
    bool fits = true;

    *out = 0;
    if (mpq_sgn(value) <= 0)
        return true;
    mpz_inits(quotient, divisor, NULL);
    set_int128(divisor, grid);
    mpz_mul(quotient, mpq_denref(value), divisor);
    if (up)
        mpz_cdiv_q(quotient, mpq_numref(value), quotient);
    else
        mpz_fdiv_q(quotient, mpq_numref(value), quotient);
    mpz_mul(quotient, quotient, divisor);
    fits = mpz_sizeinbase(quotient, 2) <= 126;
    if (fits) {
        mpz_export(&magnitude, NULL, -1, sizeof(magnitude), 0, 0, quotient);
        *out = (__int128)magnitude;
        fits = decimal_in_range(*out);
    }
    mpz_clears(quotient, divisor, NULL);
    return fits;
}

/* Smallest units of the last digit that a side shows. */
static __int128 grid_of(const struct desk_side *side)
{
    return decimal_power(side->currency->decimals - (unsigned)side->decimals);
}

/* value + sign x (fixed + percent of value) */
static void charge(mpq_t value, const struct desk_fee *fee, int sign)
{
    mpq_t part, fixed;

    mpq_inits(part, fixed, NULL);
    set_rate(part, fee->percent, 2);
    mpq_mul(part, part, value);
    set_units(fixed, fee->fixed);
    mpq_add(part, part, fixed);
    if (sign > 0)
        mpq_add(value, value, part);
    else
        mpq_sub(value, value, part);
    mpq_clears(part, fixed, NULL);
}

/* The value of which charge makes this one. */
static void uncharge(mpq_t value, const struct desk_fee *fee, int sign)
{
    mpq_t factor, other;

    mpq_inits(factor, other, NULL);
    set_units(other, fee->fixed);
    if (sign > 0)
        mpq_sub(value, value, other);
    else
        mpq_add(value, value, other);
    set_rate(other, fee->percent, 2);
    mpq_set_ui(factor, 1, 1);
    if (sign > 0)
        mpq_add(factor, factor, other);
    else
        mpq_sub(factor, factor, other);
    mpq_div(value, value, factor);
    mpq_clears(factor, other, NULL);
}

/* The decimal value x (100 + sign x percent) / 100 + sign x fixed. */
static enum err add_margin(struct rate value, const struct desk_tier *tier, int sign,
                           struct rate *out)
{
    struct rate percent = tier->percent, fixed = tier->fixed, hundred = {.coefficient = 100};
    mpq_t exact, other;
    __int128 units;

    mpq_inits(exact, other, NULL);
    set_rate(exact, percent, 0);
    set_rate(other, hundred, 0);
    if (sign > 0)
        mpq_add(exact, other, exact);
    else
        mpq_sub(exact, other, exact);
    set_rate(other, value, 2);
    mpq_mul(exact, exact, other);
    set_rate(other, fixed, 0);
    if (sign > 0)
        mpq_add(exact, exact, other);
    else
        mpq_sub(exact, exact, other);
    unsigned scale = value.scale + percent.scale + 2u;
    if (fixed.scale > scale)
        scale = fixed.scale;
    if (scale > RATE_MAX_SCALE)
        scale =
            RATE_MAX_SCALE; /* only zeros are left out: the bounds of rates and percents see to it */
    shift(exact, (int)scale);
    bool fits = round_to(exact, 1, sign > 0, &units) && units > 0;
    mpq_clears(exact, other, NULL);
    while (fits && scale > 0 && units % 10 == 0) {
        units /= 10;
        scale--;
    }
    *out = (struct rate){.coefficient = units, .scale = (uint8_t)scale};
    return fits ? ERR_OK : ERR_OUT_OF_RANGE;
}

static bool is_one(struct rate rate)
{
    return rate.coefficient == decimal_power(rate.scale);
}

enum err desk_course(const struct desk_terms *terms, size_t tier, struct rate *give,
                     struct rate *get)
{
    *give = terms->rate_give;
    *get = terms->rate_get;
    return is_one(*get) && !is_one(*give)
               ? add_margin(terms->rate_give, &terms->tiers[tier], 1, give)
               : add_margin(terms->rate_get, &terms->tiers[tier], -1, get);
}

/* A calculation: the terms, and the bases as they come about. */
struct calculation {
    const struct desk_terms *terms;
    mpq_t named;          /* in smallest units of its side; then the base that it leads to */
    __int128 named_units; /* the figure named, where it is whole smallest units */
    bool whole;           /* it is */
    size_t tier;          /* that holds */
    struct rate course_give, course_get;
    __int128 sum1, sum2;
};

static bool names_give(enum desk_action action)
{
    return action == DESK_SUM1 || action == DESK_SUM1C || action == DESK_SUM1DC;
}

/* Smallest units got for one smallest unit given, or the other way round. */
static void set_ratio(mpq_t out, const struct calculation *calculation, bool back)
{
    const struct desk_terms *terms = calculation->terms;
    mpq_t other;

    mpq_init(other);
    set_rate(out, calculation->course_get, 0);
    shift(out, terms->get.currency->decimals);
    set_rate(other, calculation->course_give, 0);
    shift(other, terms->give.currency->decimals);
    if (back)
        mpq_div(out, other, out);
    else
        mpq_div(out, out, other);
    mpq_clear(other);
}

/* units x ratio, rounded to the grid. */
static bool convert(const struct calculation *calculation, __int128 units, bool back, __int128 grid,
                    bool up, __int128 *out)
{
    mpq_t value, ratio;

    mpq_inits(value, ratio, NULL);
    set_units(value, units);
    set_ratio(ratio, calculation, back);
    mpq_mul(value, value, ratio);
    bool fits = round_to(value, grid, up, out);
    mpq_clears(value, ratio, NULL);
    return fits;
}

static enum err take_tier(struct calculation *calculation, size_t tier)
{
    calculation->tier = tier;
    return desk_course(calculation->terms, tier, &calculation->course_give,
                       &calculation->course_get);
}

static __int128 step_of(const struct desk_terms *terms)
{
    return terms->step > 0 ? terms->step : grid_of(&terms->give);
}

/* From sum1: its tier, and sum2. */
static enum err follow_give(struct calculation *calculation)
{
    const struct desk_terms *terms = calculation->terms;
    size_t tier = terms->tier_count - 1;

    while (tier > 0 && calculation->sum1 < terms->tiers[tier].from)
        tier--;
    enum err rc = take_tier(calculation, tier);
    if (rc != ERR_OK)
        return rc;
    return convert(calculation, calculation->sum1, false, grid_of(&terms->get), false,
                   &calculation->sum2)
               ? ERR_OK
               : ERR_OUT_OF_RANGE;
}

static enum err calc_from_give(struct calculation *calculation, enum desk_action action)
{
    const struct desk_side *give = &calculation->terms->give;

    if (action == DESK_SUM1C)
        uncharge(calculation->named, &give->system, 1);
    if (action != DESK_SUM1)
        uncharge(calculation->named, &give->service, 1);
    return round_to(calculation->named, step_of(calculation->terms), false, &calculation->sum1)
               ? follow_give(calculation)
               : ERR_OUT_OF_RANGE;
}

/* The multiple of the step at or above units. */
static __int128 raise(__int128 units, __int128 step)
{
    __int128 over = units % step;
    return over == 0 ? units : units - over + step;
}

/* The least sum1 that brings sum2, in the first tier in which there is one. */
static enum err calc_from_get(struct calculation *calculation, enum desk_action action)
{
    const struct desk_terms *terms = calculation->terms;
    __int128 needed, sum1;

    if (action == DESK_SUM2C)
        uncharge(calculation->named, &terms->get.system, -1);
    if (action != DESK_SUM2)
        uncharge(calculation->named, &terms->get.service, -1);
    if (!round_to(calculation->named, grid_of(&terms->get), true, &calculation->sum2))
        return ERR_OUT_OF_RANGE;
    for (size_t tier = 0;; tier++) {
        bool last = tier + 1 == terms->tier_count;
        enum err rc = take_tier(calculation, tier);
        if (rc != ERR_OK)
            return rc;
        if (!convert(calculation, calculation->sum2, true, grid_of(&terms->give), true, &needed))
            return ERR_OUT_OF_RANGE;
        sum1 = raise(needed > terms->tiers[tier].from ? needed : terms->tiers[tier].from,
                     step_of(terms));
        if (!last && sum1 >= terms->tiers[tier + 1].from)
            continue;
        calculation->sum1 = sum1;
        return sum1 == needed ? ERR_OK : follow_give(calculation);
    }
}

/* The two figures of a side behind its base. */
static bool charge_side(const struct desk_side *side, __int128 base, int sign, struct amount *dc,
                        struct amount *c)
{
    mpq_t value;

    mpq_init(value);
    set_units(value, base);
    charge(value, &side->service, sign);
    bool fits = round_to(value, grid_of(side), sign > 0, &dc->units);
    charge(value, &side->system, sign);
    fits = round_to(value, grid_of(side), sign > 0, &c->units) && fits;
    dc->currency = c->currency = side->currency;
    mpq_clear(value);
    return fits;
}

static struct amount figure(const struct desk_sums *sums, enum desk_action action)
{
    switch (action) {
    case DESK_SUM1:
        return sums->sum1;
    case DESK_SUM2:
        return sums->sum2;
    case DESK_SUM1C:
        return sums->sum1c;
    case DESK_SUM2C:
        return sums->sum2c;
    case DESK_SUM1DC:
        return sums->sum1dc;
    case DESK_SUM2DC:
        break;
    }
    return sums->sum2dc;
}

static enum err fill(const struct calculation *calculation, enum desk_action action,
                     struct desk_sums *out)
{
    const struct desk_terms *terms = calculation->terms;
    struct desk_sums sums = {.sum1 = {calculation->sum1, terms->give.currency},
                             .sum2 = {calculation->sum2, terms->get.currency},
                             .rounding = {0, terms->give.currency},
                             .course_give = calculation->course_give,
                             .course_get = calculation->course_get};
    __int128 worth;

    if (!charge_side(&terms->give, calculation->sum1, 1, &sums.sum1dc, &sums.sum1c) ||
        !charge_side(&terms->get, calculation->sum2, -1, &sums.sum2dc, &sums.sum2c) ||
        !convert(calculation, calculation->sum2, true, 1, true, &worth))
        return ERR_OUT_OF_RANGE;
    sums.rounding.units = calculation->sum1 > worth ? calculation->sum1 - worth : 0;
    sums.changed = !calculation->whole || figure(&sums, action).units != calculation->named_units;
    *out = sums;
    return ERR_OK;
}

/* Takes what the customer named, in smallest units of its side. What no last digit can say is left off
 * of what is given, and filled up of what is got. */
static enum err take_named(struct calculation *calculation, const struct desk_side *side, bool up,
                           struct rate named)
{
    __int128 units;

    set_rate(calculation->named, named, 0);
    shift(calculation->named, side->currency->decimals);
    if (!round_to(calculation->named, 1, false, &calculation->named_units))
        return ERR_OUT_OF_RANGE;
    calculation->whole = mpz_cmp_ui(mpq_denref(calculation->named), 1) == 0;
    if (!round_to(calculation->named, grid_of(side), up, &units))
        return ERR_OUT_OF_RANGE;
    set_units(calculation->named, units);
    return ERR_OK;
}

/* Zero asks what the rate says: the course on the side that is given, on its grid. */
static enum err take_example(struct calculation *calculation)
{
    const struct desk_side *give = &calculation->terms->give;

    enum err rc = take_tier(calculation, 0);
    if (rc != ERR_OK)
        return rc;
    set_rate(calculation->named, calculation->course_give, 0);
    shift(calculation->named, give->currency->decimals);
    if (!round_to(calculation->named, step_of(calculation->terms), true, &calculation->named_units))
        return ERR_OUT_OF_RANGE;
    set_units(calculation->named, calculation->named_units);
    calculation->whole = true;
    return ERR_OK;
}

enum err desk_calc(const struct desk_terms *terms, enum desk_action action, struct rate named,
                   struct desk_sums *out)
{
    struct calculation calculation = {.terms = terms};
    enum err rc;

    mpq_init(calculation.named);
    if (named.coefficient == 0) {
        action = DESK_SUM1;
        rc = take_example(&calculation);
    } else {
        rc = names_give(action) ? take_named(&calculation, &terms->give, false, named)
                                : take_named(&calculation, &terms->get, true, named);
    }
    if (rc == ERR_OK)
        rc = names_give(action) ? calc_from_give(&calculation, action)
                                : calc_from_get(&calculation, action);
    if (rc == ERR_OK)
        rc = fill(&calculation, action, out);
    mpq_clear(calculation.named);
    return rc;
}

void desk_amount_text(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    amount_format(amount, out);
    if (strchr(out, '.') == NULL)
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        len--;
    if (out[len - 1] == '.')
        len--;
    out[len] = '\0';
}

void desk_fee_text(struct amount base, struct amount service, struct amount all, const char *name,
                   char *out, size_t size)
{
    struct amount own = {service.units - base.units, base.currency},
                  theirs = {all.units - service.units, base.currency};
    char first[AMOUNT_TEXT_SIZE], second[AMOUNT_TEXT_SIZE];
    const char *code = base.currency->code;

    own.units = own.units < 0 ? -own.units : own.units;
    theirs.units = theirs.units < 0 ? -theirs.units : theirs.units;
    desk_amount_text(own, first);
    desk_amount_text(theirs, second);
    out[0] = '\0';
    if (own.units != 0 && theirs.units != 0)
        snprintf(out, size, "Including add. service fee (%s %s) and payment system fees %s (%s %s)",
                 first, code, name, second, code);
    else if (own.units != 0)
        snprintf(out, size, "Including add. service fee (%s %s)", first, code);
    else if (theirs.units != 0)
        snprintf(out, size, "Including payment system fees %s (%s %s)", name, second, code);
}
