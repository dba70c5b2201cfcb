/* For rails that take deposits to a hot wallet: what still lies on users' addresses. */
#ifndef DEPOSIT_SWEEP_H
#define DEPOSIT_SWEEP_H

#include "db/packet.h"
#include "deposit/deposit.h"

/* What was credited of a currency to an address and not taken away yet. */
struct deposit_unswept {
    uint64_t index; /* of the address */
    const struct currency *currency;
    __int128 chain_units;
    int64_t last_id; /* the newest of these deposits */
};

/* Lists such addresses, but for that of the hot wallet, the largest first.
 * coin, least  of this currency less than `least` units of the chain are left where they are
 * list         `most` of them
 * Returns as db_run. */
MUST_USE enum err deposit_unswept_list(struct db *db, const char *rail, const struct currency *coin,
                                       __int128 least, struct deposit_unswept *list, size_t most,
                                       size_t *count);

/* Adds the statement that says that these were taken. */
void deposit_add_swept(struct db_packet *packet, const char *rail,
                       const struct deposit_unswept *unswept);

#endif
