#include "fcgi/views/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "net/http.h"
#include "notify/delivery.h"

#define CURL_MAX (64 << 10)
#define LOOK_UP_MS 500 /* how long the name of a stranger's host is waited for */
#define LOOK_UPS 2 /* at once in a worker, so that most of what it can have in hand stays free */

static void add_uuid(struct json_object *object, const char *key, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    reply_text(object, key, text);
}

static void add_money(struct json_object *object, const char *key, bool given, struct amount amount)
{
    reply_add(object, key, given ? reply_money(amount) : NULL);
}

/* Any bytes: as text where they are text, else null with `<key>_base64` beside it. */
static void add_bytes(struct json_object *object, const char *key, const void *data, size_t len)
{
    static const char suffix[] = "_base64";
    char name[64], *text;

    if (text_is_utf8(data, len)) {
        reply_add(object, key, json_object_new_string_len(data, (int)len));
        return;
    }
    reply_add(object, key, NULL);
    text = malloc(BASE64_SIZE(len));
    if (text == NULL)
        return;
    base64_encode(data, len, text);
    text_copy(name, sizeof(name) - sizeof(suffix), key);
    memcpy(name + strlen(name), suffix, sizeof(suffix));
    json_object_object_add(object, name, json_object_new_string(text));
    free(text);
}

struct json_object *notification_object(const struct notify_event *event)
{
    struct json_object *object = json_object_new_object();

    add_uuid(object, "event", &event->uuid);
    reply_int(object, "number", event->id);
    reply_int(object, "cursor", (int64_t)event->seq);
    add_uuid(object, "transaction", &event->subject);
    if (event->has_payment)
        add_uuid(object, "payment", &event->payment);
    else
        reply_text(object, "payment", NULL);
    reply_text(object, "status", event->status);
    reply_text(object, "channel", notify_channel(event));
    reply_text(object, "state", event->state);
    reply_text(object, "currency", event->has_amount ? event->currency->code : NULL);
    add_money(object, "amount", event->has_amount, event->amount);
    add_money(object, "amount_valid", event->has_partial, event->valid);
    add_money(object, "amount_pending", event->has_partial, event->pending);
    add_money(object, "amount_total", event->has_partial, event->total);
    if (event->has_data)
        add_bytes(object, "data", event->data, event->data_len);
    else
        reply_text(object, "data", NULL);
    reply_text(object, "url", event->url[0] == '\0' ? NULL : event->url);
    reply_text(object, "endpoint", event->endpoint[0] == '\0' ? NULL : event->endpoint);
    reply_int(object, "date", event->at);
    reply_int(object, "attempts", event->attempts);
    reply_date(object, "next", event->next);
    reply_date(object, "delivered", event->delivered);
    reply_bool(object, "paused", event->paused);
    return object;
}

static void add_event(void *arg, const struct notify_event *event)
{
    json_object_array_add(arg, notification_object(event));
}

struct list_params {
    int64_t status, state, channel, since, page;
    bool with_status, with_state, with_channel, with_transaction;
    const char *endpoint;
    struct uuid transaction;
};

#define AT(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
    {.name = "status",
     .type = FIELD_CHOICE,
     .offset = AT(status),
     .given_offset = AT(with_status),
     .choices = feed_statuses},
    {.name = "state",
     .type = FIELD_CHOICE,
     .offset = AT(state),
     .given_offset = AT(with_state),
     .choices = feed_states},
    {.name = "channel",
     .type = FIELD_CHOICE,
     .offset = AT(channel),
     .given_offset = AT(with_channel),
     .choices = feed_channels},
    {.name = "endpoint",
     .type = FIELD_TEXT,
     .max = NOTIFY_ENDPOINT_SIZE - 1,
     .offset = AT(endpoint)},
    {.name = "transaction",
     .type = FIELD_UUID,
     .offset = AT(transaction),
     .given_offset = AT(with_transaction)},
    {.name = "since", .type = FIELD_DATE, .offset = AT(since)},
    {.name = "page", .type = FIELD_INT, .min = 1, .max = PAGE_MAX, .offset = AT(page)},
};
#undef AT
FIELD_TABLE_OF(notification_list_params, list_fields, struct list_params);

