/* The one HTTP client, for URLs that come from strangers (design: outside effects).
 *
 * Only http and https; no address that is private, loopback, link-local or reserved is ever
 * connected to, whatever name or spelling led there: the address is checked in curl's open-socket
 * callback, so that a name that changes its answer gains nothing. No redirects, no proxy from the
 * environment, no credentials, no cookies; time and size are capped.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_URL_MAX 2000 /* bytes of a URL */
#define HTTP_URL_SIZE (HTTP_URL_MAX + 1)
#define HTTP_ENDPOINT_SIZE 300 /* "host:port" and a NUL */
#define HTTP_ANSWER_MAX 4096   /* bytes of an answer that are kept; the rest is not read */
#define HTTP_HEADERS_MAX 65536 /* bytes of an answer's status line and headers */
#define HTTP_ADDRESS_SIZE 64   /* an address as text, "[::1]:80" */

/* How a request ended: X(NAME, name). Only HTTP_ANSWERED has a status for sure. */
#define HTTP_RESULTS(X)                                                               \
    X(ANSWERED, "answered")                                                           \
    X(REFUSED_URL, "url_refused")         /* not a URL that we call */                \
    X(REFUSED_ADDRESS, "address_refused") /* leads to addresses that we never call */ \
    X(NO_NAME, "name_unknown")            /* the name has no address */               \
    X(NO_CONNECTION, "no_connection")                                                 \
    X(TIMEOUT, "timeout")   /* at any point: also while the answer was coming */      \
    X(TLS, "tls")           /* certificate or handshake */                            \
    X(PROTOCOL, "protocol") /* the answer is no HTTP, broke off, or has endless headers */

enum http_result {
#define X(result, name) HTTP_##result,
    HTTP_RESULTS(X)
#undef X
};

/* The lower-case name that is stored and shown, as in the table above. Static storage. */
const char *http_result_name(enum http_result result);

/* Brings a URL as a person writes it into the characters of RFC 3986: a host in another script becomes a
 * name in ASCII (IDNA 2008 with UTS 46, non-transitional), and what else is not ASCII its percent-encoded
 * UTF-8. What is ASCII already stays as it is. Whether it may be called http_url_check says, of the result.
 * url  UTF-8
 * out  out
 * ERR_URL_HOST where the host is no such name, ERR_URL, ERR_TOO_LONG, ERR_NO_MEMORY. */
MUST_USE enum err http_url_ascii(const char *url, char out[HTTP_URL_SIZE]);

/* Checks a URL that is to be called: http or https, a host, at most HTTP_URL_MAX bytes of the
 * characters that RFC 3986 has (so ASCII, and neither white space nor backslash), no user part, no
 * fragment, no port 0. The host is a name in letters, digits, `-` and `_`, or an address.
 * url       NULL counts as no URL
 * endpoint  out, "host:port" in lower case with the scheme's port filled in and every spelling of
 *           an address turned into the usual one: what caps and pauses count by
 * ERR_URL, ERR_NO_MEMORY. Says nothing about addresses: a name may lead anywhere by the time it is called. */
MUST_USE enum err http_url_check(const char *url, char endpoint[HTTP_ENDPOINT_SIZE]);

/* True if an address may be connected to.
 * family          AF_INET or AF_INET6; no other is allowed
 * address         4 or 16 bytes in network order
 * allow_loopback  127.0.0.0/8 and ::1 are allowed as well
 * An address that carries an IPv4 address (v4-mapped, NAT64) is as good as that one. */
bool http_address_allowed(int family, const void *address, bool allow_loopback);

struct http_looked_up {
    enum http_result result;         /* HTTP_ANSWERED: would be connected to; else why not */
    char address[HTTP_ADDRESS_SIZE]; /* that would be connected to, or is refused; "" for none */
};

/* Looks up afresh where a URL leads, and connects to nothing.
 * timeout_ms  how long a name is waited for; others go on meanwhile (base/wait.h)
 * ERR_OK whatever it leads to, also where it is no URL that is called; ERR_NO_MEMORY, ERR_IO. */
MUST_USE enum err http_look_up(const char *url, bool allow_loopback, int timeout_ms,
                               struct http_looked_up *out);

struct http_client; /* a set of requests in flight; not for several threads */

struct http_config {
    bool allow_loopback; /* development and tests: 127.0.0.0/8 and ::1, nothing else private */
    int connect_timeout_ms;
    int timeout_ms;         /* of the whole request, from http_send on */
    int max_in_flight;      /* connections kept; the caller keeps to it */
    const char *user_agent; /* copied */
    const char *ca_file;    /* trusted certificates, PEM; NULL or "": the system's; copied */
};

/* All of it is copied by http_send. */
struct http_request {
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const void *body;           /* NULL: GET, else POST */
    size_t body_len;
    void *tag; /* given back with the outcome */
};

struct http_outcome {
    enum http_result result;
    int status; /* 0 where none was read; set without HTTP_ANSWERED where the answer broke off */
    int64_t latency_us;
    char
        address[HTTP_ADDRESS_SIZE]; /* connected to, tried or refused; "" where it got not so far */
    char problem[256];              /* the transport's words; "" with HTTP_ANSWERED */
    char answer[HTTP_ANSWER_MAX];   /* the beginning of the body: any bytes */
    size_t answer_len;
};

/* Makes a client. SIGPIPE is ignored by the whole process from now on.
 * out  owned by the caller, see http_stop; NULL where it fails
 * ERR_NO_MEMORY, ERR_CONFIG where ca_file cannot be read. */
MUST_USE enum err http_start(const struct http_config *config, struct http_client **out);

/* Puts a request in flight. ERR_OK also where it will fail: `done` is called once, from http_turn
 * and never from here, with an outcome that is valid during the call; it may send the next request.
 * One request is one delivery, except that curl sends again where a kept connection turns out to be
 * closed before a byte of an answer came.
 * ERR_INVALID where a header holds a line break, ERR_NO_MEMORY: `done` is not called then. */
MUST_USE enum err http_send(struct http_client *client, const struct http_request *request,
                            void (*done)(void *tag, const struct http_outcome *outcome));

/* Moves everything on, waiting at most wait_ms for something to happen (also where nothing is in
 * flight; a signal ends the wait); calls `done` for each request that ended. ERR_INTERNAL. */
MUST_USE enum err http_turn(struct http_client *client, int wait_ms);

/* Requests whose `done` is still to come. */
size_t http_in_flight(const struct http_client *client);

/* Ends what is in flight without calling `done`, and frees all. NULL is fine. */
void http_stop(struct http_client *client);

#endif
