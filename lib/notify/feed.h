/* The outbox as merchants and the operator see it: the list, each attempt, replay, test events,
 * paused endpoints, and the feed for shops that cannot be called.
 *
 * owner_id is whose events a call may touch; 0 is the operator: everybody's.
 */
#ifndef NOTIFY_FEED_H
#define NOTIFY_FEED_H

#include "base/page.h"
#include "notify/notify.h"

#define FEED_PAGE 50       /* events in one page of a list */
#define FEED_BATCH_MAX 100 /* events in one answer of the feed */
#define FEED_REPLAY_MAX 10000
#define FEED_TESTS_MAX 30      /* test events of one merchant ... */
#define FEED_TESTS_WINDOW_S 60 /* ... in that time */

extern const char *const feed_statuses[]; /* NULL-terminated */
extern const char *const feed_states[];   /* none, pending, delivered, failed */
extern const char *const feed_channels[]; /* feed, ipn, mail: of notify_channel */

struct feed_filter {
    const char *status;         /* or NULL */
    const char *state;          /* or NULL */
    const char *channel;        /* or NULL */
    const char *endpoint;       /* or NULL */
    const struct uuid *subject; /* the transaction, or NULL */
    int64_t since;              /* unix seconds; 0 = all */
    int64_t page;               /* from 1 */
};

/* Calls `row` for each event of one page, newest first; `row` must not use `db`. */
MUST_USE enum err feed_list(struct db *db, int64_t owner_id, const struct feed_filter *filter,
                            void (*row)(void *arg, const struct notify_event *event), void *arg,
                            struct page *page);

/* One event by its webhook-id, or, where uuid is NULL, by its number. ERR_NOT_FOUND. */
MUST_USE enum err feed_event(struct db *db, int64_t owner_id, const struct uuid *uuid, int64_t id,
                             struct notify_event *out);

struct feed_attempt {
    uint32_t n;
    int64_t at;                             /* unix seconds */
    int64_t latency_us;                     /* -1: its end is not known */
    int status;                             /* 0 = none */
    const char *address, *result, *problem; /* "" */
    const void *answer;
    size_t answer_len;
};

/* Calls `row` for each attempt, oldest first; the pointers live during the call. */
MUST_USE enum err feed_attempts(struct db *db, int64_t delivery_id,
                                void (*row)(void *arg, const struct feed_attempt *attempt),
                                void *arg);

/* Delivers again, as soon as may be: one event, or those from first to last cursor of the merchant
 * (FEED_REPLAY_MAX at most; acknowledged ones too unless only_pending). *count says how many.
 * ERR_NOT_FOUND where the one does not exist or has nobody to be delivered to. */
MUST_USE enum err feed_replay(struct db *db, int64_t owner_id, const struct uuid *uuid);
MUST_USE enum err feed_replay_range(struct db *db, int64_t owner_id, uint64_t first, uint64_t last,
                                    bool only_pending, int64_t *count);

/* Adds an event of status "test" for `url`, signed with the merchant's key api_key_id (0: their
 * newest of face v1 with the right merchant). uuid out. ERR_NOT_FOUND where there is no such key,
 * ERR_TOO_MANY_REQUESTS past FEED_TESTS_MAX. Once by the name of the request, as what follows:
 * request_once says what a second time gives. */
MUST_USE enum err feed_test(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                            const struct actor *actor, int64_t api_key_id, const char *url,
                            const char *endpoint, struct uuid *uuid);

/* Leaves an endpoint ("host:port") alone, or goes on with it at once. A merchant's pause holds back
 * their own events, the operator's everybody's.
 * actor  the merchant; NULL: the operator, and nothing is recorded
 * ERR_NOT_FOUND: a merchant without an event for it; resumed, but not paused by the same. */
MUST_USE enum err feed_pause(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                             const struct actor *actor, const char *endpoint);
MUST_USE enum err feed_resume(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                              const struct actor *actor, const char *endpoint);

struct feed_endpoint {
    const char *endpoint;
    uint64_t pending;
    int64_t oldest;                   /* unix seconds of the oldest pending event; 0 = none */
    int64_t paused_since;             /* by this merchant; 0 = not */
    int64_t paused_by_operator_since; /* 0 = not */
};

/* Calls `row` for each endpoint with pending events or a pause. */
MUST_USE enum err feed_endpoints(struct db *db, int64_t owner_id,
                                 void (*row)(void *arg, const struct feed_endpoint *endpoint),
                                 void *arg);

/* The merchant's events after a cursor, oldest first, mails left out; and the newest cursor, 0
 * where there is none. */
MUST_USE enum err feed_after(struct db *db, int64_t owner_id, uint64_t cursor, int64_t limit,
                             void (*row)(void *arg, const struct notify_event *event), void *arg);
MUST_USE enum err feed_last(struct db *db, int64_t owner_id, uint64_t *last);

#endif
