/* The parts of `tellerctl doctor`. */
#ifndef TELLERCTL_DOCTOR_H
#define TELLERCTL_DOCTOR_H

#include "base/config.h"
#include "watch/watch.h"

struct ctl;

/* The command `doctor`: prints a row per check. Returns CTL_FAILED where something is wrong. */
int ctl_doctor(struct ctl *ctl);

/* Whether the nodes that the configuration names answer, and are on the chain that it means; whether the
 * signer answers. Waits some seconds for those that do not.
 * row  called for each */
void doctor_nodes(const struct config *config, finding_row *row, void *arg);

/* Whether the hot wallet of Ethereum has what low_balance in [provider.ethereum] asks for.
 * db  with a schema that is current
 * row  called where there is a node */
void doctor_wallets(const struct config *config, struct db *db, finding_row *row, void *arg);

#endif
