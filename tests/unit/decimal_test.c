/* Decimal text: what is exact is taken, all else refused. */
#include "money/decimal.h"

#include <string.h>

#include "tests/unit/unit.h"

#define NINES38 "99999999999999999999999999999999999999"

static void test_int128(void)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"0", true},
        {"-1", true},
        {"18446744073709551616", true},
        {NINES38, true},
        {"-" NINES38, true},
        {"170141183460469231731687303715884105727", true},
        {"-170141183460469231731687303715884105728", true},
        {"170141183460469231731687303715884105728", false},
        {"-170141183460469231731687303715884105729", false},
        {"999999999999999999999999999999999999999", false},
        {"", false},
        {"-", false},
        {"+1", false},
        {"--1", false},
        {" 1", false},
        {"1 ", false},
        {"1.0", false},
        {"0x1", false},
        {"1e3", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        __int128 value = 42;
        char text[DECIMAL_TEXT_SIZE];
        bool valid = int128_parse(rows[i].text, strlen(rows[i].text), &value);
        UNIT_CHECK(rows[i].text, valid == rows[i].valid);
        int128_format(value, text);
        UNIT_SAME(rows[i].text, text, valid ? rows[i].text : "42");
    }
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        unsigned max_scale;
        enum err rc;
        const char *coefficient;
        unsigned scale;
    } rows[] = {
        {"0", 0, ERR_OK, "0", 0},
        {"007", 0, ERR_OK, "7", 0},
        {"1.50", 2, ERR_OK, "150", 2},
        {"0.00000001", 8, ERR_OK, "1", 8},
        {NINES38, 0, ERR_OK, NINES38, 0},
        {"9."
         "9999999999999999999999999999999999999",
         37, ERR_OK, NINES38, 37},
        {"000" NINES38, 0, ERR_OK, NINES38, 0},
        {"", 8, ERR_EMPTY, "", 0},
        {".5", 8, ERR_OK, "5", 1},
        {"5.", 8, ERR_OK, "5", 0},
        {"1e3", 8, ERR_OK, "1000", 0},
        {"5.0E-5", 8, ERR_OK, "50", 6},
        {"5.0E-5", 5, ERR_OK, "5", 5},
        {"1.25e+1", 1, ERR_OK, "125", 1},
        {"0e9999999999", 0, ERR_OK, "0", 0},
        {"0.000e-9999", 2, ERR_OK, "0", 2},
        {"1.000", 2, ERR_OK, "100", 2},
        {"1.0", 0, ERR_OK, "1", 0},
        {"1000000000000000000000000000000000000000e-2", 0, ERR_OK,
         "10000000000000000000000000000000000000", 0},
        {NINES38 ".000", 3, ERR_OK, NINES38, 0},
        {".", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"e3", 8, ERR_AMOUNT_FORMAT, "", 0},
        {".e3", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e+", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e1.0", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e1e1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e 1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1e--1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1.2.3", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1..2", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"-1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"+1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1,5", 8, ERR_AMOUNT_FORMAT, "", 0},
        {" 1", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"1\n", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"0x10", 8, ERR_AMOUNT_FORMAT, "", 0},
        {"\xd9\xa1", 8, ERR_AMOUNT_FORMAT, "", 0}, /* an Arabic-Indic digit */
        {"1.001", 2, ERR_AMOUNT_DIGITS, "", 0},
        {"1.5", 0, ERR_AMOUNT_DIGITS, "", 0},
        {"5.5E-5", 5, ERR_AMOUNT_DIGITS, "", 0},
        {"1e-9999999999", 8, ERR_AMOUNT_DIGITS, "", 0},
        {"1e38", 0, ERR_AMOUNT_RANGE, "", 0},
        {"1e9999999999", 0, ERR_AMOUNT_RANGE, "", 0},
        {"1" NINES38, 0, ERR_AMOUNT_RANGE, "", 0},
        {"100000000000000000000000000000000000000", 0, ERR_AMOUNT_RANGE, "", 0},
        /* form before digits before range */
        {"1" NINES38 ".00x", 1, ERR_AMOUNT_FORMAT, "", 0},
        {"1" NINES38 ".01", 1, ERR_AMOUNT_DIGITS, "", 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        __int128 coefficient = 0;
        unsigned scale = 0;
        char text[DECIMAL_TEXT_SIZE];
        enum err rc = decimal_parse(rows[i].text, strlen(rows[i].text), rows[i].max_scale,
                                    &coefficient, &scale);
        UNIT_SAME(rows[i].text, err_id(rc), err_id(rows[i].rc));
        if (rc != ERR_OK)
            continue;
        int128_format(coefficient, text);
        UNIT_SAME(rows[i].text, text, rows[i].coefficient);
        UNIT_CHECK(rows[i].text, scale == rows[i].scale);
    }
}

static void test_format(void)
{
    static const struct {
        __int128 value;
        unsigned scale;
        const char *expected;
    } rows[] = {
        {0, 0, "0"},
        {0, 3, "0.000"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {123456, 3, "123.456"},
        {-100, 2, "-1.00"},
        {1, 24, "0.000000000000000000000001"},
        {DECIMAL_MAX, 18, "99999999999999999999.999999999999999999"},
        {-DECIMAL_MAX, 24, "-99999999999999.999999999999999999999999"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[DECIMAL_TEXT_SIZE];
        decimal_format(rows[i].value, rows[i].scale, text);
        UNIT_SAME(rows[i].expected, text, rows[i].expected);
    }
}

static void test_range(void)
{
    char text[DECIMAL_TEXT_SIZE];
    int128_format(DECIMAL_MAX, text);
    UNIT_SAME("largest", text, NINES38);
    int128_format(decimal_power(DECIMAL_MAX_DIGITS), text);
    UNIT_SAME("power", text, "100000000000000000000000000000000000000");
    UNIT_CHECK("power 0", decimal_power(0) == 1);
    UNIT_CHECK("inside", decimal_in_range(DECIMAL_MAX) && decimal_in_range(-DECIMAL_MAX));
    UNIT_CHECK("outside",
               !decimal_in_range(DECIMAL_MAX + 1) && !decimal_in_range(-DECIMAL_MAX - 1));
}

static void test_short(void)
{
    static const char *const rows[][2] = {
        {"0.600", "0.6"}, {"10.000", "10"}, {"100", "100"}, {"0.025", "0.025"}, {"0.000", "0"}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[8];
        decimal_copy_short(text, sizeof(text), rows[i][0]);
        UNIT_SAME(rows[i][0], text, rows[i][1]);
    }
}

static const struct test_case cases[] = {
    {"128-bit integers", test_int128},
    {"reading", test_parse},
    {"writing", test_format},
    {"range", test_range},
    {"without zeros at the end", test_short},
    {NULL, NULL},
};
const struct test_suite suite_decimal = {.name = "decimal", .cases = cases};
