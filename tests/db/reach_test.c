/* Reaching the server by its host's name: over TCP, which a thread of this test passes on to the server's
 * socket, and under a name whose look-up takes long. */
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"
#include "tests/db/db.h"

#define SLOW_NAME "slow.test"
#define SLOW_MS 1500
#define AT_ONCE_MS 500
/* An address, but none that is written as one: the C library makes it 127.0.0.1, as it would a name. */
#define NAME "127.1"

/* Stands before the C library's. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int (*library)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&library, &symbol, sizeof(library));
    if (node == NULL || strcmp(node, SLOW_NAME) != 0)
        return library(node, service, hints, out);
    nanosleep(&(struct timespec){.tv_sec = SLOW_MS / 1000, .tv_nsec = SLOW_MS % 1000 * 1000000},
              NULL);
    return EAI_AGAIN;
}

static int waits;

/* Others would go on here; they are done at once, and then no time is left. */
static bool count_wait(enum wait_event event, int fd, int timeout_ms)
{
    waits += event == WAIT_READ && fd >= 0 && timeout_ms > 0;
    return false;
}

/* The stack's configuration, but over TCP. */
static struct db *open_to(char *host, int port)
{
    struct config config = test_config;
    struct db *db;

    config.database_host = host;
    config.database_port = port;
    DB_GIVES(db_open_config(&config, false, &db), ERR_OK);
    return db;
}

static void test_slow_name(void)
{
    int64_t start_us = clock_mono_us();
    struct db *db = open_to(SLOW_NAME, 3306);

    wait_by(count_wait);
    DB_GIVES(db_run(db, "DO 0", DB_NO_ARGS, NULL), ERR_DB_AWAY);
    wait_by(NULL);
    DB_CHECK(waits > 0);
    DB_CHECK(clock_mono_us() - start_us < AT_ONCE_MS * INT64_C(1000));
    DB_CHECK(strstr(db_problem(db), "no answer in time") != NULL);
    db_close(db);
}

/* Passes on what comes on one side to the other; false at its end. */
static bool pass_on(int from, int to)
{
    char chunk[4096];
    ssize_t got = read(from, chunk, sizeof(chunk));

    return got > 0 && write(to, chunk, (size_t)got) == got;
}

/* Takes one connection on the listener and makes it one to the server's socket. */
static void *relay(void *listener)
{
    struct sockaddr_un server = {.sun_family = AF_UNIX};
    int outside = accept(*(int *)listener, NULL, NULL);
    int inside = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd polled[] = {{.fd = outside, .events = POLLIN}, {.fd = inside, .events = POLLIN}};
    bool going = true;

    text_copy(server.sun_path, sizeof(server.sun_path), test_config.database_socket);
    DB_CHECK(connect(inside, (struct sockaddr *)&server, sizeof(server)) == 0);
    while (going && poll(polled, 2, -1) > 0) {
        if (polled[0].revents != 0)
            going = pass_on(outside, inside);
        if (going && polled[1].revents != 0)
            going = pass_on(inside, outside);
    }
    close(outside);
    close(inside);
    return NULL;
}

static void test_name(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    DB_CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    DB_CHECK(pthread_create(&thread, NULL, relay, &listener) == 0);
    struct db *db = open_to(NAME, ntohs(address.sin_port));
    DB_GIVES(db_run(db, "DO 0", DB_NO_ARGS, NULL), ERR_OK);
    db_close(db);
    pthread_join(thread, NULL);
    close(listener);
    /* Nobody listens there any more. */
    db = open_to(NAME, ntohs(address.sin_port));
    DB_GIVES(db_run(db, "DO 0", DB_NO_ARGS, NULL), ERR_DB_AWAY);
    DB_CHECK(strstr(db_problem(db), "200") == db_problem(db));
    db_close(db);
}

/* The slow one last: for a while after it no server is tried. */
static const struct test_case cases[] = {
    {"a server is reached by its name", test_name},
    {"looking a name up blocks nobody", test_slow_name},
    {NULL, NULL},
};
const struct test_suite suite_reach = {.name = "reach", .cases = cases};
