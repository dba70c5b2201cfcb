/* Calling out from a network of the test's own. */
#include <stdlib.h>

#include "tests/net/net.h"

static struct http_client *start(bool allow_loopback, const char *ca_file)
{
    struct http_config config = {.allow_loopback = allow_loopback,
                                 .connect_timeout_ms = 700,
                                 .timeout_ms = 1500,
                                 .max_in_flight = 300,
                                 .user_agent = "Teller",
                                 .ca_file = ca_file};
    struct http_client *client;
    if (http_start(&config, &client) != ERR_OK)
        abort();
    return client;
}

struct http_client *net_client(bool allow_loopback)
{
    return start(allow_loopback, NULL);
}

struct http_client *net_client_trusting(const char *ca_file)
{
    return start(true, ca_file);
}

static void keep(void *tag, const struct http_outcome *outcome)
{
    *(struct http_outcome *)tag = *outcome;
}

struct http_outcome net_call(struct http_client *client, const char *url, bool get)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    struct http_outcome outcome = {0};
    struct http_request request = {.url = url,
                                   .headers = headers,
                                   .body = get ? NULL : "a=1",
                                   .body_len = get ? 0 : 3,
                                   .tag = &outcome};
    if (http_send(client, &request, keep) != ERR_OK)
        abort();
    while (http_in_flight(client) > 0)
        if (http_turn(client, 1000) != ERR_OK)
            abort();
    return outcome;
}
