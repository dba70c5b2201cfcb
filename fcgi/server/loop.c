/* The accept loop: slots, who waits for what, signals, and the end without a lost request. */
#include "fcgi/server/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "fcgi/server/dispatch.h"
#include "fcgi/server/fiber.h"
#include "fcgi/server/record.h"
#include "fcgi/server/record_read.h"
#include "fcgi/server/sending.h"
#include "fcgi/server/waiters.h"

/* A request in hand. */
struct slot {
    struct waiter waiter; /* first: what the row of waiters gives back is the slot */
    struct loop *loop;
    struct fiber *fiber;
    int fd;
    bool busy;
    bool kept;               /* the web server kept the connection with us before */
    bool stays;              /* and will after the request */
    bool let_go;             /* it has closed its end already */
    bool answered;           /* what it waited for has come, not only the time gone by */
    struct record_rest rest; /* of the reply, which the peer has not taken */
    struct record_request request;
};

struct loop {
    struct app *app;
    int epoll;      /* the listening socket and the kept connections */
    int kept;       /* connections that the web server keeps with us */
    bool listening; /* new connections are accepted */
    struct slot slots[APP_SLOTS];
    size_t busy; /* slots in use; between two steps they all wait */
    struct waiters waiters;
    struct sendings sendings; /* replies whose requests are not in hand any more */
};

static struct slot *running;                           /* whose fiber runs; NULL outside */
static volatile sig_atomic_t stop_asked, reload_asked; /* by signals */
static bool reloading;                                 /* ends in order to begin anew */

static void on_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static void on_reload(int signal_number)
{
    (void)signal_number;
    reload_asked = 1;
}

bool loop_stopping(void)
{
    return stop_asked != 0 || reloading;
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

static size_t slot_number(const struct slot *slot)
{
    return (size_t)(slot - slot->loop->slots);
}

/* Reads, answers, writes what the peer takes at once. True where the connection can take another request,
 * once the rest is sent. */
static bool serve_request(struct slot *slot)
{
    struct record_request *request = &slot->request;
    if (!record_read(request, slot->fd, RECORD_READ_MAX_MS))
        return false;
    const struct text *reply = dispatch_serve(slot->loop->app, slot_number(slot), &request->fcgx);
    return record_write_reply(slot->fd, request->fcgx.requestId, text_string(reply), reply->len,
                              &slot->rest) != RECORD_GONE &&
           request->fcgx.keepConnection != 0 && request->whole;
}

/* Serves one request on a readable connection. True where the web server keeps it; otherwise it is closed
 * already, but for a reply with a rest. */
static bool serve(struct slot *slot)
{
    slot->rest = (struct record_rest){0};
    bool keep = serve_request(slot) && !slot->let_go;
    if (slot->request.fault != NULL)
        log_line(LOG_LEVEL_WARNING, "record", "problem=\"%s\"", slot->request.fault);
    record_free(&slot->request);
    if (!keep && slot->rest.len == 0)
        close(slot->fd);
    return keep;
}

static void run_slot(void *arg)
{
    struct slot *slot = arg;
    slot->stays = serve(slot);
}

/* A request that is there already, without waiting for one: 1 yes, 0 not yet, -1 closed by the
 * peer. */
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
    if (!loop->listening && !loop_stopping())
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

static bool watch_fd(struct loop *loop, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLRDHUP, .data.fd = fd};
    return epoll_ctl(loop->epoll, operation, fd, &event) == 0;
}

/* Ends the sending of a reply: the connection is kept again, or closed. */
static void end_sending(struct loop *loop, struct sending *one, bool sent)
{
    struct sending was = *one;
    sending_remove(&loop->sendings, one);
    bool stays = sent && was.stays;
    if (stays && was.kept)
        stays = watch_fd(loop, EPOLL_CTL_MOD, was.fd, EPOLLIN);
    else if (stays)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, was.fd, NULL);
    if (stays && !was.kept) {
        keep(loop, was.fd);
    } else if (!stays) {
        close(was.fd);
        if (was.kept)
            drop(loop);
    }
}

/* Goes on with a reply's rest beside the requests in hand. Where there are too many of them, those that are
 * at it for the longest time are let go. */
static void send_on(struct loop *loop, const struct slot *slot)
{
    const struct sending one = {
        .fd = slot->fd, .rest = slot->rest, .kept = slot->kept, .stays = slot->stays};
    bool watched = slot->kept && !slot->let_go;
    while (sending_is_full(&loop->sendings, one.rest.len))
        end_sending(loop, &loop->sendings.row[0], false);
    sending_add(&loop->sendings, &one);
    if (!watch_fd(loop, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, one.fd, EPOLLOUT))
        end_sending(loop, sending_find(&loop->sendings, one.fd), false);
}

