/* Events, their deliveries and attempts as JSON, and the explanation of one that does not arrive.
 * */
#include "fcgi/views/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "fcgi/server/app.h"
#include "fcgi/server/fields.h"
#include "net/http.h"
#include "notify/delivery.h"
#include "notify/format.h"

#define CURL_MAX (64 << 10)
#define LOOK_UP_MS 500 /* how long the name of a stranger's host is waited for */
#define LOOK_UPS 2 /* at once in a worker, so that most of what it can have in hand stays free */

static void write_money(struct writer *json, const char *key, bool given, struct amount amount)
{
    writer_money(json, key, given ? amount : (struct amount){0});
}

/* Any bytes: as text where they are text, else null with `<key>_base64` beside it. */
static void write_bytes(struct writer *json, const char *key, const void *data, size_t len)
{
    static const char suffix[] = "_base64";
    char name[64], *text;

    if (text_is_utf8(data, len)) {
        writer_bytes(json, key, data, len);
        return;
    }
    writer_null(json, key);
    text = malloc(BASE64_SIZE(len));
    if (text == NULL)
        return;
    base64_encode(data, len, text);
    text_copy(name, sizeof(name) - sizeof(suffix), key);
    memcpy(name + strlen(name), suffix, sizeof(suffix));
    writer_text(json, name, text);
    free(text);
}

/* Begins an event's object, which goes on. */
static void begin_event(struct writer *json, const struct notify_event *event)
{
    writer_object(json, NULL);
    writer_uuid(json, "event", &event->uuid);
    writer_int(json, "number", event->id);
    writer_int(json, "cursor", (int64_t)event->seq);
    writer_uuid(json, "transaction", &event->subject);
    if (event->has_payment)
        writer_uuid(json, "payment", &event->payment);
    else
        writer_null(json, "payment");
    writer_text(json, "status", event->status);
    writer_text(json, "channel", notify_channel(event));
    writer_text(json, "state", event->state);
    writer_text(json, "currency", event->has_amount ? event->currency->code : NULL);
    write_money(json, "amount", event->has_amount, event->amount);
    write_money(json, "amount_valid", event->has_partial, event->valid);
    write_money(json, "amount_pending", event->has_partial, event->pending);
    write_money(json, "amount_total", event->has_partial, event->total);
    if (event->has_data)
        write_bytes(json, "data", event->data, event->data_len);
    else
        writer_null(json, "data");
    writer_some_text(json, "url", event->url);
    writer_some_text(json, "endpoint", event->endpoint);
    writer_int(json, "date", event->at);
    writer_int(json, "attempts", event->attempts);
    writer_date(json, "next", event->next);
    writer_date(json, "delivered", event->delivered);
    writer_bool(json, "paused", event->paused);
}

void notification_write(struct writer *json, const struct notify_event *event)
{
    begin_event(json, event);
    writer_end(json);
}

static void add_event(void *arg, const struct notify_event *event)
{
    notification_write(page_row(arg), event);
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

enum err notification_list(struct request *request, struct page_rows *rows)
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
    return feed_list(request->db, request->caller.user_id, &filter, add_event, rows, &rows->page);
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
        {"address_refused", "the URL leads to an address that is never called: private, loopback, "
                            "link-local or reserved"},
        {"url_refused", "the URL is not one that is called"},
        {"name_unknown", "the name of the host has no address"},
        {"no_connection", "the host takes no connection"},
        {"timeout", "the answer did not come in time"},
        {"tls", "the certificate is not valid, or the handshake failed"},
        {"protocol", "the answer is not HTTP, or broke off"},
        {"unsigned", "the notification could not be signed"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(result, all[i].result) == 0)
            return all[i].words;
    return NULL;
}

/* What the attempts say of an event. */
struct attempts {
    struct writer *writer;
    const struct format *format; /* what acknowledges; NULL where it is none that we know */
    const char *refused;         /* of the last one that ended; static */
    char address[HTTP_ADDRESS_SIZE];
};

static void add_attempt(void *arg, const struct feed_attempt *attempt)
{
    struct attempts *attempts = arg;
    struct writer *json = attempts->writer;

    writer_object(json, NULL);
    writer_int(json, "number", attempt->n);
    writer_int(json, "date", attempt->at);
    if (attempt->latency_us < 0)
        writer_null(json, "latency_us");
    else
        writer_int(json, "latency_us", attempt->latency_us);
    writer_some_text(json, "address", attempt->address);
    if (attempt->status == 0)
        writer_null(json, "status");
    else
        writer_int(json, "status", attempt->status);
    writer_text(json, "result", attempt->result);
    writer_some_text(json, "problem", attempt->problem);
    if (attempt->answer == NULL)
        writer_null(json, "answer");
    else
        write_bytes(json, "answer", attempt->answer, attempt->answer_len);
    writer_end(json);
    if (attempt->latency_us >= 0) {
        bool answered =
            strcmp(attempt->result, "refused") == 0 || strcmp(attempt->result, "failed") == 0;
        attempts->refused = !answered                  ? refusal_words(attempt->result)
                            : attempts->format == NULL ? NULL
                                                       : attempts->format->refusal;
        text_copy(attempts->address, sizeof(attempts->address), attempt->address);
    }
}

