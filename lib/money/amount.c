/* Adding, comparing, parsing and writing amounts. */
#include "money/amount.h"

enum err amount_add(struct amount a, struct amount b, struct amount *out)
{
    __int128 sum;

    if (a.currency != b.currency)
        return ERR_CURRENCY_MISMATCH;
    if (__builtin_add_overflow(a.units, b.units, &sum) || !decimal_in_range(sum))
        return ERR_OVERFLOW;
    *out = (struct amount){.units = sum, .currency = a.currency};
    return ERR_OK;
}

enum err amount_sub(struct amount a, struct amount b, struct amount *out)
{
    __int128 difference;

    if (a.currency != b.currency)
        return ERR_CURRENCY_MISMATCH;
    if (__builtin_sub_overflow(a.units, b.units, &difference) || !decimal_in_range(difference))
        return ERR_OVERFLOW;
    *out = (struct amount){.units = difference, .currency = a.currency};
    return ERR_OK;
}

enum err amount_compare(struct amount a, struct amount b, int *order)
{
    if (a.currency != b.currency)
        return ERR_CURRENCY_MISMATCH;
    *order = (a.units > b.units) - (a.units < b.units);
    return ERR_OK;
}

enum err amount_parse(const char *text, size_t len, const struct currency *currency,
                      struct amount *out)
{
    __int128 units;
    unsigned scale;

    enum err rc = decimal_parse(text, len, currency->decimals, &units, &scale);
    if (rc != ERR_OK)
        return rc;
    __int128 factor = decimal_power(currency->decimals - scale);
    if (units > DECIMAL_MAX / factor)
        return ERR_AMOUNT_RANGE;
    *out = (struct amount){.units = units * factor, .currency = currency};
    return ERR_OK;
}

enum err amount_parse_units(const char *text, size_t len, const struct currency *currency,
                            struct amount *out)
{
    __int128 units;
    unsigned scale;

    enum err rc = decimal_parse(text, len, 0, &units, &scale);
    if (rc == ERR_AMOUNT_DIGITS) /* a point */
        return ERR_AMOUNT_FORMAT;
    if (rc != ERR_OK)
        return rc;
    *out = (struct amount){.units = units, .currency = currency};
    return ERR_OK;
}

void amount_format_units(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    int128_format(amount.units, out);
}

void amount_format(struct amount amount, char out[AMOUNT_TEXT_SIZE])
{
    decimal_format(amount.units, amount.currency->decimals, out);
}
