#include "tools/ipn/delivery_queue.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a: spreads short names well enough. */
static size_t bucket_of(const char *name, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return (size_t)((hash ^ hash >> 32) % QUEUE_BUCKETS);
}

struct endpoint *queues_endpoint(struct queues *queues, const char *name)
{
    struct endpoint **first = &queues->endpoints[bucket_of(name, 0)];
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

static struct queue *find_queue(struct queues *queues, const struct delivery_queue *key)
{
    struct queue **first = &queues->queues[bucket_of(key->endpoint, (uint64_t)key->owner_id)];
    struct queue *queue = *first;

    while (queue != NULL && (queue->queue.owner_id != key->owner_id ||
                             strcmp(queue->queue.endpoint, key->endpoint) != 0))
        queue = queue->next;
    if (queue != NULL)
        return queue;
    queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return NULL;
    queue->queue = *key;
    queue->endpoint = queues_endpoint(queues, key->endpoint);
    if (queue->endpoint == NULL) {
        free(queue);
        return NULL;
    }
    queue->next = *first;
    *first = queue;
    return queue;
}

enum err queues_add(struct queues *queues, const struct delivery_queue *key)
{
    struct queue *queue = find_queue(queues, key);

    if (queue == NULL)
        return ERR_NO_MEMORY;
    if (queue->waits)
        return ERR_OK;
    if (queues->count == queues->room) {
        size_t room = queues->room == 0 ? 256 : 2 * queues->room;
        struct queue **row = realloc(queues->row, room * sizeof(struct queue *));
        if (row == NULL)
            return ERR_NO_MEMORY;
        queues->row = row;
        queues->room = room;
    }
    queue->waits = true;
    queues->row[queues->count++] = queue;
    return ERR_OK;
}

void queues_clear(struct queues *queues)
{
    for (size_t i = 0; i < queues->count; i++)
        queues->row[i]->waits = false;
    queues->count = 0;
}

/* What an endpoint has room for, of which `wanted` was given away already. */
static unsigned room_of(const struct endpoint *endpoint, unsigned wanted, unsigned per_endpoint)
{
    unsigned most = endpoint->suspect ? 1 : per_endpoint;
    unsigned used = endpoint->in_flight + wanted;
    return used >= most ? 0 : most - used;
}

/* What the queues chosen so far want of an endpoint. */
static unsigned wanted_of(const struct endpoint *endpoint, const struct outbox_want *wants,
                          size_t count)
{
    unsigned wanted = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(wants[i].queue->endpoint, endpoint->name) == 0)
            wanted += wants[i].room;
    return wanted;
}

size_t queues_choose(struct queues *queues, unsigned limit, unsigned per_endpoint,
                     unsigned suspects_max, struct outbox_want *wants)
{
    unsigned suspects = queues->suspects_in_flight;
    size_t chosen = 0;

    for (size_t i = 0; i < queues->count && limit > 0 && chosen < OUTBOX_CLAIM_MAX; i++) {
        queues->turn = (queues->turn + 1) % queues->count;
        const struct queue *queue = queues->row[queues->turn];
        const struct endpoint *endpoint = queue->endpoint;
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
        wants[chosen++] = (struct outbox_want){.queue = &queue->queue, .room = room};
    }
    return chosen;
}

void queues_settle(struct queues *queues, const struct outbox_want *wants, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (wants[i].taken < wants[i].room) {
            struct queue *queue = find_queue(queues, wants[i].queue);
            if (queue != NULL)
                queue->waits = false;
        }
    for (size_t i = 0; i < queues->count; i++)
        if (queues->row[i]->waits)
            queues->row[kept++] = queues->row[i];
    queues->count = kept;
}

void queues_begun(struct queues *queues, struct endpoint *endpoint)
{
    endpoint->in_flight++;
    queues->suspects_in_flight += endpoint->suspect;
}

void queues_ended(struct queues *queues, struct endpoint *endpoint, bool answered)
{
    /* An endpoint that changes sides takes what it has in flight along. */
    if (endpoint->suspect)
        queues->suspects_in_flight -= endpoint->in_flight;
    endpoint->in_flight--;
    endpoint->suspect = !answered;
    if (endpoint->suspect)
        queues->suspects_in_flight += endpoint->in_flight;
}

void queues_free(struct queues *queues)
{
    for (size_t i = 0; i < QUEUE_BUCKETS; i++) {
        while (queues->queues[i] != NULL) {
            struct queue *queue = queues->queues[i];
            queues->queues[i] = queue->next;
            free(queue);
        }
        while (queues->endpoints[i] != NULL) {
            struct endpoint *endpoint = queues->endpoints[i];
            queues->endpoints[i] = endpoint->next;
            free(endpoint);
        }
    }
    free(queues->row);
    *queues = (struct queues){0};
}
