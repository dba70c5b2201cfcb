/* The client for providers against a real HTTPS server (provider.mjs), and that calls and look-ups
 * give up the turn while they wait. */
#include "net/provider.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"
#include "fcgi/server/fiber.h"
#include "tests/net/net.h"

#define FIBERS 3
#define SLOW_MS 400

static char directory[200], key[256], certificate[256];
static uint16_t port;
static pid_t server;

static void start_server(void)
{
    char number[8];
    char *const make[] = {"openssl",
                          "req",
                          "-x509",
                          "-newkey",
                          "ec",
                          "-pkeyopt",
                          "ec_paramgen_curve:prime256v1",
                          "-nodes",
                          "-days",
                          "2",
                          "-subj",
                          "/CN=provider",
                          "-addext",
                          "subjectAltName=IP:127.0.0.1",
                          "-keyout",
                          key,
                          "-out",
                          certificate,
                          NULL};
    char *const run[] = {"node", "tests/net/provider.mjs", number, key, certificate, NULL};

    snprintf(directory, sizeof(directory), "%s/teller-net-XXXXXX", P_tmpdir);
    if (mkdtemp(directory) == NULL)
        abort();
    snprintf(key, sizeof(key), "%s/key.pem", directory);
    snprintf(certificate, sizeof(certificate), "%s/certificate.pem", directory);
    NET_CHECK("certificate", net_run(make));
    close(net_listen(0, &port));
    snprintf(number, sizeof(number), "%u", port);
    server = net_start(run);
    NET_CHECK("server", server > 0);
}

static void end_server(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    unlink(key);
    unlink(certificate);
    rmdir(directory);
}

static struct provider_client *client_of(const char *ca_file)
{
    struct provider_config config = {
        .user_agent = "Teller", .ca_file = ca_file, .connections = FIBERS};
    struct provider_client *client;

    if (provider_start(&config, &client) != ERR_OK)
        abort();
    return client;
}

/* Calls a path; `request` says the rest. */
static enum err call(struct provider_client *client, const char *path,
                     struct provider_request request, struct provider_answer *out)
{
    char url[300];

    snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", port, path);
    request.url = url;
    request.method = request.method == NULL ? "GET" : request.method;
    request.answer_max = request.answer_max == 0 ? 4096 : request.answer_max;
    request.timeout_ms = request.timeout_ms == 0 ? 5000 : request.timeout_ms;
    request.connect_timeout_ms = 1000;
    return provider_call(client, &request, out);
}

/* Until the server listens, for ten seconds at most. */
static void await_server(struct provider_client *client)
{
    struct provider_answer answer = {0};
    int64_t end_us = clock_mono_us() + 10000000;

    do {
        NET_CHECK("up", call(client, "/", (struct provider_request){0}, &answer) == ERR_OK);
        if (answer.result == HTTP_NO_CONNECTION)
            wait_ms(20);
    } while (answer.result == HTTP_NO_CONNECTION && clock_mono_us() < end_us);
    NET_SAME("up", http_result_name(answer.result), "answered");
    provider_answer_free(&answer);
}

