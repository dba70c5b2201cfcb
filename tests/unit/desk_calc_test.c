/* The desk's calculator: a row per case, and random terms against fractions. */
#include "desk/calc.h"

#include <gmp.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ROUNDS 4000

static struct rate rate_of(const char *text)
{
    struct rate rate = {0};
    bool negative = text[0] == '-';
    UNIT_CHECK(text, rate_parse(text + negative, strlen(text + negative), &rate) == ERR_OK);
    rate.coefficient = negative ? -rate.coefficient : rate.coefficient;
    return rate;
}

static __int128 units_of(const char *text, const struct currency *currency)
{
    struct amount amount = {0};
    UNIT_CHECK(text, amount_parse(text, strlen(text), currency, &amount) == ERR_OK);
    return amount.units;
}

/* Terms without margin, fees, step and limits. */
static struct desk_terms plain(const char *give, unsigned give_decimals, const char *get,
                               unsigned get_decimals, const char *rate_give, const char *rate_get)
{
    return (struct desk_terms){
        .give = {.currency = unit_currency(give), .decimals = give_decimals, .min = -1, .max = -1},
        .get = {.currency = unit_currency(get), .decimals = get_decimals, .min = -1, .max = -1},
        .rate_give = rate_of(rate_give),
        .rate_get = rate_of(rate_get),
        .tier_count = 1,
    };
}

/* "sum1 sum1dc sum1c > sum2 sum2dc sum2c @ course_give:course_get ~rounding", with ! where changed. */
static void write_sums(const struct desk_sums *sums, char *out, size_t size)
{
    char figures[6][AMOUNT_TEXT_SIZE], give[AMOUNT_TEXT_SIZE], get[AMOUNT_TEXT_SIZE],
        rounding[AMOUNT_TEXT_SIZE];

    desk_amount_text(sums->sum1, figures[0]);
    desk_amount_text(sums->sum1dc, figures[1]);
    desk_amount_text(sums->sum1c, figures[2]);
    desk_amount_text(sums->sum2, figures[3]);
    desk_amount_text(sums->sum2dc, figures[4]);
    desk_amount_text(sums->sum2c, figures[5]);
    desk_amount_text(sums->rounding, rounding);
    rate_format(sums->course_give, give);
    rate_format(sums->course_get, get);
    snprintf(out, size, "%s %s %s > %s %s %s @ %s:%s ~%s%s", figures[0], figures[1], figures[2],
             figures[3], figures[4], figures[5], give, get, rounding, sums->changed ? " !" : "");
}

/* Cases by their terms. */
enum kind { PLAIN, COARSE, MARGIN, FEES, STEP, TIERS, WORSE, BONUS };

static struct desk_terms terms_of(enum kind kind)
{
    struct desk_terms terms = plain("USD", 2, "EUR", 2, "1", "0.92");

    switch (kind) {
    case PLAIN:
        break;
    case COARSE: /* roubles for bitcoins, quoted as so many roubles for one */
        terms = plain("EUR", 0, "BTC", 8, "6012345.5", "1");
        break;
    case MARGIN:
        terms.tiers[0].percent = rate_of("2.5");
        terms.tiers[0].fixed = rate_of("0.001");
        break;
    case FEES:
        terms.give.service = (struct desk_fee){units_of("1", terms.give.currency), rate_of("1")};
        terms.give.system = (struct desk_fee){units_of("0.5", terms.give.currency), rate_of("2")};
        terms.get.service = (struct desk_fee){units_of("0.2", terms.get.currency), rate_of("1")};
        terms.get.system = (struct desk_fee){units_of("0.3", terms.get.currency), rate_of("0.5")};
        break;
    case STEP:
        terms.step = units_of("100", terms.give.currency);
        break;
    case TIERS:
        terms.tiers[0].percent = rate_of("5");
        terms.tiers[1] =
            (struct desk_tier){units_of("100", terms.give.currency), rate_of("3"), rate_of("0")};
        terms.tiers[2] =
            (struct desk_tier){units_of("1000", terms.give.currency), rate_of("1"), rate_of("0")};
        terms.tier_count = 3;
        break;
    case WORSE: /* more is dearer */
        terms.tiers[1] =
            (struct desk_tier){units_of("100", terms.give.currency), rate_of("10"), rate_of("0")};
        terms.tier_count = 2;
        break;
    case BONUS:
        terms.tiers[0].percent = rate_of("-1");
        break;
    }
    return terms;
}

