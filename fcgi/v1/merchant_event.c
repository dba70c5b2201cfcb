/* What a merchant was told and how it went, and the feed for shops that cannot be called (api
 * exchange-v1, section 5). */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "fcgi/server/fields.h"
#include "fcgi/server/loop.h"
#include "fcgi/v1/face.h"
#include "fcgi/v1/page.h"
#include "fcgi/views/delivery.h"
#include "identity/rights.h"

#define WAIT_MAX_S 25
#define WAIT_STEP_MS 200 /* between looks while a shop waits: at most that late */
#define YIELD_MS 20      /* how long a worker with less in hand may take to serve who queues */
#define LISTEN_FD 0
#define POOL "teller_events" /* the pool where waiting holds nobody up; see nginx/teller.conf.in */

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct page_rows rows = v1_page(reply);
    enum err rc = notification_list(request, &rows);

    if (rc == ERR_OK)
        v1_page_end(&rows);
    return rc;
}

static enum err handle_pause(struct request *request, struct reply *reply)
{
    struct notification_pause_params params = {.paused = true};
    enum err rc = FIELDS_READ(request, &params);
    return rc == ERR_OK ? notification_pause(request, reply, &params) : rc;
}

static enum err handle_resume(struct request *request, struct reply *reply)
{
    struct notification_pause_params params = {.paused = false};
    enum err rc = FIELDS_READ(request, &params);
    return rc == ERR_OK ? notification_pause(request, reply, &params) : rc;
}

struct feed_params {
    int64_t after, limit, wait;
};

#define AT(member) offsetof(struct feed_params, member)
static const struct field feed_fields[] = {
    {.name = "after", .type = FIELD_INT, .min = 0, .offset = AT(after)},
    {.name = "limit", .type = FIELD_INT, .min = 1, .max = FEED_BATCH_MAX, .offset = AT(limit)},
    {.name = "wait", .type = FIELD_INT, .min = 0, .max = WAIT_MAX_S, .offset = AT(wait)},
};
#undef AT

/* True while another request queues for a worker: all that this one can have in hand it has. */
static bool somebody_queues(void)
{
    struct pollfd queue = {.fd = LISTEN_FD, .events = POLLIN};
    return poll(&queue, 1, 0) > 0 && (queue.revents & POLLIN) != 0;
}

/* Waits for an event after the cursor. Only in the pool that is there for it; whoever only waits makes
 * room for who queues. */
static enum err wait_for_event(struct request *request, const struct feed_params *params)
{
    const char *pool = request_env(request, "TELLER_POOL");
    int64_t until_us = clock_mono_us() + params->wait * 1000000;
    bool may_wait = pool != NULL && strcmp(pool, POOL) == 0, queued = false;

    for (;;) {
        uint64_t last;
        enum err rc = feed_last(request->db, request->caller.user_id, &last);
        if (rc != ERR_OK || !may_wait || last > (uint64_t)params->after)
            return rc;
        int64_t left_ms = (until_us - clock_mono_us() + 999) / 1000;
        bool queues = somebody_queues();
        if (left_ms <= 0 || loop_stopping() || (queues && queued))
            return ERR_OK;
        queued = queues;
        int64_t step_ms = queues ? YIELD_MS : WAIT_STEP_MS;
        wait_ms((int)(left_ms < step_ms ? left_ms : step_ms));
    }
}

/* What is collected of the feed. */
struct feed {
    struct writer *writer;
    int64_t cursor, count;
};

static void add_event(void *arg, const struct notify_event *event)
{
    struct feed *feed = arg;
    notification_write(feed->writer, event);
    feed->cursor = (int64_t)event->seq;
    feed->count++;
}

static enum err handle_feed(struct request *request, struct reply *reply)
{
    struct feed_params params = {.limit = FEED_BATCH_MAX};
    enum err rc = FIELDS_READ(request, &params);

    if (rc == ERR_OK)
        rc = wait_for_event(request, &params);
    if (rc != ERR_OK)
        return rc;
    struct writer *json = &reply->writer;
    struct feed feed = {.writer = json, .cursor = params.after};
    writer_object(json, NULL);
    writer_list(json, "events");
    rc = feed_after(request->db, request->caller.user_id, (uint64_t)params.after, params.limit,
                    add_event, &feed);
    writer_end(json);
    writer_int(json, "cursor", feed.cursor);
    writer_bool(json, "more", feed.count == params.limit);
    writer_end(json);
    return rc;
}

#define MERCHANT_ROUTE(name, does, function, words, takes)                                       \
    {                                                                                            \
        .methods = METHOD_POST, .path = "/api/1/generic/merchant/" name, .auth = &auth_v1,       \
        .rights = RIGHT_MERCHANT, .effect = EFFECT_##does, .handler = (function), .help = words, \
        .fields = (takes)                                                                        \
    }

static const struct route rows[] = {
    MERCHANT_ROUTE("event/list", LISTS, handle_list, "The caller's notifications, newest first.",
                   &notification_list_params),
    MERCHANT_ROUTE("event/show", READS, notification_show,
                   "One notification: its attempts, what is signed, and why it was refused.",
                   &notification_show_params),
    MERCHANT_ROUTE("event/replay", CHANGES, notification_replay,
                   "Delivers one notification again, or those from cursor first to last.",
                   &notification_replay_params),
    MERCHANT_ROUTE("event/test", CHANGES, notification_test, "Sends a notification of status test.",
                   &notification_test_params),
    MERCHANT_ROUTE("secret/rotate", CHANGES, notification_rotate,
                   "A new secret for webhook-signature; the old one signs one more day.", NULL),
    MERCHANT_ROUTE("endpoint/pause", CHANGES, handle_pause,
                   "Holds back the caller's notifications to a host and port.",
                   &notification_pause_table),
    MERCHANT_ROUTE("endpoint/resume", CHANGES, handle_resume,
                   "Goes on with them, with what waits for its next try at once.",
                   &notification_pause_table),
    {.methods = METHOD_POST,
     .path = "/api/1/generic/merchant/events",
     .auth = &auth_v1,
     .rights = RIGHT_MERCHANT,
     .effect = EFFECT_READS,
     .pool = POOL_EVENTS,
     .handler = handle_feed,
     .help = "The caller's events after a cursor; waits up to 25 s for one.",
     .fields = FIELD_TABLE(feed_fields, struct feed_params)},
};
ROUTE_TABLE(routes_v1_merchant_event, rows);
