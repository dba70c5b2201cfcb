/* Sending on a rail and asking what became of it: what tools/pay does, round by round.
 *
 * One process at a time sends on a rail: it has the rail's lease, a row that ends by itself. Who takes the
 * lease over finds what the one before was sending, and holds it for unknown: from then on that one's fence
 * (payout/rail.h) is refused, so that however slow it is it sends nothing more. */
#ifndef PAYOUT_SEND_H
#define PAYOUT_SEND_H

#include "payout/payout.h"

#define PAYOUT_LEASE_S 60 /* of a rail; renewed by each round */

/* Who sends on a rail. */
struct payout_sender {
    const struct payout_rail *rail;
    void *self;      /* of rail->open */
    struct uuid run; /* names this process */
    size_t batch;    /* payouts in hand at once, 1 to RAIL_BATCH_MAX */
};

/* What a round did. */
struct payout_round {
    bool led;       /* the lease was ours: else another process sends, and nothing was done */
    uint64_t begun; /* payouts that began to be sent */
    uint64_t moved; /* that came to another state */
};

/* The registered rail at a place, in the order in which they were registered; NULL past the last. */
const struct payout_rail *payout_rail_at(size_t place);

/* Does on a rail what is due, at most a batch of each: takes the lease, holds for unknown what a process that
 * went away was sending, asks about what is unknown or under way, sends what is approved, and has the rail
 * tend itself.
 * Errors are those of the database; what was in hand is then found by the next round. */
MUST_USE enum err payout_send_round(struct db *db, const struct payout_sender *sender,
                                    struct payout_round *out);

/* Gives the lease back, so that another process need not wait for its end. */
MUST_USE enum err payout_send_end(struct db *db, const struct payout_sender *sender);

/* For how many seconds the oldest payout of a rail that is not worked by hand has been waiting to be sent or
 * asked about, paused rails left out; 0 where none does. For a process in which the rails are registered.
 * age_s  out */
MUST_USE enum err payout_overdue(struct db *db, int64_t *age_s);

#endif
