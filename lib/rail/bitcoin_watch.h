/* Following Bitcoin's chain: what it pays to addresses of ours, waiting and mined, and which coins are ours.
 * Any number of copies may follow; a kill at any time leaves nothing half done (deposit/follow.h). */
#ifndef RAIL_BITCOIN_WATCH_H
#define RAIL_BITCOIN_WATCH_H

#include "rail/watch.h"

#define BITCOIN_RAIL "Bitcoin"  /* rail.name */
#define BITCOIN_CHAIN "bitcoin" /* deposit_rail.rail, and account.rail of what mirrors it */
#define BITCOIN_POOL_READS_PER_ROUND \
    2000                   /* so many of what waits are looked at for the first time */
#define BITCOIN_MATURE 100 /* blocks on top of it, then what was mined may be spent */

/* Follows the chain to its end and looks at what waits; then credits what has its confirmations and takes
 * back what has left the chain. The first look begins at the end of the node's chain.
 * `follow` also returns ERR_RAIL_UNKNOWN where no currency goes on it. */
extern const struct rail_watcher bitcoin_watcher;

#endif
