/* What deposits of a rail come to, for who compares them with the chain. */
#ifndef DEPOSIT_SUM_H
#define DEPOSIT_SUM_H

#include "deposit/deposit.h"

struct deposit_sum {
    __int128 credited;       /* smallest units here of what is completed */
    __int128 credited_units; /* the chain's units of the same */
    __int128 waiting_units;  /* the chain's units of what is in a block and pending or withheld */
};

/* Adds up the deposits of a currency on a rail. Returns as db_run. */
MUST_USE enum err deposit_sum_read(struct db *db, const char *rail, const struct currency *currency,
                                   struct deposit_sum *out);

#endif
