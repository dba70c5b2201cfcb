/* What is ours on Bitcoin's chain, to be looked up for each output and input of a block: a hash table in
 * memory. Keys are hashes already, so that their first bytes spread. */
#ifndef RAIL_BITCOIN_SET_H
#define RAIL_BITCOIN_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/bitcoin_tx.h"

#define BITCOIN_KEY_SIZE 36 /* an output (id and number), or a script's hash with zeros behind it */

struct bitcoin_key {
    uint8_t bytes[BITCOIN_KEY_SIZE];
};

/* An output of a transaction. */
struct bitcoin_key bitcoin_key_of_output(const uint8_t id[BITCOIN_ID_SIZE], uint32_t output);

/* A script. False for one that is not P2WPKH: none of ours is another. */
bool bitcoin_key_of_script(struct bytes script, struct bitcoin_key *out);

struct bitcoin_entry {
    struct bitcoin_key key;
    uint32_t index;  /* last step of the address's path; 0: the hot wallet */
    int64_t user_id; /* whose address it is; 0: the hot wallet */
};

/* Zero it to start. */
struct bitcoin_set {
    struct bitcoin_entry *list; /* owned, in order of adding */
    uint32_t *slots;            /* owned: number in the list and 1; 0: free */
    size_t count, room;         /* of the list; there are twice as many slots */
};

/* Adds an entry; one with its key is replaced. ERR_NO_MEMORY. */
MUST_USE enum err bitcoin_set_add(struct bitcoin_set *set, const struct bitcoin_entry *entry);

/* The entry of a key, or NULL; valid until the next one is added. */
const struct bitcoin_entry *bitcoin_set_find(const struct bitcoin_set *set,
                                             const struct bitcoin_key *key);

void bitcoin_set_clear(struct bitcoin_set *set);
void bitcoin_set_free(struct bitcoin_set *set);

#endif
