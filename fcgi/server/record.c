/* Writing an answer as FastCGI records. */
#include "fcgi/server/record.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/wait.h"

#define CONTENT_MAX 65528 /* of a record: the most that its length can say, by eights */
#define PARTS 3

/* The end of the output, and that of the request: all went well. */
struct end {
    FCGI_Header no_output;
    FCGI_EndRequestRecord end_request;
};

/* What is still to be sent of a reply. */
struct sending {
    int fd;
    int64_t until_us;
    const char *rest; /* borrowed, as long as nobody waits; then within `copy` */
    size_t len;
    char *copy;
};

static FCGI_Header header(unsigned char type, int request_id, size_t len)
{
    return (FCGI_Header){.version = FCGI_VERSION_1,
                         .type = type,
                         .requestIdB1 = (unsigned char)(request_id >> 8),
                         .requestIdB0 = (unsigned char)request_id,
                         .contentLengthB1 = (unsigned char)(len >> 8),
                         .contentLengthB0 = (unsigned char)len};
}

/* Waits until the peer takes something. */
static bool await_room(struct sending *sending)
{
    int64_t left_ms = (sending->until_us - clock_mono_us()) / 1000;

    if (sending->copy == NULL && sending->len > 0) {
        sending->copy = malloc(sending->len);
        if (sending->copy == NULL)
            return false;
        memcpy(sending->copy, sending->rest, sending->len);
        sending->rest = sending->copy;
    }
    return left_ms > 0 && wait_ready(WAIT_WRITE, sending->fd, (int)left_ms);
}

/* Sends what the socket takes at once; 0 where that is nothing, -1 where the peer is gone. */
static ssize_t send_parts(int fd, struct iovec *parts, size_t count)
{
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};

    for (;;) {
        ssize_t n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
}

/* Sends a record: its header, its content from what is left of the reply, and what follows it. */
static bool send_record(struct sending *sending, struct iovec parts[PARTS])
{
    struct iovec *content = &parts[1];

    for (int done = 0; done < PARTS;) {
        ssize_t n = send_parts(sending->fd, parts + done, (size_t)(PARTS - done));
        if (n < 0 || (n == 0 && !await_room(sending)))
            return false;
        for (size_t left = (size_t)n; done < PARTS; done++) {
            struct iovec *part = &parts[done];
            size_t taken = left < part->iov_len ? left : part->iov_len;
            part->iov_base = (char *)part->iov_base + taken;
            part->iov_len -= taken;
            left -= taken;
            if (part == content) {
                sending->rest += taken;
                sending->len -= taken;
            }
            if (part->iov_len > 0)
                break;
        }
        content->iov_base = (char *)sending->rest; /* which may have moved */
    }
    return true;
}

bool record_write_reply(int fd, int request_id, const char *data, size_t len, int timeout_ms)
{
    struct end end = {.no_output = header(FCGI_STDOUT, request_id, 0),
                      .end_request.header =
                          header(FCGI_END_REQUEST, request_id, sizeof(FCGI_EndRequestBody))};
    struct sending sending = {.fd = fd,
                              .until_us = clock_mono_us() + timeout_ms * INT64_C(1000),
                              .rest = data,
                              .len = len};
    bool last, sent;

    do {
        size_t now = sending.len < CONTENT_MAX ? sending.len : CONTENT_MAX;
        last = now == sending.len;
        FCGI_Header head = header(FCGI_STDOUT, request_id, now);
        struct iovec parts[PARTS] = {{.iov_base = &head, .iov_len = sizeof(head)},
                                     {.iov_base = (char *)sending.rest, .iov_len = now},
                                     {.iov_base = &end, .iov_len = last ? sizeof(end) : 0}};
        sent = send_record(&sending, parts);
    } while (sent && !last);
    free(sending.copy);
    return sent;
}
