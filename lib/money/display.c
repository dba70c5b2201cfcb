/* Amounts for people: symbol, thousands, digits. */
#include "money/display.h"

#include <string.h>

#define NO_BREAK_SPACE "\xc2\xa0" /* U+00A0 */

static char *put(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return out + len;
}

/* Copies a plain decimal without sign, with a comma between each three digits before the point. */
static char *put_grouped(char *out, const char *decimal)
{
    size_t whole = strcspn(decimal, ".");
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            *out++ = ',';
        *out++ = decimal[i];
    }
    return put(out, decimal + whole);
}

static void display(__int128 units, unsigned decimals, const struct currency *currency,
                    char out[DISPLAY_SIZE])
{
    char text[AMOUNT_TEXT_SIZE];
    const char *magnitude = text;

    decimal_format(units, decimals, text);
    if (text[0] == '-') {
        *out++ = '-';
        magnitude++;
    }
    if (!currency->symbol_after)
        out = put(out, currency->symbol);
    out = put_grouped(out, magnitude);
    if (currency->symbol_after) {
        out = put(out, NO_BREAK_SPACE);
        out = put(out, currency->symbol);
    }
    *out = '\0';
}

void display_full(struct amount amount, char out[DISPLAY_SIZE])
{
    display(amount.units, amount.currency->decimals, amount.currency, out);
}

void display_short(struct amount amount, char out[DISPLAY_SIZE])
{
    const struct currency *currency = amount.currency;
    __int128 divisor = decimal_power((unsigned)currency->decimals - currency->display_decimals);
    __int128 rest = amount.units % divisor;
    __int128 units = amount.units / divisor;

    if (rest < 0)
        rest = -rest;
    if (rest >= divisor - rest)
        units += amount.units < 0 ? -1 : 1;
    display(units, currency->display_decimals, currency, out);
}
