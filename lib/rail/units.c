/* From a chain's smallest unit to ours, and back. */
#include "rail/units.h"

#include "money/decimal.h"

static enum err multiply(__int128 units, unsigned digits, __int128 *out)
{
    if (digits > DECIMAL_MAX_DIGITS || __builtin_mul_overflow(units, decimal_power(digits), out) ||
        !decimal_in_range(*out))
        return ERR_OVERFLOW;
    return ERR_OK;
}

enum err rail_units_in(const struct rail_asset *asset, __int128 chain_units, struct amount *out)
{
    unsigned here = asset->currency->decimals, there = (unsigned)asset->decimals;

    out->currency = asset->currency;
    if (there <= here)
        return multiply(chain_units, here - there, &out->units);
    out->units = there - here > DECIMAL_MAX_DIGITS ? 0 : chain_units / decimal_power(there - here);
    return ERR_OK;
}

enum err rail_units_out(uint64_t decimals, struct amount amount, __int128 *out)
{
    unsigned here = amount.currency->decimals, there = (unsigned)decimals;

    if (there >= here)
        return multiply(amount.units, there - here, out);
    __int128 unit = decimal_power(here - there);
    if (amount.units % unit != 0)
        return ERR_AMOUNT_DIGITS;
    *out = amount.units / unit;
    return ERR_OK;
}
