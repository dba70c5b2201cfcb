/* What a fill moves and what money buys: exact, in 128 bits.
 *
 * Amounts are smallest units of the item, prices smallest units of the currency for one whole
 * item, percentages thousandths of a percent below 100 %. `whole` is how many smallest units make
 * one whole item. No amount is negative, and amount times price is at most DECIMAL_MAX, as
 * market_place sees to. */
#ifndef MARKET_FILL_MATH_H
#define MARKET_FILL_MATH_H

#include <stdint.h>

#define FILL_PERCENT_WHOLE 100000 /* thousandths of a percent in 1 */

/* What an amount costs at a price, rounded down or up. Smallest units of the currency. */
__int128 fill_down(__int128 amount, __int128 price, __int128 whole);
__int128 fill_up(__int128 amount, __int128 price, __int128 whole);

/* A part of anything, rounded down. */
__int128 fill_fee(__int128 amount, int64_t percent);

/* What a bid holds: its cost rounded up, with a fee of `percent` on top. Smallest units of the
 * currency. */
__int128 fill_hold(__int128 amount, __int128 price, __int128 whole, int64_t percent);

/* How much of `wanted` there is money for at a price, a fee of `percent` on top included.
 * Smallest units of the item. */
__int128 fill_affordable(__int128 money, __int128 wanted, __int128 price, __int128 whole,
                         int64_t percent);

#endif
