/* Events of the outbox as JSON: the same members on the API and on the site. */
#ifndef FCGI_VIEWS_DELIVERY_H
#define FCGI_VIEWS_DELIVERY_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "notify/feed.h"

/* One event as a list shows it. */
struct json_object *notification_object(const struct notify_event *event);

/* The parameters of a list (status, state, channel, endpoint, transaction, since, page), and what it
 * gives: `result` gets the objects, `page` the counts. */
#define NOTIFICATION_LIST_PARAMS "status state channel endpoint transaction since page"
MUST_USE enum err notification_list(struct request *request, struct json_object *result,
                                    struct page *page);

/* The event that the parameter `event` names, with its attempts, what is signed and how, where it
 * went, why it was refused, and a command line that sends the same. */
MUST_USE enum err notification_show(struct request *request, struct reply *reply);

/* {"replayed": n}: one (`event`) or those from cursor `first` to `last`. */
MUST_USE enum err notification_replay(struct request *request, struct reply *reply);

/* {"event": id}: a test event for `url`. */
MUST_USE enum err notification_test(struct request *request, struct reply *reply);

/* {"secret", "overlap_until"} */
MUST_USE enum err notification_rotate(struct request *request, struct reply *reply);

/* {"endpoint", "paused"} of the parameter `endpoint`. */
MUST_USE enum err notification_pause(struct request *request, struct reply *reply, bool paused);

#endif
