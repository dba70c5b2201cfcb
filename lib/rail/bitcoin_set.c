/* Open addressing, never more than half full; nothing is taken out of it. */
#include "rail/bitcoin_set.h"

#include <stdlib.h>
#include <string.h>

#include "chain/bitcoin_address.h"

#define ROOM_FIRST 64
#define PROGRAM_SIZE 20 /* of P2WPKH, behind its version and length */

struct bitcoin_key bitcoin_key_of_output(const uint8_t id[BITCOIN_ID_SIZE], uint32_t output)
{
    struct bitcoin_key key;

    memcpy(key.bytes, id, BITCOIN_ID_SIZE);
    for (size_t i = 0; i < BITCOIN_KEY_SIZE - BITCOIN_ID_SIZE; i++)
        key.bytes[BITCOIN_ID_SIZE + i] = (uint8_t)(output >> (8 * i));
    return key;
}

bool bitcoin_key_of_script(struct bytes script, struct bitcoin_key *out)
{
    if (bitcoin_script_kind(script) != BITCOIN_P2WPKH)
        return false;
    *out = (struct bitcoin_key){0};
    memcpy(out->bytes, script.data + 2, PROGRAM_SIZE);
    return true;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t slot_of(const struct bitcoin_set *set, const struct bitcoin_key *key)
{
    size_t slots = 2 * set->room;
    uint32_t hash;

    memcpy(&hash, key->bytes, sizeof(hash));
    size_t slot = hash % slots;
    while (set->slots[slot] != 0 &&
           memcmp(&set->list[set->slots[slot] - 1].key, key, sizeof(*key)) != 0)
        slot = (slot + 1) % slots;
    return slot;
}

static enum err set_grow(struct bitcoin_set *set)
{
    size_t room = set->room == 0 ? ROOM_FIRST : 2 * set->room;
    struct bitcoin_entry *list = realloc(set->list, room * sizeof(*list));

    if (list == NULL)
        return ERR_NO_MEMORY;
    set->list = list;
    uint32_t *slots = calloc(2 * room, sizeof(*slots));
    if (slots == NULL)
        return ERR_NO_MEMORY;
    free(set->slots);
    set->slots = slots;
    set->room = room;
    for (size_t i = 0; i < set->count; i++)
        slots[slot_of(set, &list[i].key)] = (uint32_t)i + 1;
    return ERR_OK;
}

enum err bitcoin_set_add(struct bitcoin_set *set, const struct bitcoin_entry *entry)
{
    enum err rc = set->count < set->room ? ERR_OK : set_grow(set);

    if (rc != ERR_OK)
        return rc;
    size_t slot = slot_of(set, &entry->key);
    if (set->slots[slot] == 0)
        set->slots[slot] = (uint32_t)++set->count;
    set->list[set->slots[slot] - 1] = *entry;
    return ERR_OK;
}

const struct bitcoin_entry *bitcoin_set_find(const struct bitcoin_set *set,
                                             const struct bitcoin_key *key)
{
    if (set->count == 0)
        return NULL;
    size_t slot = slot_of(set, key);
    return set->slots[slot] == 0 ? NULL : &set->list[set->slots[slot] - 1];
}

void bitcoin_set_clear(struct bitcoin_set *set)
{
    if (set->room > 0)
        memset(set->slots, 0, 2 * set->room * sizeof(*set->slots));
    set->count = 0;
}

void bitcoin_set_free(struct bitcoin_set *set)
{
    free(set->list);
    free(set->slots);
    *set = (struct bitcoin_set){0};
}
