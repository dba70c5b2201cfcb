/* How the client treats shops that answer, and those that do not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/net/net.h"

static uint16_t port;
static struct net_shop *shop;

static const char *url_of(const char *path)
{
    static char url[300];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
    return url;
}

static void test_answers(void)
{
    static const struct {
        const char *path;
        enum http_result result;
        int status;
        const char *answer; /* NULL: not compared */
    } rows[] = {
        {"/ok", HTTP_ANSWERED, 200, "[OK]"},
        {"/ok?a=b&c=%20d", HTTP_ANSWERED, 200, "[OK]"},
        {"/chunked", HTTP_ANSWERED, 200, "[OK]"},
        {"/last", HTTP_ANSWERED, 200, "[OK]"},
        {"/status/500", HTTP_ANSWERED, 500, "busy"},
        {"/status/404", HTTP_ANSWERED, 404, "busy"},
        {"/status/401", HTTP_ANSWERED, 401, "busy"},
        {"/status/204", HTTP_ANSWERED, 204, ""},
        {"/redirect/302", HTTP_ANSWERED, 302, "[OK]"},
        {"/close", HTTP_PROTOCOL, 0, ""},
        {"/talk", HTTP_PROTOCOL, 0, ""},
        {"/short", HTTP_PROTOCOL, 200, "[OK]"},
        {"/headers", HTTP_PROTOCOL, 200, ""},
        {"/hang", HTTP_TIMEOUT, 0, ""},
        {"/drip", HTTP_TIMEOUT, 200, "[OK]"},
    };
    struct http_client *client = net_client(true);
    char answer[HTTP_ANSWER_MAX + 1];

    shop = net_shop_open(&port);
    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        struct http_outcome outcome = net_call(client, url_of(rows[i].path), false);
        NET_SAME(rows[i].path, http_result_name(outcome.result), http_result_name(rows[i].result));
        NET_CHECK(rows[i].path, outcome.status == rows[i].status);
        NET_CHECK(rows[i].path, outcome.latency_us > 0);
        NET_CHECK(rows[i].path, (outcome.problem[0] == '\0') == (outcome.result == HTTP_ANSWERED));
        NET_CHECK(rows[i].path, strncmp(outcome.address, "127.0.0.1:", 10) == 0);
        text_copy(answer, outcome.answer_len + 1, outcome.answer);
        NET_SAME(rows[i].path, answer, rows[i].answer);
    }
    net_shop_close(shop);
    http_stop(client);
}

static void test_cut(void)
{
    struct http_client *client = net_client(true);
    shop = net_shop_open(&port);
    struct http_outcome outcome = net_call(client, url_of("/big"), false);
    NET_SAME("cut", http_result_name(outcome.result), "answered");
    NET_CHECK("cut", outcome.status == 200 && outcome.answer_len == HTTP_ANSWER_MAX);
    NET_CHECK("cut", memcmp(outcome.answer, "0123456789", 10) == 0);
    outcome = net_call(client, url_of("/ok"), false);
    NET_SAME("next", http_result_name(outcome.result), "answered");
    NET_CHECK("the connection was given up", net_shop_connections(shop) == 2);
    net_shop_close(shop);
    http_stop(client);
}

static void test_request(void)
{
    struct http_client *client = net_client(true);
    char request[8192], local[HTTP_ADDRESS_SIZE], expected[8192];

    shop = net_shop_open(&port);
    net_call(client, url_of("/ok?x=1"), false);
    net_shop_last(shop, request, local);
    snprintf(expected, sizeof(expected),
             "POST /ok?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: Teller\r\nAccept: */*\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1",
             port);
    NET_SAME("POST", request, expected);
    net_call(client, url_of("/ok"), true);
    net_shop_last(shop, request, local);
    NET_CHECK("GET after POST", strncmp(request, "GET /ok HTTP/1.1\r\n", 18) == 0);
    NET_CHECK("GET after POST", strstr(request, "Content-Length") == NULL);
    NET_CHECK("GET after POST", strstr(request, "a=1") == NULL);
    net_shop_close(shop);
    http_stop(client);
}

static void count(void *tag, const struct http_outcome *outcome)
{
    (void)outcome;
    ++*(unsigned *)tag;
}

static void test_headers(void)
{
    static const char *const bad[][2] = {
        {"X-A: b\r\nX-C: d", NULL}, {"X-A: b\n", NULL}, {"X-A: b\rX-C: d", NULL}};
    struct http_client *client = net_client(true);
    unsigned ended = 0;

    for (size_t i = 0; i < NET_COUNT(bad); i++) {
        struct http_request request = {
            .url = "http://127.0.0.1/", .headers = bad[i], .tag = &ended};
        NET_CHECK(bad[i][0], http_send(client, &request, count) == ERR_INVALID);
    }
    NET_CHECK("nothing in flight", http_in_flight(client) == 0);
    NET_CHECK("nothing to do", http_turn(client, 0) == ERR_OK && ended == 0);
    http_stop(client);
}

