/* Where the retrier's work is: queues (a merchant's deliveries to an endpoint) in the order in which
 * they take turns, and endpoints with what is in flight to each. */
#ifndef TOOLS_IPN_DELIVERY_QUEUE_H
#define TOOLS_IPN_DELIVERY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "notify/outbox.h"

#define QUEUE_BUCKETS 4096

struct endpoint {
    struct endpoint *next;
    char name[NOTIFY_ENDPOINT_SIZE];
    unsigned in_flight;
    bool suspect; /* the last try got no answer at all: only one at a time until there is one */
};

struct queue {
    struct queue *next;
    struct delivery_queue queue;
    struct endpoint *endpoint;
    bool waits; /* has something due, as far as we know */
};

struct queues {
    struct queue *queues[QUEUE_BUCKETS];
    struct endpoint *endpoints[QUEUE_BUCKETS];
    struct queue **row; /* owned; taken from in turn */
    size_t count, room, turn;
    unsigned suspects_in_flight;
};

/* Adds a queue to the queue where it is not there yet. ERR_NO_MEMORY. */
MUST_USE enum err queues_add(struct queues *queues, const struct delivery_queue *queue);

/* Empties the queue, for a new look. */
void queues_clear(struct queues *queues);

/* Chooses whom to take how much from, in turn, at most `limit` deliveries in all and per_endpoint in
 * flight to each endpoint; suspects_max is the share of those that gave no answer last time.
 * wants  out, OUTBOX_CLAIM_MAX of them; returns how many. */
size_t queues_choose(struct queues *queues, unsigned limit, unsigned per_endpoint,
                     unsigned suspects_max, struct outbox_want *wants);

/* Takes the queues out of the queue that gave less than they had room for. */
void queues_settle(struct queues *queues, const struct outbox_want *wants, size_t count);

/* The endpoint of that name; NULL where memory ran out. */
struct endpoint *queues_endpoint(struct queues *queues, const char *name);

/* Counts a delivery that begins, or ends with or without an answer. */
void queues_begun(struct queues *queues, struct endpoint *endpoint);
void queues_ended(struct queues *queues, struct endpoint *endpoint, bool answered);

void queues_free(struct queues *queues);

#endif
