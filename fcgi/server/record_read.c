/* Reads the records of a request, and makes libfcgi's environment and stream of them. */
#include "fcgi/server/record_read.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/wait.h"

#define KEEP_ROOM (16 << 10) /* bytes of memory for parameters that are kept between requests */
#define PAIR_MIN 3           /* bytes of the shortest pair: two lengths and a name of one letter */

/* Always false, so that a step can end with it. */
static bool refuse(struct record_request *request, const char *fault)
{
    if (request->fault == NULL)
        request->fault = fault;
    return false;
}

/* Receives what is there, at least one byte. The buffer must be used up. */
static bool receive(struct record_request *request)
{
    for (;;) {
        ssize_t n = recv(request->fd, request->buffer, sizeof(request->buffer), MSG_DONTWAIT);
        if (n > 0) {
            request->at = request->buffer;
            request->end = request->buffer + n;
            return true;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            return refuse(request, "the peer closed the connection");
        int64_t left_ms = (request->until_us - clock_mono_us()) / 1000;
        if (left_ms <= 0 || !wait_ready(WAIT_READ, request->fd, (int)left_ms))
            return refuse(request, "the peer stalls");
    }
}

/* Takes the next bytes of the connection.
 * out  `len` bytes; NULL where they are of no interest */
static bool take(struct record_request *request, void *out, size_t len)
{
    uint8_t *to = out;

    while (len > 0) {
        if (request->at == request->end && !receive(request))
            return false;
        size_t here = (size_t)(request->end - request->at), now = here < len ? here : len;
        if (to != NULL) {
            memcpy(to, request->at, now);
            to += now;
        }
        request->at += now;
        len -= now;
    }
    return true;
}

static bool skip_padding(struct record_request *request)
{
    size_t padding = request->padding_left;
    request->padding_left = 0;
    return take(request, NULL, padding);
}

/* Reads the header of the next record, which must be of this type and, but for the first one, of the
 * request in hand. */
static bool next_record(struct record_request *request, int type)
{
    FCGI_Header header;

    if (!skip_padding(request) || !take(request, &header, sizeof(header)))
        return false;
    if (header.version != FCGI_VERSION_1)
        return refuse(request, "a record of an unknown version");
    if (header.type != type)
        return refuse(request, "a record of a type that is not due");
    int id = header.requestIdB1 << 8 | header.requestIdB0;
    if (type == FCGI_BEGIN_REQUEST)
        request->fcgx.requestId = id;
    if (id == FCGI_NULL_REQUEST_ID || id != request->fcgx.requestId)
        return refuse(request, "a record of another request");
    request->content_left = (size_t)(header.contentLengthB1 << 8 | header.contentLengthB0);
    request->padding_left = header.paddingLength;
    return true;
}

static bool read_begin(struct record_request *request)
{
    FCGI_BeginRequestBody begin;

    if (!next_record(request, FCGI_BEGIN_REQUEST))
        return false;
    if (request->content_left != sizeof(begin))
        return refuse(request, "a beginning of another length");
    if (!take(request, &begin, sizeof(begin)))
        return false;
    if ((begin.roleB1 << 8 | begin.roleB0) != FCGI_RESPONDER)
        return refuse(request, "another role than the responder's");
    request->fcgx.keepConnection = (begin.flags & FCGI_KEEP_CONN) != 0;
    return true;
}

static bool grow(struct record_request *request, size_t len)
{
    if (len <= request->params_room)
        return true;
    size_t room = len < KEEP_ROOM ? KEEP_ROOM : RECORD_PARAMS_MAX;
    char *params = realloc(request->params, room);
    if (params == NULL)
        return refuse(request, "no memory");
    request->params = params;
    request->params_room = room;
    return true;
}

/* Collects the stream of parameters up to its end, a record without content. */
static bool read_params(struct record_request *request)
{
    while (next_record(request, FCGI_PARAMS)) {
        size_t len = request->content_left, before = request->params_len;
        if (len == 0)
            return true;
        if (before + len > RECORD_PARAMS_MAX)
            return refuse(request, "too many parameters");
        if (!grow(request, before + len) || !take(request, request->params + before, len))
            return false;
        request->params_len += len;
    }
    return false;
}

/* A length of one byte, or of four with the highest bit set. */
static bool read_length(const uint8_t **at, const uint8_t *end, size_t *out)
{
    const uint8_t *from = *at;
    size_t bytes = from < end && *from >= 0x80 ? 4 : 1;

    if ((size_t)(end - from) < bytes)
        return false;
    *out = bytes == 1 ? from[0]
                      : (size_t)(from[0] & 0x7f) << 24 | (size_t)from[1] << 16 |
                            (size_t)from[2] << 8 | from[3];
    *at = from + bytes;
    return true;
}

/* Moves a pair from `at`, where it begins with its lengths, to NAME=value at `*out`: at least a byte
 * shorter in front of the value than what was there, so that it fits in place. */
static bool write_pair(struct record_request *request, const uint8_t **at, const uint8_t *end,
                       char **out)
{
    size_t name, value;

    if (!read_length(at, end, &name) || !read_length(at, end, &value) ||
        name > (size_t)(end - *at) || value > (size_t)(end - *at) - name)
        return refuse(request, "a parameter that is longer than all of them");
    if (name == 0 || memchr(*at, '=', name) != NULL || memchr(*at, '\0', name + value) != NULL)
        return refuse(request, "a parameter that no variable can be");
    memmove(*out, *at, name);
    (*out)[name] = '=';
    memmove(*out + name + 1, *at + name, value);
    (*out)[name + 1 + value] = '\0';
    *out += name + value + 2;
    *at += name + value;
    return true;
}

/* Makes the environment of what was collected. */
static bool write_pairs(struct record_request *request)
{
    const uint8_t *at = (const uint8_t *)request->params, *end = at + request->params_len;
    size_t most = request->params_len / PAIR_MIN + 1, count = 0;
    char *out = request->params;

    if (most > request->pairs_room) {
        char **pairs = realloc(request->pairs, most * sizeof(*pairs));
        if (pairs == NULL)
            return refuse(request, "no memory");
        request->pairs = pairs;
        request->pairs_room = most;
    }
    for (; at < end; count++) {
        request->pairs[count] = out;
        if (!write_pair(request, &at, end, &out))
            return false;
    }
    request->pairs[count] = NULL;
    request->fcgx.envp = request->pairs;
    return true;
}

static void end_body(FCGX_Stream *body, int error)
{
    body->isClosed = 1;
    body->FCGI_errno = error;
}

/* For libfcgi: more of the body, or its end. */
static void fill_body(FCGX_Stream *body)
{
    struct record_request *request = body->data;

    if (request->content_left == 0 && !next_record(request, FCGI_STDIN)) {
        end_body(body, FCGX_PROTOCOL_ERROR);
    } else if (request->content_left == 0) {
        request->whole = skip_padding(request) &&
                         (request->at == request->end || refuse(request, "more than a request"));
        end_body(body, request->whole ? 0 : FCGX_PROTOCOL_ERROR);
    } else if (request->at == request->end && !receive(request)) {
        end_body(body, FCGX_PROTOCOL_ERROR);
    } else {
        size_t here = (size_t)(request->end - request->at);
        size_t now = here < request->content_left ? here : request->content_left;
        body->rdNext = body->stopUnget = request->at;
        body->wrNext = body->stop = request->at + now;
        request->at += now;
        request->content_left -= now;
    }
}

bool record_read(struct record_request *request, int fd, int timeout_ms)
{
    request->fd = fd;
    request->until_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    request->at = request->end = request->buffer;
    request->body = (FCGX_Stream){.isReader = 1, .fillBuffProc = fill_body, .data = request};
    request->fcgx = (FCGX_Request){.ipcFd = fd, .in = &request->body};
    return grow(request, 1) && read_begin(request) && read_params(request) && write_pairs(request);
}

void record_free(struct record_request *request)
{
    char *params = request->params, **pairs = request->pairs;
    size_t params_room = request->params_room, pairs_room = request->pairs_room;

    if (params != NULL)
        explicit_bzero(params, request->params_len);
    if (params_room > KEEP_ROOM) {
        free(params);
        free(pairs);
        params = NULL;
        pairs = NULL;
        params_room = pairs_room = 0;
    }
    explicit_bzero(request, sizeof(*request));
    request->params = params;
    request->params_room = params_room;
    request->pairs = pairs;
    request->pairs_room = pairs_room;
}
