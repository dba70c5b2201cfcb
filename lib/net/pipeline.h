/* Many small POST requests to a web server of our own, through a unix socket: one kept connection on
 * which requests are sent without waiting for the answers between them (RFC 9112, section 9.3.2), so
 * that they are taken in order and a thousand cost little more than one. Not for URLs of strangers:
 * those go through net/http.h.
 */
#ifndef NET_PIPELINE_H
#define NET_PIPELINE_H

#include <stddef.h>

#include "base/err.h"

#define PIPELINE_PENDING_MAX (32 << 20) /* bytes of requests that wait for pipeline_flush */

struct pipeline;

/* Makes a pipeline; it connects when it is first flushed, and again after it failed. SIGPIPE is
 * ignored by the whole process from now on.
 * socket      path of the server's socket; copied
 * timeout_ms  for all that one flush sends, and for its answers
 * out         out, owned by the caller: pipeline_stop
 * Returns ERR_CONFIG where the path is too long for a socket, ERR_NO_MEMORY. */
MUST_USE enum err pipeline_start(const char *socket, int timeout_ms, struct pipeline **out);

/* Adds a request to what is sent next.
 * target  "/publish?channel=x": printable ASCII without spaces
 * body    `len` bytes; copied
 * Returns ERR_NO_MEMORY past PIPELINE_PENDING_MAX. */
MUST_USE enum err pipeline_add(struct pipeline *pipeline, const char *target, const void *body,
                               size_t len);

/* Sends what was added and reads the answers.
 * taken  out, how many of the requests, from the first on, were answered with a status of 2xx
 * Returns ERR_OK where that is all of them; ERR_SERVER_FULL where the server answers that it cannot take the next
 * one now (a status of 5xx: nchan's 500 where it has no memory left), else ERR_IO. Nothing is pending then, and those
 * that were not answered may have been taken or not. */
MUST_USE enum err pipeline_flush(struct pipeline *pipeline, size_t *taken);

/* Closes the connection and frees all. NULL is fine. */
void pipeline_stop(struct pipeline *pipeline);

#endif
