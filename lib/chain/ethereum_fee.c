/* Offers for gas, and their cap. */
#include "chain/ethereum_fee.h"

#include <stdbool.h>

#include "money/decimal.h"

static bool is_number(__int128 value)
{
    return value >= 0 && value <= DECIMAL_MAX;
}

static __int128 larger(__int128 a, __int128 b)
{
    return a > b ? a : b;
}

static __int128 smaller(__int128 a, __int128 b)
{
    return a < b ? a : b;
}

/* Any two numbers that are in range can be added and doubled: DECIMAL_MAX is less than a half of what
 * there is room for. */
static enum err check_market(const struct ethereum_market *market)
{
    return is_number(market->base_fee) && is_number(market->tip) && is_number(market->fee_max) &&
                   market->gas > 0 && market->base_fee <= DECIMAL_MAX / 4
               ? ERR_OK
               : ERR_OUT_OF_RANGE;
}

enum err ethereum_fee_make(const struct ethereum_market *market, struct ethereum_fee *out)
{
    enum err rc = check_market(market);

    if (rc != ERR_OK)
        return rc;
    __int128 cap = market->fee_max / (__int128)market->gas;
    if (market->base_fee + market->tip > cap)
        return ERR_FEE_CAP;
    *out = (struct ethereum_fee){.max_fee = smaller(2 * market->base_fee + market->tip, cap),
                                 .tip = market->tip};
    return ERR_OK;
}

/* Rounded up. */
static __int128 raise(__int128 value)
{
    return value + (value * (ETHEREUM_RAISE_NUMERATOR - ETHEREUM_RAISE_DENOMINATOR) +
                    ETHEREUM_RAISE_DENOMINATOR - 1) /
                       ETHEREUM_RAISE_DENOMINATOR;
}

enum err ethereum_fee_raise(const struct ethereum_market *market, const struct ethereum_fee *old,
                            struct ethereum_fee *out)
{
    enum err rc = check_market(market);

    if (rc != ERR_OK)
        return rc;
    if (!is_number(old->max_fee) || !is_number(old->tip) || old->max_fee > DECIMAL_MAX / 2)
        return ERR_OUT_OF_RANGE;
    __int128 cap = market->fee_max / (__int128)market->gas;
    __int128 tip = larger(raise(old->tip), market->tip);
    __int128 least = larger(raise(old->max_fee), market->base_fee + tip);
    if (least > cap)
        return ERR_FEE_CAP;
    *out = (struct ethereum_fee){.max_fee = smaller(larger(least, 2 * market->base_fee + tip), cap),
                                 .tip = tip};
    return ERR_OK;
}