static void test_cases(void)
{
    static const struct {
        enum kind kind;
        enum desk_action action;
        const char *named, *expected;
    } rows[] = {
        {PLAIN, DESK_SUM1, "100", "100 100 100 > 92 92 92 @ 1:0.92 ~0"},
        {PLAIN, DESK_SUM1, "100.00", "100 100 100 > 92 92 92 @ 1:0.92 ~0"},
        {PLAIN, DESK_SUM1, "0.01", "0.01 0.01 0.01 > 0 0 0 @ 1:0.92 ~0.01"},
        {PLAIN, DESK_SUM1, "10.555", "10.55 10.55 10.55 > 9.7 9.7 9.7 @ 1:0.92 ~0.00652 !"},
        {PLAIN, DESK_SUM1, "10.55", "10.55 10.55 10.55 > 9.7 9.7 9.7 @ 1:0.92 ~0.00652"},
        {PLAIN, DESK_SUM2, "9.7", "10.55 10.55 10.55 > 9.7 9.7 9.7 @ 1:0.92 ~0.00652"},
        {PLAIN, DESK_SUM2, "9.701", "10.56 10.56 10.56 > 9.71 9.71 9.71 @ 1:0.92 ~0.00565 !"},
        {PLAIN, DESK_SUM2C, "92", "100 100 100 > 92 92 92 @ 1:0.92 ~0"},
        {PLAIN, DESK_SUM1, "0", "1 1 1 > 0.92 0.92 0.92 @ 1:0.92 ~0"},
        {PLAIN, DESK_SUM2, "0", "1 1 1 > 0.92 0.92 0.92 @ 1:0.92 ~0"},
        {PLAIN, DESK_SUM1, "0.0000000000001", "0 0 0 > 0 0 0 @ 1:0.92 ~0 !"},
        /* 0.00000001 BTC is 0.06 EUR: the least that brings it is a whole one, and it is kept */
        {COARSE, DESK_SUM2, "0.00000001",
         "1 1 1 > 0.00000001 0.00000001 0.00000001 @ 6012345.5:1 ~0.93987"},
        {COARSE, DESK_SUM1, "1", "1 1 1 > 0.00000016 0.00000016 0.00000016 @ 6012345.5:1 ~0.03802"},
        {COARSE, DESK_SUM1, "0",
         "6012346 6012346 6012346 > 1.00000008 1.00000008 1.00000008 @ "
         "6012345.5:1 ~0.01901"},
        {MARGIN, DESK_SUM1, "1000", "1000 1000 1000 > 896 896 896 @ 1:0.896 ~0"},
        {MARGIN, DESK_SUM2, "896", "1000 1000 1000 > 896 896 896 @ 1:0.896 ~0"},
        {BONUS, DESK_SUM1, "1000", "1000 1000 1000 > 929.2 929.2 929.2 @ 1:0.9292 ~0"},
        /* 100 + 1 + 1 = 102; 102 + 0.5 + 2.04 = 104.54; 92 - 0.2 - 0.92 = 90.88; - 0.3 - 0.4544 */
        {FEES, DESK_SUM1, "100", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        {FEES, DESK_SUM1DC, "102", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        {FEES, DESK_SUM1C, "104.54", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        {FEES, DESK_SUM2, "92", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        {FEES, DESK_SUM2DC, "90.88", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        {FEES, DESK_SUM2C, "90.12", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0"},
        /* no sum1 makes exactly that */
        {FEES, DESK_SUM1C, "104.55", "100 102 104.54 > 92 90.88 90.12 @ 1:0.92 ~0 !"},
        /* what is given does not cover the fees: nothing is exchanged, the fees are shown */
        {FEES, DESK_SUM1C, "1", "0 1 1.52 > 0 0 0 @ 1:0.92 ~0 !"},
        {FEES, DESK_SUM1, "0.2", "0.2 1.21 1.73 > 0.18 0 0 @ 1:0.92 ~0.00434"},
        {STEP, DESK_SUM1, "12345", "12300 12300 12300 > 11316 11316 11316 @ 1:0.92 ~0 !"},
        {STEP, DESK_SUM1, "12300", "12300 12300 12300 > 11316 11316 11316 @ 1:0.92 ~0"},
        {STEP, DESK_SUM1, "99.99", "0 0 0 > 0 0 0 @ 1:0.92 ~0 !"},
        {STEP, DESK_SUM2, "100", "200 200 200 > 184 184 184 @ 1:0.92 ~0 !"},
        {STEP, DESK_SUM2, "184", "200 200 200 > 184 184 184 @ 1:0.92 ~0"},
        {TIERS, DESK_SUM1, "99.99", "99.99 99.99 99.99 > 87.39 87.39 87.39 @ 1:0.874 ~0.00144"},
        {TIERS, DESK_SUM1, "100", "100 100 100 > 89.24 89.24 89.24 @ 1:0.8924 ~0"},
        {TIERS, DESK_SUM1, "1000", "1000 1000 1000 > 910.8 910.8 910.8 @ 1:0.9108 ~0"},
        {TIERS, DESK_SUM2, "87.39", "99.99 99.99 99.99 > 87.39 87.39 87.39 @ 1:0.874 ~0.00144"},
        /* between what 99.99 and 100 bring there is nothing: it is raised */
        {TIERS, DESK_SUM2, "88", "100 100 100 > 89.24 89.24 89.24 @ 1:0.8924 ~0 !"},
        {TIERS, DESK_SUM2, "910.8", "1000 1000 1000 > 910.8 910.8 910.8 @ 1:0.9108 ~0"},
        {WORSE, DESK_SUM2, "85", "92.4 92.4 92.4 > 85 85 85 @ 1:0.92 ~0.00869"},
        {WORSE, DESK_SUM2, "92", "111.12 111.12 111.12 > 92 92 92 @ 1:0.828 ~0.00888"},
    };

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct desk_terms terms = terms_of(rows[i].kind);
        struct desk_sums sums;
        char got[768], row[64];
        snprintf(row, sizeof(row), "%d: %d of %s", (int)i, (int)rows[i].action, rows[i].named);
        enum err rc = desk_calc(&terms, rows[i].action, rate_of(rows[i].named), &sums);
        UNIT_SAME(row, err_id(rc), "ok");
        if (rc != ERR_OK)
            continue;
        write_sums(&sums, got, sizeof(got));
        UNIT_SAME(row, got, rows[i].expected);
    }
}

/* What a rate cannot be, and what has too many digits. */
static void test_refused(void)
{
    struct desk_terms terms = terms_of(PLAIN);
    struct desk_sums sums = {.changed = true};

    terms.tiers[0].fixed = rate_of("0.92");
    UNIT_CHECK("nothing left",
               desk_calc(&terms, DESK_SUM1, rate_of("1"), &sums) == ERR_OUT_OF_RANGE);
    terms = terms_of(PLAIN);
    UNIT_CHECK("too much",
               desk_calc(&terms, DESK_SUM1, rate_of("99999999999999999999999999999999999999"),
                         &sums) == ERR_OUT_OF_RANGE);
    UNIT_CHECK("untouched", sums.changed);
    terms.rate_get = rate_of("0.0000000000000000001");
    UNIT_CHECK("too much to give", desk_calc(&terms, DESK_SUM2, rate_of("10000000000000000"),
                                             &sums) == ERR_OUT_OF_RANGE);
}

static void test_fee_text(void)
{
    const struct currency *usd = unit_currency("USD");
    struct amount base = {units_of("100", usd), usd}, service = {units_of("101.5", usd), usd},
                  all = {units_of("103", usd), usd};
    char text[256];

    desk_fee_text(base, service, all, "Bank", text, sizeof(text));
    UNIT_SAME("both", text,
              "Including add. service fee (1.5 USD) and payment system fees Bank (1.5 USD)");
    desk_fee_text(base, base, base, "Bank", text, sizeof(text));
    UNIT_SAME("none", text, "");
    desk_fee_text(all, service, service, "Bank", text, sizeof(text));
    UNIT_SAME("got", text, "Including add. service fee (1.5 USD)");
}

/* --- random terms against fractions ---------------------------------------------------------------- */

static uint64_t seed;

static unsigned choose(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* A decimal of up to `digits` digits with `scale` decimals. */
static struct rate some_rate(unsigned digits, unsigned scale)
{
    __int128 value = 0;
    for (unsigned i = 0; i < digits; i++)
        value = value * 10 + choose(10);
    return (struct rate){.coefficient = value == 0 ? 1 : value, .scale = (uint8_t)scale};
}

static struct desk_fee some_fee(__int128 grid)
{
    struct desk_fee fee = {.fixed = choose(2) == 0 ? 0 : grid * choose(500)};
    if (choose(2) != 0)
        fee.percent = some_rate(4, 3);
    return fee;
}

static struct desk_terms some_terms(void)
{
    static const char *const codes[] = {"USD", "EUR", "BTC", "JPY"};
    const char *give = codes[choose(4)], *get = codes[choose(4)];
    struct desk_terms terms = plain(give, choose(unit_currency(give)->decimals + 1u), get,
                                    choose(unit_currency(get)->decimals + 1u), "1", "1");
    __int128 give_grid =
                 decimal_power(terms.give.currency->decimals - (unsigned)terms.give.decimals),
             get_grid = decimal_power(terms.get.currency->decimals - (unsigned)terms.get.decimals);

    *(choose(2) == 0 ? &terms.rate_give : &terms.rate_get) = some_rate(1 + choose(9), choose(9));
    terms.tiers[0].percent = some_rate(4, 3);
    if (choose(2) == 0)
        terms.tiers[0].percent.coefficient = 0;
    terms.give.service = some_fee(give_grid);
    terms.give.system = some_fee(give_grid);
    terms.get.service = some_fee(get_grid);
    terms.get.system = some_fee(get_grid);
    if (choose(4) == 0)
        terms.step = give_grid * (1 + choose(20));
    return terms;
}

static void set_rational(mpq_t out, __int128 units, unsigned scale)
{
    char text[DECIMAL_TEXT_SIZE];
    int128_format(units, text);
    mpq_set_str(out, text, 10);
    mpz_ui_pow_ui(mpq_denref(out), 10, scale);
    mpq_canonicalize(out);
}

/* The six figures as fractions of whole units, each from the base of its side; sum2 from sum1. */
struct exact {
    mpq_t sum1, sum1dc, sum1c, sum2, sum2dc, sum2c, by_rate;
};

static void charge(mpq_t out, const mpq_t value, const struct desk_fee *fee, unsigned decimals,
                   bool add)
{
    mpq_t part, fixed;
    mpq_inits(part, fixed, NULL);
    set_rational(part, fee->percent.coefficient, fee->percent.scale + 2u);
    mpq_mul(part, part, value);
    set_rational(fixed, fee->fixed, decimals);
    mpq_add(part, part, fixed);
    if (add)
        mpq_add(out, value, part);
    else
        mpq_sub(out, value, part);
    mpq_clears(part, fixed, NULL);
}

static void exact_of(struct exact *exact, const struct desk_terms *terms,
                     const struct desk_sums *sums)
{
    mpq_t ratio;
    unsigned give = terms->give.currency->decimals, get = terms->get.currency->decimals;

    mpq_inits(exact->sum1, exact->sum1dc, exact->sum1c, exact->sum2, exact->sum2dc, exact->sum2c,
              exact->by_rate, ratio, NULL);
    set_rational(exact->sum1, sums->sum1.units, give);
    charge(exact->sum1dc, exact->sum1, &terms->give.service, give, true);
    charge(exact->sum1c, exact->sum1dc, &terms->give.system, give, true);
    set_rational(exact->sum2, sums->sum2.units, get);
    charge(exact->sum2dc, exact->sum2, &terms->get.service, get, false);
    charge(exact->sum2c, exact->sum2dc, &terms->get.system, get, false);
    set_rational(exact->by_rate, sums->course_get.coefficient, sums->course_get.scale);
    set_rational(ratio, sums->course_give.coefficient, sums->course_give.scale);
    mpq_div(exact->by_rate, exact->by_rate, ratio);
    mpq_mul(exact->by_rate, exact->by_rate, exact->sum1);
    mpq_clear(ratio);
}

static void exact_free(struct exact *exact)
{
    mpq_clears(exact->sum1, exact->sum1dc, exact->sum1c, exact->sum2, exact->sum2dc, exact->sum2c,
               exact->by_rate, NULL);
}

/* Whether a figure is its fraction rounded once: up (given) or down (got), by less than a last digit;
 * never below zero. */
static bool is_rounded(struct amount amount, const struct desk_side *side, const mpq_t fraction,
                       bool up)
{
    unsigned decimals = (unsigned)side->decimals;
    __int128 grid = decimal_power(side->currency->decimals - decimals);
    mpq_t shown, gap, digit;
    mpq_inits(shown, gap, digit, NULL);
    set_rational(shown, amount.units, side->currency->decimals);
    set_rational(digit, 1, decimals);
    if (up)
        mpq_sub(gap, shown, fraction);
    else
        mpq_sub(gap, fraction, shown);
    bool fine = amount.units % grid == 0 && ((mpq_sgn(gap) >= 0 && mpq_cmp(gap, digit) < 0) ||
                                             (mpq_sgn(fraction) < 0 && amount.units == 0));
    mpq_clears(shown, gap, digit, NULL);
    return fine;
}

static struct amount figure(const struct desk_sums *sums, enum desk_action action)
{
    const struct amount figures[] = {sums->sum1,  sums->sum2,   sums->sum1c,
                                     sums->sum2c, sums->sum1dc, sums->sum2dc};
    return figures[action - 1];
}

static struct rate rate_from(struct amount amount)
{
    return (struct rate){.coefficient = amount.units, .scale = amount.currency->decimals};
}

static bool same(const struct desk_sums *a, const struct desk_sums *b)
{
    for (int action = DESK_SUM1; action <= DESK_SUM2DC; action++)
        if (figure(a, (enum desk_action)action).units != figure(b, (enum desk_action)action).units)
            return false;
    return true;
}

static void check_against_fractions(const char *row, const struct desk_terms *terms,
                                    const struct desk_sums *sums)
{
    struct exact exact;

    exact_of(&exact, terms, sums);
    UNIT_CHECK(row, is_rounded(sums->sum1dc, &terms->give, exact.sum1dc, true));
    UNIT_CHECK(row, is_rounded(sums->sum1c, &terms->give, exact.sum1c, true));
    UNIT_CHECK(row, is_rounded(sums->sum2dc, &terms->get, exact.sum2dc, false));
    UNIT_CHECK(row, is_rounded(sums->sum2c, &terms->get, exact.sum2c, false));
    /* what is got is never worth more than what is given */
    UNIT_CHECK(row, mpq_cmp(exact.sum2, exact.by_rate) <= 0);
    exact_free(&exact);
}

/* Forth and back: each figure that came out leads to figures of which it is one, and those lead to
 * themselves. */
static void check_no_drift(const char *row, const struct desk_terms *terms,
                           const struct desk_sums *sums)
{
    for (int i = DESK_SUM1; i <= DESK_SUM2DC; i++) {
        enum desk_action action = (enum desk_action)i;
        struct desk_sums back, again;
        if (figure(sums, action).units == 0)
            continue;
        if (desk_calc(terms, action, rate_from(figure(sums, action)), &back) != ERR_OK ||
            desk_calc(terms, action, rate_from(figure(&back, action)), &again) != ERR_OK)
            continue;
        UNIT_CHECK(row, same(&back, &again) && !again.changed);
        if (terms->step == 0 || action == DESK_SUM1)
            UNIT_CHECK(row,
                       !back.changed && figure(&back, action).units == figure(sums, action).units);
        UNIT_CHECK(row, back.sum1.units <= sums->sum1.units);
    }
}

/* From the side that is given: one last digit more of sum1 would be more than what was named. */
static void check_most(const char *row, const struct desk_terms *terms, enum desk_action action,
                       struct rate named, const struct desk_sums *sums)
{
    struct desk_sums more;
    __int128 step =
        terms->step > 0
            ? terms->step
            : decimal_power(terms->give.currency->decimals - (unsigned)terms->give.decimals);
    struct amount next = {sums->sum1.units + step, sums->sum1.currency};

    if (desk_calc(terms, DESK_SUM1, rate_from(next), &more) != ERR_OK)
        return;
    mpq_t asked, got, then;
    mpq_inits(asked, got, then, NULL);
    set_rational(asked, named.coefficient, named.scale);
    set_rational(got, figure(sums, action).units, sums->sum1.currency->decimals);
    set_rational(then, figure(&more, action).units, sums->sum1.currency->decimals);
    UNIT_CHECK(row, mpq_cmp(got, asked) <= 0 || sums->sum1.units == 0);
    UNIT_CHECK(row, mpq_cmp(then, asked) > 0);
    UNIT_CHECK(row, sums->changed == (mpq_cmp(got, asked) != 0));
    mpq_clears(asked, got, then, NULL);
}

/* From the side that is got: at least what was named, and one last digit less of sum2 would not do. */
static void check_least(const char *row, const struct desk_terms *terms, enum desk_action action,
                        struct rate named, const struct desk_sums *sums)
{
    mpq_t asked, got;
    mpq_inits(asked, got, NULL);
    set_rational(asked, named.coefficient, named.scale);
    set_rational(got, figure(sums, action).units, sums->sum2.currency->decimals);
    UNIT_CHECK(row, mpq_cmp(got, asked) >= 0);
    UNIT_CHECK(row, sums->changed == (mpq_cmp(got, asked) != 0));
    (void)terms;
    mpq_clears(asked, got, NULL);
}

static void test_fractions(void)
{
    unsigned done = 0;

    seed = 20260731;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct desk_terms terms = some_terms();
        enum desk_action action = (enum desk_action)(1 + choose(6));
        struct rate named = some_rate(1 + choose(8), choose(6));
        struct desk_sums sums;
        char row[32];
        snprintf(row, sizeof(row), "round %u", round);
        enum err rc = desk_calc(&terms, action, named, &sums);
        UNIT_CHECK(row, rc == ERR_OK || rc == ERR_OUT_OF_RANGE);
        if (rc != ERR_OK)
            continue;
        done++;
        check_against_fractions(row, &terms, &sums);
        check_no_drift(row, &terms, &sums);
        if (action == DESK_SUM1 || action == DESK_SUM1C || action == DESK_SUM1DC)
            check_most(row, &terms, action, named, &sums);
        else
            check_least(row, &terms, action, named, &sums);
    }
    UNIT_CHECK("most of them can be reckoned", done > ROUNDS * 9 / 10);
}

static const struct test_case cases[] = {
    {"figures", test_cases},
    {"refused", test_refused},
    {"words of a fee", test_fee_text},
    {"random terms against fractions", test_fractions},
    {NULL, NULL},
};
const struct test_suite suite_desk_calc = {.name = "desk_calc", .cases = cases};
