/* teller-relay: between the public nginx and the nginx that carries the live stream. nchan 1.3.6 keeps a
 * frame that a client sends until it is whole, however long that says it is, and has no limit that works.
 * Here messages of clients end, and what is larger than FRAME_CLIENT_MAX ends the connection (status 1009);
 * only control frames go on. The other way everything passes, as fast as it is taken. Holds no secrets and
 * reads no configuration. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "stream/frame.h"

#define EVENTS 64             /* read at a time */
#define PIECE (16 << 10)      /* bytes read at once */
#define HEAD_MAX (64 << 10)   /* bytes of a request without its end: twice what nginx can send */
#define HEAD_MAX_MS 10000     /* for a request to be whole */
#define CLOSE_MAX_MS 5000     /* for a client to close after it was told to */
#define QUIET_MS 200          /* without a byte of it, before our end is closed */
#define CONNECTIONS_MAX 16000 /* as worker_connections in nginx/nchan.conf.in */
#define PENDING_MAX (HEAD_MAX + PIECE + FRAME_HEADER_MAX)
#define IDLE_MS 100 /* before another look at the times */

static const char usage[] =
    "usage: teller-relay --to SOCKET\n"
    "\n"
    "Passes connections on to the live stream's nginx, which listens at SOCKET, without what\n"
    "clients say through their websockets: a message of more than 4 KB ends its connection. The\n"
    "listening socket is descriptor 0, as spawn-fcgi hands it over, or what systemd passes\n"
    "(LISTEN_FDS). SIGTERM ends it.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum { EXIT_DONE, EXIT_FAILED, EXIT_MISCONFIGURED };

enum stage {
    STAGE_HEAD,    /* the request comes; the server is not connected */
    STAGE_PASSES,  /* both ways */
    STAGE_LEAVING, /* the client is to be told, once the server's frame has ended */
    STAGE_TOLD,    /* what the client sends is thrown away until it closes */
};

struct pair;

/* One end of a connection. */
struct end {
    struct pair *pair;
    int fd;
    uint32_t watched;
    struct text pending; /* what this end has not taken yet; the other one is not read meanwhile */
    size_t sent;         /* of it */
};

struct pair {
    struct end client, server;
    enum stage stage;
    bool websocket, dead;
    enum frame_status status; /* why it leaves */
    size_t head_matched; /* bytes of the empty line behind the server's head; all: it is over */
    struct frame_reader up, down;
    int64_t until_us; /* in STAGE_HEAD and STAGE_TOLD */
    int64_t quiet_us; /* in STAGE_TOLD: our end is closed then, unless more comes */
    struct pair *next, *before;
};

static const char head_end[] = "\r\n\r\n";
#define HEAD_END (sizeof(head_end) - 1)

static struct {
    struct sockaddr_un to;
    int epoll;
    struct pair *pairs, *dead;
    size_t count;
    bool listening;
} relay;

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void listen_again(bool on)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (on != relay.listening)
        epoll_ctl(relay.epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, LISTEN_FD, &event);
    relay.listening = on;
}

/* Ends a pair; its memory goes when no event names it any more. */
static void drop(struct pair *pair)
{
    if (pair->dead)
        return;
    pair->dead = true;
    close(pair->client.fd);
    if (pair->server.fd >= 0)
        close(pair->server.fd);
    if (pair->before != NULL)
        pair->before->next = pair->next;
    else
        relay.pairs = pair->next;
    if (pair->next != NULL)
        pair->next->before = pair->before;
    pair->next = relay.dead;
    relay.dead = pair;
    relay.count--;
}

static void bury(void)
{
    while (relay.dead != NULL) {
        struct pair *pair = relay.dead;
        relay.dead = pair->next;
        text_free(&pair->client.pending);
        text_free(&pair->server.pending);
        free(pair);
    }
    listen_again(relay.count < CONNECTIONS_MAX);
}

/* Watches an end for what it is to do now. False where that cannot be. */
static bool watch(struct end *end)
{
    struct pair *pair = end->pair;
    const struct end *other = end == &pair->client ? &pair->server : &pair->client;
    bool reads = other->pending.len == 0 || pair->stage == STAGE_HEAD || pair->stage == STAGE_TOLD;
    uint32_t wanted = (reads ? EPOLLIN : 0) | (end->pending.len > 0 ? EPOLLOUT : 0);
    struct epoll_event event = {.events = wanted, .data.ptr = end};

    if (pair->stage == STAGE_HEAD && end == &pair->client)
        event.events = wanted = EPOLLIN;
    if (end->fd < 0 || wanted == end->watched)
        return true;
    end->watched = wanted;
    return epoll_ctl(relay.epoll, EPOLL_CTL_MOD, end->fd, &event) == 0;
}

