/* Writing an answer as FastCGI records. */
#include "fcgi/server/record.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CONTENT_MAX 65528 /* of a record: the most that its length can say, by eights */
#define PARTS 3

/* The end of the output, and that of the request: all went well. */
struct end {
    FCGI_Header no_output;
    FCGI_EndRequestRecord end_request;
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

/* Sends a record: its header, its content, and what follows the last one. What is sent is taken out of the
 * parts. False where the peer is gone. */
static bool send_record(int fd, struct iovec parts[PARTS])
{
    for (int done = 0; done < PARTS;) {
        ssize_t n = send_parts(fd, parts + done, (size_t)(PARTS - done));
        if (n <= 0)
            return n == 0;
        for (size_t left = (size_t)n; done < PARTS; done++) {
            struct iovec *part = &parts[done];
            size_t taken = left < part->iov_len ? left : part->iov_len;
            part->iov_base = (char *)part->iov_base + taken;
            part->iov_len -= taken;
            left -= taken;
            if (part->iov_len > 0)
                break;
        }
    }
    return true;
}

static void add(struct record_rest *rest, const void *data, size_t len)
{
    memcpy(rest->data + rest->len, data, len);
    rest->len += len;
}

/* Copies what is left: parts of the record in hand, then the records of what follows it. */
static enum record_sent keep_rest(const struct iovec parts[PARTS], int request_id, const char *data,
                                  size_t len, const struct end *end, struct record_rest *rest)
{
    size_t room = len + (len / CONTENT_MAX + 1) * sizeof(FCGI_Header) + sizeof(*end);

    for (size_t i = 0; i < PARTS; i++)
        room += parts[i].iov_len;
    rest->data = malloc(room);
    if (rest->data == NULL)
        return RECORD_GONE;
    for (size_t i = 0; i < PARTS; i++)
        add(rest, parts[i].iov_base, parts[i].iov_len);
    while (len > 0) {
        size_t now = len < CONTENT_MAX ? len : CONTENT_MAX;
        FCGI_Header head = header(FCGI_STDOUT, request_id, now);
        add(rest, &head, sizeof(head));
        add(rest, data, now);
        data += now;
        len -= now;
        if (len == 0)
            add(rest, end, sizeof(*end));
    }
    return RECORD_LEFT;
}

enum record_sent record_write_reply(int fd, int request_id, const char *data, size_t len,
                                    struct record_rest *rest)
{
    struct end end = {.no_output = header(FCGI_STDOUT, request_id, 0),
                      .end_request.header =
                          header(FCGI_END_REQUEST, request_id, sizeof(FCGI_EndRequestBody))};
    bool last;

    *rest = (struct record_rest){0};
    do {
        size_t now = len < CONTENT_MAX ? len : CONTENT_MAX;
        last = now == len;
        FCGI_Header head = header(FCGI_STDOUT, request_id, now);
        struct iovec parts[PARTS] = {{.iov_base = &head, .iov_len = sizeof(head)},
                                     {.iov_base = (char *)data, .iov_len = now},
                                     {.iov_base = &end, .iov_len = last ? sizeof(end) : 0}};
        data += now;
        len -= now;
        if (!send_record(fd, parts))
            return RECORD_GONE;
        if (parts[0].iov_len + parts[1].iov_len + parts[2].iov_len > 0)
            return keep_rest(parts, request_id, data, len, &end, rest);
    } while (!last);
    return RECORD_SENT;
}

enum record_sent record_write_rest(int fd, struct record_rest *rest)
{
    while (rest->sent < rest->len) {
        struct iovec part = {.iov_base = rest->data + rest->sent,
                             .iov_len = rest->len - rest->sent};
        ssize_t n = send_parts(fd, &part, 1);
        if (n <= 0)
            return n == 0 ? RECORD_LEFT : RECORD_GONE;
        rest->sent += (size_t)n;
    }
    return RECORD_SENT;
}
