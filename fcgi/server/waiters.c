/* A row of at most APP_SLOTS waiters: short enough to be walked at each turn. */
#include "fcgi/server/waiters.h"

#include "base/clock.h"

void waiters_add(struct waiters *waiters, struct waiter *waiter)
{
    waiters->row[waiters->count++] = waiter;
}

nfds_t waiters_watch(const struct waiters *waiters, struct pollfd polled[APP_SLOTS],
                     int64_t *left_us)
{
    int64_t now_us = clock_mono_us();
    nfds_t count = 0;

    for (size_t i = 0; i < waiters->count; i++) {
        const struct waiter *waiter = waiters->row[i];
        int64_t own_us = waiter->until_us > now_us ? waiter->until_us - now_us : 0;
        nfds_t at = 0;
        if (own_us < *left_us)
            *left_us = own_us;
        if (waiter->event == WAIT_TIME)
            continue;
        while (at < count && polled[at].fd != waiter->fd)
            at++;
        if (at == count)
            polled[count++] = (struct pollfd){.fd = waiter->fd};
        polled[at].events =
            (short)(polled[at].events | (waiter->event == WAIT_WRITE ? POLLOUT : POLLIN));
    }
    return count;
}

static bool is_ready(const struct waiter *waiter, int fd, short revents)
{
    short wanted = waiter->event == WAIT_WRITE ? POLLOUT : POLLIN;
    return waiter->event != WAIT_TIME && waiter->fd == fd &&
           (revents & (wanted | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

size_t waiters_take_ready(struct waiters *waiters, int fd, short revents,
                          struct waiter *taken[APP_SLOTS])
{
    size_t count = 0, left = 0;

    for (size_t i = 0; i < waiters->count; i++) {
        struct waiter *waiter = waiters->row[i];
        if (is_ready(waiter, fd, revents))
            taken[count++] = waiter;
        else
            waiters->row[left++] = waiter;
    }
    waiters->count = left;
    return count;
}

size_t waiters_take_late(struct waiters *waiters, int64_t now_us, struct waiter *taken[APP_SLOTS])
{
    size_t count = 0, left = 0;

    for (size_t i = 0; i < waiters->count; i++) {
        struct waiter *waiter = waiters->row[i];
        if (waiter->until_us <= now_us)
            taken[count++] = waiter;
        else
            waiters->row[left++] = waiter;
    }
    waiters->count = left;
    return count;
}
