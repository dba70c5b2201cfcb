/* FastCGI records, through a socket as the web server reads and writes them. */
#include "fcgi/server/record.h"
#include "fcgi/server/record_read.h"
#include "fcgi/server/sending.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wait.h"
#include "tests/unit/unit.h"

#define LARGEST (1 << 20)
#define REQUEST_ID 0x1234
#define WAIT_MS 10000
#define STALL_MS 20

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

/* Writes a reply, its rest as the socket takes it. */
static bool write_reply(int fd, const char *data, size_t len, size_t *rests)
{
    struct record_rest rest;
    enum record_sent sent = record_write_reply(fd, REQUEST_ID, data, len, &rest);

    *rests = sent == RECORD_LEFT;
    while (sent == RECORD_LEFT && wait_ready(WAIT_WRITE, fd, WAIT_MS))
        sent = record_write_rest(fd, &rest);
    free(rest.data);
    return sent == RECORD_SENT;
}

static void test_sizes(void)
{
    static const size_t sizes[] = {1, 8184, 65527, 65528, 65529, 131056, LARGEST};
    static char data[LARGEST], output[LARGEST + 4096];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 31 >> 3);
    for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
        int pair[2], small = 4096;
        size_t len, rests;
        pthread_t reader;
        UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        UNIT_CHECK("little room",
                   setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
        UNIT_CHECK("reader", pthread_create(&reader, NULL, receive, &pair[1]) == 0);
        UNIT_CHECK("written", write_reply(pair[0], data, sizes[i], &rests));
        UNIT_CHECK("at once or not", sizes[i] > 1 || rests == 0);
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
    struct record_rest rest;
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    close(pair[1]);
    UNIT_CHECK("gone", record_write_reply(pair[0], REQUEST_ID, "x", 1, &rest) == RECORD_GONE);
    close(pair[0]);
}

/* A peer that reads nothing: nobody waits for it, and the caller's memory is not needed any more. */
static void test_peer_stalls(void)
{
    static char data[LARGEST];
    int pair[2];
    struct record_rest rest;
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    UNIT_CHECK("left",
               record_write_reply(pair[0], REQUEST_ID, data, sizeof(data), &rest) == RECORD_LEFT);
    UNIT_CHECK("copied", rest.sent == 0 && rest.len > 0 && rest.len < sizeof(data));
    UNIT_CHECK("still", record_write_rest(pair[0], &rest) == RECORD_LEFT && rest.sent == 0);
    close(pair[1]);
    UNIT_CHECK("gone", record_write_rest(pair[0], &rest) == RECORD_GONE);
    free(rest.data);
    close(pair[0]);
}

/* Those in the row: found by their socket, the oldest first; too many or too large is told. */
static void test_sending(void)
{
    static struct sendings row;
    struct sending one = {.rest = {.len = SENDING_BYTES_MAX / 4}};

    UNIT_CHECK("no end", sending_timeout(&row, -1) == -1 && sending_timeout(&row, 5) == 5);
    for (int i = 0; i < 4; i++) {
        UNIT_CHECK("room", !sending_is_full(&row, one.rest.len));
        one.fd = i;
        one.rest.data = malloc(1);
        sending_add(&row, &one);
    }
    UNIT_CHECK("full", sending_is_full(&row, 1));
    UNIT_CHECK("time", sending_timeout(&row, -1) <= SENDING_MAX_MS &&
                           sending_timeout(&row, -1) > 0 && sending_timeout(&row, 1) == 1);
    sending_remove(&row, sending_find(&row, 1));
    UNIT_CHECK("room again", !sending_is_full(&row, one.rest.len));
    UNIT_CHECK("gone", sending_find(&row, 1) == NULL && sending_find(&row, 3)->fd == 3);
    UNIT_CHECK("not late", sending_late(&row, 0) == NULL);
    while (row.count > 0) {
        int fd = sending_late(&row, INT64_MAX)->fd;
        UNIT_CHECK("oldest", fd == (row.count == 3 ? 0 : row.count == 2 ? 2 : 3));
        sending_remove(&row, sending_find(&row, fd));
    }
    UNIT_CHECK("nothing left", row.bytes == 0);
    one.rest = (struct record_rest){.len = 2 * (size_t)SENDING_BYTES_MAX};
    UNIT_CHECK("one alone fits", !sending_is_full(&row, one.rest.len));
}

/* --- requests ---------------------------------------------------------------------------------------- */

#define BEGIN           \
    "\1\1\0\1\0\10\0\0" \
    "\0\1\1\0\0\0\0\0"
