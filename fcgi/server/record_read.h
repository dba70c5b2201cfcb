/* Requests from FastCGI records (specification 1.0, sections 3.3, 5.1 to 5.3, 6.2). libfcgi would block
 * while it reads, and believes every length that it is told. This reads only what a web server sends to a
 * responder: BEGIN_REQUEST, PARAMS, STDIN, of one request at a time. Anything else is refused before
 * memory is taken for it, and the connection is of no use any more. While the peer is slow others go on
 * (base/wait.h). What was read is handed on as libfcgi's FCGX_Request. */
#ifndef FCGI_SERVER_RECORD_READ_H
#define FCGI_SERVER_RECORD_READ_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_PARAMS_MAX (128 << 10) /* bytes of all parameters: twice what nginx can send */
#define RECORD_READ_MAX_MS 10000      /* for all records of a request */
#define RECORD_BUFFER (8 << 10)       /* bytes read at once */

/* One connection's request; zeroed before the first. */
struct record_request {
    FCGX_Request fcgx; /* out: envp, in, requestId, keepConnection; nothing else of it is used */
    bool whole;        /* out: the body was read to its end, and nothing came behind it */
    const char *fault; /* out: what was wrong; NULL where nothing was */

    /* For record_read.c alone. */
    int fd;
    int64_t until_us;
    FCGX_Stream body;
    size_t content_left, padding_left; /* of the record in hand */
    char *params;                      /* as they came, then as NAME=value */
    size_t params_len, params_room;
    char **pairs;
    size_t pairs_room;
    uint8_t buffer[RECORD_BUFFER], *at, *end; /* from `at` to `end`: received, not looked at */
};

/* Reads a request up to its body, which `fcgx.in` then gives as it comes.
 * fd          a connected stream socket, borrowed until record_free
 * timeout_ms  for all of it, the body included
 * False where the peer is gone, stalls or sends what no web server does: `fault` says
 * which, and the connection is to be closed. Call record_free in any case. */
bool record_read(struct record_request *request, int fd, int timeout_ms);

/* Wipes the request and gives back what is large. */
void record_free(struct record_request *request);

#endif
