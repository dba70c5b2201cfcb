/* The arithmetic of fills and of what money buys. */
#include "market/fill_math.h"

__int128 fill_down(__int128 amount, __int128 price, __int128 whole)
{
    return amount * price / whole;
}

__int128 fill_up(__int128 amount, __int128 price, __int128 whole)
{
    return (amount * price + whole - 1) / whole;
}

/* In two parts, since amount times percent may be more than 128 bits hold. */
__int128 fill_fee(__int128 amount, int64_t percent)
{
    return amount / FILL_PERCENT_WHOLE * percent +
           amount % FILL_PERCENT_WHOLE * percent / FILL_PERCENT_WHOLE;
}

__int128 fill_hold(__int128 amount, __int128 price, __int128 whole, int64_t percent)
{
    __int128 cost = fill_up(amount, price, whole);
    return cost + fill_fee(cost, percent);
}

/* The most that can be spent where the fee is paid of the same money: the largest s with
 * s + fill_fee(s) <= money. That is floor(s * parts / 100000) <= money, hence
 * s * parts < (money + 1) * 100000; in two parts, as above. */
static __int128 spendable(__int128 money, int64_t percent)
{
    __int128 parts = FILL_PERCENT_WHOLE + percent, more = money + 1;
    __int128 rest = more % parts * FILL_PERCENT_WHOLE;

    return more / parts * FILL_PERCENT_WHOLE + (rest > 0 ? (rest - 1) / parts : -1);
}

/* Where there is too little money, what is spent is less than `wanted` costs, so that nothing below
 * is larger than `wanted` times price, and some. */
__int128 fill_affordable(__int128 money, __int128 wanted, __int128 price, __int128 whole,
                         int64_t percent)
{
    if (money <= 0)
        return 0;
    if (money >= fill_hold(wanted, price, whole, percent))
        return wanted;
    __int128 amount = spendable(money, percent) * whole / price;
    return amount < wanted ? amount : wanted;
}
