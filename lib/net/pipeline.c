/* A pipelining HTTP client for one server of ours. */
#include "net/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define ANSWER_MAX 4096 /* bytes of one answer; our server's are some 300 */

struct pipeline {
    struct sockaddr_un address;
    int timeout_ms;
    int socket;          /* -1: not connected */
    struct text out;     /* requests */
    size_t sent;         /* bytes of them */
    size_t waiting;      /* requests not answered yet */
    char in[ANSWER_MAX]; /* the beginning of the next answer, and a NUL */
    size_t in_len;
};

enum err pipeline_start(const char *socket, int timeout_ms, struct pipeline **out)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
    *out = pipeline;
    if (pipeline == NULL)
        return ERR_NO_MEMORY;
    pipeline->socket = -1;
    pipeline->timeout_ms = timeout_ms;
    pipeline->out = TEXT(PIPELINE_PENDING_MAX);
    pipeline->address.sun_family = AF_UNIX;
    if (strlen(socket) >= sizeof(pipeline->address.sun_path))
        return ERR_CONFIG;
    text_copy(pipeline->address.sun_path, sizeof(pipeline->address.sun_path), socket);
    signal(SIGPIPE, SIG_IGN);
    return ERR_OK;
}

enum err pipeline_add(struct pipeline *pipeline, const char *target, const void *body, size_t len)
{
    size_t before = pipeline->out.len;

    text_addf(&pipeline->out, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
              target, len);
    text_add(&pipeline->out, body, len);
    if (pipeline->out.full) {
        /* What did not fit must not be sent in part. */
        pipeline->out.len = before;
        pipeline->out.full = false;
        return ERR_NO_MEMORY;
    }
    pipeline->waiting++;
    return ERR_OK;
}

static void disconnect(struct pipeline *pipeline)
{
    if (pipeline->socket >= 0)
        close(pipeline->socket);
    pipeline->socket = -1;
    pipeline->in_len = 0;
}

/* Connects where it is not connected, or where the server has closed the connection since. */
static enum err connected(struct pipeline *pipeline)
{
    char byte;

    /* Nothing is to be read between two flushes but the end. */
    if (pipeline->socket >= 0 && recv(pipeline->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
        errno == EAGAIN)
        return ERR_OK;
    disconnect(pipeline);
    pipeline->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (pipeline->socket < 0 ||
        connect(pipeline->socket, (const struct sockaddr *)&pipeline->address,
                sizeof(pipeline->address)) != 0)
        return ERR_IO;
    return ERR_OK;
}

/* The value of Content-Length in the `len` bytes of a head, or -1. */
static long content_length(const char *head, size_t len)
{
    static const char name[] = "\r\nContent-Length:";
    for (size_t i = 0; i + sizeof(name) <= len; i++)
        if (strncasecmp(head + i, name, sizeof(name) - 1) == 0)
            return strtol(head + i + sizeof(name) - 1, NULL, 10);
    return -1;
}

static bool has_status(const struct pipeline *pipeline, const char *status)
{
    return strncmp(pipeline->in, status, strlen(status)) == 0;
}

/* Takes one whole answer off what was read. False in *whole where it is not all there; ERR_SERVER_FULL
 * where it is a 5xx, ERR_IO where it is none, or no 2xx. */
static enum err take_answer(struct pipeline *pipeline, bool *whole)
{
    const char *end = strstr(pipeline->in, "\r\n\r\n");

    *whole = false;
    if (end == NULL)
        return pipeline->in_len + 1 < sizeof(pipeline->in) ? ERR_OK : ERR_IO;
    size_t head = (size_t)(end - pipeline->in) + 4;
    long body = content_length(pipeline->in, head);
    if (has_status(pipeline, "HTTP/1.1 5"))
        return ERR_SERVER_FULL;
    if (!has_status(pipeline, "HTTP/1.1 2") || body < 0 ||
        (size_t)body >= sizeof(pipeline->in) - head)
        return ERR_IO;
    if (pipeline->in_len < head + (size_t)body)
        return ERR_OK;
    pipeline->in_len -= head + (size_t)body;
    memmove(pipeline->in, pipeline->in + head + (size_t)body, pipeline->in_len + 1);
    *whole = true;
    return ERR_OK;
}

/* Reads what there is, and counts the answers. */
static enum err receive(struct pipeline *pipeline, size_t *taken)
{
    ssize_t got = recv(pipeline->socket, pipeline->in + pipeline->in_len,
                       sizeof(pipeline->in) - 1 - pipeline->in_len, 0);
    bool whole = true;
    enum err rc = ERR_OK;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_OK;
    if (got <= 0)
        return ERR_IO;
    pipeline->in_len += (size_t)got;
    pipeline->in[pipeline->in_len] = '\0';
    while (rc == ERR_OK && whole && pipeline->waiting > 0) {
        rc = take_answer(pipeline, &whole);
        if (rc == ERR_OK && whole) {
            pipeline->waiting--;
            (*taken)++;
        }
    }
    return rc;
}

static enum err send_more(struct pipeline *pipeline)
{
    ssize_t sent = send(pipeline->socket, pipeline->out.data + pipeline->sent,
                        pipeline->out.len - pipeline->sent, 0);
    if (sent > 0)
        pipeline->sent += (size_t)sent;
    return sent >= 0 || errno == EAGAIN || errno == EINTR ? ERR_OK : ERR_IO;
}

/* Sends and reads by turns until all is answered: a server that waits for its answers to be read
 * takes no more requests. */
static enum err exchange(struct pipeline *pipeline, size_t *taken)
{
    int64_t until_us = clock_mono_us() + (int64_t)pipeline->timeout_ms * 1000;
    enum err rc = connected(pipeline);

    while (rc == ERR_OK && pipeline->waiting > 0) {
        bool more = pipeline->sent < pipeline->out.len;
        struct pollfd ready = {.fd = pipeline->socket,
                               .events = (short)(POLLIN | (more ? POLLOUT : 0))};
        int64_t left_us = until_us - clock_mono_us();
        if (left_us <= 0)
            return ERR_IO;
        if (poll(&ready, 1, (int)(left_us / 1000) + 1) < 0)
            ready.revents = 0; /* a signal */
        if ((ready.revents & POLLOUT) != 0)
            rc = send_more(pipeline);
        if (rc == ERR_OK && (ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            rc = receive(pipeline, taken);
    }
    return rc;
}

enum err pipeline_flush(struct pipeline *pipeline, size_t *taken)
{
    *taken = 0;
    enum err rc = exchange(pipeline, taken);
    if (rc != ERR_OK)
        disconnect(pipeline);
    text_clear(&pipeline->out);
    pipeline->sent = pipeline->waiting = 0;
    return rc;
}

void pipeline_stop(struct pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    disconnect(pipeline);
    text_free(&pipeline->out);
    free(pipeline);
}
