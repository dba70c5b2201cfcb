/* The merchant's page: what their shop was told, how it answered, and what to do about it. */
#include "fcgi/server/fields.h"
#include "fcgi/site/face.h"
#include "fcgi/views/delivery.h"

static void add_endpoint(void *arg, const struct feed_endpoint *endpoint)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_text(json, "endpoint", endpoint->endpoint);
    writer_int(json, "pending", (int64_t)endpoint->pending);
    writer_date(json, "oldest", endpoint->oldest);
    writer_bool(json, "paused", endpoint->paused_since != 0);
    writer_bool(json, "paused_by_operator", endpoint->paused_by_operator_since != 0);
    writer_end(json);
}

static enum err handle_list(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    struct page_rows rows = {.writer = json};

    writer_object(json, NULL);
    writer_list(json, "events");
    enum err rc = notification_list(request, &rows);
    writer_end(json);
    writer_list(json, "endpoints");
    if (rc == ERR_OK)
        rc = feed_endpoints(request->db, request->caller.user_id, add_endpoint, json);
    writer_end(json);
    page_counts(json, &rows.page);
    writer_end(json);
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

#define CHANGE_ROUTE(name, function, words, takes)                                               \
    {                                                                                            \
        .methods = METHOD_POST, .path = "/site/merchant/" name, .auth = &auth_session,           \
        .rights = SITE_MERCHANT, .effect = EFFECT_CHANGES, .handler = (function), .help = words, \
        .fields = (takes)                                                                        \
    }

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/site/merchant/events",
     .auth = &auth_session,
     .rights = SITE_LOOK,
     .effect = EFFECT_READS,
     .pool = POOL_LIST,
     .handler = handle_list,
     .help = "The merchant's notifications, newest first, and the endpoints where some wait.",
     .fields = &notification_list_params},
    {.methods = METHOD_GET,
     .path = "/site/merchant/events/{event}",
     .auth = &auth_session,
     .rights = SITE_LOOK,
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
