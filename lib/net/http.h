/* The one HTTP client, for URLs that come from strangers (design: outside effects).
 *
 * Only http and https; no address that is private, loopback, link-local or reserved is ever connected
 * to, whatever name or spelling led there: the address is checked in curl's open-socket callback, so
 * that a name that changes its answer gains nothing. No redirects, no proxy from the environment, no
 * credentials in URLs; time and size are capped.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_URL_MAX 2000      /* bytes of a URL */
#define HTTP_ENDPOINT_SIZE 300 /* "host:port" and a NUL */
#define HTTP_ANSWER_MAX 4096   /* bytes of an answer that are kept; the rest is not read */
#define HTTP_ADDRESS_SIZE 64   /* an address as text, "[::1]:80" */

/* How a request ended. */
enum http_result {
    HTTP_ANSWERED,        /* there is a status */
    HTTP_REFUSED_URL,     /* not a URL that we call */
    HTTP_REFUSED_ADDRESS, /* it leads to an address that we never connect to */
    HTTP_NO_NAME,         /* the name has no address */
    HTTP_NO_CONNECTION,
    HTTP_TIMEOUT,
    HTTP_TLS,     /* certificate or handshake */
    HTTP_PROTOCOL /* the answer is no HTTP, or broke off */
};

/* "acknowledged" is the caller's business; the others by name: "address_refused", "timeout" ... */
const char *http_result_name(enum http_result result);

/* Splits and checks a URL as it is stored: scheme http or https, a host, no user part, no white space
 * or control characters, at most HTTP_URL_MAX bytes of ASCII.
 * endpoint  out, "host:port" in lower case with the scheme's port filled in
 * ERR_URL. Says nothing about addresses: a name may lead anywhere by the time it is called. */
MUST_USE enum err http_url_check(const char *url, char endpoint[HTTP_ENDPOINT_SIZE]);

/* True if `address` (4 or 16 bytes, network order) may be connected to. */
bool http_address_allowed(int family, const void *address, bool allow_loopback);

struct http_client; /* a set of requests in flight; one per process, not for several threads */

struct http_config {
    bool allow_loopback; /* development and tests: 127.0.0.0/8 and ::1, nothing else private */
    int connect_timeout_ms;
    int timeout_ms;    /* of the whole request */
    int max_in_flight; /* the caller keeps to it */
    const char *user_agent;
};

struct http_request {
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const void *body;           /* NULL: GET, else POST; copied */
    size_t body_len;
    const char *bind_interface; /* NULL */
    void *tag;                  /* given back with the outcome */
};

struct http_outcome {
    enum http_result result;
    int status; /* 0 where there is none */
    int64_t latency_us;
    char address[HTTP_ADDRESS_SIZE]; /* that was connected to, or refused; "" */
    char problem[256];               /* the transport's words; "" */
    char answer[HTTP_ANSWER_MAX];    /* the beginning of the body */
    size_t answer_len;
};

MUST_USE enum err http_start(const struct http_config *config, struct http_client **out);

/* Puts a request in flight. ERR_OK also where it will fail: `done` is always called, from http_turn. */
MUST_USE enum err http_send(struct http_client *client, const struct http_request *request,
                            void (*done)(void *tag, const struct http_outcome *outcome));

/* Moves everything on, waiting at most wait_ms for something to happen; calls `done` for each request
 * that ended. */
MUST_USE enum err http_turn(struct http_client *client, int wait_ms);

size_t http_in_flight(const struct http_client *client);

/* Ends what is in flight without calling `done`, and frees all. NULL is fine. */
void http_stop(struct http_client *client);

#endif
