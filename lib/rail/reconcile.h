/* The ledger beside a chain: what the house's external accounts say of it, and what its wallets have. */
#ifndef RAIL_RECONCILE_H
#define RAIL_RECONCILE_H

#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "db/db.h"
#include "money/currency.h"

/* One currency on a rail, in the chain's smallest units. */
struct rail_balance {
    const char *rail;
    const struct currency *currency;
    uint64_t decimals; /* of these units */
    uint64_t height;   /* of the block that both are about */
    __int128 chain;    /* hot wallet and users' addresses together */
    __int128 books;    /* what there should be */
};

/* Compares each currency of Ethereum: the external account, with what was seen and is not credited yet, less
 * what has left and is not booked yet. Both sides are exact: any difference is one.
 * row      called for each currency
 * problem  out, what is wrong where ERR_CONFIG
 * Returns ERR_NOT_FOUND where the configuration has no node; ERR_NO_ANSWER; ERR_DEPOSIT_RAIL;
 * ERR_DEPOSIT_MOVED where deposits are further behind than what has left: again a moment later; errors of the
 * database. */
MUST_USE enum err ethereum_reconcile(const struct config *config, struct db *db,
                                     void (*row)(void *arg, const struct rail_balance *balance),
                                     void *arg, struct text *problem);

/* The same of Bitcoin, whose coins the node is asked about one by one. ERR_DEPOSIT_MOVED also where the chain
 * was not followed to its end; ERR_RAIL_UNKNOWN where no currency goes on it. */
MUST_USE enum err bitcoin_reconcile(const struct config *config, struct db *db,
                                    void (*row)(void *arg, const struct rail_balance *balance),
                                    void *arg, struct text *problem);

#endif