static void test_no_connection(void)
{
    struct http_client *client = net_client(true);
    shop = net_shop_open(&port);
    net_shop_close(shop); /* nobody listens on the port any more */
    struct http_outcome outcome = net_call(client, url_of("/"), false);
    NET_SAME("refused", http_result_name(outcome.result), "no_connection");
    NET_CHECK("tried", strncmp(outcome.address, "127.0.0.1:", 10) == 0);
    outcome = net_call(client, "http://nobody.test/", false);
    NET_SAME("no name", http_result_name(outcome.result), "name_unknown");
    NET_SAME("no name", outcome.address, "");
    http_stop(client);
}

/* A name server that does not answer costs its own request the time-out and the others nothing. */
static void test_slow_name(void)
{
    struct http_client *client = net_client(true);
    unsigned slow = 0, fast = 0;
    struct http_request request = {.url = "http://slow.test/", .tag = &slow};
    int64_t start = clock_mono_us();

    shop = net_shop_open(&port);
    NET_CHECK("slow", http_send(client, &request, count) == ERR_OK);
    request = (struct http_request){.url = url_of("/ok"), .tag = &fast};
    NET_CHECK("fast", http_send(client, &request, count) == ERR_OK);
    while (fast == 0)
        if (http_turn(client, 100) != ERR_OK)
            abort();
    NET_CHECK("not held up", clock_mono_us() - start < 500000 && slow == 0);
    while (slow == 0)
        if (http_turn(client, 100) != ERR_OK)
            abort();
    NET_CHECK("ended by the time-out", clock_mono_us() - start < 1500000);
    NET_CHECK("asked", net_lookups("slow.test") == 1);
    net_shop_close(shop);
    http_stop(client);
}

/* Each outcome sends the next request, until `left` are done. */
struct chain {
    struct http_client *client;
    unsigned left, answered, other;
};

static void next(void *tag, const struct http_outcome *outcome)
{
    struct chain *chain = tag;
    struct http_request request = {.url = url_of("/ok"), .body = "x", .body_len = 1, .tag = tag};
    if (outcome->result == HTTP_ANSWERED)
        chain->answered++;
    else
        chain->other++;
    if (chain->left > 0) {
        chain->left--;
        if (http_send(chain->client, &request, next) != ERR_OK)
            abort();
    }
}

static void test_many(void)
{
    struct chain chain = {.client = net_client(true), .left = 4000};
    struct http_request bad = {.url = "ftp://127.0.0.1/", .tag = &chain};

    shop = net_shop_open(&port);
    for (unsigned i = 0; i < 250; i++)
        NET_CHECK("start", http_send(chain.client, &bad, next) == ERR_OK);
    NET_CHECK("in flight", http_in_flight(chain.client) == 250 && chain.other == 0);
    while (http_in_flight(chain.client) > 0)
        if (http_turn(chain.client, 1000) != ERR_OK)
            abort();
    NET_CHECK("each ended once", chain.answered == 4000 && chain.other == 250);
    NET_CHECK("each was heard once", net_shop_requests(shop) == 4000);
    NET_CHECK("connections were kept", net_shop_connections(shop) <= 300);
    net_shop_close(shop);
    http_stop(chain.client);
}

static void test_stop(void)
{
    struct http_client *client = net_client(true);
    unsigned ended = 0;
    shop = net_shop_open(&port);
    struct http_request request = {.url = url_of("/hang"), .tag = &ended};

    for (unsigned i = 0; i < 10; i++)
        NET_CHECK("send", http_send(client, &request, count) == ERR_OK);
    NET_CHECK("turn", http_turn(client, 50) == ERR_OK);
    http_stop(client);
    NET_CHECK("none was told", ended == 0);
    http_stop(NULL);
    net_shop_close(shop);
}

static void ignore(int number)
{
    (void)number;
}

/* A job that is told to end is not kept waiting for the network. */
static void test_signal(void)
{
    struct sigaction action = {.sa_handler = ignore}, before;
    struct itimerval soon = {.it_value = {.tv_usec = 50000}};
    struct http_client *client = net_client(true);
    unsigned ended = 0;
    shop = net_shop_open(&port);
    struct http_request request = {.url = url_of("/hang"), .tag = &ended};

    for (int in_flight = 0; in_flight < 2; in_flight++) {
        if (in_flight)
            NET_CHECK("send", http_send(client, &request, count) == ERR_OK);
        NET_CHECK("turn", http_turn(client, 20) == ERR_OK && http_turn(client, 20) == ERR_OK);
        sigaction(SIGALRM, &action, &before);
        setitimer(ITIMER_REAL, &soon, NULL);
        int64_t start = clock_mono_us();
        NET_CHECK("interrupted", http_turn(client, 1200) == ERR_OK);
        NET_CHECK("at once", clock_mono_us() - start < 600000);
        sigaction(SIGALRM, &before, NULL);
    }
    NET_CHECK("still in flight", ended == 0 && http_in_flight(client) == 1);
    http_stop(client);
    net_shop_close(shop);
}

static const struct net_test tests[] = {
    {"answers", test_answers, false},
    {"a long answer", test_cut, false},
    {"what is sent", test_request, false},
    {"headers", test_headers, false},
    {"no connection", test_no_connection, false},
    {"a slow name", test_slow_name, false},
    {"many in flight", test_many, false},
    {"stopping", test_stop, false},
    {"a signal", test_signal, false},
    {NULL, NULL, false},
};
const struct net_suite suite_client = {"client", tests};
