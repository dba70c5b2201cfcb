/* provider list | ping | pause | resume | call: the programs of others that are asked, their circuit breakers,
 * and the calls that were kept. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "provider/bitcoin.h"
#include "provider/ethereum.h"
#include "provider/guard.h"
#include "provider/node.h"
#include "tools/tellerctl/ctl.h"

#define CALLS_DEFAULT 20
#define PING_TIMEOUT_MS 5000

/* A provider: its section in the configuration, and what it can be asked at any time. */
struct known {
    const char *name;
    enum err (*open)(const struct config *config, struct node *out, struct text *problem);
    enum err (*height)(const struct rpc_node *node, uint64_t *out);
};

static enum err height_bitcoin(const struct rpc_node *node, uint64_t *out)
{
    uint32_t height = 0;
    enum err rc = bitcoin_height(node, &height);

    *out = height;
    return rc;
}

static const struct known all_known[] = {
    {"bitcoin", node_bitcoin, height_bitcoin},
    {"ethereum", node_ethereum, ethereum_height},
};

static const char *url_of(const struct config *config, const struct known *known)
{
    return strcmp(known->name, "bitcoin") == 0 ? config->provider_bitcoin_url
                                               : config->provider_ethereum_url;
}

static const struct known *find_known(struct ctl *ctl)
{
    for (size_t i = 0; i < sizeof(all_known) / sizeof(all_known[0]); i++)
        if (strcmp(all_known[i].name, ctl->args[0]) == 0)
            return &all_known[i];
    ctl_fail(ctl, ERR_NOT_FOUND, ctl->args[0]);
    return NULL;
}

/* The host of a URL: the rest may hold a key. */
static void write_host(struct writer *json, const char *url)
{
    char endpoint[HTTP_ENDPOINT_SIZE];

    writer_text(json, "host",
                url[0] != '\0' && http_url_check(url, endpoint) == ERR_OK ? endpoint : NULL);
}

static enum err write_provider(struct ctl *ctl, struct writer *json, const struct known *known)
{
    struct provider_state state = {0};
    enum err rc = provider_state_read(ctl->db, known->name, &state);

    writer_object(json, NULL);
    writer_text(json, "provider", known->name);
    writer_bool(json, "configured", url_of(&ctl->config, known)[0] != '\0');
    write_host(json, url_of(&ctl->config, known));
    writer_text(json, "circuit", state.paused ? "paused" : state.open ? "open" : "closed");
    writer_int(json, "failures", (int64_t)state.failures);
    ctl_date(json, "opened", state.opened);
    writer_end(json);
    return rc;
}

static int run_list(struct ctl *ctl)
{
    enum err rc = ERR_OK;

    if (ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct writer *json = ctl_result(ctl);
    writer_list(json, NULL);
    for (size_t i = 0; rc == ERR_OK && i < sizeof(all_known) / sizeof(all_known[0]); i++)
        rc = write_provider(ctl, json, &all_known[i]);
    writer_end(json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, NULL);
    ctl_print(ctl);
    return CTL_DONE;
}

static int print_provider(struct ctl *ctl, const struct known *known, enum err rc)
{
    if (rc == ERR_OK)
        rc = write_provider(ctl, ctl_result(ctl), known);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, known->name);
    ctl_print(ctl);
    return CTL_DONE;
}

