#include "fcgi/server/loop.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "fcgi/server/dispatch.h"
#include "fcgi/server/fiber.h"
#include "fcgi/server/record.h"

#define LISTEN_FD 0
#define DISCARD_MAX (8u << 20) /* bytes of an unread body that are read away */

/* A request in hand. */
struct lane {
    struct loop *loop;
    struct fiber *fiber;
    int fd;
    bool busy;
    bool kept;        /* the web server kept the connection with us before */
    bool stays;       /* and will after the request */
    bool let_go;      /* it has closed its end already */
    int waits_for;    /* a socket, where it waits */
    int64_t until_us; /* not longer than that */
    bool answered;    /* not only because of the time */
    FCGX_Request fcgx;
};

struct loop {
    struct app *app;
    int epoll;      /* the listening socket and the kept connections */
    int kept;       /* connections that the web server keeps with us */
    bool listening; /* new connections are accepted */
    struct lane lanes[APP_SLOTS];
    size_t busy;                     /* lanes in use; between two steps they all wait */
    struct lane *waiting[APP_SLOTS]; /* in the order in which they began to */
    size_t waiting_count;
};

static struct lane *running; /* whose fiber runs; NULL outside */
static volatile sig_atomic_t stop_asked;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

bool loop_stopping(void)
{
    return stop_asked != 0;
}

bool loop_has_socket(void)
{
    int on = 0;
    socklen_t len = sizeof(on);
    return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on != 0;
}

/* Several workers wait for the same socket: EPOLLEXCLUSIVE wakes few of them per connection. */
static bool listen_on(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = LISTEN_FD};
    loop->listening = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, LISTEN_FD, &event) == 0;
    return loop->listening;
}

static void listen_off(struct loop *loop)
{
    if (loop->listening)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, LISTEN_FD, NULL);
    loop->listening = false;
}

/* Reads away what the handler left of the body: the next request on this connection would begin in
 * the middle of it. False where there is too much of it. */
static bool discard_body(FCGX_Stream *in)
{
    char buffer[4096];
    for (size_t total = 0; total < DISCARD_MAX;) {
        int n = FCGX_GetStr(buffer, sizeof(buffer), in);
        if (n < (int)sizeof(buffer))
            return true;
        total += (size_t)n;
    }
    return false;
}

static size_t lane_number(const struct lane *lane)
{
    return (size_t)(lane - lane->loop->lanes);
}

/* Serves one request on a readable connection. True where the web server keeps it; otherwise it is
 * closed already. */
static bool serve(struct lane *lane)
{
    FCGX_Request *fcgx = &lane->fcgx;
    fcgx->ipcFd = lane->fd;
    /* Closing is ours: libfcgi would wait for the peer's end of the connection. It closes only
     * after an error, and because of `detached` without waiting then. */
    fcgx->keepConnection = 1;
    fcgx->detached = 1;
    if (FCGX_Accept_r(fcgx) != 0) {
        fcgx->ipcFd = -1;
        return false;
    }
    bool keep = fcgx->keepConnection != 0;
    struct loop *loop = lane->loop;
    const struct text *reply = dispatch_serve(loop->app, lane_number(lane), fcgx);
    bool read = discard_body(fcgx->in) && FCGX_GetError(fcgx->in) == 0;
    bool sent = record_write_reply(lane->fd, fcgx->requestId, text_string(reply), reply->len);
    FCGX_Free(fcgx, false);
    fcgx->ipcFd = -1;
    keep = keep && read && sent && !lane->let_go;
    if (!keep)
        close(lane->fd);
    return keep;
}

static void run_lane(void *arg)
{
    struct lane *lane = arg;
    lane->stays = serve(lane);
}

/* A request that is there already, without waiting for one: 1 yes, 0 not yet, -1 closed by the
 * peer. Handing a closed connection to libfcgi would make it accept another one, blocking. */
static int request_waits(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0)
        return 1;
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
}

static void drop(struct loop *loop)
{
    loop->kept--;
    if (!loop->listening && !stop_asked)
        (void)listen_on(loop);
}

static void keep(struct loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        log_line(LOG_LEVEL_WARNING, "keep", "errno=%d", errno);
        close(fd);
        return;
    }
    if (++loop->kept >= LOOP_KEPT_MAX)
        listen_off(loop);
}

static void end_lane(struct lane *lane)
{
    lane->busy = false;
    lane->loop->busy--;
    if (lane->kept && !lane->stays)
        drop(lane->loop);
    else if (!lane->kept && lane->stays)
        keep(lane->loop, lane->fd);
}

/* What every request of this process does while it waits (base/wait.h). */
static bool wait_in_lane(int fd, int timeout_ms)
{
    struct lane *lane = running;
    lane->waits_for = fd;
    lane->until_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    fiber_wait();
    return lane->answered;
}

