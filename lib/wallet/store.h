/* What the files of this folder share. */
#ifndef WALLET_STORE_H
#define WALLET_STORE_H

#include "payout/payout.h"

/* Whether text can be a rail's name: others cannot even be looked for. */
bool wallet_store_is_rail(const char *name);

/* Whether the payout's owner lets money go there, in the transaction that db_txn has open.
 * Returns ERR_ADDRESS_UNTRUSTED. */
MUST_USE enum err wallet_store_check_trusted(struct db *db, const struct payout *payout);

#endif
