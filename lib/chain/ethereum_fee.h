/* What a transaction of type 2 offers for its gas (EIP-1559), within what it may cost at most. */
#ifndef CHAIN_ETHEREUM_FEE_H
#define CHAIN_ETHEREUM_FEE_H

#include <stdint.h>

#include "base/err.h"

#define ETHEREUM_RAISE_NUMERATOR \
    9 /* a replacement offers 9/8 at least: nodes ask for a tenth more */
#define ETHEREUM_RAISE_DENOMINATOR 8

/* Wei for one gas, as in struct ethereum_tx. */
struct ethereum_fee {
    __int128 max_fee, tip;
};

/* What is offered for it. */
struct ethereum_market {
    __int128 base_fee; /* wei for one gas in the latest block */
    __int128 tip;      /* what is usual on top of it */
    uint64_t gas;      /* the most that the transaction may use; not 0 */
    __int128 fee_max;  /* wei: what it may cost altogether; never more */
};

/* The first offer: room for the base fee to double, which takes six full blocks, or less room where the cap
 * is nearer.
 * Returns ERR_FEE_CAP where the cap does not even pay for the next block; ERR_OUT_OF_RANGE for a number that
 * is negative, past DECIMAL_MAX, or gas 0. */
MUST_USE enum err ethereum_fee_make(const struct ethereum_market *market, struct ethereum_fee *out);

/* The offer that takes the place of another one: fee and tip both raised as nodes ask for, and as much as a
 * first offer of now at least.
 * out  may be `old`; untouched where it fails
 * Returns ERR_FEE_CAP where the cap is in the way, ERR_OUT_OF_RANGE. */
MUST_USE enum err ethereum_fee_raise(const struct ethereum_market *market,
                                     const struct ethereum_fee *old, struct ethereum_fee *out);

#endif