static void on_sending(struct loop *loop, struct sending *one, uint32_t events)
{
    enum record_sent sent = RECORD_GONE;
    if ((events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) == 0)
        sent = record_write_rest(one->fd, &one->rest);
    if (sent != RECORD_LEFT)
        end_sending(loop, one, sent == RECORD_SENT);
}

static void end_slot(struct slot *slot)
{
    slot->busy = false;
    slot->loop->busy--;
    if (slot->rest.len > 0)
        send_on(slot->loop, slot);
    else if (slot->kept && !slot->stays)
        drop(slot->loop);
    else if (!slot->kept && slot->stays)
        keep(slot->loop, slot->fd);
}

/* What every request of this process does while it waits (base/wait.h). Outside of all requests, as
 * at the start, nobody else is there to go on. */
static bool wait_in_slot(enum wait_event event, int fd, int timeout_ms)
{
    struct slot *slot = running;

    if (slot == NULL)
        return wait_alone(event, fd, timeout_ms);
    slot->waiter = (struct waiter){
        .event = event, .fd = fd, .until_us = clock_mono_us() + timeout_ms * INT64_C(1000)};
    fiber_wait();
    return slot->answered;
}

/* Takes a slot where its fiber has left it. */
static void park(struct slot *slot, bool waits)
{
    struct loop *loop = slot->loop;
    running = NULL;
    log_set_request(NULL);
    if (waits)
        waiters_add(&loop->waiters, &slot->waiter);
    else
        end_slot(slot);
}

/* Begins a request, which goes on until it waits. There must be a free slot.
 * kept  the web server kept the connection with us before */
static void begin(struct loop *loop, int fd, bool kept)
{
    struct slot *slot = loop->slots;
    while (slot->busy)
        slot++;
    slot->busy = true;
    loop->busy++;
    slot->fd = fd;
    slot->kept = kept;
    slot->let_go = false;
    running = slot;
    park(slot, fiber_start(slot->fiber, run_slot, slot));
}

static void resume(struct slot *slot, bool answered)
{
    running = slot;
    slot->answered = answered;
    dispatch_resume(slot_number(slot));
    park(slot, fiber_resume(slot->fiber));
}

/* Goes on with those that wait for a socket which is ready, one after the other. Where they are several,
 * one may have read the beginning of another's answer along, and the socket is not readable any more:
 * those that wait again are woken once more. */
static void resume_ready(struct loop *loop, int fd, short revents)
{
    struct waiter *taken[APP_SLOTS];
    size_t count;
    do {
        count = waiters_take_ready(&loop->waiters, fd, revents, taken);
        for (size_t i = 0; i < count; i++)
            resume((struct slot *)taken[i], true);
    } while (count > 1);
}

static void resume_late(struct loop *loop)
{
    struct waiter *taken[APP_SLOTS];
    size_t count = waiters_take_late(&loop->waiters, clock_mono_us(), taken);
    for (size_t i = 0; i < count; i++)
        resume((struct slot *)taken[i], false);
}

/* Something comes on a connection whose request is in hand: its rest, where the request is not whole, for
 * which it may be waiting, or for the database first. Otherwise the web server has let go, or sends what is
 * not due: the connection is closed when the request has ended. False where there is no such request. */
static bool is_busy(struct loop *loop, int fd, bool hung_up)
{
    for (size_t i = 0; i < APP_SLOTS; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->busy || slot->fd != fd)
            continue;
        bool reads = slot->waiter.event == WAIT_READ && slot->waiter.fd == fd;
        if (!hung_up && reads)
            return true;
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
        slot->let_go = hung_up || slot->request.whole;
        if (!slot->let_go) { /* kept anew when its request has ended */
            slot->kept = false;
            drop(loop);
        }
        return true;
    }
    return false;
}