static int switch_provider(struct ctl *ctl, bool paused)
{
    const struct known *known = find_known(ctl);

    if (known == NULL || ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    return print_provider(ctl, known, provider_pause(ctl->db, ctl_operator(), known->name, paused));
}

static int run_pause(struct ctl *ctl)
{
    return switch_provider(ctl, true);
}

static int run_resume(struct ctl *ctl)
{
    return switch_provider(ctl, false);
}

/* Asks it whatever its circuit says. */
static int run_ping(struct ctl *ctl)
{
    const struct known *known = find_known(ctl);
    struct text problem = TEXT(1024);
    struct node node;
    uint64_t height = 0;

    if (known == NULL)
        return CTL_FAILED;
    enum err rc = known->open(&ctl->config, &node, &problem);
    node_unguard(&node);
    if (rc == ERR_OK && node.rpc.timeout_ms > PING_TIMEOUT_MS)
        node.rpc.timeout_ms = PING_TIMEOUT_MS;
    int64_t start_us = clock_mono_us();
    if (rc == ERR_OK)
        rc = known->height(&node.rpc, &height);
    int64_t took_us = clock_mono_us() - start_us;
    node_close(&node);
    int status = rc == ERR_OK          ? CTL_DONE
                 : rc == ERR_NOT_FOUND ? ctl_fail_words(ctl, rc, "the configuration names none")
                 : text_string(&problem)[0] != '\0' ? ctl_fail_words(ctl, rc, text_string(&problem))
                                                    : ctl_fail(ctl, rc, known->name);
    text_free(&problem);
    if (status != CTL_DONE)
        return status;
    struct writer *json = ctl_result(ctl);
    writer_object(json, NULL);
    writer_text(json, "provider", known->name);
    writer_int(json, "height", (int64_t)height);
    writer_int(json, "ms", took_us / 1000);
    writer_end(json);
    ctl_print(ctl);
    return CTL_DONE;
}

/* What is shown of kept calls: all of one, less of many. */
struct showing {
    struct writer *json;
    bool whole;
};

static void write_call(void *arg, const struct provider_kept *call)
{
    struct showing *showing = arg;
    struct writer *json = showing->json;

    writer_object(json, NULL);
    writer_int(json, "id", call->id);
    ctl_date(json, "at", call->at);
    writer_text(json, "provider", call->provider);
    writer_text(json, "kind", call->kind);
    writer_bool(json, "moves", call->moves);
    writer_text(json, "result", call->result);
    writer_int(json, "status", call->status);
    writer_int(json, "ms", call->latency_us / 1000);
    if (showing->whole) {
        writer_some_text(json, "request_id", call->request_id);
        writer_text(json, "request", call->request);
        writer_text(json, "answer", call->answer);
    }
    writer_end(json);
}

static int run_call(struct ctl *ctl)
{
    const char *given_id = ctl_option(ctl, "id"), *given_limit = ctl_option(ctl, "limit");
    int64_t id = 0, limit = CALLS_DEFAULT;

    if (given_id != NULL && !text_to_number(given_id, 1, INT64_MAX, &id))
        return ctl_fail(ctl, ERR_INVALID, "id");
    if (given_limit != NULL && !text_to_number(given_limit, 1, PROVIDER_CALLS_MAX, &limit))
        return ctl_fail(ctl, ERR_OUT_OF_RANGE, "limit");
    const struct known *known = find_known(ctl);
    if (known == NULL || ctl_connect(ctl) != ERR_OK)
        return CTL_FAILED;
    struct showing showing = {ctl_result(ctl), id != 0};
    writer_list(showing.json, NULL);
    enum err rc = provider_calls(ctl->db, known->name, id, limit, write_call, &showing);
    writer_end(showing.json);
    if (rc != ERR_OK)
        return ctl_fail(ctl, rc, known->name);
    ctl_print(ctl);
    return CTL_DONE;
}

const struct ctl_command provider_commands[] = {
    {.group = "provider",
     .verb = "list",
     .args = "",
     .help = "Lists the programs of others that are asked, with their circuit breakers.",
     .run = run_list},
    {.group = "provider",
     .verb = "ping",
     .args = "NAME",
     .help = "Asks one for its height, whatever its circuit says.",
     .run = run_ping},
    {.group = "provider",
     .verb = "pause",
     .args = "NAME",
     .help = "Has one asked nothing, from within a second on.",
     .run = run_pause},
    {.group = "provider",
     .verb = "resume",
     .args = "NAME",
     .help = "Has one asked again, and closes its circuit.",
     .run = run_resume},
    {.group = "provider",
     .verb = "call",
     .args = "NAME",
     .help = "Lists calls of one that moved something or failed; --id shows one with its bodies.",
     .options = {{"id", "ID", "that one alone", .required = false},
                 {"limit", "N", "how many, 20", .required = false}},
     .run = run_call},
    {0},
};