static bool add(struct end *end, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    end->fd = fd;
    end->watched = EPOLLIN;
    return epoll_ctl(relay.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Sends what is pending. False where that end is gone. */
static bool flush(struct end *end)
{
    while (end->sent < end->pending.len) {
        ssize_t n = send(end->fd, end->pending.data + end->sent, end->pending.len - end->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        end->sent += (size_t)n;
    }
    end->sent = 0;
    text_free(&end->pending);
    end->pending = TEXT(PENDING_MAX);
    return true;
}

/* Has bytes sent to an end. */
static bool pass(struct end *end, const void *data, size_t len)
{
    text_add(&end->pending, data, len);
    return !end->pending.full && flush(end);
}

/* Tells the client why its connection ends, where it is between two frames. */
static bool leave(struct pair *pair)
{
    uint8_t close_frame[FRAME_CLOSE_SIZE];

    if (pair->head_matched < HEAD_END)
        return false; /* there are no frames yet */
    if (!frame_between(&pair->down))
        return true;
    frame_close(pair->status, close_frame);
    pair->stage = STAGE_TOLD;
    pair->until_us = clock_mono_us() + CLOSE_MAX_MS * INT64_C(1000);
    pair->quiet_us = clock_mono_us() + QUIET_MS * INT64_C(1000);
    close(pair->server.fd);
    pair->server.fd = -1;
    return pass(&pair->client, close_frame, sizeof(close_frame));
}

static bool is_websocket(const struct text *head)
{
    return strcasestr(text_string(head), "\r\nUpgrade: websocket\r\n") != NULL;
}

/* Connects to the server and passes the request on. Nothing may come behind it: there is no body, and no
 * frame before the server agrees. */
static bool begin(struct pair *pair)
{
    struct text *head = &pair->server.pending;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    pair->websocket = is_websocket(head);
    pair->stage = STAGE_PASSES;
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)&relay.to, sizeof(relay.to)) != 0) {
        log_line(LOG_LEVEL_WARNING, "stream_away", "errno=%d", errno);
        close(fd);
        return false;
    }
    return add(&pair->server, fd) && flush(&pair->server);
}

static bool take_head(struct pair *pair, const uint8_t *data, size_t len)
{
    struct text *head = &pair->server.pending;
    text_add(head, (const char *)data, len);
    if (head->full || head->len > HEAD_MAX || memchr(data, '\0', len) != NULL)
        return false;
    const char *end = strstr(text_string(head), head_end);
    return end == NULL || (end[HEAD_END] == '\0' && begin(pair));
}

static bool from_client(struct pair *pair, const uint8_t *data, size_t len)
{
    uint8_t out[PIECE + FRAME_HEADER_MAX];
    size_t out_len;

    switch (pair->stage) {
    case STAGE_HEAD:
        return take_head(pair, data, len);
    case STAGE_TOLD:
        pair->quiet_us = clock_mono_us() + QUIET_MS * INT64_C(1000);
        return true;
    case STAGE_LEAVING:
        return true;
    case STAGE_PASSES:
        break;
    }
    if (!pair->websocket)
        return false;
    pair->status = frame_from_client(&pair->up, data, len, out, &out_len);
    if (pair->status != FRAME_GOOD) {
        log_line(LOG_LEVEL_INFO, "frame", "status=%d", (int)pair->status);
        pair->stage = STAGE_LEAVING;
        return leave(pair);
    }
    return out_len == 0 || pass(&pair->server, out, out_len);
}

/* Follows the server's head up to its end; returns the bytes that belong to it. */
static size_t follow_head(struct pair *pair, const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (at < len && pair->head_matched < HEAD_END) {
        if (data[at] == head_end[pair->head_matched])
            pair->head_matched++;
        else
            pair->head_matched = data[at] == head_end[0];
        at++;
    }
    return at;
}

static bool from_server(struct pair *pair, const uint8_t *data, size_t len)
{
    size_t at = follow_head(pair, data, len);
    bool leaving = pair->stage == STAGE_LEAVING;

    if (!pair->websocket)
        return pass(&pair->client, data, len);
    do
        at += frame_from_server(&pair->down, data + at, len - at);
    while (at < len && !leaving);
    return pass(&pair->client, data, at) && (!leaving || leave(pair));
}

