#include "tools/ipn/lane.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a: spreads short names well enough. */
static size_t bucket_of(const char *name, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return (size_t)((hash ^ hash >> 32) % LANE_BUCKETS);
}

struct endpoint *lanes_endpoint(struct lanes *lanes, const char *name)
{
    struct endpoint **first = &lanes->endpoints[bucket_of(name, 0)];
    struct endpoint *endpoint = *first;

    while (endpoint != NULL && strcmp(endpoint->name, name) != 0)
        endpoint = endpoint->next;
    if (endpoint != NULL)
        return endpoint;
    endpoint = calloc(1, sizeof(*endpoint));
    if (endpoint == NULL)
        return NULL;
    text_copy(endpoint->name, sizeof(endpoint->name), name);
    endpoint->next = *first;
    *first = endpoint;
    return endpoint;
}

static struct lane *find_lane(struct lanes *lanes, const struct outbox_lane *key)
{
    struct lane **first = &lanes->lanes[bucket_of(key->endpoint, (uint64_t)key->merchant_id)];
    struct lane *lane = *first;

    while (lane != NULL && (lane->lane.merchant_id != key->merchant_id ||
                            strcmp(lane->lane.endpoint, key->endpoint) != 0))
        lane = lane->next;
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (lane == NULL)
        return NULL;
    lane->lane = *key;
    lane->endpoint = lanes_endpoint(lanes, key->endpoint);
    if (lane->endpoint == NULL) {
        free(lane);
        return NULL;
    }
    lane->next = *first;
    *first = lane;
    return lane;
}

enum err lanes_add(struct lanes *lanes, const struct outbox_lane *key)
{
    struct lane *lane = find_lane(lanes, key);

    if (lane == NULL)
        return ERR_NO_MEMORY;
    if (lane->queued)
        return ERR_OK;
    if (lanes->count == lanes->room) {
        size_t room = lanes->room == 0 ? 256 : 2 * lanes->room;
        struct lane **queue = realloc(lanes->queue, room * sizeof(struct lane *));
        if (queue == NULL)
            return ERR_NO_MEMORY;
        lanes->queue = queue;
        lanes->room = room;
    }
    lane->queued = true;
    lanes->queue[lanes->count++] = lane;
    return ERR_OK;
}

void lanes_clear(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        lanes->queue[i]->queued = false;
    lanes->count = 0;
}

/* What an endpoint has room for, of which `wanted` was given away already. */
static unsigned room_of(const struct endpoint *endpoint, unsigned wanted, unsigned per_endpoint)
{
    unsigned most = endpoint->suspect ? 1 : per_endpoint;
    unsigned used = endpoint->in_flight + wanted;
    return used >= most ? 0 : most - used;
}

/* What the lanes chosen so far want of an endpoint. */
static unsigned wanted_of(const struct endpoint *endpoint, const struct outbox_want *wants,
                          size_t count)
{
    unsigned wanted = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(wants[i].lane->endpoint, endpoint->name) == 0)
            wanted += wants[i].room;
    return wanted;
}

size_t lanes_choose(struct lanes *lanes, unsigned limit, unsigned per_endpoint,
                    unsigned suspects_max, struct outbox_want *wants)
{
    unsigned suspects = lanes->suspects_in_flight;
    size_t chosen = 0;

    for (size_t i = 0; i < lanes->count && limit > 0 && chosen < OUTBOX_CLAIM_MAX; i++) {
        lanes->turn = (lanes->turn + 1) % lanes->count;
        const struct lane *lane = lanes->queue[lanes->turn];
        const struct endpoint *endpoint = lane->endpoint;
        if (endpoint->suspect && suspects >= suspects_max)
            continue;
        if (room_of(endpoint, 0, per_endpoint) == 0)
            continue;
        unsigned room = room_of(endpoint, wanted_of(endpoint, wants, chosen), per_endpoint);
        if (room == 0)
            continue;
        if (room > limit)
            room = limit;
        if (endpoint->suspect)
            suspects++;
        limit -= room;
        wants[chosen++] = (struct outbox_want){.lane = &lane->lane, .room = room};
    }
    return chosen;
}

void lanes_settle(struct lanes *lanes, const struct outbox_want *wants, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (wants[i].taken < wants[i].room) {
            struct lane *lane = find_lane(lanes, wants[i].lane);
            if (lane != NULL)
                lane->queued = false;
        }
    for (size_t i = 0; i < lanes->count; i++)
        if (lanes->queue[i]->queued)
            lanes->queue[kept++] = lanes->queue[i];
    lanes->count = kept;
}

void lanes_begun(struct lanes *lanes, struct endpoint *endpoint)
{
    endpoint->in_flight++;
    lanes->suspects_in_flight += endpoint->suspect;
}

void lanes_ended(struct lanes *lanes, struct endpoint *endpoint, bool answered)
{
    /* An endpoint that changes sides takes what it has in flight along. */
    if (endpoint->suspect)
        lanes->suspects_in_flight -= endpoint->in_flight;
    endpoint->in_flight--;
    endpoint->suspect = !answered;
    if (endpoint->suspect)
        lanes->suspects_in_flight += endpoint->in_flight;
}

void lanes_free(struct lanes *lanes)
{
    for (size_t i = 0; i < LANE_BUCKETS; i++) {
        while (lanes->lanes[i] != NULL) {
            struct lane *lane = lanes->lanes[i];
            lanes->lanes[i] = lane->next;
            free(lane);
        }
        while (lanes->endpoints[i] != NULL) {
            struct endpoint *endpoint = lanes->endpoints[i];
            lanes->endpoints[i] = endpoint->next;
            free(endpoint);
        }
    }
    free(lanes->queue);
    *lanes = (struct lanes){0};
}
