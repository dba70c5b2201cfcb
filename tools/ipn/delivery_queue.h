/* Where the retrier's work is: queues (an owner's deliveries to an endpoint) in the order in which they
 * take turns, endpoints with what is in flight to each, and owners with their shares.
 *
 * An endpoint that is new, or gave no answer the last time, is on probation: one delivery at a time
 * until it answers, and all of those together have a part of what can be in flight, each owner a
 * small part of that. So whoever names a thousand ports that never answer waits for their own time-outs
 * only. */
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
    bool proven; /* the last try got an answer; else on probation */
};

struct owner {
    struct owner *next;
    int64_t id;
    unsigned in_flight, on_probation;     /* the second: part of the first */
    unsigned wanted, wanted_on_probation; /* in the choice that is being made */
};

struct queue {
    struct queue *next;
    struct delivery_queue queue;
    struct endpoint *endpoint;
    struct owner *owner;
    bool waits; /* has something due, as far as we know */
};

struct queues {
    struct queue *queues[QUEUE_BUCKETS];
    struct endpoint *endpoints[QUEUE_BUCKETS];
    struct owner *owners[QUEUE_BUCKETS];
    struct queue **row; /* owned; taken from in turn */
    size_t count, room, turn;
    unsigned on_probation; /* deliveries in flight to endpoints on probation */
};

/* How much may be in flight. */
struct shares {
    unsigned per_endpoint;    /* to one that is proven; to another one at a time */
    unsigned probation;       /* to all on probation together */
    unsigned owner;           /* of one owner */
    unsigned owner_probation; /* of one owner, to endpoints on probation */
};

/* The shares of `in_flight` deliveries. */
struct shares shares_of(unsigned in_flight, unsigned per_endpoint);

/* Adds a queue to the queue where it is not there yet. ERR_NO_MEMORY. */
MUST_USE enum err queues_add(struct queues *queues, const struct delivery_queue *queue);

/* Empties the queue, for a new look. */
void queues_clear(struct queues *queues);

/* Chooses whom to take how much from, in turn, at most `limit` deliveries in all.
 * wants  out, OUTBOX_CLAIM_MAX of them; returns how many. */
size_t queues_choose(struct queues *queues, unsigned limit, const struct shares *shares,
                     struct outbox_want *wants);

/* Takes the queues out of the row that gave less than they had room for. */
void queues_settle(struct queues *queues, const struct outbox_want *wants, size_t count);

/* The queue of an owner and endpoint, made where there is none; NULL where memory ran out. */
struct queue *queues_find(struct queues *queues, int64_t owner_id, const char *endpoint);

/* Counts a delivery that begins. Returns whether it is one on probation, for queues_ended. */
bool queues_begun(struct queues *queues, struct queue *queue);

/* Counts one that ends, with or without an answer. */
void queues_ended(struct queues *queues, struct queue *queue, bool on_probation, bool answered);

void queues_free(struct queues *queues);

#endif
