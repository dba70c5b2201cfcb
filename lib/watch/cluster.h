/* Whether a cluster of MariaDB (Galera) is what Teller needs: for doctor. */
#ifndef WATCH_CLUSTER_H
#define WATCH_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/watch.h"

/* Looks whether the server that `db` leads to is a node of a cluster, and then at its size and at each of
 * the nodes, which the application's user is to reach: whether it is ready, its settings, and from whom it
 * would take a copy.
 * db   of the application's user
 * row  called for each check
 * arg  passed to it
 * What cannot be asked is a finding. Opens a connection to each node, one after the other. */
void watch_cluster(struct db *db, const struct config *config, finding_row *row, void *arg);

/* Whether so many nodes keep a majority when one is gone, and never fall into two halves. */
bool cluster_size_holds(int64_t size);

/* Whether a node that needs a copy may take it from the one that writes.
 * donors  its wsrep_sst_donor: names with commas between them, the first one wanted; "": anybody
 * writer  the name of the one that writes */
bool cluster_donor_writes(const char *donors, const char *writer);

#endif
