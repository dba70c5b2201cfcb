/* curl's sockets are collected in one epoll descriptor, so that whoever waits has one socket to wait
 * for, whatever curl opens. What one finds ended may be another's transfer: as long as such a result
 * is not fetched an eventfd keeps that descriptor readable, which wakes everybody. */
#include "net/turns.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"

#define SLICE_MS 200 /* another's turn may have moved curl's timer: nobody sleeps longer at once */
#define EVENTS 16

struct turns {
    CURLM *multi;
    int epoll, bell;  /* bell: readable while a result waits for its owner */
    size_t unfetched; /* such results */
    int64_t timer_us; /* when curl wants to be called; -1: not */
};

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known)
{
    struct turns *turns = arg;
    struct epoll_event event = {.data.fd = socket};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(turns->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    if ((what & CURL_POLL_IN) != 0)
        event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0)
        event.events |= EPOLLOUT;
    if (epoll_ctl(turns->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) != 0)
        return -1;
    curl_multi_assign(turns->multi, socket, turns); /* not NULL: it is known now */
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct turns *turns = arg;

    (void)multi;
    turns->timer_us = timeout_ms < 0 ? -1 : clock_mono_us() + timeout_ms * INT64_C(1000);
    return 0;
}

enum err turns_open(int connections, struct turns **out)
{
    struct turns *turns = calloc(1, sizeof(*turns));

    *out = NULL;
    if (turns == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(turns);
        return ERR_NO_MEMORY;
    }
    turns->timer_us = -1;
    turns->epoll = epoll_create1(EPOLL_CLOEXEC);
    turns->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    turns->multi = curl_multi_init();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = turns->bell};
    if (turns->epoll < 0 || turns->bell < 0 || turns->multi == NULL ||
        epoll_ctl(turns->epoll, EPOLL_CTL_ADD, turns->bell, &event) != 0 ||
        curl_multi_setopt(turns->multi, CURLMOPT_MAXCONNECTS, (long)connections) != CURLM_OK ||
        curl_multi_setopt(turns->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
        curl_multi_setopt(turns->multi, CURLMOPT_SOCKETDATA, turns) != CURLM_OK ||
        curl_multi_setopt(turns->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
        curl_multi_setopt(turns->multi, CURLMOPT_TIMERDATA, turns) != CURLM_OK) {
        turns_close(turns);
        return ERR_IO;
    }
    *out = turns;
    return ERR_OK;
}

void turns_close(struct turns *turns)
{
    if (turns == NULL)
        return;
    curl_multi_cleanup(turns->multi);
    if (turns->bell >= 0)
        close(turns->bell);
    if (turns->epoll >= 0)
        close(turns->epoll);
    free(turns);
}

/* Notes whose transfers have ended. */
static void collect(struct turns *turns)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(turns->multi, &left)) != NULL) {
        struct turns_transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        transfer->code = message->data.result;
        transfer->ended = true;
        if (turns->unfetched++ == 0)
            eventfd_write(turns->bell, 1);
    }
}

static void fetch(struct turns *turns)
{
    eventfd_t value;
    if (--turns->unfetched == 0)
        eventfd_read(turns->bell, &value);
}

/* Tells curl which sockets are ready, and that its time has come. */
static enum err move_on(struct turns *turns)
{
    struct epoll_event events[EVENTS];
    int running, count = epoll_wait(turns->epoll, events, EVENTS, 0);
    CURLMcode code = CURLM_OK;

    for (int i = 0; i < count && code == CURLM_OK; i++) {
        uint32_t ready = events[i].events;
        int flags = ((ready & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                    ((ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                    ((ready & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
        if (events[i].data.fd != turns->bell)
            code = curl_multi_socket_action(turns->multi, events[i].data.fd, flags, &running);
    }
    if (code == CURLM_OK && turns->timer_us >= 0 && turns->timer_us <= clock_mono_us()) {
        turns->timer_us = -1;
        code = curl_multi_socket_action(turns->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(turns);
    return code == CURLM_OK ? ERR_OK : ERR_IO;
}

static void wait_for_turn(const struct turns *turns)
{
    int64_t left_ms = SLICE_MS;

    if (turns->timer_us >= 0)
        left_ms = (turns->timer_us - clock_mono_us() + 999) / 1000;
    if (left_ms > SLICE_MS)
        left_ms = SLICE_MS;
    (void)wait_ready(WAIT_READ, turns->epoll, left_ms < 0 ? 0 : (int)left_ms);
}

enum err turns_run(struct turns *turns, struct turns_transfer *transfer)
{
    enum err rc = ERR_OK;

    transfer->ended = false;
    if (curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) != CURLE_OK ||
        curl_multi_add_handle(turns->multi, transfer->easy) != CURLM_OK)
        return ERR_NO_MEMORY;
    while (!transfer->ended && (rc = move_on(turns)) == ERR_OK)
        if (!transfer->ended)
            wait_for_turn(turns);
    if (transfer->ended)
        fetch(turns);
    curl_multi_remove_handle(turns->multi, transfer->easy);
    return transfer->ended ? ERR_OK : rc;
}
