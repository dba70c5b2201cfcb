/* What a direction offers: the span of amounts that limits, reserve, steps and tiers leave, checked
 * against the calculator. */
#include "desk/offer.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ROUNDS 3000

static struct rate rate_of(const char *text)
{
    struct rate rate = {0};
    UNIT_CHECK(text, rate_parse(text, strlen(text), &rate) == ERR_OK);
    return rate;
}

/* Text as smallest units; "-" for no limit. */
static __int128 units_of(const char *text, const struct currency *currency)
{
    struct amount amount = {.units = -1};
    UNIT_CHECK(text, strcmp(text, "-") == 0 ||
                         amount_parse(text, strlen(text), currency, &amount) == ERR_OK);
    return amount.units;
}

static struct desk_direction plain(const char *rate_give, const char *rate_get)
{
    const struct currency *give = unit_currency("USD"), *get = unit_currency("BTC");
    return (struct desk_direction){
        .terms = {.give = {.currency = give, .decimals = 2, .min = -1, .max = -1},
                  .get = {.currency = get, .decimals = 8, .min = -1, .max = -1},
                  .rate_give = rate_of(rate_give),
                  .rate_get = rate_of(rate_get),
                  .tier_count = 1},
    };
}

static void check_text(const char *row, struct amount amount, const char *expected)
{
    char text[AMOUNT_TEXT_SIZE];
    desk_amount_text(amount, text);
    UNIT_SAME(row, text, expected);
}

static void test_spans(void)
{
    static const struct {
        const char *row, *give, *get, *step, *min, *max, *min_get, *max_get, *reserve;
        const char *least, *most, *least_got, *most_got; /* NULL: nothing can be exchanged */
    } rows[] = {
        {"reserve alone", "60000", "1", "0", "-", "-", "-", "-", "0.5", "0", "30000", "0", "0.5"},
        {"limits inside", "60000", "1", "0", "100", "1000", "-", "-", "0.5", "100", "1000",
         "0.00166666", "0.01666666"},
        {"limit of what is got", "60000", "1", "0", "-", "-", "0.001", "0.01", "0.5", "60", "600",
         "0.001", "0.01"},
        {"the sharper limit", "60000", "1", "0", "100", "100000", "0.01", "0.4", "0.3", "600",
         "18000", "0.01", "0.3"},
        {"a step", "60000", "1", "250", "100", "-", "-", "-", "0.123", "250", "7250", "0.00416666",
         "0.12083333"},
        {"not a last digit more", "3", "1", "0", "-", "-", "-", "-", "0.00333333", "0", "0", NULL,
         NULL},
        {"a small rate", "1", "0.00003281383074281", "0", "10", "-", "-", "-", "1", "10",
         "30474.95", "0.00032813", "0.99999985"},
        {"no reserve", "60000", "1", "0", "-", "-", "-", "-", "0", NULL, NULL, NULL, NULL},
        {"less than the least", "60000", "1", "0", "100", "-", "-", "-", "0.001", NULL, NULL, NULL,
         NULL},
        {"limits that cross", "60000", "1", "0", "100", "99", "-", "-", "1", NULL, NULL, NULL,
         NULL},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct desk_direction direction = plain(rows[i].give, rows[i].get);
        struct desk_terms *terms = &direction.terms;
        struct desk_offer offer;
        terms->step = units_of(rows[i].step, terms->give.currency);
        terms->give.min = units_of(rows[i].min, terms->give.currency);
        terms->give.max = units_of(rows[i].max, terms->give.currency);
        terms->get.min = units_of(rows[i].min_get, terms->get.currency);
        terms->get.max = units_of(rows[i].max_get, terms->get.currency);
        direction.reserve = units_of(rows[i].reserve, terms->get.currency);
        enum err rc = desk_offer(&direction, &offer);
        bool some = rows[i].least_got != NULL;
        UNIT_SAME(rows[i].row, err_id(rc), some ? "ok" : err_id(ERR_DESK_RESERVE));
        if (!some || rc != ERR_OK)
            continue;
        check_text(rows[i].row, offer.min, rows[i].least);
        check_text(rows[i].row, offer.max, rows[i].most);
        check_text(rows[i].row, offer.min_get, rows[i].least_got);
        check_text(rows[i].row, offer.max_get, rows[i].most_got);
        check_text(rows[i].row, offer.reserve, rows[i].reserve);
    }
}