/* Takes a lane where its fiber has left it. */
static void park(struct lane *lane, bool waits)
{
    struct loop *loop = lane->loop;
    running = NULL;
    log_set_request(NULL);
    if (waits)
        loop->waiting[loop->waiting_count++] = lane;
    else
        end_lane(lane);
}

/* Begins a request, which goes on until it waits. There must be a free lane.
 * kept  the web server kept the connection with us before */
static void begin(struct loop *loop, int fd, bool kept)
{
    struct lane *lane = loop->lanes;
    while (lane->busy)
        lane++;
    lane->busy = true;
    loop->busy++;
    lane->fd = fd;
    lane->kept = kept;
    lane->let_go = false;
    running = lane;
    park(lane, fiber_start(lane->fiber, run_lane, lane));
}

static void resume(struct lane *lane, bool answered)
{
    running = lane;
    lane->answered = answered;
    dispatch_resume(lane_number(lane));
    park(lane, fiber_resume(lane->fiber));
}

/* Takes those out of the row that wait for the socket or, where it is -1, have waited too long.
 * Returns how many. */
static size_t take_waiting(struct loop *loop, int fd, struct lane *taken[APP_SLOTS])
{
    int64_t now_us = fd < 0 ? clock_mono_us() : 0;
    size_t count = 0, left = 0;
    for (size_t i = 0; i < loop->waiting_count; i++) {
        struct lane *lane = loop->waiting[i];
        if (fd < 0 ? lane->until_us <= now_us : lane->waits_for == fd)
            taken[count++] = lane;
        else
            loop->waiting[left++] = lane;
    }
    loop->waiting_count = left;
    return count;
}

/* Goes on with those that wait for a readable socket, one after the other. Where they are several, one
 * may have read the beginning of another's answer along, and the socket is not readable any more: then
 * those that wait again are not left waiting. */
static void resume_all(struct loop *loop, int fd)
{
    struct lane *taken[APP_SLOTS];
    size_t count;
    do {
        count = take_waiting(loop, fd, taken);
        for (size_t i = 0; i < count; i++)
            resume(taken[i], true);
    } while (count > 1);
}

static void resume_late(struct loop *loop)
{
    struct lane *taken[APP_SLOTS];
    size_t count = take_waiting(loop, -1, taken);
    for (size_t i = 0; i < count; i++)
        resume(taken[i], false);
}

/* The web server has let go of a connection whose request is in hand: it is closed, not kept, when
 * that has ended. */
static bool let_go_of_busy(struct loop *loop, int fd)
{
    for (size_t i = 0; i < APP_SLOTS; i++) {
        struct lane *lane = &loop->lanes[i];
        if (!lane->busy || lane->fd != fd)
            continue;
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
        lane->let_go = true;
        return true;
    }
    return false;
}

static void on_kept(struct loop *loop, const struct epoll_event *event)
{
    int fd = event->data.fd;
    bool hung_up = (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (hung_up && let_go_of_busy(loop, fd))
        return;
    if (hung_up && request_waits(fd) <= 0) {
        close(fd);
        drop(loop);
    } else if (loop->busy < APP_SLOTS) {
        begin(loop, fd, true);
    } /* else it is readable in the next turn as well */
}

/* Takes one connection and begins its request. False where there is none. */
static bool accept_one(struct loop *loop)
{
    const struct timeval timeout = {.tv_sec = LOOP_IO_TIMEOUT_S};
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        bool harmless =
            errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED;
        if (!harmless) {
            log_line(LOG_LEVEL_WARNING, "accept", "errno=%d kept=%d", errno, loop->kept);
            /* Out of descriptors: goes on when a kept connection ends. */
            if (loop->kept > 0)
                listen_off(loop);
        }
        return false;
    }
    /* libfcgi reads and writes blocking; a stalled peer must not hold the worker for ever. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    int waits = request_waits(fd);
    if (waits < 0)
        close(fd);
    else if (waits == 0)
        keep(loop, fd);
    else
        begin(loop, fd, false);
    return true;
}

/* Waits up to `timeout_ms` (-1: for ever) and begins what is readable, where there are lanes for it:
 * kept connections first, then at most one new one, which so goes to a worker with little to do. */
static void take_requests(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    struct epoll_event events[APP_SLOTS];
    bool new_connection = false;
    int room = (int)(APP_SLOTS - loop->busy);
    int count = epoll_pwait(loop->epoll, events, room, timeout_ms, mask);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == LISTEN_FD)
            new_connection = true;
        else
            on_kept(loop, &events[i]);
    }
    if (new_connection && loop->listening && loop->busy < APP_SLOTS)
        (void)accept_one(loop);
}

/* The sockets that somebody waits for, each once. Returns how many; `left_us` gets how long the first of
 * those that wait has left. */
