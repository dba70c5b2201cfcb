/* ipn list | show | replay | pause | resume */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http.h"
#include "notify/feed.h"
#include "tools/tellerctl/ctl.h"

#define PAGE_MAX 1000000
#define LOOK_UP_MS 5000 /* how long the name of a host is waited for */

/* Begins an event's object, which goes on. */
static void begin_event(struct writer *json, const struct notify_event *event)
{
    writer_object(json, NULL);
    writer_int(json, "number", event->id);
    writer_uuid(json, "event", &event->uuid);
    writer_text(json, "merchant", event->merchant);
    writer_uuid(json, "transaction", &event->subject);
    writer_text(json, "status", event->status);
    writer_text(json, "channel", notify_channel(event));
    writer_text(json, "state", event->state);
    writer_int(json, "attempts", event->attempts);
    writer_text(json, "endpoint", event->endpoint);
    ctl_date(json, "date", event->at);
    ctl_date(json, "next", event->next);
    ctl_date(json, "delivered", event->delivered);
    writer_bool(json, "paused", event->paused);
}

static void add_event(void *arg, const struct notify_event *event)
{
    begin_event(arg, event);
    writer_end(arg);
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Reads a whole number from 1; 0 where it is none. */
static int64_t read_number(const char *text)
{
    int64_t number;
    return text_to_number(text, 1, INT64_MAX, &number) ? number : 0;
}

static int run_list(struct ctl *ctl)
{
    const char *page = ctl_option(ctl, "page"), *merchant = ctl_option(ctl, "merchant");
    struct feed_filter filter = {.state = ctl_option(ctl, "state"),
                                 .status = ctl_option(ctl, "status"),
                                 .endpoint = ctl_option(ctl, "endpoint"),
                                 .page = page == NULL ? 1 : read_number(page)};
    struct page counts;
    struct user user = {.id = 0};

    if (filter.page == 0 || filter.page > PAGE_MAX)
        return ctl_fail(ctl, ERR_INVALID, "page");
    if (filter.state != NULL && !is_one_of(filter.state, feed_states))
        return ctl_fail(ctl, ERR_INVALID, "state");
    if (filter.status != NULL && !is_one_of(filter.status, feed_statuses))
        return ctl_fail(ctl, ERR_INVALID, "status");
    if (ctl_connect(ctl) != ERR_OK ||
        (merchant != NULL && ctl_user(ctl, merchant, &user) != ERR_OK))
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    enum err rc = feed_list(ctl->db, user.id, &filter, add_event, json, &counts);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

/* The event of the first argument: its number or its id; a failure is said. */
static enum err find_event(struct ctl *ctl, struct notify_event *out)
{
    const char *name = ctl->args[0];
    struct uuid uuid;
    bool by_uuid = uuid_parse(name, strlen(name), &uuid);
    int64_t number = by_uuid ? 0 : read_number(name);
    enum err rc = ctl_connect(ctl);

    if (rc != ERR_OK)
        return rc;
    rc = !by_uuid && number == 0 ? ERR_NOT_FOUND
                                 : feed_event(ctl->db, 0, by_uuid ? &uuid : NULL, number, out);
    if (rc != ERR_OK)
        ctl_fail(ctl, rc, name);
    return rc;
}

static void add_attempt(void *arg, const struct feed_attempt *attempt)
{
    struct writer *json = arg;

    writer_object(json, NULL);
    writer_int(json, "number", attempt->n);
    ctl_date(json, "date", attempt->at);
    writer_int(json, "latency_us", attempt->latency_us);
    writer_text(json, "address", attempt->address);
    writer_int(json, "status", attempt->status);
    writer_text(json, "result", attempt->result);
    writer_text(json, "problem", attempt->problem);
    if (attempt->answer == NULL || !text_is_utf8(attempt->answer, attempt->answer_len))
        writer_null(json, "answer");
    else
        writer_bytes(json, "answer", attempt->answer, attempt->answer_len);
    writer_end(json);
}

static int run_show(struct ctl *ctl)
{
    struct notify_event event;
    struct http_looked_up found = {.address = ""};

    if (find_event(ctl, &event) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    begin_event(json, &event);
    writer_text(json, "url", event.url);
    writer_list(json, "tries");
    enum err rc = feed_attempts(ctl->db, event.id, add_attempt, json);
    writer_end(json);
    if (rc == ERR_OK && event.url[0] != '\0') {
        rc = http_look_up(event.url, ctl->config.net_allow_loopback, LOOK_UP_MS, &found);
        writer_text(json, "look_up",
                    found.result == HTTP_ANSWERED ? "allowed" : http_result_name(found.result));
        writer_text(json, "look_up_address", found.address);
    }
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_replay(struct ctl *ctl)
{
    struct notify_event event;

    if (find_event(ctl, &event) != ERR_OK)
        return CTL_FAILED;
    enum err rc = feed_replay(ctl->db, 0, &event.uuid);
    if (rc == ERR_OK)
        rc = feed_event(ctl->db, 0, &event.uuid, 0, &event);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, ctl->args[0]);
    add_event(ctl_result(ctl), &event);
    ctl_print(ctl);
    return CTL_DONE;
}

/* Pauses or resumes "host:port", or both usual ports of "host". */
static int change_host(struct ctl *ctl, bool paused)
{
    static const char *const ports[] = {":80", ":443"};
    const char *host = ctl->args[0];
    const char *colon = strrchr(host, ':');
    bool with_port = colon != NULL && read_number(colon + 1) != 0;
    struct writer *json = ctl_result(ctl);
    char endpoint[NOTIFY_ENDPOINT_SIZE];
    enum err rc = ctl_connect(ctl), found = ERR_NOT_FOUND;

    writer_list(json, NULL);
    for (size_t i = 0; rc == ERR_OK && i < (with_port ? 1 : 2); i++) {
        snprintf(endpoint, sizeof(endpoint), "%s%s", host, with_port ? "" : ports[i]);
        for (char *c = endpoint; *c != '\0'; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c + 'a' - 'A');
        rc = paused ? feed_pause(ctl->db, NULL, NULL, endpoint)
                    : feed_resume(ctl->db, NULL, NULL, endpoint);
        if (rc == ERR_OK) {
            writer_object(json, NULL);
            writer_text(json, "endpoint", endpoint);
            writer_bool(json, "paused", paused);
            writer_end(json);
            found = ERR_OK;
        } else if (rc == ERR_NOT_FOUND) {
            rc = ERR_OK;
        }
    }
    writer_end(json);
    if (rc == ERR_OK)
        rc = found;
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, host);
    ctl_print(ctl);
    return CTL_DONE;
}

static int run_pause(struct ctl *ctl)
{
    return change_host(ctl, true);
}

static int run_resume(struct ctl *ctl)
{
    return change_host(ctl, false);
}

const struct ctl_command ipn_commands[] = {
    {.group = "ipn",
     .verb = "list",
     .args = "",
     .help = "Notifications, newest first, 50 on a page.",
     .options = {{"merchant", "LOGIN", "of this merchant only", .required = false},
                 {"state", "STATE", "none, pending or delivered", .required = false},
                 {"status", "STATUS", "paid, partial, cancelled, closed, refunded or test",
                  .required = false},
                 {"endpoint", "HOST:PORT", "to this endpoint only", .required = false},
                 {"page", "N", "from 1", .required = false}},
     .run = run_list},
    {.group = "ipn",
     .verb = "show",
     .args = "ID",
     .help = "One notification, by number or id, with every attempt.",
     .run = run_show},
    {.group = "ipn",
     .verb = "replay",
     .args = "ID",
     .help = "Delivers a notification again.",
     .run = run_replay},
    {.group = "ipn",
     .verb = "pause",
     .args = "HOST",
     .help = "Leaves an endpoint alone for all merchants: HOST:PORT, or HOST for 80 and 443.",
     .run = run_pause},
    {.group = "ipn",
     .verb = "resume",
     .args = "HOST",
     .help = "Goes on with it, at once.",
     .run = run_resume},
    {0},
};