enum err notification_list(struct request *request, struct json_object *result, struct page *page)
{
    struct list_params params = {.page = 1};
    enum err rc = FIELDS_READ(request, &params);

    if (rc != ERR_OK)
        return rc;
    struct feed_filter filter = {
        .status = params.with_status ? feed_statuses[params.status] : NULL,
        .state = params.with_state ? feed_states[params.state] : NULL,
        .channel = params.with_channel ? feed_channels[params.channel] : NULL,
        .endpoint = params.endpoint != NULL && params.endpoint[0] != '\0' ? params.endpoint : NULL,
        .subject = params.with_transaction ? &params.transaction : NULL,
        .since = params.since,
        .page = params.page,
    };
    return feed_list(request->db, request->caller.user_id, &filter, add_event, result, page);
}

struct event_params {
    struct uuid event;
    bool look_up;
};

#define AT(member) offsetof(struct event_params, member)
#define FIELDS_EVENT(where)                                          \
    {.name = "event",                                                \
     .type = FIELD_UUID,                                             \
     .place = (where),                                               \
     .required = true,                                               \
     .offset = AT(event)},                                           \
    {                                                                \
        .name = "look_up", .type = FIELD_BOOL, .offset = AT(look_up) \
    }

static const struct field show_fields[] = {FIELDS_EVENT(FIELD_IN_PARAMS)};
static const struct field show_path_fields[] = {FIELDS_EVENT(FIELD_IN_PATH)};
#undef AT
FIELD_TABLE_OF(notification_show_params, show_fields, struct event_params);
FIELD_TABLE_OF(notification_show_path_params, show_path_fields, struct event_params);

