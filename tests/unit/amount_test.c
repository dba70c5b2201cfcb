/* Amounts: arithmetic at the ends of 128 bits, and every spelling. */
#include "money/amount.h"

#include <string.h>

#include "tests/unit/unit.h"

#define NINES38 "99999999999999999999999999999999999999"

static void test_parse(void)
{
    static const struct {
        const char *currency;
        const char *text;
        enum err rc;
        const char *units;
        const char *decimal; /* written again */
    } rows[] = {
        {"BTC", "12", ERR_OK, "1200000000", "12.00000000"},
        {"BTC", "12.5", ERR_OK, "1250000000", "12.50000000"},
        {"BTC", "0.00000001", ERR_OK, "1", "0.00000001"},
        {"BTC", "0", ERR_OK, "0", "0.00000000"},
        {"BTC", "0.20000000", ERR_OK, "20000000", "0.20000000"},
        {"USD", "7.00000", ERR_OK, "700000", "7.00000"},
        {"USD", "0010.5", ERR_OK, "1050000", "10.50000"},
        {"JPY", "12.345", ERR_OK, "12345", "12.345"},
        {"KRO", "12", ERR_OK, "12", "12"},
        {"KRO", NINES38, ERR_OK, NINES38, NINES38},
        {"BTC", "999999999999999999999999999999.99999999", ERR_OK, NINES38,
         "999999999999999999999999999999.99999999"},
        {"WEI", "99999999999999999999.999999999999999999", ERR_OK, NINES38,
         "99999999999999999999.999999999999999999"},
        {"BTC", "", ERR_EMPTY, "", ""},
        {"BTC", "-1", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", "+1", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", "1e8", ERR_OK, "10000000000000000", "100000000.00000000"},
        {"BTC", "5.0E-5", ERR_OK, "5000", "0.00005000"},
        {"BTC", " 1", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", "1 ", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", ".5", ERR_OK, "50000000", "0.50000000"},
        {"BTC", "5.", ERR_OK, "500000000", "5.00000000"},
        {"BTC", "1,000", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", "NaN", ERR_AMOUNT_FORMAT, "", ""},
        {"BTC", "0.000000001", ERR_AMOUNT_DIGITS, "", ""},
        {"BTC", "1.000000000", ERR_OK, "100000000", "1.00000000"},
        {"JPY", "1.0000", ERR_OK, "1000", "1.000"},
        {"KRO", "1.0", ERR_OK, "1", "1"},
        {"KRO", "1.5", ERR_AMOUNT_DIGITS, "", ""},
        {"KRO", "1" NINES38, ERR_AMOUNT_RANGE, "", ""},
        {"BTC", "1000000000000000000000000000000", ERR_AMOUNT_RANGE, "", ""},
        {"BTC", "1000000000000000000000000000000.0", ERR_AMOUNT_RANGE, "", ""},
        {"WEI", "100000000000000000000", ERR_AMOUNT_RANGE, "", ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount amount = {.units = 42};
        char text[AMOUNT_TEXT_SIZE];
        enum err rc = amount_parse(rows[i].text, strlen(rows[i].text),
                                   unit_currency(rows[i].currency), &amount);
        UNIT_SAME(rows[i].text, err_id(rc), err_id(rows[i].rc));
        if (rc != ERR_OK) {
            UNIT_CHECK(rows[i].text, amount.units == 42);
            continue;
        }
        UNIT_CHECK(rows[i].text, amount.currency == unit_currency(rows[i].currency));
        amount_format_units(amount, text);
        UNIT_SAME(rows[i].text, text, rows[i].units);
        amount_format(amount, text);
        UNIT_SAME(rows[i].text, text, rows[i].decimal);
    }
    struct amount part;
    UNIT_CHECK("not the whole text",
               amount_parse("12.5x", 4, unit_currency("BTC"), &part) == ERR_OK);
}

static void test_parse_units(void)
{
    static const struct {
        const char *text;
        enum err rc;
        const char *units;
    } rows[] = {
        {"0", ERR_OK, "0"},
        {"100000000", ERR_OK, "100000000"},
        {NINES38, ERR_OK, NINES38},
        {"", ERR_EMPTY, ""},
        {"1.0", ERR_OK, "1"},
        {"1.", ERR_OK, "1"},
        {"530000.0", ERR_OK, "530000"},
        {"1.5", ERR_AMOUNT_FORMAT, ""},
        {"-1", ERR_AMOUNT_FORMAT, ""},
        {"1e3", ERR_OK, "1000"},
        {"1" NINES38, ERR_AMOUNT_RANGE, ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount amount;
        char text[AMOUNT_TEXT_SIZE];
        enum err rc =
            amount_parse_units(rows[i].text, strlen(rows[i].text), unit_currency("BTC"), &amount);
        UNIT_SAME(rows[i].text, err_id(rc), err_id(rows[i].rc));
        if (rc == ERR_OK) {
            amount_format_units(amount, text);
            UNIT_SAME(rows[i].text, text, rows[i].units);
        }
    }
}

static void test_format_negative(void)
{
    char text[AMOUNT_TEXT_SIZE];
    amount_format((struct amount){.units = -700000, .currency = unit_currency("USD")}, text);
    UNIT_SAME("dollars", text, "-7.00000");
    amount_format((struct amount){.units = -1, .currency = unit_currency("BTC")}, text);
    UNIT_SAME("one satoshi", text, "-0.00000001");
    amount_format_units((struct amount){.units = -123, .currency = unit_currency("BTC")}, text);
    UNIT_SAME("units", text, "-123");
}

static void test_arithmetic(void)
{
    static const struct {
        const char *row;
        enum err add_rc;
        enum err sub_rc;
        __int128 a;
        __int128 b;
        __int128 sum;
        __int128 difference;
    } rows[] = {
        {"plain", ERR_OK, ERR_OK, 5, 3, 8, 2},
        {"below zero", ERR_OK, ERR_OK, 3, 5, 8, -2},
        {"negative", ERR_OK, ERR_OK, -3, -5, -8, 2},
        {"top", ERR_OK, ERR_OK, DECIMAL_MAX, 0, DECIMAL_MAX, DECIMAL_MAX},
        {"past top", ERR_OVERFLOW, ERR_OK, DECIMAL_MAX, 1, 0, DECIMAL_MAX - 1},
        {"past bottom", ERR_OK, ERR_OVERFLOW, -DECIMAL_MAX, 1, -DECIMAL_MAX + 1, 0},
        {"both tops", ERR_OVERFLOW, ERR_OK, DECIMAL_MAX, DECIMAL_MAX, 0, 0},
        {"top less bottom", ERR_OK, ERR_OVERFLOW, DECIMAL_MAX, -DECIMAL_MAX, 0, 0},
        {"both bottoms", ERR_OVERFLOW, ERR_OK, -DECIMAL_MAX, -DECIMAL_MAX, 0, 0},
    };
    const struct currency *btc = unit_currency("BTC");
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount a = {.units = rows[i].a, .currency = btc};
        struct amount b = {.units = rows[i].b, .currency = btc};
        struct amount out = {.units = 42};
        UNIT_CHECK(rows[i].row, amount_add(a, b, &out) == rows[i].add_rc);
        UNIT_CHECK(rows[i].row, out.units == (rows[i].add_rc == ERR_OK ? rows[i].sum : 42));
        out.units = 42;
        UNIT_CHECK(rows[i].row, amount_sub(a, b, &out) == rows[i].sub_rc);
        UNIT_CHECK(rows[i].row, out.units == (rows[i].sub_rc == ERR_OK ? rows[i].difference : 42));
        int order = 42;
        UNIT_CHECK(rows[i].row, amount_compare(a, b, &order) == ERR_OK);
        UNIT_CHECK(rows[i].row, order == (rows[i].a > rows[i].b) - (rows[i].a < rows[i].b));
    }
    struct amount same = {.units = 2, .currency = btc};
    UNIT_CHECK("into itself", amount_add(same, same, &same) == ERR_OK && same.units == 4);
}

static void test_mismatch(void)
{
    struct amount a = {.units = 1, .currency = unit_currency("BTC")};
    struct amount b = {.units = 1, .currency = unit_currency("USD")};
    struct amount out = {.units = 42};
    int order = 42;
    UNIT_CHECK("add", amount_add(a, b, &out) == ERR_CURRENCY_MISMATCH);
    UNIT_CHECK("sub", amount_sub(a, b, &out) == ERR_CURRENCY_MISMATCH);
    UNIT_CHECK("compare", amount_compare(a, b, &order) == ERR_CURRENCY_MISMATCH);
    UNIT_CHECK("untouched", out.units == 42 && order == 42);
}

static const struct test_case cases[] = {
    {"reading decimals", test_parse},
    {"reading units", test_parse_units},
    {"writing negatives", test_format_negative},
    {"add, subtract, compare", test_arithmetic},
    {"two currencies", test_mismatch},
    {NULL, NULL},
};
const struct test_suite suite_amount = {.name = "amount", .cases = cases};