/* The course is exact and keeps every digit. */
static void test_course(void)
{
    struct desk_direction direction = plain("1", "0.00003281383074281");
    struct desk_offer offer;
    char text[AMOUNT_TEXT_SIZE];

    direction.reserve = 100000000;
    UNIT_CHECK("offer", desk_offer(&direction, &offer) == ERR_OK);
    rate_format(offer.give, text);
    UNIT_SAME("give", text, "1");
    rate_format(offer.get, text);
    UNIT_SAME("get", text, "0.00003281383074281");
}

/* Two fees of a side are one: 2 % after 1 % and 1 dollar are 3.02 % and 1.02 dollars. */
static void test_fees(void)
{
    struct desk_direction direction = plain("60000", "1");
    struct desk_terms *terms = &direction.terms;
    struct desk_offer offer;
    char text[AMOUNT_TEXT_SIZE];

    direction.reserve = 100000000;
    terms->give.service = (struct desk_fee){units_of("1", terms->give.currency), rate_of("1")};
    terms->give.system = (struct desk_fee){units_of("0.5", terms->give.currency), rate_of("2")};
    terms->get.service = (struct desk_fee){units_of("0.001", terms->get.currency), rate_of("10")};
    terms->get.system = (struct desk_fee){0, rate_of("0.5")};
    UNIT_CHECK("offer", desk_offer(&direction, &offer) == ERR_OK);
    rate_format(offer.fee.percent, text);
    UNIT_SAME("added percent", text, "3.02");
    check_text("added", (struct amount){offer.fee.fixed, terms->give.currency}, "1.52");
    rate_format(offer.to_fee.percent, text);
    UNIT_SAME("taken percent", text, "10.45");
    check_text("taken", (struct amount){offer.to_fee.fixed, terms->get.currency}, "0.000995");
}

static uint64_t state = 88172645463325252u;
static uint64_t next(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static struct desk_direction random_direction(void)
{
    struct desk_direction direction = plain("1", "1");
    struct desk_terms *terms = &direction.terms;

    terms->rate_give = (struct rate){(__int128)(1 + next(9000000)), (uint8_t)next(3)};
    terms->rate_get = (struct rate){(__int128)(1 + next(900)), (uint8_t)next(6)};
    terms->step = next(3) == 0 ? (__int128)(1 + next(50)) * 1000 : 0;
    terms->give.min = next(2) == 0 ? (__int128)next(10000000) : -1;
    terms->give.max = next(2) == 0 ? (__int128)next(1000000000) : -1;
    terms->get.min = next(3) == 0 ? (__int128)next(1000000) : -1;
    terms->get.max = next(3) == 0 ? (__int128)next(1000000000) : -1;
    for (; terms->tier_count < 1 + next(4); terms->tier_count++)
        terms->tiers[terms->tier_count] = (struct desk_tier){
            .from = terms->tiers[terms->tier_count - 1].from + 1 + (__int128)next(100000000),
            .percent = {(__int128)next(9000), 2}};
    direction.reserve = (__int128)next(2000000000);
    return direction;
}

/* What is offered may be had: the most by reserve and limits, the least by limits. */
static void test_random(void)
{
    int offered = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct desk_direction direction = random_direction();
        const struct desk_terms *terms = &direction.terms;
        struct desk_offer offer;
        struct desk_sums sums = {.changed = false};
        if (desk_offer(&direction, &offer) != ERR_OK)
            continue;
        offered++;
        struct rate most = {offer.max.units, terms->give.currency->decimals};
        UNIT_CHECK("calc", desk_calc(terms, DESK_SUM1, most, &sums) == ERR_OK && !sums.changed);
        UNIT_CHECK("got", sums.sum2.units == offer.max_get.units);
        UNIT_CHECK("reserve", sums.sum2.units <= direction.reserve);
        UNIT_CHECK("most got", terms->get.max < 0 || sums.sum2.units <= terms->get.max);
        UNIT_CHECK("most given", terms->give.max < 0 || sums.sum1.units <= terms->give.max);
        UNIT_CHECK("least given", offer.min.units >= terms->give.min);
        UNIT_CHECK("least got", offer.min_get.units >= terms->get.min);
    }
    UNIT_CHECK("some are", offered > ROUNDS / 4);
}

static const struct test_case cases[] = {
    {"span of amounts", test_spans},
    {"course", test_course},
    {"fees of a side in one", test_fees},
    {"random terms", test_random},
    {NULL, NULL},
};
const struct test_suite suite_desk_offer = {.name = "desk_offer", .cases = cases};
