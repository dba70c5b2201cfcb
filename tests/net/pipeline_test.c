/* Pipelined requests to a server of our own, and servers that misbehave. */
#include "net/pipeline.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/net/net.h"

#define MANY 5000
#define TIMEOUT_MS 500

/* How a server answers. */
enum manner {
    WELL,
    IN_PIECES, /* a byte at a time */
    REFUSES,   /* the third with a status of 500 */
    NOT_FOUND, /* the third with a status of 404 */
    LEAVES,    /* after the second */
    SILENT,    /* takes everything and says nothing */
    NO_HTTP,
    NO_LENGTH,   /* of its answers */
    LONG_HEADER, /* without end */
};

struct server {
    struct sockaddr_un address;
    int listener;
    enum manner manner;
    pthread_t thread;
    unsigned requests; /* the thread's, until it has ended */
    bool in_order;     /* bodies counted up from 0 */
};

static void say(int connection, const char *words, size_t piece)
{
    for (size_t len = strlen(words), sent = 0; sent < len; sent += piece)
        if (send(connection, words + sent, len - sent < piece ? len - sent : piece, MSG_NOSIGNAL) <
            0)
            return;
}

/* Answers the request whose body is `number`; false to leave. */
static bool answer(struct server *server, int connection, unsigned number)
{
    static const char fine[] = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nX: y\r\n\r\nok";

    server->in_order &= number == server->requests++;
    switch (server->manner) {
    case WELL:
        say(connection, fine, sizeof(fine));
        break;
    case IN_PIECES:
        say(connection, fine, 1);
        break;
    case REFUSES:
        say(connection, number == 2 ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" : fine, 100);
        break;
    case NOT_FOUND:
        say(connection, number == 2 ? "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" : fine, 100);
        break;
    case LEAVES:
        if (number == 2)
            return false;
        say(connection, fine, 100);
        break;
    case SILENT:
        break;
    case NO_HTTP:
        say(connection, "hello\r\n\r\n", 100);
        break;
    case NO_LENGTH:
        say(connection, "HTTP/1.1 200 OK\r\n\r\n", 100);
        break;
    case LONG_HEADER:
        say(connection, "HTTP/1.1 200 OK\r\nX: ", 100);
        for (int i = 0; i < 1000; i++)
            say(connection, "0123456789", 100);
        break;
    }
    return true;
}

/* Serves one connection after the other until the listener is shut down. */
static void *serve(void *arg)
{
    struct server *server = arg;

    for (int connection; (connection = accept(server->listener, NULL, NULL)) >= 0;
         close(connection)) {
        FILE *in = fdopen(dup(connection), "r");
        char line[256];
        bool stays = in != NULL;
        while (stays && fgets(line, sizeof(line), in) != NULL) {
            if (strcmp(line, "\r\n") != 0)
                continue;
            char body[6] = "";
            stays = fread(body, 1, 5, in) == 5 &&
                    answer(server, connection, (unsigned)strtoul(body, NULL, 10));
        }
        if (in != NULL)
            fclose(in);
    }
    return NULL;
}

static void start(struct server *server, enum manner manner)
{
    *server =
        (struct server){.manner = manner, .in_order = true, .address = {.sun_family = AF_UNIX}};
    snprintf(server->address.sun_path, sizeof(server->address.sun_path), "/tmp/pipeline-test-%d",
             (int)getpid());
    unlink(server->address.sun_path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (const struct sockaddr *)&server->address,
             sizeof(server->address)) != 0 ||
        listen(server->listener, 8) != 0 ||
        pthread_create(&server->thread, NULL, serve, server) != 0)
        abort();
}

static void stop(struct server *server, struct pipeline *pipeline)
{
    pipeline_stop(pipeline);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    unlink(server->address.sun_path);
}

/* Adds so many requests, their bodies counted up from `first`. */
static void add(struct pipeline *pipeline, unsigned first, unsigned count)
{
    char body[8];
    for (unsigned i = first; i < first + count; i++) {
        snprintf(body, sizeof(body), "%05u", i % 100000);
        NET_CHECK("add", pipeline_add(pipeline, "/x?channel=y", body, 5) == ERR_OK);
    }
}