#define PARAMS(len) "\1\4\0\1\0" len "\0\0"
#define STDIN(len) "\1\5\0\1\0" len "\0\0"
#define END_PARAMS PARAMS("\0")
#define END STDIN("\0")
#define A_IS_B PARAMS("\4") "\1\1AB"

struct input {
    const char *name, *bytes;
    size_t len;
    const char *env; /* the variables, each with a line end; NULL where the request is refused */
    const char *body;
    bool whole;
    const char *fault;
};
#define INPUT(what, text, ...)                                                \
    {                                                                         \
        .name = (what), .bytes = (text), .len = sizeof(text) - 1, __VA_ARGS__ \
    }

/* Sends the bytes and closes; reads them as a request. */
static void read_input(const struct input *input, size_t piece)
{
    static struct record_request request;
    char body[64] = "", env[256] = "";
    int pair[2];

    UNIT_CHECK(input->name, socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (size_t at = 0; at < input->len; at += piece) {
        size_t left = input->len - at, now = left < piece ? left : piece;
        UNIT_CHECK(input->name, write(pair[1], input->bytes + at, now) == (ssize_t)now);
    }
    close(pair[1]);
    bool good = record_read(&request, pair[0], WAIT_MS);
    UNIT_CHECK(input->name, good == (input->env != NULL));
    if (good) {
        for (char **p = request.fcgx.envp; *p != NULL; p++)
            snprintf(env + strlen(env), sizeof(env) - strlen(env), "%s\n", *p);
        UNIT_SAME(input->name, env, input->env);
        body[FCGX_GetStr(body, sizeof(body) - 1, request.fcgx.in)] = '\0';
        UNIT_SAME(input->name, body, input->body);
        UNIT_CHECK(input->name, request.fcgx.requestId == 1);
    }
    UNIT_CHECK(input->name, request.whole == input->whole);
    UNIT_SAME(input->name, request.fault == NULL ? "" : request.fault, input->fault);
    record_free(&request);
    close(pair[0]);
}

#define GONE "the peer closed the connection"
#define LONGER "a parameter that is longer than all of them"
#define NOT_DUE "a record of a type that is not due"
#define NO_VARIABLE "a parameter that no variable can be"

static void test_requests(void)
{
    static const struct input inputs[] = {
        INPUT("smallest", BEGIN END_PARAMS END, .env = "", .body = "", .whole = true, .fault = ""),
        INPUT("parameters and body", BEGIN A_IS_B END_PARAMS STDIN("\3") "xyz" END, .env = "A=B\n",
              .body = "xyz", .whole = true, .fault = ""),
        INPUT("in several records",
              BEGIN PARAMS("\2") "\1\1" PARAMS("\3") "AB\1" PARAMS("\2") "\0C" END_PARAMS STDIN(
                  "\1") "x" STDIN("\1") "y" END,
              .env = "A=B\nC=\n", .body = "xy", .whole = true, .fault = ""),
        INPUT("padding",
              "\1\1\0\1\0\10\2\0\0\1\1\0\0\0\0\0pp\1\4\0\1\0\4\1\0\1\1ABp" END_PARAMS
              "\1\5\0\1\0\1\3\0xppp\1\5\0\1\0\0\4\0pppp",
              .env = "A=B\n", .body = "x", .whole = true, .fault = ""),
        INPUT("long form of lengths", BEGIN PARAMS("\12") "\200\0\0\1\200\0\0\1AB" END_PARAMS END,
              .env = "A=B\n", .body = "", .whole = true, .fault = ""),
        INPUT("nothing", "", .fault = GONE),
        INPUT("half a header", "\1\1\0", .fault = GONE),
        INPUT("half a beginning", "\1\1\0\1\0\10\0\0\0\1", .fault = GONE),
        INPUT("version", "\2\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0",
              .fault = "a record of an unknown version"),
        INPUT("parameters first", A_IS_B, .fault = NOT_DUE),
        INPUT("a question to the application", "\1\11\0\0\0\0\0\0", .fault = NOT_DUE),
        INPUT("request 0", "\1\1\0\0\0\10\0\0\0\1\1\0\0\0\0\0",
              .fault = "a record of another request"),
        INPUT("length of the beginning", "\1\1\0\1\0\7\0\0\0\1\1\0\0\0\0",
              .fault = "a beginning of another length"),
        INPUT("authorizer", "\1\1\0\1\0\10\0\0\0\2\1\0\0\0\0\0",
              .fault = "another role than the responder's"),
        INPUT("two beginnings", BEGIN BEGIN, .fault = NOT_DUE),
        INPUT("aborted", BEGIN A_IS_B "\1\2\0\1\0\0\0\0", .fault = NOT_DUE),
        INPUT("parameters of another", BEGIN "\1\4\0\2\0\0\0\0",
              .fault = "a record of another request"),
        INPUT("parameters without end", BEGIN A_IS_B, .fault = GONE),
        INPUT("body before the end of the parameters", BEGIN A_IS_B STDIN("\0"), .fault = NOT_DUE),
        INPUT("name that is longer", BEGIN PARAMS("\4") "\3\0AB" END_PARAMS END, .fault = LONGER),
        INPUT("value that is longer", BEGIN PARAMS("\4") "\1\2AB" END_PARAMS END, .fault = LONGER),
        INPUT("2 GB", BEGIN PARAMS("\12") "\377\377\377\377\377\377\377\377AB" END_PARAMS END,
              .fault = LONGER),
        INPUT("half a length", BEGIN PARAMS("\3") "\200\0\0" END_PARAMS END, .fault = LONGER),
        INPUT("name without value", BEGIN PARAMS("\1") "\1" END_PARAMS END, .fault = LONGER),
        INPUT("no name", BEGIN PARAMS("\3") "\0\1B" END_PARAMS END, .fault = NO_VARIABLE),
        INPUT("name with =", BEGIN PARAMS("\4") "\1\1=B" END_PARAMS END, .fault = NO_VARIABLE),
        INPUT("NUL", BEGIN PARAMS("\4") "\1\1A\0" END_PARAMS END, .fault = NO_VARIABLE),
        INPUT("body without end", BEGIN A_IS_B END_PARAMS STDIN("\3") "xyz", .env = "A=B\n",
              .body = "xyz", .fault = GONE),
        INPUT("parameters behind the body", BEGIN END_PARAMS STDIN("\1") "x" A_IS_B, .env = "",
              .body = "x", .fault = NOT_DUE),
        INPUT("more than a request", BEGIN END_PARAMS END BEGIN, .env = "", .body = "",
              .fault = "more than a request"),
    };
    for (size_t i = 0; i < TEST_COUNT(inputs); i++) {
        read_input(&inputs[i], 1);
        read_input(&inputs[i], RECORD_BUFFER);
    }
}

static void *send_params(void *arg)
{
    static const char empty[65535];
    const int *fd = arg;
    bool sent = send(*fd, BEGIN, sizeof(BEGIN) - 1, MSG_NOSIGNAL) > 0;
    while (sent)
        sent = send(*fd, "\1\4\0\1\377\377\0\0", 8, MSG_NOSIGNAL) == 8 &&
               send(*fd, empty, sizeof(empty), MSG_NOSIGNAL) == (ssize_t)sizeof(empty);
    return NULL;
}

/* What has no end is refused at RECORD_PARAMS_MAX; who sends nothing more, when the time is over. */
static void test_too_many_params(void)
{
    static struct record_request request;
    int pair[2];
    pthread_t sender;
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    UNIT_CHECK("sender", pthread_create(&sender, NULL, send_params, &pair[1]) == 0);
    UNIT_CHECK("refused", !record_read(&request, pair[0], WAIT_MS));
    UNIT_SAME("fault", request.fault, "too many parameters");
    UNIT_CHECK("room", request.params_room <= RECORD_PARAMS_MAX);
    record_free(&request);
    UNIT_CHECK("given back", request.params_room < RECORD_PARAMS_MAX);
    close(pair[0]);
    pthread_join(sender, NULL);
    close(pair[1]);
}

static void test_request_stalls(void)
{
    static struct record_request request;
    int pair[2];
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    UNIT_CHECK("some", write(pair[1], BEGIN, 12) == 12);
    UNIT_CHECK("refused", !record_read(&request, pair[0], STALL_MS));
    UNIT_SAME("fault", request.fault, "the peer stalls");
    record_free(&request);
    close(pair[0]);
    close(pair[1]);
}

static const struct test_case cases[] = {
    {"every size", test_sizes},
    {"peer that is gone", test_peer_gone},
    {"peer that stalls", test_peer_stalls},
    {"replies that are sent slowly", test_sending},
    {"requests", test_requests},
    {"parameters without end", test_too_many_params},
    {"request that stalls", test_request_stalls},
    {NULL, NULL},
};
const struct test_suite suite_record = {.name = "record", .cases = cases};
