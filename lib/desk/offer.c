/* The span of amounts that can be exchanged in a direction. Tiers may make what is got jump at their
 * borders, either way, so each is looked at by itself: from below for the least amount, from above
 * for the most. */
#include "desk/offer.h"

/* The multiple of the step, or of the last digit that is shown, at or below units; or above. */
static __int128 step_of(const struct desk_terms *terms)
{
    const struct desk_side *give = &terms->give;
    return terms->step > 0 ? terms->step
                           : decimal_power(give->currency->decimals - (unsigned)give->decimals);
}

static __int128 step_down(const struct desk_terms *terms, __int128 units)
{
    return units - units % step_of(terms);
}

static __int128 step_up(const struct desk_terms *terms, __int128 units)
{
    __int128 over = units % step_of(terms);
    return over == 0 ? units : units - over + step_of(terms);
}

/* The least figure with the last digit that is shown of what is got, at or above units. */
static __int128 shown_up(const struct desk_terms *terms, __int128 units)
{
    const struct desk_side *get = &terms->get;
    __int128 digit = decimal_power(get->currency->decimals - (unsigned)get->decimals);
    __int128 over = units % digit;
    return over == 0 ? units : units - over + digit;
}

/* What is to be given for that sum2 at a tier. */
static enum err back(const struct desk_terms *terms, size_t tier, __int128 sum2,
                     enum rounding rounding, __int128 *out)
{
    struct amount get = {sum2, terms->get.currency}, give = {0, terms->give.currency};
    struct rate course_give, course_get;

    enum err rc = desk_course(terms, tier, &course_give, &course_get);
    if (rc == ERR_OK)
        rc = rate_apply(get, course_give, course_get, terms->give.currency, rounding, &give);
    if (rc == ERR_OK)
        *out = give.units;
    return rc;
}

/* Whether sum1 belongs to a tier. */
static bool is_in(const struct desk_terms *terms, size_t tier, __int128 sum1)
{
    return sum1 >= terms->tiers[tier].from &&
           (tier + 1 == terms->tier_count || sum1 < terms->tiers[tier + 1].from);
}

/* The least sum1, and its tier. */
static enum err find_min(const struct desk_terms *terms, __int128 *min, size_t *tier)
{
    for (*tier = 0; *tier < terms->tier_count; ++*tier) {
        __int128 needed = 0;
        enum err rc = terms->get.min <= 0
                          ? ERR_OK
                          : back(terms, *tier, shown_up(terms, terms->get.min), ROUND_UP, &needed);
        if (rc != ERR_OK)
            return rc;
        if (needed < terms->give.min)
            needed = terms->give.min;
        if (needed < terms->tiers[*tier].from)
            needed = terms->tiers[*tier].from;
        *min = step_up(terms, needed);
        if (is_in(terms, *tier, *min))
            return ERR_OK;
    }
    return ERR_DESK_RESERVE;
}

/* The most: what brings no more than `cap`. A sum2 that is cut to its last digit might allow a little
 * more. */
static enum err find_max(const struct desk_terms *terms, __int128 cap, __int128 *max)
{
    for (size_t tier = terms->tier_count; tier-- > 0;) {
        __int128 most;
        enum err rc = back(terms, tier, cap, ROUND_DOWN, &most);
        if (rc == ERR_OVERFLOW) {
            most = DECIMAL_MAX; /* more than there can be of it */
            rc = ERR_OK;
        }
        if (rc != ERR_OK)
            return rc;
        if (terms->give.max >= 0 && most > terms->give.max)
            most = terms->give.max;
        if (tier + 1 < terms->tier_count && most >= terms->tiers[tier + 1].from)
            most = terms->tiers[tier + 1].from - 1;
        *max = step_down(terms, most);
        if (*max > 0 && is_in(terms, tier, *max))
            return ERR_OK;
    }
    return ERR_DESK_RESERVE;
}

/* Both fees of a side in one: the second is charged on what the first has left.
 * sign  1 where they are added, -1 where they are taken off */
static enum err join_fees(const struct desk_side *side, int sign, struct desk_fee *out)
{
    struct rate first = side->service.percent, second = side->system.percent;
    unsigned scale = first.scale + second.scale + 2u;
    struct rate factor = {.coefficient =
                              100 * decimal_power(second.scale) + sign * second.coefficient,
                          .scale = second.scale};
    struct amount fixed = {side->service.fixed, side->currency};

    /* a + b + a x b / 100, in units of 10^-scale */
    out->percent = (struct rate){
        .coefficient = first.coefficient * decimal_power(second.scale + 2u) +
                       second.coefficient * decimal_power(first.scale + 2u) +
                       sign * first.coefficient * second.coefficient,
        .scale = (uint8_t)scale,
    };
    enum err rc = rate_apply(fixed, factor, (struct rate){.coefficient = 100}, side->currency,
                             ROUND_UP, &fixed);
    out->fixed = fixed.units + side->system.fixed;
    return rc;
}

/* sum2 of a sum1; zero of zero, which desk_calc would take for a question. */
static enum err follow(const struct desk_terms *terms, __int128 sum1, struct amount *out)
{
    struct desk_sums sums = {.sum2 = {0, terms->get.currency}};
    struct rate named = {sum1, terms->give.currency->decimals};

    enum err rc = sum1 == 0 ? ERR_OK : desk_calc(terms, DESK_SUM1, named, &sums);
    if (rc == ERR_OK)
        *out = sums.sum2;
    return rc;
}

enum err desk_offer(const struct desk_direction *direction, struct desk_offer *out)
{
    const struct desk_terms *terms = &direction->terms;
    struct desk_offer offer = {.reserve = {direction->reserve, terms->get.currency},
                               .min = {0, terms->give.currency},
                               .max = {0, terms->give.currency}};
    __int128 cap = direction->reserve;
    size_t tier;

    if (terms->get.max >= 0 && cap > terms->get.max)
        cap = terms->get.max;
    enum err rc = cap <= 0 ? ERR_DESK_RESERVE : find_min(terms, &offer.min.units, &tier);
    if (rc == ERR_OK)
        rc = find_max(terms, cap, &offer.max.units);
    if (rc == ERR_OK && offer.max.units < offer.min.units)
        rc = ERR_DESK_RESERVE;
    if (rc == ERR_OK)
        rc = follow(terms, offer.min.units, &offer.min_get);
    if (rc == ERR_OK)
        rc = follow(terms, offer.max.units, &offer.max_get);
    if (rc == ERR_OK)
        rc = desk_course(terms, tier, &offer.give, &offer.get);
    if (rc == ERR_OK)
        rc = join_fees(&terms->give, 1, &offer.fee);
    if (rc == ERR_OK)
        rc = join_fees(&terms->get, -1, &offer.to_fee);
    if (rc == ERR_OK)
        *out = offer;
    return rc;
}
