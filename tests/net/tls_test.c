/* Whose certificate is believed. The server is openssl's. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/net/net.h"

static char directory[200], key[256], certificate[256];
static uint16_t port;
static pid_t server;

static void make_certificate(void)
{
    char *const arguments[] = {"openssl",
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
                               "/CN=shop",
                               "-addext",
                               "subjectAltName=DNS:shop.test",
                               "-keyout",
                               key,
                               "-out",
                               certificate,
                               NULL};
    const char *place = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/teller-net-XXXXXX",
             place == NULL ? P_tmpdir : place);
    if (mkdtemp(directory) == NULL)
        abort();
    snprintf(key, sizeof(key), "%s/key.pem", directory);
    snprintf(certificate, sizeof(certificate), "%s/certificate.pem", directory);
    NET_CHECK("certificate", net_run(arguments));
}

static void start_server(void)
{
    char place[32];
    char *const arguments[] = {"openssl", "s_server", "-quiet", "-www",      "-accept", place,
                               "-key",    key,        "-cert",  certificate, NULL};
    close(net_listen(0, &port));
    snprintf(place, sizeof(place), "127.0.0.1:%u", port);
    server = net_start(arguments);
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

/* Calls until somebody listens, for five seconds at most. */
static struct http_outcome call(const char *ca_file, const char *host)
{
    char url[300];
    struct http_client *client = net_client_trusting(ca_file);
    struct http_outcome outcome;
    int64_t end = clock_mono_us() + 5000000;

    snprintf(url, sizeof(url), "https://%s:%u/", host, port);
    while ((outcome = net_call(client, url, true)).result == HTTP_NO_CONNECTION &&
           clock_mono_us() < end)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    http_stop(client);
    return outcome;
}

static void test_certificates(void)
{
    make_certificate();
    start_server();
    const struct {
        const char *row;
        const char *ca_file;
        const char *host;
        enum http_result expected;
    } rows[] = {
        {"trusted", certificate, "shop.test", HTTP_ANSWERED},
        {"unknown issuer", NULL, "shop.test", HTTP_TLS},
        {"no file is the system's", "", "shop.test", HTTP_TLS},
        {"another name", certificate, "loopback.test", HTTP_TLS},
        {"an address", certificate, "127.0.0.1", HTTP_TLS},
        {"trusted again", certificate, "SHOP.test", HTTP_ANSWERED},
    };
    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        struct http_outcome outcome = call(rows[i].ca_file, rows[i].host);
        NET_SAME(rows[i].row, http_result_name(outcome.result), http_result_name(rows[i].expected));
        NET_CHECK(rows[i].row, (outcome.status == 200) == (outcome.result == HTTP_ANSWERED));
        NET_CHECK(rows[i].row, (outcome.problem[0] == '\0') == (outcome.result == HTTP_ANSWERED));
    }
    end_server();
}

static void test_no_tls(void)
{
    struct net_shop *shop = net_shop_open(&port);
    struct http_outcome outcome = call(NULL, "127.0.0.1");
    NET_SAME("a server that speaks no TLS", http_result_name(outcome.result), "timeout");
    NET_CHECK("nothing was said in the clear", net_shop_requests(shop) == 0);
    net_shop_close(shop);
}

static void test_ca_file(void)
{
    struct http_config config = {.connect_timeout_ms = 1,
                                 .timeout_ms = 1,
                                 .max_in_flight = 1,
                                 .user_agent = "Teller",
                                 .ca_file = "/nonexistent/ca.pem"};
    struct http_client *client;
    NET_CHECK("no such file", http_start(&config, &client) == ERR_CONFIG && client == NULL);
}

static const struct net_test tests[] = {
    {"certificates", test_certificates, false},
    {"no TLS", test_no_tls, false},
    {"the file of certificates", test_ca_file, false},
    {NULL, NULL, false},
};
const struct net_suite suite_tls = {"TLS", tests};
