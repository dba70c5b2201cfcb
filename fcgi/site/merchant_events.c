/* The merchant's page: what their shop was told, how it answered, and what to do about it. */
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/delivery.h"

static void add_endpoint(void *arg, const struct feed_endpoint *endpoint)
{
    struct json_object *object = json_object_new_object();

    reply_text(object, "endpoint", endpoint->endpoint);
    reply_int(object, "pending", (int64_t)endpoint->pending);
    reply_date(object, "oldest", endpoint->oldest);
    reply_bool(object, "paused", endpoint->paused_since != 0);
    reply_bool(object, "paused_by_operator", endpoint->paused_by_operator_since != 0);
    json_object_array_add(arg, object);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct json_object *events = json_object_new_array(), *endpoints = json_object_new_array();
    struct page page = {0};

    reply->value = json_object_new_object();
    reply_add(reply->value, "events", events);
    reply_add(reply->value, "endpoints", endpoints);
    enum err rc = notification_list(request, events, &page);
    if (rc == ERR_OK)
        rc = feed_endpoints(request->db, request->caller.user_id, add_endpoint, endpoints);
    reply_int(reply->value, "current_page", page.current);
    reply_int(reply->value, "max_page", page.max);
    reply_int(reply->value, "records", (int64_t)page.records);
    return rc;
}

static const struct field endpoint_fields[] = {
    NOTIFICATION_ENDPOINT_FIELD,
    {.name = "paused",
     .type = FIELD_BOOL,
     .required = true,
     .offset = offsetof(struct notification_pause_params, paused)},
};

static enum err handle_endpoint(struct request *request, struct reply *reply)
{
    struct notification_pause_params params = {0};
    enum err rc = FIELDS_READ(request, &params);
    return rc == ERR_OK ? notification_pause(request, reply, &params) : rc;
}

#define CHANGE_ROUTE(name, function, words, takes)                                        \
    {                                                                                     \
        .methods = METHOD_POST, .path = "/site/merchant/" name, .auth = &auth_session,    \
        .effect = EFFECT_CHANGES, .handler = (function), .help = words, .fields = (takes) \
    }

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/merchant/events",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_list,
     .help = "The merchant's notifications, newest first, and the endpoints where some wait.",
     .fields = &notification_list_params},
    {.methods = METHOD_GET,
     .path = "/site/merchant/events/{event}",
     .auth = &auth_session,
     .effect = EFFECT_READS,
     .handler = notification_show,
     .help = "One notification: its attempts, what is signed, and why it was refused.",
     .fields = &notification_show_path_params},
    CHANGE_ROUTE("events/replay", notification_replay,
                 "Delivers one notification again, or those from cursor first to last.",
                 &notification_replay_params),
    CHANGE_ROUTE("test", notification_test, "Sends a notification of status test.",
                 &notification_test_params),
    CHANGE_ROUTE("secret", notification_rotate,
                 "A new secret for webhook-signature; the old one signs one more day.", NULL),
    CHANGE_ROUTE("endpoints", handle_endpoint,
                 "Holds back the merchant's notifications to a host and port, or goes on.",
                 FIELD_TABLE(endpoint_fields, struct notification_pause_params)),
};
ROUTE_TABLE(routes_site_merchant_events, rows);
