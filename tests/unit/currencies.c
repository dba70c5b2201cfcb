/* The sample currencies of the unit tests. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct currency samples[] = {
    {.id = 1,
     .code = "BTC",
     .name = "Bitcoin",
     .symbol = "BTC",
     .decimals = 8,
     .display_decimals = 2,
     .symbol_after = true,
     .is_virtual = true},
    {.id = 2, .code = "USD", .name = "Dollar", .symbol = "$", .decimals = 5, .display_decimals = 2},
    {.id = 3,
     .code = "EUR",
     .name = "Euro",
     .symbol = "\u20ac",
     .decimals = 5,
     .display_decimals = 2,
     .symbol_after = true},
    {.id = 4,
     .code = "GBP",
     .name = "Pound",
     .symbol = "\u00a3",
     .decimals = 5,
     .display_decimals = 2},
    {.id = 5,
     .code = "AUD",
     .name = "Australian Dollar",
     .symbol = "AU$",
     .decimals = 5,
     .display_decimals = 2},
    {.id = 6,
     .code = "JPY",
     .name = "Yen",
     .symbol = "\u00a5",
     .decimals = 3,
     .display_decimals = 2},
    {.id = 7, .code = "KRO", .name = "Whole", .symbol = "kr", .symbol_after = true},
    {.id = 8,
     .code = "WEI",
     .name = "Fine",
     .symbol = "WEI",
     .decimals = CURRENCY_MAX_DECIMALS,
     .display_decimals = CURRENCY_MAX_DECIMALS,
     .symbol_after = true,
     .is_virtual = true},
};

void unit_load_currencies(void)
{
    currency_reset();
    for (size_t i = 0; i < TEST_COUNT(samples); i++)
        if (!currency_add(&samples[i]))
            abort();
}

const struct currency *unit_currency(const char *code)
{
    const struct currency *currency = currency_by_code(code, strlen(code));
    if (currency == NULL)
        abort();
    return currency;
}
