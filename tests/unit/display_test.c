/* Amounts as people see them. */
#include "money/display.h"

#include <string.h>

#include "tests/unit/unit.h"

#define NBSP "\u00a0"

static void test_display(void)
{
    static const struct {
        const char *currency;
        __int128 units;
        const char *full;
        const char *brief;
    } rows[] = {
        {"BTC", 5582958960346, "55,829.58960346" NBSP "BTC", "55,829.59" NBSP "BTC"},
        {"BTC", 20000000, "0.20000000" NBSP "BTC", "0.20" NBSP "BTC"},
        {"BTC", 2604846, "0.02604846" NBSP "BTC", "0.03" NBSP "BTC"},
        {"BTC", 0, "0.00000000" NBSP "BTC", "0.00" NBSP "BTC"},
        {"BTC", 499999, "0.00499999" NBSP "BTC", "0.00" NBSP "BTC"},
        {"BTC", 500000, "0.00500000" NBSP "BTC", "0.01" NBSP "BTC"},
        {"BTC", -499999, "-0.00499999" NBSP "BTC", "0.00" NBSP "BTC"},
        {"BTC", -500000, "-0.00500000" NBSP "BTC", "-0.01" NBSP "BTC"},
        {"BTC", 99999500000, "999.99500000" NBSP "BTC", "1,000.00" NBSP "BTC"},
        {"USD", 1000000000, "$10,000.00000", "$10,000.00"},
        {"USD", 9900000, "$99.00000", "$99.00"},
        {"USD", 9498000, "$94.98000", "$94.98"},
        {"USD", -9900000, "-$99.00000", "-$99.00"},
        {"USD", 99999999, "$999.99999", "$1,000.00"},
        {"USD", 100000000000, "$1,000,000.00000", "$1,000,000.00"},
        {"EUR", 123456789, "1,234.56789" NBSP "\u20ac", "1,234.57" NBSP "\u20ac"},
        {"EUR", -50000, "-0.50000" NBSP "\u20ac", "-0.50" NBSP "\u20ac"},
        {"GBP", 12345678, "\u00a3123.45678", "\u00a3123.46"},
        {"AUD", 250000, "AU$2.50000", "AU$2.50"},
        {"AUD", -250000, "-AU$2.50000", "-AU$2.50"},
        {"JPY", 1234565, "\u00a51,234.565", "\u00a51,234.57"},
        {"JPY", 1234564, "\u00a51,234.564", "\u00a51,234.56"},
        {"KRO", 1234, "1,234" NBSP "kr", "1,234" NBSP "kr"},
        {"WEI", 1, "0.000000000000000001" NBSP "WEI", "0.000000000000000001" NBSP "WEI"},
        {"KRO", -DECIMAL_MAX, "-99,999,999,999,999,999,999,999,999,999,999,999,999" NBSP "kr",
         "-99,999,999,999,999,999,999,999,999,999,999,999,999" NBSP "kr"},
        {"BTC", DECIMAL_MAX, "999,999,999,999,999,999,999,999,999,999.99999999" NBSP "BTC",
         "1,000,000,000,000,000,000,000,000,000,000.00" NBSP "BTC"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct amount amount = {.units = rows[i].units,
                                .currency = unit_currency(rows[i].currency)};
        char text[DISPLAY_SIZE];
        display_full(amount, text);
        UNIT_SAME("full", text, rows[i].full);
        display_short(amount, text);
        UNIT_SAME("short", text, rows[i].brief);
    }
}

static const struct test_case cases[] = {
    {"every kind of currency", test_display},
    {NULL, NULL},
};
const struct test_suite suite_display = {.name = "display", .cases = cases};
