/* Rates: parsing, printing, rounding. */
#include "money/rate.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_text(void)
{
    static const struct {
        const char *text;
        enum err rc;
        const char *expected;
    } rows[] = {
        {"0", ERR_OK, "0"},
        {"0.000", ERR_OK, "0"},
        {"100", ERR_OK, "100"},
        {"100.5", ERR_OK, "100.5"},
        {"1.500", ERR_OK, "1.5"},
        {"10.0", ERR_OK, "10"},
        {"0.000000000000000000000001", ERR_OK, "0.000000000000000000000001"},
        {"99999999999999.999999999999999999999999", ERR_OK,
         "99999999999999.999999999999999999999999"},
        {"", ERR_EMPTY, ""},
        {"-1", ERR_AMOUNT_FORMAT, ""},
        {"1e2", ERR_OK, "100"},
        {"1.", ERR_OK, "1"},
        {"0.0000000000000000000000001", ERR_AMOUNT_DIGITS, ""},
        {"100000000000000.000000000000000000000001", ERR_AMOUNT_RANGE, ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct rate rate;
        char text[AMOUNT_TEXT_SIZE];
        enum err rc = rate_parse(rows[i].text, strlen(rows[i].text), &rate);
        UNIT_SAME(rows[i].text, err_id(rc), err_id(rows[i].rc));
        if (rc == ERR_OK) {
            rate_format(rate, text);
            UNIT_SAME(rows[i].text, text, rows[i].expected);
        }
    }
    char text[AMOUNT_TEXT_SIZE];
    rate_format((struct rate){.coefficient = -250, .scale = 2}, text);
    UNIT_SAME("negative", text, "-2.5");
}

static struct rate rate_of(const char *text)
{
    bool negative = text[0] == '-';
    struct rate rate = {0};
    text += negative;
    UNIT_CHECK(text, rate_parse(text, strlen(text), &rate) == ERR_OK);
    if (negative)
        rate.coefficient = -rate.coefficient;
    return rate;
}

static void test_apply(void)
{
    static const struct {
        const char *row;
        const char *from;
        __int128 units;
        const char *multiply;
        const char *divide;
        const char *to;
        enum rounding rounding;
        enum err rc;
        __int128 expected;
    } rows[] = {
        {"a price", "BTC", 200000000, "100.5", "1", "USD", ROUND_DOWN, ERR_OK, 20100000},
        {"the way back", "USD", 20100000, "1", "100.5", "BTC", ROUND_DOWN, ERR_OK, 200000000},
        {"a fee of 0.6 %", "BTC", 100000000, "0.6", "100", "BTC", ROUND_UP, ERR_OK, 600000},
        {"to fewer decimals", "USD", 123456, "1", "1", "JPY", ROUND_DOWN, ERR_OK, 1234},
        {"to more decimals", "JPY", 1234, "1", "1", "WEI", ROUND_DOWN, ERR_OK, 1234000000000000000},
        {"times zero", "KRO", 5, "0", "3", "KRO", ROUND_UP, ERR_OK, 0},
        {"by zero", "KRO", 5, "1", "0.00", "KRO", ROUND_UP, ERR_OUT_OF_RANGE, 0},
        {"largest stays", "KRO", DECIMAL_MAX, "3", "3", "KRO", ROUND_DOWN, ERR_OK, DECIMAL_MAX},
        {"largest and one", "KRO", DECIMAL_MAX, "1.0000001", "1", "KRO", ROUND_DOWN, ERR_OVERFLOW,
         0},
        {"far too large", "KRO", DECIMAL_MAX, "99999999999999999999999999999999999999",
         "0.000000000000000000000001", "WEI", ROUND_DOWN, ERR_OVERFLOW, 0},
        {"far too small", "WEI", 1, "0.000000000000000000000001",
         "99999999999999999999999999999999999999", "KRO", ROUND_DOWN, ERR_OK, 0},
        {"far too small, up", "WEI", 1, "0.000000000000000000000001",
         "99999999999999999999999999999999999999", "KRO", ROUND_UP, ERR_OK, 1},
        /* 2.5, 3.5, 2.25, 2.75 and their negatives in every mode */
        {"2.5 down", "KRO", 25, "1", "10", "KRO", ROUND_DOWN, ERR_OK, 2},
        {"2.5 up", "KRO", 25, "1", "10", "KRO", ROUND_UP, ERR_OK, 3},
        {"2.5 half up", "KRO", 25, "1", "10", "KRO", ROUND_HALF_UP, ERR_OK, 3},
        {"2.5 half even", "KRO", 25, "1", "10", "KRO", ROUND_HALF_EVEN, ERR_OK, 2},
        {"3.5 half even", "KRO", 35, "1", "10", "KRO", ROUND_HALF_EVEN, ERR_OK, 4},
        {"0.5 half even", "KRO", 5, "1", "10", "KRO", ROUND_HALF_EVEN, ERR_OK, 0},
        {"0.5 half up", "KRO", 5, "1", "10", "KRO", ROUND_HALF_UP, ERR_OK, 1},
        {"2.25 down", "KRO", 225, "1", "100", "KRO", ROUND_DOWN, ERR_OK, 2},
        {"2.25 up", "KRO", 225, "1", "100", "KRO", ROUND_UP, ERR_OK, 3},
        {"2.25 half up", "KRO", 225, "1", "100", "KRO", ROUND_HALF_UP, ERR_OK, 2},
        {"2.25 half even", "KRO", 225, "1", "100", "KRO", ROUND_HALF_EVEN, ERR_OK, 2},
        {"2.75 half up", "KRO", 275, "1", "100", "KRO", ROUND_HALF_UP, ERR_OK, 3},
        {"2.75 half even", "KRO", 275, "1", "100", "KRO", ROUND_HALF_EVEN, ERR_OK, 3},
        {"exact up", "KRO", 30, "1", "10", "KRO", ROUND_UP, ERR_OK, 3},
        {"-2.5 down", "KRO", -25, "1", "10", "KRO", ROUND_DOWN, ERR_OK, -2},
        {"-2.5 up", "KRO", -25, "1", "10", "KRO", ROUND_UP, ERR_OK, -3},
        {"-2.5 half up", "KRO", -25, "1", "10", "KRO", ROUND_HALF_UP, ERR_OK, -3},
        {"-2.5 half even", "KRO", -25, "1", "10", "KRO", ROUND_HALF_EVEN, ERR_OK, -2},
        {"-3.5 half even", "KRO", -35, "1", "10", "KRO", ROUND_HALF_EVEN, ERR_OK, -4},
        {"-0.5 half up", "KRO", -5, "1", "10", "KRO", ROUND_HALF_UP, ERR_OK, -1},
        {"-2.25 up", "KRO", -225, "1", "100", "KRO", ROUND_UP, ERR_OK, -3},
        {"-2.25 half even", "KRO", -225, "1", "100", "KRO", ROUND_HALF_EVEN, ERR_OK, -2},
        {"-2.75 half up", "KRO", -275, "1", "100", "KRO", ROUND_HALF_UP, ERR_OK, -3},
        {"negative rate", "KRO", 25, "-1", "10", "KRO", ROUND_UP, ERR_OK, -3},
        {"negative divisor", "KRO", 25, "1", "-10", "KRO", ROUND_DOWN, ERR_OK, -2},
        {"both negative", "KRO", -25, "1", "-10", "KRO", ROUND_HALF_UP, ERR_OK, 3},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount from = {.units = rows[i].units, .currency = unit_currency(rows[i].from)};
        const struct currency *to = unit_currency(rows[i].to);
        struct amount out = {.units = 42};
        enum err rc = rate_apply(from, rate_of(rows[i].multiply), rate_of(rows[i].divide), to,
                                 rows[i].rounding, &out);
        UNIT_SAME(rows[i].row, err_id(rc), err_id(rows[i].rc));
        UNIT_CHECK(rows[i].row, out.units == (rows[i].rc == ERR_OK ? rows[i].expected : 42));
        if (rc == ERR_OK)
            UNIT_CHECK(rows[i].row, out.currency == to);
    }
}

static void test_divide(void)
{
    static const struct {
        const char *a, *b;
        enum err rc;
        const char *expected;
    } rows[] = {
        {"6012345.5", "1", ERR_OK, "6012345.5"},
        {"0.00003281383074281", "1.000", ERR_OK, "0.00003281383074281"},
        {"1", "3", ERR_OK, "0.333333333333333333333333"},
        {"2", "0.5", ERR_OK, "4"},
        {"0", "7", ERR_OK, "0"},
        {"20000000000000000000", "3", ERR_OK, "6666666666666666666.6666666666666666666"},
        {"99999999999999999999999999999999999999", "1", ERR_OK,
         "99999999999999999999999999999999999999"},
        {"99999999999999999999999999999999999999", "0.5", ERR_OVERFLOW, ""},
        {"1", "0.00", ERR_OUT_OF_RANGE, ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct rate out = {0};
        char text[AMOUNT_TEXT_SIZE];
        enum err rc = rate_divide(rate_of(rows[i].a), rate_of(rows[i].b), &out);
        UNIT_SAME(rows[i].a, err_id(rc), err_id(rows[i].rc));
        rate_format(out, text);
        if (rc == ERR_OK)
            UNIT_SAME(rows[i].a, text, rows[i].expected);
    }
}

/* 11764705882352941176470588235294117647 x 17 / 2 is the largest amount and a half. */
static void test_round_over(void)
{
    static const struct {
        enum rounding rounding;
        enum err rc;
    } rows[] = {
        {ROUND_DOWN, ERR_OK},
        {ROUND_UP, ERR_OVERFLOW},
        {ROUND_HALF_UP, ERR_OVERFLOW},
        {ROUND_HALF_EVEN, ERR_OVERFLOW},
    };
    static const char units[] = "11764705882352941176470588235294117647";
    struct amount amount;

    UNIT_CHECK("units",
               amount_parse(units, strlen(units), unit_currency("KRO"), &amount) == ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount out = {.units = 42};
        UNIT_CHECK("rounded", rate_apply(amount, rate_of("17"), rate_of("2"), amount.currency,
                                         rows[i].rounding, &out) == rows[i].rc);
        UNIT_CHECK("result", out.units == (rows[i].rc == ERR_OK ? DECIMAL_MAX : 42));
    }
}

static const struct test_case cases[] = {
    {"as text", test_text},
    {"multiply and divide", test_apply},
    {"past the largest", test_round_over},
    {"one by another", test_divide},
    {NULL, NULL},
};
const struct test_suite suite_rate = {.name = "rate", .cases = cases};
