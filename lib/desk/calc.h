/* The calculator of an exchange: from one figure that the customer names to all six (seed desk,
 * get_calc; api/desk A6).
 *
 *     give:  sum1  + service fee -> sum1dc  + payment system's fee -> sum1c
 *     get:   sum2  - service fee -> sum2dc  - payment system's fee -> sum2c
 *
 * The rule of rounding. Each side has a base, sum1 and sum2, which is a whole number of the last
 * digits of its payment system. What the customer names leads to the base of its own side; the rate
 * leads from there to the other base; fees lead from each base to the other figures of its side. Each
 * figure is exact up to there and rounded once: what is given up, what is got down, so that a customer
 * loses less than one last digit of each figure and gains none. Back to a base it is the other way
 * round: the most that may be exchanged for what is given, the least that brings what is to be got.
 * Therefore reckoning forth and back gives the same figures again.
 *
 * Where what is given has a step, or a tier begins, sum1 is raised to it and sum2 follows from it. */
#ifndef DESK_CALC_H
#define DESK_CALC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "money/amount.h"
#include "money/rate.h"

#define DESK_TIERS_MAX 16        /* of a direction, besides what holds from 0 */
#define DESK_RATE_SCALE_MAX 19   /* decimals of a rate and of a fixed margin */
#define DESK_RATE_DIGITS_MAX 24  /* digits of a rate in all */
#define DESK_PERCENT_SCALE_MAX 3 /* decimals of a percentage */

/* Which figure a customer names: calc_action of the user API. */
enum desk_action {
    DESK_SUM1 = 1,  /* given, without fees */
    DESK_SUM2 = 2,  /* got, without fees */
    DESK_SUM1C = 3, /* given, with all fees */
    DESK_SUM2C = 4, /* got, with all fees */
    DESK_SUM1DC = 5,
    DESK_SUM2DC = 6
};

/* A fee: so many smallest units, and so many percent. None below zero. */
struct desk_fee {
    __int128 fixed;
    struct rate percent; /* below 100 on the side that is got */
};

/* One side of a direction. */
struct desk_side {
    const struct currency *currency;
    uint64_t decimals; /* of the payment system: at most the currency's */
    struct desk_fee service, system;
    __int128 min, max; /* of the base, smallest units; below zero: none */
};

/* The margin from an amount on. */
struct desk_tier {
    __int128 from; /* smallest units given; the first is 0 */
    struct rate percent, fixed;
};

/* All that a calculation depends on. */
struct desk_terms {
    struct desk_side give, get;
    __int128 step;                   /* of sum1, smallest units; 0: none */
    struct rate rate_give, rate_get; /* before the margin: so much is worth so much; above zero */
    struct desk_tier tiers[1 + DESK_TIERS_MAX]; /* ascending */
    size_t tier_count;                          /* at least 1 */
};

/* What comes out. */
struct desk_sums {
    struct amount sum1, sum1dc, sum1c;   /* given */
    struct amount sum2, sum2dc, sum2c;   /* got; 0 where fees eat it up */
    struct rate course_give, course_get; /* the rate that was used: one of them is 1 as a rule */
    struct amount
        rounding; /* part of sum1 that sum2 is not worth by that rate, whole smallest units */
    bool changed; /* the figure that was named is not the one above: it did not fit a last
                               digit, a step or a tier */
};

/* The rate at a tier, margin taken off: exact, since it is a product of decimals. The side that is
 * not 1 bears the margin: less is got, or more is given.
 * Errors: ERR_OUT_OF_RANGE where nothing is left of it or it has more digits than a rate can hold. */
MUST_USE enum err desk_course(const struct desk_terms *terms, size_t tier, struct rate *give,
                              struct rate *get);

/* Calculates from `named`, the figure that `action` says, as the customer wrote it: it may have more
 * decimals than the payment system. Zero stands for what the rate says of the side that is given
 * (its course_give), which is not `changed`. Limits are not looked at.
 * out  out; untouched with an error
 * Errors: ERR_OUT_OF_RANGE past 38 digits or as desk_course. */
MUST_USE enum err desk_calc(const struct desk_terms *terms, enum desk_action action,
                            struct rate named, struct desk_sums *out);

/* The text that is shown of a fee on a side, "" where there is none: `Including add. service fee (x
 * CODE) and payment system fees NAME (y CODE)` (api/desk A6).
 * base, service, all  the three figures of the side
 * name                of the payment system */
void desk_fee_text(struct amount base, struct amount service, struct amount all, const char *name,
                   char *out, size_t size);

/* An amount as the user API writes it: no zeros at the end, no exponent: "0.5", "100".
 * out  out */
void desk_amount_text(struct amount amount, char out[AMOUNT_TEXT_SIZE]);

#endif
