/* Replies as FastCGI records, through a socket as the web server reads them. */
#include "fcgi/server/record.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define LARGEST (1 << 20)
#define REQUEST_ID 0x1234

static unsigned char received[LARGEST + 4096];
static size_t received_len;

static void *receive(void *arg)
{
    const int *fd = arg;
    ssize_t n;
    received_len = 0;
    while ((n = read(*fd, received + received_len, sizeof(received) - received_len)) > 0)
        received_len += (size_t)n;
    return NULL;
}

/* Takes the output out of the records in `received`; false where they are not a whole reply. */
static bool unpack(char *output, size_t *len)
{
    static const unsigned char end[] = {1, 3, 0x12, 0x34, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const unsigned char *p = received;
    size_t content;

    *len = 0;
    do {
        if (memcmp(p, "\x01\x06\x12\x34", 4) != 0 || p[6] != 0)
            return false;
        content = (size_t)p[4] << 8 | p[5];
        memcpy(output + *len, p + 8, content);
        *len += content;
        p += 8 + content;
    } while (content > 0);
    return received + received_len == p + sizeof(end) && memcmp(p, end, sizeof(end)) == 0;
}

static void test_sizes(void)
{
    static const size_t sizes[] = {1, 8184, 65527, 65528, 65529, 131056, LARGEST};
    static char data[LARGEST], output[LARGEST + 4096];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 31 >> 3);
    for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
        int pair[2], small = 4096;
        size_t len;
        pthread_t reader;
        UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        UNIT_CHECK("little room",
                   setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
        UNIT_CHECK("reader", pthread_create(&reader, NULL, receive, &pair[1]) == 0);
        UNIT_CHECK("written", record_write_reply(pair[0], REQUEST_ID, data, sizes[i]));
        close(pair[0]);
        pthread_join(reader, NULL);
        close(pair[1]);
        UNIT_CHECK("records", unpack(output, &len));
        UNIT_CHECK("output", len == sizes[i] && memcmp(output, data, len) == 0);
    }
}

static void test_peer_gone(void)
{
    int pair[2];
    signal(SIGPIPE, SIG_IGN); /* as the worker does */
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    close(pair[1]);
    UNIT_CHECK("gone", !record_write_reply(pair[0], REQUEST_ID, "x", 1));
    close(pair[0]);
}

/* A peer that reads nothing: the socket's time limit ends it. */
static void test_peer_stalls(void)
{
    const struct timeval limit = {.tv_usec = 20000};
    static char data[LARGEST];
    int pair[2];
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    UNIT_CHECK("limit", setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
    UNIT_CHECK("stalled", !record_write_reply(pair[0], REQUEST_ID, data, sizeof(data)));
    close(pair[0]);
    close(pair[1]);
}

static const struct test_case cases[] = {
    {"every size", test_sizes},
    {"peer that is gone", test_peer_gone},
    {"peer that stalls", test_peer_stalls},
    {NULL, NULL},
};
const struct test_suite suite_record = {.name = "record", .cases = cases};
