#include "fcgi/loop.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/dispatch.h"
#include "fcgi/record.h"

#define LISTEN_FD 0
#define BATCH 4 /* events per turn: few, so that new connections need not wait for many requests */
#define DISCARD_MAX (8u << 20) /* bytes of an unread body that are read away */

struct loop {
    struct app *app;
    int epoll;
    int kept;       /* connections that the web server keeps with us */
    bool listening; /* new connections are accepted */
    FCGX_Request fcgx;
};

static volatile sig_atomic_t stop_asked;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
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

/* Serves one request on a readable connection. True where the web server keeps it; otherwise it is
 * closed already. */
static bool serve(struct loop *loop, int fd)
{
    FCGX_Request *fcgx = &loop->fcgx;
    fcgx->ipcFd = fd;
    /* Closing is ours: libfcgi would wait for the peer's end of the connection. It closes only
     * after an error, and because of `detached` without waiting then. */
    fcgx->keepConnection = 1;
    fcgx->detached = 1;
    if (FCGX_Accept_r(fcgx) != 0) {
        fcgx->ipcFd = -1;
        return false;
    }
    bool keep = fcgx->keepConnection != 0;
    const struct text *reply = dispatch_serve(loop->app, fcgx);
    bool read = discard_body(fcgx->in) && FCGX_GetError(fcgx->in) == 0;
    bool sent = record_write_reply(fd, fcgx->requestId, text_string(reply), reply->len);
    FCGX_Free(fcgx, false);
    fcgx->ipcFd = -1;
    keep = keep && read && sent;
    if (!keep)
        close(fd);
    return keep;
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

static void drop(struct loop *loop, bool was_kept)
{
    if (!was_kept)
        return;
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

static void on_kept(struct loop *loop, const struct epoll_event *event)
{
    int fd = event->data.fd;
    bool hung_up = (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (hung_up && request_waits(fd) <= 0) {
        close(fd);
        drop(loop, true);
    } else if (!serve(loop, fd)) {
        drop(loop, true);
    }
}

/* Takes one connection. False where there is none. */
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
    else if (waits == 0 || serve(loop, fd))
        keep(loop, fd);
    return true;
}

/* Waits up to `timeout_ms` (-1: for ever) and serves what is readable: kept connections first, then
 * at most one new one. New connections so go to workers that have nothing else to do. */
static void turn(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    struct epoll_event events[BATCH];
    bool new_connection = false;
    int count = epoll_pwait(loop->epoll, events, BATCH, timeout_ms, mask);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == LISTEN_FD)
            new_connection = true;
        else
            on_kept(loop, &events[i]);
    }
    if (new_connection && loop->listening)
        (void)accept_one(loop);
}

static void drain(struct loop *loop, const sigset_t *mask)
{
    int64_t end_us = clock_mono_us() + LOOP_DRAIN_MAX_MS * INT64_C(1000);
    log_line(LOG_LEVEL_INFO, "drain", "kept=%d", loop->kept);
    /* What is queued was promised to somebody; with no other worker it would be lost. */
    while (loop->listening && accept_one(loop))
        continue;
    listen_off(loop);
    while (loop->kept > 0) {
        int64_t left_ms = (end_us - clock_mono_us()) / 1000;
        if (left_ms <= 0)
            break;
        turn(loop, mask, (int)left_ms);
    }
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

enum err loop_run(struct app *app)
{
    struct loop loop = {.app = app, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    sigset_t mask;
    int flags = fcntl(LISTEN_FD, F_GETFL);
    if (loop.epoll < 0 || flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) < 0)
        return ERR_IO;
    /* libfcgi installs handlers of its own: ours come after it. -1: it never accepts by itself. */
    if (FCGX_Init() != 0 || FCGX_InitRequest(&loop.fcgx, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
        return ERR_IO;
    loop.fcgx.ipcFd = -1;
    catch_signals(&mask);
    if (!listen_on(&loop))
        return ERR_IO;
    while (!stop_asked)
        turn(&loop, &mask, -1);
    drain(&loop, &mask);
    close(loop.epoll);
    return ERR_OK;
}