static void test_requests(void)
{
    static const char *const headers[] = {"X-Key: k", NULL};
    static const struct {
        const char *row;
        struct provider_request request;
        const char *expected;
    } rows[] = {
        {"get",
         {.method = "GET"},
         "\"method\":\"GET\",\"url\":\"/echo\",\"body\":\"\",\"type\":null,\"length\":null"},
        {"json",
         {.method = "POST", .content_type = "application/json", .body = "{\"a\":1}", .body_len = 7},
         "\"method\":\"POST\",\"url\":\"/echo\",\"body\":\"{\\\"a\\\":1}\",\"type\":\"application/"
         "json\",\"length\":\"7\""},
        {"form",
         {.method = "PUT",
          .content_type = "application/x-www-form-urlencoded",
          .body = "a=1&b=2",
          .body_len = 7},
         "\"method\":\"PUT\",\"url\":\"/echo\",\"body\":\"a=1&b=2\",\"type\":\"application/"
         "x-www-form-urlencoded\""},
        {"empty post", {.method = "POST"}, "\"method\":\"POST\",\"url\":\"/echo\",\"body\":\"\""},
        {"delete", {.method = "DELETE"}, "\"method\":\"DELETE\""},
        {"patch",
         {.method = "PATCH", .body = "x", .body_len = 1},
         "\"method\":\"PATCH\",\"url\":\"/echo\",\"body\":\"x\""},
        {"id and header",
         {.headers = headers, .request_id = "0123456789abcdef"},
         "\"id\":\"0123456789abcdef\",\"key\":\"k\",\"agent\":\"Teller\""},
    };
    struct provider_client *client = client_of(certificate);
    struct provider_answer answer = {0};

    await_server(client);
    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        NET_CHECK(rows[i].row, call(client, "/echo", rows[i].request, &answer) == ERR_OK);
        NET_SAME(rows[i].row, http_result_name(answer.result), "answered");
        NET_CHECK(rows[i].row, answer.status == 200 && answer.sent);
        NET_CHECK(text_string(&answer.body),
                  strstr(text_string(&answer.body), rows[i].expected) != NULL);
    }
    provider_answer_free(&answer);
    provider_stop(client);
}

static void test_answers(void)
{
    static const struct {
        const char *path;
        struct provider_request request;
        const char *result;
        int status;
        bool sent;
    } rows[] = {
        {"/big/4096", {.answer_max = 4096}, "answered", 200, true},
        {"/big/4097", {.answer_max = 4096}, "protocol", 200, true},
        {"/big/1000000", {.answer_max = 2000000}, "answered", 200, true},
        {"/status/503", {0}, "answered", 503, true},
        {"/hang", {.timeout_ms = 200}, "timeout", 0, true},
        {"/close", {.method = "POST"}, "protocol", 0, true},
    };
    struct provider_client *client = client_of(certificate), *stranger = client_of(NULL);
    struct provider_answer answer = {0};
    char value[16];

    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        NET_CHECK(rows[i].path, call(client, rows[i].path, rows[i].request, &answer) == ERR_OK);
        NET_SAME(rows[i].path, http_result_name(answer.result), rows[i].result);
        NET_CHECK(rows[i].path, answer.status == rows[i].status && answer.sent == rows[i].sent);
        NET_CHECK(rows[i].path, (answer.problem[0] == '\0') == (answer.result == HTTP_ANSWERED));
        if (rows[i].status == 503) {
            NET_CHECK("header", provider_header(&answer, "retry-after", value, sizeof(value)));
            NET_SAME("header", value, "7");
            NET_CHECK("none", !provider_header(&answer, "retry", value, sizeof(value)));
        }
    }
    NET_CHECK("unknown issuer",
              call(stranger, "/echo", (struct provider_request){0}, &answer) == ERR_OK);
    NET_SAME("unknown issuer", http_result_name(answer.result), "tls");
    NET_CHECK("nothing was said", !answer.sent);
    provider_answer_free(&answer);
    provider_stop(client);
    provider_stop(stranger);
}

static void test_refused(void)
{
    static const char *const broken[] = {"X-Key: k\r\nX-Other: o", NULL};
    struct provider_client *client = client_of(NULL);
    struct provider_answer answer = {0};
    struct provider_config config = {.user_agent = "T", .ca_file = "/nonexistent/ca.pem"};
    struct provider_client *none;

    NET_CHECK("line break", call(client, "/", (struct provider_request){.headers = broken},
                                 &answer) == ERR_INVALID);
    NET_CHECK("line break in the id",
              call(client, "/", (struct provider_request){.request_id = "a\nb"}, &answer) ==
                  ERR_INVALID);
    NET_CHECK("no URL", call(client, " ", (struct provider_request){0}, &answer) == ERR_INVALID);
    NET_CHECK("no certificates", provider_start(&config, &none) == ERR_CONFIG && none == NULL);
    provider_answer_free(&answer);
    provider_stop(client);
}

/* --- turns: a loop as the worker's, over fibers -------------------------------------------------- */

