/* The HTTP client for providers: known hosts from the configuration, whose answers a caller waits for.
 * What strangers name goes through net/http.h, which guards addresses; here the operator named the
 * host, so that private addresses are fine and any answer up to a named cap is kept.
 *
 * A call gives up the turn while it waits (base/wait.h): a worker goes on with other requests, a job
 * simply waits. TLS is verified always; no redirects, no proxy, no cookies. One call is one
 * request, except that curl sends again where a kept connection turns out to be closed before a byte of
 * an answer came: what moves something carries its idempotency key. */
#ifndef NET_PROVIDER_H
#define NET_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "net/http.h"

#define PROVIDER_HEADERS_MAX (32 << 10) /* bytes of an answer's headers that are kept */

struct provider_config {
    const char *user_agent;
    const char *ca_file; /* trusted certificates, PEM; NULL or "": the system's */
    int connections;     /* kept open at most */
};

struct provider_client; /* not for several threads */

/* Makes a client; strings are copied. SIGPIPE is ignored by the whole process from now on.
 * out  owned by the caller: provider_stop; NULL where it fails
 * ERR_NO_MEMORY, ERR_IO, ERR_CONFIG where ca_file cannot be read. */
MUST_USE enum err provider_start(const struct provider_config *config,
                                 struct provider_client **out);

struct provider_request {
    const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" ... */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *content_type;   /* of the body: "application/json"; NULL without */
    const void *body;           /* NULL: none */
    size_t body_len;
    const char
        *request_id;   /* sent on as X-Request-Id, so that both logs tell of one thing; or NULL */
    size_t answer_max; /* bytes of a body that are taken; more is HTTP_PROTOCOL */
    int connect_timeout_ms;
    int timeout_ms; /* of the whole call */
};

struct provider_answer {
    enum http_result
        result; /* HTTP_ANSWERED, or why there is no answer: whether it was done is open
                                where HTTP_TIMEOUT or HTTP_PROTOCOL */
    bool sent;  /* something of the request may have arrived */
    int status;
    struct text headers; /* as they came, lines with CR LF */
    struct text body;
    int64_t latency_us;
    char problem[256]; /* the transport's words, printable ASCII; "" with HTTP_ANSWERED */
};

/* Sends a request and waits for its answer. Neither the body nor a header is logged or kept.
 * out  a zeroed answer, or one used before; provider_answer_free ends it
 * ERR_OK whatever became of it; ERR_INVALID where a header, the type or the id holds a line break or
 * the URL is none; ERR_NO_MEMORY, ERR_IO: nothing was sent, or its outcome is not known where
 * out->sent. */
MUST_USE enum err provider_call(struct provider_client *client,
                                const struct provider_request *request,
                                struct provider_answer *out);

/* Copies the value of a header, of the last one where there are several; false where there is none.
 * name  in any case */
bool provider_header(const struct provider_answer *answer, const char *name, char *out,
                     size_t size);

/* Gives the memory back, wiped. */
void provider_answer_free(struct provider_answer *answer);

/* No call may be under way. NULL is fine. */
void provider_stop(struct provider_client *client);

#endif
