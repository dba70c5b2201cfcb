/* The nodes that the configuration names, [provider.ethereum] and [provider.bitcoin]: where they are, how they
 * know us, and which chain is meant. */
#ifndef PROVIDER_NODE_H
#define PROVIDER_NODE_H

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "chain/bitcoin_address.h"
#include "db/db.h"
#include "provider/rpc.h"

#define NODE_SECRET_MAX 512 /* bytes of what is in a file of theirs */
#define NODE_CONNECTIONS 4  /* kept open to one */

/* A node with a client of its own, whose calls are guarded (provider/guard.h) under the name of its section, by a
 * database connection of their own; not for several threads. It holds strings of the configuration. */
struct node {
    struct db *db; /* of its guard */
    struct rpc_node rpc;
    struct provider_client *client;
    char authorization[2 * NODE_SECRET_MAX];
};

/* Makes ready to ask the node; nothing is asked yet.
 * out      out, for node_close, also where it fails
 * problem  out, what is wrong where ERR_CONFIG
 * Returns ERR_NOT_FOUND where the configuration names none: its rail is off; ERR_CONFIG where a file of its
 * section cannot be read; errors of provider_start. */
MUST_USE enum err node_ethereum(const struct config *config, struct node *out,
                                struct text *problem);
MUST_USE enum err node_bitcoin(const struct config *config, struct node *out, struct text *problem);

/* Asks it whatever its circuit says, and keeps nothing of it: for who looks whether it is there. */
void node_unguard(struct node *node);

/* Wipes what it knows. A zeroed one is fine. */
void node_close(struct node *node);

/* The chain that [provider.bitcoin] is about: "main", "test" or "regtest". False for another word. */
bool node_bitcoin_network(const struct config *config, enum bitcoin_network *out);

#endif