/* Reads an end once. False where the pair is over. */
static bool read_end(struct end *end)
{
    uint8_t data[PIECE];
    ssize_t n = recv(end->fd, data, sizeof(data), MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0)
        return false;
    return end == &end->pair->client ? from_client(end->pair, data, (size_t)n)
                                     : from_server(end->pair, data, (size_t)n);
}

static void on_event(struct end *end, uint32_t events)
{
    struct pair *pair = end->pair;
    bool goes_on = true;

    if (pair->dead || end->fd < 0)
        return;
    if ((events & EPOLLOUT) != 0)
        goes_on = flush(end);
    bool reads = (end->watched & EPOLLIN) != 0, gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (goes_on && reads && (gone || (events & EPOLLIN) != 0))
        goes_on = read_end(end);
    else if (gone)
        goes_on = false;
    if (!goes_on || !watch(&pair->client) || !watch(&pair->server))
        drop(pair);
}

static void accept_client(void)
{
    int fd = listen_accept();
    struct pair *pair = fd < 0 ? NULL : calloc(1, sizeof(*pair));

    if (pair == NULL) {
        if (fd >= 0)
            close(fd);
        else if (errno == EMFILE || errno == ENFILE)
            listen_again(false); /* until a connection ends, or the next look */
        return;
    }
    pair->client = (struct end){.pair = pair, .pending = TEXT(PENDING_MAX)};
    pair->server = (struct end){.pair = pair, .fd = -1, .pending = TEXT(PENDING_MAX)};
    pair->until_us = clock_mono_us() + HEAD_MAX_MS * INT64_C(1000);
    pair->next = relay.pairs;
    if (pair->next != NULL)
        pair->next->before = pair;
    relay.pairs = pair;
    relay.count++;
    if (!add(&pair->client, fd))
        drop(pair);
}

/* Ends those that were waited for long enough. Who was told is not left while bytes are coming: nginx resets
 * a connection of which it has not read all, and the reset overtakes what was told. */
static void drop_late(void)
{
    static int64_t looked_us;
    int64_t now_us = clock_mono_us();

    if (now_us - looked_us < IDLE_MS * INT64_C(1000))
        return;
    looked_us = now_us;
    for (struct pair *pair = relay.pairs, *next; pair != NULL; pair = next) {
        next = pair->next;
        if ((pair->stage == STAGE_HEAD || pair->stage == STAGE_TOLD) && pair->until_us < now_us)
            drop(pair);
        else if (pair->stage == STAGE_TOLD && pair->client.pending.len == 0 &&
                 pair->quiet_us < now_us)
            shutdown(pair->client.fd, SHUT_WR);
    }
}

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int found = epoll_wait(relay.epoll, events, EVENTS, IDLE_MS);

    for (int i = 0; i < found; i++) {
        if (events[i].data.ptr == NULL)
            accept_client();
        else
            on_event(events[i].data.ptr, events[i].events);
    }
    drop_late();
    bury();
}

/* True where the command line names a socket to connect to. */
static bool read_options(int argc, char **argv)
{
    static const struct option options[] = {{"to", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            exit(fputs(usage, stdout) == EOF ? EXIT_FAILED : EXIT_DONE);
        if (option == 'v')
            exit(puts("teller-relay " TELLER_VERSION) == EOF ? EXIT_FAILED : EXIT_DONE);
        if (option != 't' || strlen(optarg) >= sizeof(relay.to.sun_path))
            return false;
        text_copy(relay.to.sun_path, sizeof(relay.to.sun_path), optarg);
    }
    relay.to.sun_family = AF_UNIX;
    return optind == argc && relay.to.sun_path[0] != '\0';
}

int main(int argc, char **argv)
{
    const struct sigaction stop = {.sa_handler = on_stop};

    log_set_program("relay");
    if (!read_options(argc, argv) || !listen_take()) {
        fputs(usage, stderr);
        return EXIT_MISCONFIGURED;
    }
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    relay.epoll = epoll_create1(EPOLL_CLOEXEC);
    listen_again(true);
    while (!stopping)
        turn();
    log_line(LOG_LEVEL_INFO, "stop", "kept=%zu", relay.count);
    while (relay.pairs != NULL)
        drop(relay.pairs);
    bury();
    return EXIT_DONE;
}
