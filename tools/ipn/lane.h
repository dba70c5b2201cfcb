/* Where the retrier's work is: lanes (a merchant's deliveries to an endpoint) in the order in which
 * they take turns, and endpoints with what is in flight to each. */
#ifndef TOOLS_IPN_LANE_H
#define TOOLS_IPN_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "notify/outbox.h"

#define LANE_BUCKETS 4096

struct endpoint {
    struct endpoint *next;
    char name[NOTIFY_ENDPOINT_SIZE];
    unsigned in_flight;
    bool suspect; /* the last try got no answer at all: only one at a time until there is one */
};

struct lane {
    struct lane *next;
    struct outbox_lane lane;
    struct endpoint *endpoint;
    bool queued; /* has something due, as far as we know */
};

struct lanes {
    struct lane *lanes[LANE_BUCKETS];
    struct endpoint *endpoints[LANE_BUCKETS];
    struct lane **queue; /* owned; taken from in turn */
    size_t count, room, turn;
    unsigned suspects_in_flight;
};

/* Adds a lane to the queue where it is not there yet. ERR_NO_MEMORY. */
MUST_USE enum err lanes_add(struct lanes *lanes, const struct outbox_lane *lane);

/* Empties the queue, for a new look. */
void lanes_clear(struct lanes *lanes);

/* Chooses whom to take how much from, in turn, at most `limit` deliveries in all and per_endpoint in
 * flight to each endpoint; suspects_max is the share of those that gave no answer last time.
 * wants  out, OUTBOX_CLAIM_MAX of them; returns how many. */
size_t lanes_choose(struct lanes *lanes, unsigned limit, unsigned per_endpoint,
                    unsigned suspects_max, struct outbox_want *wants);

/* Takes the lanes out of the queue that gave less than they had room for. */
void lanes_settle(struct lanes *lanes, const struct outbox_want *wants, size_t count);

/* The endpoint of that name; NULL where memory ran out. */
struct endpoint *lanes_endpoint(struct lanes *lanes, const char *name);

/* Counts a delivery that begins, or ends with or without an answer. */
void lanes_begun(struct lanes *lanes, struct endpoint *endpoint);
void lanes_ended(struct lanes *lanes, struct endpoint *endpoint, bool answered);

void lanes_free(struct lanes *lanes);

#endif
