/* Decimal text to amounts and rates and back: whatever parses must be the same after writing it and
 * reading it again. The first byte chooses the currency. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "money/amount.h"
#include "money/display.h"
#include "money/rate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const struct currency currencies[] = {
    {.id = 1,
     .code = "BTC",
     .symbol = "BTC",
     .decimals = 8,
     .display_decimals = 2,
     .symbol_after = true},
    {.id = 2, .code = "USD", .symbol = "$", .decimals = 5, .display_decimals = 2},
    {.id = 3, .code = "JPY", .symbol = "\u00a5", .decimals = 3, .display_decimals = 2},
    {.id = 4, .code = "KRO", .symbol = "kr", .symbol_after = true},
    {.id = 5, .code = "WEI", .symbol = "WEI", .decimals = 18, .display_decimals = 18},
};

static void check_amount(const char *text, size_t len, const struct currency *currency)
{
    struct amount amount;
    struct amount again;
    char written[AMOUNT_TEXT_SIZE];
    char shown[DISPLAY_SIZE];

    if (amount_parse(text, len, currency, &amount) != ERR_OK)
        return;
    must(amount.units >= 0 && decimal_in_range(amount.units));
    amount_format(amount, written);
    must(amount_parse(written, strlen(written), currency, &again) == ERR_OK);
    must(again.units == amount.units);
    amount_format_units(amount, written);
    must(amount_parse_units(written, strlen(written), currency, &again) == ERR_OK);
    must(again.units == amount.units);
    display_full(amount, shown);
    must(strlen(shown) < DISPLAY_SIZE);
    display_short(amount, shown);
    must(strlen(shown) < DISPLAY_SIZE);
}

static void check_rate(const char *text, size_t len, const struct currency *currency)
{
    const struct rate one = {.coefficient = 1};
    struct amount unit = {.units = decimal_power(currency->decimals), .currency = currency};
    struct amount there;
    struct rate rate;
    struct rate again;
    char written[AMOUNT_TEXT_SIZE];

    if (rate_parse(text, len, &rate) != ERR_OK)
        return;
    rate_format(rate, written);
    must(rate_parse(written, strlen(written), &again) == ERR_OK);
    must(again.scale <= rate.scale);
    must(again.coefficient * decimal_power((unsigned)rate.scale - again.scale) == rate.coefficient);
    /* One whole unit at a rate with no more decimals than the currency is the rate itself. */
    if (again.scale <= currency->decimals &&
        rate_apply(unit, rate, one, currency, ROUND_HALF_EVEN, &there) == ERR_OK) {
        struct amount same;
        must(amount_parse(written, strlen(written), currency, &same) == ERR_OK);
        must(same.units == there.units);
    }
}

static void check_int128(const char *text, size_t len)
{
    __int128 value;
    __int128 again;
    char written[DECIMAL_TEXT_SIZE];

    if (!int128_parse(text, len, &value))
        return;
    int128_format(value, written);
    must(int128_parse(written, strlen(written), &again) && again == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct currency *currency =
        &currencies[data[0] % (sizeof(currencies) / sizeof(currencies[0]))];
    const char *text = (const char *)data + 1;
    check_amount(text, size - 1, currency);
    check_rate(text, size - 1, currency);
    check_int128(text, size - 1);
    return 0;
}