static nfds_t watch(const struct loop *loop, struct pollfd polled[APP_SLOTS], int64_t *left_us)
{
    int64_t now_us = clock_mono_us();
    nfds_t count = 0;
    for (size_t i = 0; i < loop->waiting_count; i++) {
        const struct lane *lane = loop->waiting[i];
        nfds_t at = 0;
        while (at < count && polled[at].fd != lane->waits_for)
            at++;
        if (at == count)
            polled[count++] = (struct pollfd){.fd = lane->waits_for, .events = POLLIN};
        if (lane->until_us - now_us < *left_us)
            *left_us = lane->until_us > now_us ? lane->until_us - now_us : 0;
    }
    return count;
}

/* Waits for answers, and for requests where a lane is free for one; goes on with what has come. */
static void take_answers(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    struct pollfd polled[APP_SLOTS + 1];
    int64_t left_us = timeout_ms < 0 ? INT64_MAX : timeout_ms * INT64_C(1000);
    nfds_t count = watch(loop, polled, &left_us);
    bool room = loop->busy < APP_SLOTS;
    const struct timespec timeout = {.tv_sec = left_us / 1000000,
                                     .tv_nsec = left_us % 1000000 * 1000};

    polled[count] = (struct pollfd){.fd = loop->epoll, .events = POLLIN};
    int ready = ppoll(polled, room ? count + 1 : count, &timeout, mask);
    for (nfds_t i = 0; ready > 0 && i < count; i++)
        if (polled[i].revents != 0)
            resume_all(loop, polled[i].fd);
    resume_late(loop);
    if (ready > 0 && room && polled[count].revents != 0)
        take_requests(loop, mask, 0);
}

/* One step of the loop: waits up to `timeout_ms` (-1: for ever) and goes on with what is ready. */
static void turn(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    if (loop->busy > 0)
        take_answers(loop, mask, timeout_ms);
    else
        take_requests(loop, mask, timeout_ms);
}

static void drain(struct loop *loop, const sigset_t *mask)
{
    int64_t end_us = clock_mono_us() + LOOP_DRAIN_MAX_MS * INT64_C(1000), left_ms;
    log_line(LOG_LEVEL_INFO, "drain", "kept=%d", loop->kept);
    /* What is queued was promised to somebody; with no other worker it would be lost. */
    while (loop->listening) {
        if (loop->busy == APP_SLOTS)
            turn(loop, mask, -1);
        else if (!accept_one(loop))
            break;
    }
    listen_off(loop);
    while ((loop->kept > 0 || loop->busy > 0) && (left_ms = (end_us - clock_mono_us()) / 1000) > 0)
        turn(loop, mask, (int)left_ms);
    /* Those in hand are finished in any case: none waits for ever. */
    while (loop->waiting_count > 0)
        resume_all(loop, loop->waiting[0]->waits_for);
    log_line(LOG_LEVEL_INFO, "stop", "kept=%d", loop->kept);
}

/* The signals that stop the loop arrive only while it waits: a request is never interrupted.
 * `mask` gets the mask to wait with. */
static void catch_signals(sigset_t *mask)
{
    const struct sigaction stop = {.sa_handler = on_stop};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, mask);
    sigdelset(mask, SIGTERM);
    sigdelset(mask, SIGINT);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static enum err open_lanes(struct loop *loop)
{
    for (size_t i = 0; i < APP_SLOTS; i++) {
        struct lane *lane = &loop->lanes[i];
        lane->loop = loop;
        /* -1: libfcgi never accepts by itself. */
        if (FCGX_InitRequest(&lane->fcgx, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
            return ERR_IO;
        lane->fcgx.ipcFd = -1;
        enum err rc = fiber_open(&lane->fiber);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static void close_lanes(struct loop *loop)
{
    for (size_t i = 0; i < APP_SLOTS; i++)
        fiber_close(loop->lanes[i].fiber);
}

static enum err run_loop(struct loop *loop)
{
    sigset_t mask;
    int flags = fcntl(LISTEN_FD, F_GETFL);
    if (loop->epoll < 0 || flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) < 0)
        return ERR_IO;
    /* libfcgi installs handlers of its own: ours come after it. */
    if (FCGX_Init() != 0)
        return ERR_IO;
    enum err rc = open_lanes(loop);
    if (rc != ERR_OK)
        return rc;
    catch_signals(&mask);
    wait_by(wait_in_lane);
    if (!listen_on(loop))
        return ERR_IO;
    while (!stop_asked)
        turn(loop, &mask, -1);
    drain(loop, &mask);
    return ERR_OK;
}

enum err loop_run(struct app *app)
{
    static struct loop loop; /* large, with its lanes */
    loop = (struct loop){.app = app, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    enum err rc = run_loop(&loop);
    close_lanes(&loop);
    if (loop.epoll >= 0)
        close(loop.epoll);
    return rc;
}
