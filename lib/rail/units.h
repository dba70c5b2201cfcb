/* The two smallest units of an asset: the chain's, and ours. */
#ifndef RAIL_UNITS_H
#define RAIL_UNITS_H

#include "base/err.h"
#include "payout/rail.h"

/* What units of the chain are worth here; what is less than our smallest unit is left out.
 * chain_units  not negative
 * Returns ERR_OVERFLOW. */
MUST_USE enum err rail_units_in(const struct rail_asset *asset, __int128 chain_units,
                                struct amount *out);

/* The units of the chain that make an amount exactly.
 * decimals  of the chain's unit
 * Returns ERR_AMOUNT_DIGITS where there are none, ERR_OVERFLOW. */
MUST_USE enum err rail_units_out(uint64_t decimals, struct amount amount, __int128 *out);

#endif