static void test_well(void)
{
    for (enum manner manner = WELL; manner <= IN_PIECES; manner++) {
        struct server server;
        struct pipeline *pipeline;
        size_t taken = 1;
        unsigned count = manner == WELL ? MANY : 20;
        start(&server, manner);
        NET_CHECK("start", pipeline_start(server.address.sun_path, 20000, &pipeline) == ERR_OK);
        NET_CHECK("nothing", pipeline_flush(pipeline, &taken) == ERR_OK && taken == 0);
        add(pipeline, 0, count);
        NET_CHECK("all", pipeline_flush(pipeline, &taken) == ERR_OK && taken == count);
        add(pipeline, count, 3);
        NET_CHECK("again", pipeline_flush(pipeline, &taken) == ERR_OK && taken == 3);
        stop(&server, pipeline);
        NET_CHECK("in order", server.in_order && server.requests == count + 3);
    }
}

static void test_broken(void)
{
    static const struct {
        const char *name;
        enum manner manner;
        size_t taken;
        enum err rc;
    } rows[] = {
        {"a status of 500", REFUSES, 2, ERR_SERVER_FULL},
        {"a status of 404", NOT_FOUND, 2, ERR_IO},
        {"leaves", LEAVES, 2, ERR_IO},
        {"silent", SILENT, 0, ERR_IO},
        {"no HTTP", NO_HTTP, 0, ERR_IO},
        {"no length", NO_LENGTH, 0, ERR_IO},
        {"header without end", LONG_HEADER, 0, ERR_IO},
    };
    for (size_t i = 0; i < NET_COUNT(rows); i++) {
        struct server server;
        struct pipeline *pipeline;
        size_t taken = 9;
        int64_t begin_us = clock_mono_us();
        start(&server, rows[i].manner);
        NET_CHECK(rows[i].name,
                  pipeline_start(server.address.sun_path, TIMEOUT_MS, &pipeline) == ERR_OK);
        add(pipeline, 0, 5);
        NET_CHECK(rows[i].name, pipeline_flush(pipeline, &taken) == rows[i].rc);
        NET_CHECK(rows[i].name, taken == rows[i].taken);
        NET_CHECK(rows[i].name, (clock_mono_us() - begin_us) / 1000 < TIMEOUT_MS * 10);
        NET_CHECK("nothing is left", pipeline_flush(pipeline, &taken) == ERR_OK && taken == 0);
        stop(&server, pipeline);
    }
}

/* A server that was restarted between two flushes is connected to again. */
static void test_restarted(void)
{
    struct server server;
    struct pipeline *pipeline;
    size_t taken;
    char too_long[200];

    start(&server, WELL);
    NET_CHECK("start", pipeline_start(server.address.sun_path, TIMEOUT_MS, &pipeline) == ERR_OK);
    add(pipeline, 0, 1);
    NET_CHECK("first", pipeline_flush(pipeline, &taken) == ERR_OK && taken == 1);
    server.manner = LEAVES;
    add(pipeline, 2, 1);
    NET_CHECK("leaves", pipeline_flush(pipeline, &taken) == ERR_IO && taken == 0);
    server.manner = WELL;
    add(pipeline, 2, 1);
    NET_CHECK("second", pipeline_flush(pipeline, &taken) == ERR_OK && taken == 1);
    stop(&server, pipeline);

    NET_CHECK("start", pipeline_start(server.address.sun_path, TIMEOUT_MS, &pipeline) == ERR_OK);
    add(pipeline, 0, 1);
    NET_CHECK("nobody there", pipeline_flush(pipeline, &taken) == ERR_IO && taken == 0);
    pipeline_stop(pipeline);
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    NET_CHECK("path", pipeline_start(too_long, TIMEOUT_MS, &pipeline) == ERR_CONFIG);
    pipeline_stop(pipeline);
}

static const struct net_test tests[] = {
    {"all taken, in order", test_well, false},
    {"servers that misbehave", test_broken, false},
    {"a server that comes back", test_restarted, false},
    {NULL, NULL, false},
};
const struct net_suite suite_pipeline = {"pipeline", tests};