/* What would be sent now: the same body, and the signatures of this second. */
static void write_explanation(struct writer *json, const struct delivery *delivery,
                              const struct notify_event *event)
{
    struct text curl = TEXT(CURL_MAX);

    delivery_curl(delivery, event->url, &curl);
    writer_text(json, "body", text_string(&delivery->body));
    writer_object(json, "headers");
    for (size_t i = 0; delivery->headers[i] != NULL; i++) {
        char name[64];
        size_t len = strcspn(delivery->headers[i], ":");
        text_copy(name, len + 1 < sizeof(name) ? len + 1 : sizeof(name), delivery->headers[i]);
        writer_text(json, name, delivery_header(delivery, name));
    }
    writer_end(json);
    writer_text(json, "rest_signed", text_string(&delivery->body));
    writer_text(json, "webhook_signed", text_string(&delivery->signed_bytes));
    writer_text(json, "curl", event->url[0] == '\0' ? NULL : text_string(&curl));
    text_free(&curl);
}

static enum err add_explanation(struct request *request, struct writer *json,
                                const struct notify_event *event)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    enum err rc = delivery == NULL ? ERR_NO_MEMORY
                                   : delivery_prepare(request->db, request->app->master_key, NULL,
                                                      event, clock_now_us() / 1000000, delivery);
    if (rc == ERR_OK)
        write_explanation(json, delivery, event);
    if (delivery != NULL)
        delivery_free(delivery);
    free(delivery);
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
static enum err add_look_up(const struct request *request, struct writer *json,
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
    writer_object(json, "look_up");
    writer_some_text(json, "address", found.address);
    writer_text(json, "refused", refused);
    writer_end(json);
    return ERR_OK;
}

/* The event with its attempts; its object goes on. */
static enum err write_event(struct request *request, struct writer *json,
                            const struct notify_event *event)
{
    struct attempts attempts = {.writer = json, .format = format_find(event->format)};

    begin_event(json, event);
    writer_list(json, "tries");
    enum err rc = feed_attempts(request->db, event->id, add_attempt, &attempts);
    writer_end(json);
    writer_some_text(json, "address", attempts.address);
    writer_text(json, "refused", attempts.refused);
    return rc;
}

enum err notification_show(struct request *request, struct reply *reply)
{
    struct event_params params = {.look_up = false};
    struct writer *json = &reply->writer;
    struct notify_event *event = malloc(sizeof(*event));
    enum err rc = event == NULL ? ERR_NO_MEMORY : FIELDS_READ(request, &params);

    if (rc == ERR_OK)
        rc = feed_event(request->db, request->caller.user_id, &params.event, 0, event);
    if (rc == ERR_OK)
        rc = write_event(request, json, event);
    if (rc == ERR_OK)
        rc = add_explanation(request, json, event);
    if (rc == ERR_OK && params.look_up && event->url[0] != '\0')
        rc = add_look_up(request, json, event);
    if (rc == ERR_OK)
        writer_end(json);
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
    writer_object(&reply->writer, NULL);
    writer_int(&reply->writer, "replayed", count);
    writer_end(&reply->writer);
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
    const struct actor actor = request_actor(request);
    char url[HTTP_URL_SIZE], endpoint[HTTP_ENDPOINT_SIZE];
    struct uuid event;
    enum err rc = FIELDS_READ(request, &params);

    if (rc != ERR_OK)
        return rc;
    rc = http_url_ascii(params.url, url);
    if (rc == ERR_OK)
        rc = http_url_check(url, endpoint);
    if (rc != ERR_OK)
        return request_fail(request, "url", rc);
    rc = feed_test(request->db, request->app->master_key, &actor, request->caller.api_key_id, url,
                   endpoint, &event);
    /* On the site no key is at hand, and there may be none. */
    if (rc == ERR_NOT_FOUND)
        return request_fail_text(request, "url", ERR_INVALID,
                                 "cannot be tested before there is an API key with the right "
                                 "merchant: it signs");
    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_uuid(&reply->writer, "event", &event);
    writer_end(&reply->writer);
    return ERR_OK;
}

enum err notification_rotate(struct request *request, struct reply *reply)
{
    char secret[NOTIFY_SECRET_TEXT_SIZE];
    const struct actor actor = request_actor(request);
    int64_t overlap_until = 0;
    enum err rc =
        notify_secret_rotate(request->db, request->app->master_key, &actor, secret, &overlap_until);
    if (rc == ERR_OK) {
        writer_object(&reply->writer, NULL);
        writer_text(&reply->writer, "secret", secret);
        writer_int(&reply->writer, "overlap_until", overlap_until);
        writer_end(&reply->writer);
    }
    crypto_wipe(secret, sizeof(secret));
    return rc;
}

static const struct field pause_fields[] = {NOTIFICATION_ENDPOINT_FIELD};
FIELD_TABLE_OF(notification_pause_table, pause_fields, struct notification_pause_params);

enum err notification_pause(struct request *request, struct reply *reply,
                            const struct notification_pause_params *params)
{
    const struct actor actor = request_actor(request);
    const uint8_t *master = request->app->master_key;
    enum err rc = params->paused ? feed_pause(request->db, master, &actor, params->endpoint)
                                 : feed_resume(request->db, master, &actor, params->endpoint);

    if (rc != ERR_OK)
        return rc;
    writer_object(&reply->writer, NULL);
    writer_text(&reply->writer, "endpoint", params->endpoint);
    writer_bool(&reply->writer, "paused", params->paused);
    writer_end(&reply->writer);
    return ERR_OK;
}
