/* Who is delivered to next. Everything ever seen stays, as one run of the retrier is short. */
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

static struct endpoint *find_endpoint(struct queues *queues, const char *name)
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

static struct owner *find_owner(struct queues *queues, int64_t id)
{
    struct owner **first = &queues->owners[(size_t)id % QUEUE_BUCKETS];
    struct owner *owner = *first;

    while (owner != NULL && owner->id != id)
        owner = owner->next;
    if (owner != NULL)
        return owner;
    owner = calloc(1, sizeof(*owner));
    if (owner == NULL)
        return NULL;
    owner->id = id;
    owner->next = *first;
    *first = owner;
    return owner;
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
    queue->endpoint = find_endpoint(queues, key->endpoint);
    queue->owner = find_owner(queues, key->owner_id);
    if (queue->endpoint == NULL || queue->owner == NULL) {
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

struct queue *queues_find(struct queues *queues, int64_t owner_id, const char *endpoint)
{
    struct delivery_queue key = {.owner_id = owner_id};
    text_copy(key.endpoint, sizeof(key.endpoint), endpoint);
    return find_queue(queues, &key);
}

static unsigned part_of(unsigned whole, unsigned part)
{
    return whole / part > 0 ? whole / part : 1;
}

struct shares shares_of(unsigned in_flight, unsigned per_endpoint)
{
    return (struct shares){.per_endpoint = per_endpoint,
                           .probation = part_of(in_flight, 2),
                           .owner = part_of(in_flight, 2),
                           .owner_probation = part_of(in_flight, 16)};
}

static unsigned less(unsigned most, unsigned used)
{
    return used >= most ? 0 : most - used;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
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

/* How much of a queue may be taken now. The last question is the dearest one.
 * probation  what may still begin on probation */
static unsigned room_of(const struct queue *queue, const struct shares *shares, unsigned probation,
                        const struct outbox_want *wants, size_t chosen)
{
    const struct endpoint *endpoint = queue->endpoint;
    const struct owner *owner = queue->owner;
    unsigned room = less(shares->owner, owner->in_flight + owner->wanted);

    if (endpoint->proven) {
        room = least(room, less(shares->per_endpoint, endpoint->in_flight));
    } else {
        room = least(room, probation);
        room = least(room, less(1, endpoint->in_flight));
        room = least(
            room, less(shares->owner_probation, owner->on_probation + owner->wanted_on_probation));
    }
    if (room == 0)
        return 0;
    return least(room, less(endpoint->proven ? shares->per_endpoint : 1,
                            endpoint->in_flight + wanted_of(endpoint, wants, chosen)));
}

size_t queues_choose(struct queues *queues, unsigned limit, const struct shares *shares,
                     struct outbox_want *wants)
{
    unsigned probation = less(shares->probation, queues->on_probation);
    size_t chosen = 0;

    for (size_t i = 0; i < queues->count; i++)
        queues->row[i]->owner->wanted = queues->row[i]->owner->wanted_on_probation = 0;
    for (size_t i = 0; i < queues->count && limit > 0 && chosen < OUTBOX_CLAIM_MAX; i++) {
        queues->turn = (queues->turn + 1) % queues->count;
        const struct queue *queue = queues->row[queues->turn];
        unsigned room = least(room_of(queue, shares, probation, wants, chosen), limit);
        if (room == 0)
            continue;
        queue->owner->wanted += room;
        if (!queue->endpoint->proven) {
            queue->owner->wanted_on_probation += room;
            probation -= room;
        }
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

bool queues_begun(struct queues *queues, struct queue *queue)
{
    bool on_probation = !queue->endpoint->proven;

    queue->endpoint->in_flight++;
    queue->owner->in_flight++;
    queue->owner->on_probation += on_probation;
    queues->on_probation += on_probation;
    return on_probation;
}

void queues_ended(struct queues *queues, struct queue *queue, bool on_probation, bool answered)
{
    queue->endpoint->in_flight--;
    queue->endpoint->proven = answered;
    queue->owner->in_flight--;
    queue->owner->on_probation -= on_probation;
    queues->on_probation -= on_probation;
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
        while (queues->owners[i] != NULL) {
            struct owner *owner = queues->owners[i];
            queues->owners[i] = owner->next;
            free(owner);
        }
    }
    free(queues->row);
    *queues = (struct queues){0};
}
