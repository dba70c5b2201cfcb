/* The outbox as the retrier sees it: what is due, taking it, recording how it went.
 *
 * A queue is what one merchant has for one endpoint. Queues are found by a look over everything that
 * is pending (outbox_queues) and, more often, over what was added just now (outbox_fresh); from them
 * the retrier takes only what it has room for, so that the backlog of a dead shop costs nothing.
 */
#ifndef NOTIFY_OUTBOX_H
#define NOTIFY_OUTBOX_H

#include "notify/notify.h"

#define OUTBOX_CLAIM_MAX 128   /* deliveries in one claim */
#define OUTBOX_RECORD_MAX 128  /* outcomes in one transaction */
#define OUTBOX_QUEUES_MAX 8192 /* queues in one look, those that wait longest first */

struct delivery_queue {
    int64_t owner_id;
    char endpoint[NOTIFY_ENDPOINT_SIZE];
};

/* Calls `row` for each queue of `channel` that has something due and is not paused, the longest
 * waiting first. outbox_fresh looks at the last few thousand events only, at next to no cost. */
MUST_USE enum err outbox_queues(struct db *db, const char *channel,
                                void (*row)(void *arg, const struct delivery_queue *queue),
                                void *arg);
MUST_USE enum err outbox_fresh(struct db *db, const char *channel,
                               void (*row)(void *arg, const struct delivery_queue *queue),
                               void *arg);

/* For how many seconds the oldest delivery has been due whose queue is not paused; 0 where none is.
 * age_s  out */
MUST_USE enum err outbox_overdue(struct db *db, int64_t *age_s);

/* How many deliveries to take from a queue; taken says how many there were. */
struct outbox_want {
    const struct delivery_queue *queue;
    unsigned room;
    unsigned taken;
};

/* Takes due deliveries for lease_s seconds, each for one claimer, and begins an attempt for each.
 * The rooms may sum to OUTBOX_CLAIM_MAX. An event waits for the earlier ones of its subject. */
MUST_USE enum err outbox_claim(struct db *db, const char *channel, struct outbox_want *wants,
                               size_t count, int64_t lease_s,
                               void (*row)(void *arg, const struct notify_event *event), void *arg);

/* How a try ended. */
struct outbox_outcome {
    int64_t delivery_id;
    uint32_t attempt;
    bool acknowledged;
    int64_t retry_s;     /* where it was not: when it is due again; -1: it is given up */
    const char *result;  /* acknowledged, refused, or the transport's name for it */
    const char *address; /* "" */
    const char *problem; /* "" */
    int status;          /* 0 = none */
    int64_t latency_us;
    const void *answer;
    size_t answer_len; /* up to NOTIFY_ANSWER_KEPT */
};

/* Records up to OUTBOX_RECORD_MAX outcomes in one transaction. Whoever lost the lease meanwhile records the try and nothing else, but for
 * an acknowledgement, which counts whenever it arrives. */
MUST_USE enum err outbox_record(struct db *db, const struct outbox_outcome *outcomes, size_t count);

/* Without a mail relay: takes what waits to be mailed from the outbox (state none), at most `limit`. */
MUST_USE enum err outbox_drop_mail(struct db *db, int limit, int64_t *dropped);

#endif
