/* Writing an answer as FastCGI records. */
#include "fcgi/server/record.h"

#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>

#define CONTENT_MAX 65528 /* of a record: the most that its length can say, by eights */
#define PARTS 3

enum type { END_REQUEST = 3, STDOUT = 6 };

struct header {
    uint8_t version, type, request_id[2], content_length[2], padding_length, reserved;
};

/* The end of the output, and that of the request: all went well. */
struct end {
    struct header no_output, end_request;
    uint8_t app_status[4], protocol_status, reserved[3];
};

static struct header header(enum type type, int request_id, size_t len)
{
    return (struct header){.version = 1,
                           .type = (uint8_t)type,
                           .request_id = {(uint8_t)(request_id >> 8), (uint8_t)request_id},
                           .content_length = {(uint8_t)(len >> 8), (uint8_t)len}};
}

static bool write_all(int fd, struct iovec parts[PARTS])
{
    for (int done = 0; done < PARTS;) {
        ssize_t n = writev(fd, parts + done, PARTS - done);
        if (n < 0 && errno != EINTR)
            return false;
        for (size_t left = n < 0 ? 0 : (size_t)n; done < PARTS; done++) {
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

bool record_write_reply(int fd, int request_id, const char *data, size_t len)
{
    struct end end = {.no_output = header(STDOUT, request_id, 0),
                      .end_request = header(END_REQUEST, request_id, 8)};
    bool last;

    do {
        size_t now = len < CONTENT_MAX ? len : CONTENT_MAX;
        last = now == len;
        struct header head = header(STDOUT, request_id, now);
        struct iovec parts[PARTS] = {{.iov_base = &head, .iov_len = sizeof(head)},
                                     {.iov_base = (char *)data, .iov_len = now},
                                     {.iov_base = &end, .iov_len = last ? sizeof(end) : 0}};
        if (!write_all(fd, parts))
            return false;
        data += now;
        len -= now;
    } while (!last);
    return true;
}