struct lane {
    struct fiber *fiber;
    struct pollfd waits;
    int64_t until_us;
    const char *path; /* of the call; NULL: a look-up of a name that does not come */
    struct provider_client *client;
    enum http_result result;
    int64_t ended_us;
};

static struct lane lanes[FIBERS];
static struct lane *running;

static bool wait_in_lane(enum wait_event event, int fd, int timeout_ms)
{
    running->waits.fd = event == WAIT_TIME ? -1 : fd;
    running->waits.events = event == WAIT_WRITE ? POLLOUT : POLLIN;
    running->until_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    fiber_wait();
    return running->waits.revents != 0;
}

static void run_lane(void *arg)
{
    struct lane *lane = arg;
    struct provider_answer answer = {0};
    struct http_looked_up found = {0};

    if (lane->path == NULL) {
        NET_CHECK("looked up",
                  http_look_up("http://slow-shop.test/", false, SLOW_MS, &found) == ERR_OK);
        lane->result = found.result;
    } else {
        NET_CHECK(lane->path,
                  call(lane->client, lane->path, (struct provider_request){0}, &answer) == ERR_OK);
        lane->result = answer.result;
    }
    lane->ended_us = clock_mono_us();
    provider_answer_free(&answer);
}

/* Runs all lanes to their end. Returns the longest time that one of them kept the others waiting. */
static int64_t run_lanes(size_t count)
{
    int64_t longest_us = 0;
    size_t waiting = 0;
    bool waits[FIBERS];

    for (size_t i = 0; i < count; i++) {
        running = &lanes[i];
        waiting += waits[i] = fiber_start(lanes[i].fiber, run_lane, &lanes[i]);
    }
    while (waiting > 0) {
        struct pollfd polled[FIBERS];
        for (size_t i = 0; i < count; i++)
            polled[i] = (struct pollfd){.fd = waits[i] ? lanes[i].waits.fd : -1,
                                        .events = lanes[i].waits.events};
        (void)poll(polled, count, 5);
        for (size_t i = 0; i < count; i++) {
            int64_t start_us = clock_mono_us();
            lanes[i].waits.revents = polled[i].revents;
            if (!waits[i] || (polled[i].revents == 0 && lanes[i].until_us > start_us))
                continue;
            running = &lanes[i];
            waits[i] = fiber_resume(lanes[i].fiber);
            waiting -= !waits[i];
            if (clock_mono_us() - start_us > longest_us)
                longest_us = clock_mono_us() - start_us;
        }
    }
    return longest_us;
}

/* Two slow calls of one client and a name that does not come: all of them together take as long as
 * one, and none of them keeps the others waiting. */
static void test_turns(void)
{
    struct provider_client *client = client_of(certificate);
    static const char *const paths[FIBERS] = {"/slow/400", NULL, "/slow/400"};

    wait_by(NULL);
    for (size_t i = 0; i < FIBERS; i++) {
        lanes[i] = (struct lane){.client = client, .path = paths[i]};
        NET_CHECK("fiber", fiber_open(&lanes[i].fiber) == ERR_OK);
    }
    wait_by(wait_in_lane);
    int64_t start_us = clock_mono_us(), longest_us = run_lanes(FIBERS);
    wait_by(NULL);
    for (size_t i = 0; i < FIBERS; i++) {
        NET_SAME("result", http_result_name(lanes[i].result), i == 1 ? "timeout" : "answered");
        NET_CHECK("together", lanes[i].ended_us - start_us < 2 * SLOW_MS * 1000);
        fiber_close(lanes[i].fiber);
    }
    NET_CHECK("nobody is kept waiting", longest_us < SLOW_MS * 1000 / 2);
    provider_stop(client);
}

static void test_all(void)
{
    start_server();
    test_requests();
    test_answers();
    test_turns();
    end_server();
}

static const struct net_test tests[] = {
    {"requests, answers, turns", test_all, false},
    {"what is not sent", test_refused, false},
    {NULL, NULL, false},
};
const struct net_suite suite_provider = {"client for providers", tests};
