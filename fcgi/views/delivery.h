/* Events of the outbox as JSON: the same members on the API and on the site. */
#ifndef FCGI_VIEWS_DELIVERY_H
#define FCGI_VIEWS_DELIVERY_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "fcgi/views/page.h"
#include "notify/feed.h"
#include "json/field.h"

/* One event as an item of a list. */
void notification_write(struct writer *json, const struct notify_event *event);

/* What the calls below take; `path` where the event is a part of the path. */
extern const struct field_table notification_list_params, notification_show_params,
    notification_show_path_params, notification_replay_params, notification_test_params,
    notification_pause_table;

/* The page of the caller's events that the request asks for. */
MUST_USE enum err notification_list(struct request *request, struct page_rows *rows);

/* The event that the parameter `event` names, with its attempts, what is signed and how, where it
 * went, why it was refused, and a command line that sends the same. */
MUST_USE enum err notification_show(struct request *request, struct reply *reply);

/* {"replayed": n}: one (`event`) or those from cursor `first` to `last`. */
MUST_USE enum err notification_replay(struct request *request, struct reply *reply);

/* {"event": id}: a test event for `url`. */
MUST_USE enum err notification_test(struct request *request, struct reply *reply);

/* {"secret", "overlap_until"} */
MUST_USE enum err notification_rotate(struct request *request, struct reply *reply);

/* Which endpoint is held back, or goes on. */
struct notification_pause_params {
    const char *endpoint;
    bool paused;
};

#define NOTIFICATION_ENDPOINT_FIELD                                         \
    {                                                                       \
        .name = "endpoint", .type = FIELD_TEXT, .required = true, .min = 1, \
        .max = NOTIFY_ENDPOINT_SIZE - 1,                                    \
        .offset = offsetof(struct notification_pause_params, endpoint)      \
    }

/* {"endpoint", "paused"} */
MUST_USE enum err notification_pause(struct request *request, struct reply *reply,
                                     const struct notification_pause_params *params);

#endif