static void on_kept(struct loop *loop, const struct epoll_event *event)
{
    int fd = event->data.fd;
    bool hung_up = (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (is_busy(loop, fd, hung_up))
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
    int fd = listen_accept();
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
    int waits = request_waits(fd);
    if (waits < 0)
        close(fd);
    else if (waits == 0)
        keep(loop, fd);
    else
        begin(loop, fd, false);
    return true;
}

/* Waits up to `timeout_ms` (-1: for ever) and begins what is readable, where there are slots for it:
 * kept connections first, then at most one new one, which so goes to a worker with little to do. */
static void take_requests(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    struct epoll_event events[APP_SLOTS];
    bool new_connection = false;
    int room = (int)(APP_SLOTS - loop->busy);
    int count = epoll_pwait(loop->epoll, events, room, timeout_ms, mask);
    for (int i = 0; i < count; i++) {
        struct sending *one = sending_find(&loop->sendings, events[i].data.fd);
        if (events[i].data.fd == LISTEN_FD)
            new_connection = true;
        else if (one != NULL)
            on_sending(loop, one, events[i].events);
        else
            on_kept(loop, &events[i]);
    }
    if (new_connection && loop->listening && loop->busy < APP_SLOTS)
        (void)accept_one(loop);
}

/* Waits for what the requests in hand wait for, and where `room` for new requests; goes on with what
 * has come. */
static void take_answers(struct loop *loop, const sigset_t *mask, int timeout_ms, bool room)
{
    struct pollfd polled[APP_SLOTS + 1];
    int64_t left_us = timeout_ms < 0 ? INT64_MAX : timeout_ms * INT64_C(1000);
    nfds_t count = waiters_watch(&loop->waiters, polled, &left_us);
    const struct timespec timeout = {.tv_sec = left_us / 1000000,
                                     .tv_nsec = left_us % 1000000 * 1000};

    polled[count] = (struct pollfd){.fd = loop->epoll, .events = POLLIN};
    int ready = ppoll(polled, room ? count + 1 : count, &timeout, mask);
    for (nfds_t i = 0; ready > 0 && i < count; i++)
        if (polled[i].revents != 0)
            resume_ready(loop, polled[i].fd, polled[i].revents);
    resume_late(loop);
    if (ready > 0 && room && polled[count].revents != 0)
        take_requests(loop, mask, 0);
}

/* One step of the loop: waits up to `timeout_ms` (-1: for ever) and goes on with what is ready. */
static void turn(struct loop *loop, const sigset_t *mask, int timeout_ms)
{
    struct sending *late;
    timeout_ms = sending_timeout(&loop->sendings, timeout_ms);
    if (loop->busy > 0)
        take_answers(loop, mask, timeout_ms, loop->busy < APP_SLOTS);
    else
        take_requests(loop, mask, timeout_ms);
    while ((late = sending_late(&loop->sendings, clock_mono_us())) != NULL)
        end_sending(loop, late, false);
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
    while ((loop->kept > 0 || loop->busy > 0 || loop->sendings.count > 0) &&
           (left_ms = (end_us - clock_mono_us()) / 1000) > 0)
        turn(loop, mask, (int)left_ms);
    /* Those in hand are finished in any case: every wait has its end. */
    while (loop->busy > 0)
        take_answers(loop, mask, -1, false);
    log_line(LOG_LEVEL_INFO, "stop", "kept=%d", loop->kept);
}

/* The signals that stop the loop arrive only while it waits: a request is never interrupted.
 * `mask` gets the mask to wait with. */
static void catch_signals(sigset_t *mask)
{
    static const int stops[] = {SIGTERM, SIGINT, SIGHUP};
    const struct sigaction stop = {.sa_handler = on_stop}, reload = {.sa_handler = on_reload};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        sigaddset(&blocked, stops[i]);
    sigprocmask(SIG_BLOCK, &blocked, mask);
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        sigdelset(mask, stops[i]);
        sigaction(stops[i], stops[i] == SIGHUP ? &reload : &stop, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
}

static enum err open_slots(struct loop *loop)
{
    for (size_t i = 0; i < APP_SLOTS; i++) {
        struct slot *slot = &loop->slots[i];
        slot->loop = loop;
        enum err rc = fiber_open(&slot->fiber);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static void close_slots(struct loop *loop)
{
    for (size_t i = 0; i < APP_SLOTS; i++)
        fiber_close(loop->slots[i].fiber);
}

/* Serves until it is told to stop, or to reload what can be reloaded. */
static void serve_until_told(struct loop *loop, const sigset_t *mask, bool (*may_reload)(void *arg),
                             void *arg)
{
    while (!loop_stopping()) {
        turn(loop, mask, -1);
        if (reload_asked) {
            reload_asked = 0;
            reloading = may_reload(arg);
        }
    }
}

static enum err run_loop(struct loop *loop, bool (*may_reload)(void *arg), void *arg, bool *reload)
{
    sigset_t mask;
    if (loop->epoll < 0)
        return ERR_IO;
    enum err rc = open_slots(loop);
    if (rc != ERR_OK)
        return rc;
    catch_signals(&mask);
    wait_by(wait_in_slot);
    if (!listen_on(loop))
        return ERR_IO;
    serve_until_told(loop, &mask, may_reload, arg);
    drain(loop, &mask);
    /* Told to stop while it drained for a reload: stops. A signal that comes later stays pending. */
    *reload = !stop_asked;
    return ERR_OK;
}

enum err loop_run(struct app *app, bool (*may_reload)(void *arg), void *arg, bool *reload)
{
    static struct loop loop; /* large, with its slots */
    *reload = false;
    loop = (struct loop){.app = app, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    enum err rc = run_loop(&loop, may_reload, arg, reload);
    close_slots(&loop);
    if (loop.epoll >= 0)
        close(loop.epoll);
    return rc;
}