/* Why a try was refused, or would be, in words. */
static const char *refusal_words(const char *result)
{
    static const struct {
        const char *result, *words;
    } all[] = {
        {"refused", "the answer is not a status of 2xx with a body that begins with [OK]"},
        {"address_refused", "the URL leads to an address that is never called: private, loopback, "
                            "link-local or reserved"},
        {"url_refused", "the URL is not one that is called"},
        {"name_unknown", "the name of the host has no address"},
        {"no_connection", "the host takes no connection"},
        {"timeout", "the answer did not come in time"},
        {"tls", "the certificate is not valid, or the handshake failed"},
        {"protocol", "the answer is not HTTP, or broke off"},
        {"unsigned", "the notification could not be signed"},
        {"failed", "the mail relay did not take it"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(result, all[i].result) == 0)
            return all[i].words;
    return NULL;
}

/* What the attempts say of an event. */
struct attempts {
    struct json_object *list;
    const char *refused; /* of the last one that ended; static */
    char address[HTTP_ADDRESS_SIZE];
};

static void add_attempt(void *arg, const struct feed_attempt *attempt)
{
    struct attempts *attempts = arg;
    struct json_object *object = json_object_new_object();

    reply_int(object, "number", attempt->n);
    reply_int(object, "date", attempt->at);
    reply_add(object, "latency_us",
              attempt->latency_us < 0 ? NULL : json_object_new_int64(attempt->latency_us));
    reply_text(object, "address", attempt->address[0] == '\0' ? NULL : attempt->address);
    reply_add(object, "status", attempt->status == 0 ? NULL : json_object_new_int(attempt->status));
    reply_text(object, "result", attempt->result);
    reply_text(object, "problem", attempt->problem[0] == '\0' ? NULL : attempt->problem);
    if (attempt->answer == NULL)
        reply_text(object, "answer", NULL);
    else
        add_bytes(object, "answer", attempt->answer, attempt->answer_len);
    json_object_array_add(attempts->list, object);
    if (attempt->latency_us >= 0) {
        attempts->refused = refusal_words(attempt->result);
        text_copy(attempts->address, sizeof(attempts->address), attempt->address);
    }
}

/* What would be sent now: the same body, and the signatures of this second. */
static enum err add_explanation(struct request *request, struct json_object *object,
                                const struct notify_event *event)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    struct json_object *headers = json_object_new_object();
    struct text curl = TEXT(CURL_MAX);
    enum err rc = delivery == NULL ? ERR_NO_MEMORY
                                   : delivery_prepare(request->db, request->app->master_key, NULL,
                                                      event, clock_now_us() / 1000000, delivery);
    if (rc == ERR_OK) {
        delivery_curl(delivery, event->url, &curl);
        reply_text(object, "body", text_string(&delivery->body));
        for (size_t i = 0; delivery->headers[i] != NULL; i++) {
            char name[64];
            size_t len = strcspn(delivery->headers[i], ":");
            text_copy(name, len + 1 < sizeof(name) ? len + 1 : sizeof(name), delivery->headers[i]);
            json_object_object_add(headers, name,
                                   json_object_new_string(delivery_header(delivery, name)));
        }
        reply_add(object, "headers", json_object_get(headers));
        reply_text(object, "rest_signed", text_string(&delivery->body));
        reply_text(object, "webhook_signed", text_string(&delivery->signed_bytes));
        reply_text(object, "curl", event->url[0] == '\0' ? NULL : text_string(&curl));
    }
    if (delivery != NULL)
        delivery_free(delivery);
    free(delivery);
    json_object_put(headers);
    text_free(&curl);
    /* A key that is gone cannot sign; everything else can still be shown. */
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* Whose look-ups this worker has in hand: one for each user, LOOK_UPS in all. */
static int64_t looking_up[LOOK_UPS];

/* A free place for a user's look-up, or NULL. */
static int64_t *take_look_up(int64_t user_id)
{
    int64_t *free_one = NULL;

    for (size_t i = 0; i < LOOK_UPS; i++)
        if (looking_up[i] == user_id)
            return NULL;
        else if (looking_up[i] == 0)
            free_one = &looking_up[i];
    if (free_one != NULL)
        *free_one = user_id;
    return free_one;
}

static const char *look_up_words(enum http_result result)
{
    return result == HTTP_TIMEOUT ? "the name of the host is not answered for in time"
                                  : refusal_words(http_result_name(result));
}

/* Where a try of now would lead. */
static enum err add_look_up(const struct request *request, struct json_object *object,
                            const struct notify_event *event)
{
    struct http_looked_up found = {.address = ""};
    int64_t *place = take_look_up(request->caller.user_id);
    const char *refused = "too many names are being looked up: ask again in a moment";

    if (place != NULL) {
        enum err rc =
            http_look_up(event->url, request->app->config.net_allow_loopback, LOOK_UP_MS, &found);
        *place = 0;
        if (rc != ERR_OK)
            return rc;
        refused = look_up_words(found.result);
    }
    struct json_object *look_up = json_object_new_object();
    reply_text(look_up, "address", found.address[0] == '\0' ? NULL : found.address);
    reply_text(look_up, "refused", refused);
    reply_add(object, "look_up", look_up);
    return ERR_OK;
}

enum err notification_show(struct request *request, struct reply *reply)
{
    struct event_params params = {.look_up = false};
    struct attempts attempts = {.list = NULL};
    struct notify_event *event = malloc(sizeof(*event));
    enum err rc = event == NULL ? ERR_NO_MEMORY : FIELDS_READ(request, &params);

    if (rc == ERR_OK)
        rc = feed_event(request->db, request->caller.user_id, &params.event, 0, event);
    if (rc == ERR_OK) {
        reply->value = notification_object(event);
        attempts.list = json_object_new_array();
        reply_add(reply->value, "tries", attempts.list);
        rc = feed_attempts(request->db, event->id, add_attempt, &attempts);
    }
    if (rc == ERR_OK) {
        reply_text(reply->value, "address", attempts.address[0] == '\0' ? NULL : attempts.address);
        reply_text(reply->value, "refused", attempts.refused);
        rc = add_explanation(request, reply->value, event);
    }
    if (rc == ERR_OK && params.look_up && event->url[0] != '\0')
        rc = add_look_up(request, reply->value, event);
    free(event);
    return rc;
}

struct replay_params {
    struct uuid event;
    int64_t first, last;
    bool with_event, with_first, with_last, only_pending;
};

#define AT(member) offsetof(struct replay_params, member)
static const struct field replay_fields[] = {
    {.name = "event", .type = FIELD_UUID, .offset = AT(event), .given_offset = AT(with_event)},
    {.name = "first",
     .type = FIELD_INT,
     .min = 1,
     .offset = AT(first),
     .given_offset = AT(with_first)},
    {.name = "last",
     .type = FIELD_INT,
     .min = 1,
     .offset = AT(last),
     .given_offset = AT(with_last)},
    {.name = "only_pending", .type = FIELD_BOOL, .offset = AT(only_pending)},
};
#undef AT
FIELD_TABLE_OF(notification_replay_params, replay_fields, struct replay_params);

enum err notification_replay(struct request *request, struct reply *reply)
{
    struct replay_params params = {0};
    int64_t user_id = request->caller.user_id, count = 1;
    enum err rc = FIELDS_READ(request, &params);

    if (rc != ERR_OK)
        return rc;
    if (params.with_event) {
        rc = feed_replay(request->db, user_id, &params.event);
    } else if (!params.with_first) {
        return request_fail(request, "event", ERR_MISSING);
    } else if (!params.with_last) {
        return request_fail(request, "last", ERR_MISSING);
    } else if (params.last < params.first || params.last - params.first >= FEED_REPLAY_MAX) {
        return request_fail(request, "last", ERR_OUT_OF_RANGE);
    } else {
        rc = feed_replay_range(request->db, user_id, (uint64_t)params.first, (uint64_t)params.last,
                               params.only_pending, &count);
    }
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    reply_int(reply->value, "replayed", count);
    return ERR_OK;
}

struct test_params {
    const char *url;
    bool with_url;
};

#define AT(member) offsetof(struct test_params, member)
static const struct field test_fields[] = {
    {.name = "url",
     .type = FIELD_TEXT,
     .required = true,
     .min = 1,
     .max = NOTIFY_URL_MAX,
     .offset = AT(url),
     .given_offset = AT(with_url)},
};
#undef AT
FIELD_TABLE_OF(notification_test_params, test_fields, struct test_params);

enum err notification_test(struct request *request, struct reply *reply)
{
    struct test_params params = {0};
    char endpoint[HTTP_ENDPOINT_SIZE];
    struct uuid event;
    enum err rc = FIELDS_READ(request, &params);

    if (rc != ERR_OK)
        return rc;
    rc = http_url_check(params.url, endpoint);
    if (rc != ERR_OK)
        return request_fail(request, "url", rc);
    rc = feed_test(request->db, request->caller.user_id, request->caller.api_key_id, params.url,
                   endpoint, &event);
    /* On the site no key is at hand, and there may be none. */
    if (rc == ERR_NOT_FOUND)
        return request_fail_text(request, "url", ERR_INVALID,
                                 "cannot be tested before there is an API key with the right "
                                 "merchant: it signs");
    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    add_uuid(reply->value, "event", &event);
    return ERR_OK;
}

enum err notification_rotate(struct request *request, struct reply *reply)
{
    char secret[NOTIFY_SECRET_TEXT_SIZE];
    int64_t overlap_until = 0;
    enum err rc = notify_secret_rotate(request->db, request->app->master_key,
                                       request->caller.user_id, secret, &overlap_until);
    if (rc == ERR_OK) {
        reply->value = json_object_new_object();
        reply_text(reply->value, "secret", secret);
        reply_int(reply->value, "overlap_until", overlap_until);
    }
    crypto_wipe(secret, sizeof(secret));
    return rc;
}

static const struct field pause_fields[] = {NOTIFICATION_ENDPOINT_FIELD};
FIELD_TABLE_OF(notification_pause_table, pause_fields, struct notification_pause_params);

enum err notification_pause(struct request *request, struct reply *reply,
                            const struct notification_pause_params *params)
{
    int64_t user_id = request->caller.user_id;
    enum err rc = params->paused ? feed_pause(request->db, user_id, params->endpoint)
                                 : feed_resume(request->db, user_id, params->endpoint);

    if (rc != ERR_OK)
        return rc;
    reply->value = json_object_new_object();
    reply_text(reply->value, "endpoint", params->endpoint);
    reply_bool(reply->value, "paused", params->paused);
    return ERR_OK;
}
