/* The arithmetic of fills. */
#include "market/fill_math.h"

#include "money/decimal.h"
#include "money/rate.h"
#include "tests/unit/unit.h"

#define BTC 100000000
#define PERCENT 1000 /* thousandths */

static void test_cost(void)
{
    /* A third of a satoshi's worth is rounded away from both sides. */
    UNIT_CHECK("even", fill_down(BTC, 12345, BTC) == 12345 && fill_up(BTC, 12345, BTC) == 12345);
    UNIT_CHECK("down", fill_down(1, 12345, BTC) == 0);
    UNIT_CHECK("up", fill_up(1, 12345, BTC) == 1);
    UNIT_CHECK("nothing", fill_up(0, 12345, BTC) == 0);
    UNIT_CHECK("whole items", fill_up(3, 7, 1) == 21 && fill_down(3, 7, 1) == 21);
    UNIT_CHECK("largest", fill_down(DECIMAL_MAX, 1, 1) == DECIMAL_MAX &&
                              fill_up(1, DECIMAL_MAX, 1) == DECIMAL_MAX);
    UNIT_CHECK("largest, divided", fill_up(DECIMAL_MAX, 1, BTC) == DECIMAL_MAX / BTC + 1);
}

static void test_fee(void)
{
    UNIT_CHECK("0.6 %", fill_fee(1000, 600) == 6);
    UNIT_CHECK("down", fill_fee(999, 600) == 5 && fill_fee(166, 600) == 0);
    UNIT_CHECK("none", fill_fee(DECIMAL_MAX, 0) == 0);
    UNIT_CHECK("on top", fill_hold(BTC, 1000, BTC, 600) == 1006);
    /* The largest amount, against full precision. */
    static const struct currency unit = {.code = "ONE"};
    struct amount all = {.units = DECIMAL_MAX, .currency = &unit}, part = {0};
    const struct rate percent = {.coefficient = 599, .scale = 5}, one = {.coefficient = 1};
    UNIT_CHECK("rate", rate_apply(all, percent, one, &unit, ROUND_DOWN, &part) == ERR_OK);
    UNIT_CHECK("largest", fill_fee(DECIMAL_MAX, 599) == part.units);
}

/* What is affordable can be paid, and one unit more could not. */
static bool is_most(__int128 money, __int128 wanted, __int128 price, __int128 whole,
                    int64_t percent)
{
    __int128 amount = fill_affordable(money, wanted, price, whole, percent);

    return amount >= 0 && amount <= wanted && fill_hold(amount, price, whole, percent) <= money &&
           (amount == wanted || fill_hold(amount + 1, price, whole, percent) > money);
}

static void test_affordable(void)
{
    static const int64_t percents[] = {0, 1, 250, 600, 99999};
    bool most = true;

    for (size_t i = 0; i < TEST_COUNT(percents); i++)
        for (int price = 1; price < 40; price += 3)
            for (int money = 0; money < 120; money++)
                most = most && is_most(money, 90, price, 10, percents[i]) &&
                       is_most(money, 20, price, 1, percents[i]);
    UNIT_CHECK("small numbers", most);
    UNIT_CHECK("no money",
               fill_affordable(0, 10, 1, 1, 0) == 0 && fill_affordable(-5, 10, 1, 1, 0) == 0);
    /* Where amount times price is as large as it may be, and money larger still. */
    UNIT_CHECK("large", is_most(DECIMAL_MAX / BTC, DECIMAL_MAX / 7, 7, BTC, 600));
    UNIT_CHECK("one price", is_most(DECIMAL_MAX - 1, DECIMAL_MAX, 1, 1, 0));
    UNIT_CHECK("18 decimals",
               is_most(decimal_power(19), DECIMAL_MAX / 1000, 1000, decimal_power(18), 99999));
    UNIT_CHECK("everything", fill_affordable(DECIMAL_MAX, DECIMAL_MAX, 1, BTC, 600) == DECIMAL_MAX);
}

static const struct test_case cases[] = {
    {"cost", test_cost},
    {"fee", test_fee},
    {"what money buys", test_affordable},
    {NULL, NULL},
};
const struct test_suite suite_reckon = {.name = "reckon", .cases = cases};
