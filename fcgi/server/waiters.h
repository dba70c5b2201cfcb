/* The row of those that wait (base/wait.h), in the order in which they began to: which sockets are to
 * be watched, and who goes on when one of them is ready or a time is over. */
#ifndef FCGI_SERVER_WAITERS_H
#define FCGI_SERVER_WAITERS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wait.h"
#include "fcgi/server/app.h"

/* One that waits; part of what goes on afterwards. */
struct waiter {
    enum wait_event event;
    int fd;           /* -1 with WAIT_TIME */
    int64_t until_us; /* of clock_mono_us: not longer than that */
};

struct waiters {
    struct waiter *row[APP_SLOTS]; /* borrowed; APP_SLOTS at most wait at once */
    size_t count;
};

/* Puts one at the end of the row. */
void waiters_add(struct waiters *waiters, struct waiter *waiter);

/* The sockets to watch, each once, with all the events that somebody waits for.
 * polled   out
 * left_us  in, the longest that the caller would wait; out, no longer than the first time that ends
 * Returns how many sockets there are. */
nfds_t waiters_watch(const struct waiters *waiters, struct pollfd polled[APP_SLOTS],
                     int64_t *left_us);

/* Takes those out of the row that wait for a socket which is ready for them.
 * revents  of poll; an error or the peer's end wakes everybody
 * taken    out, in the order in which they began to wait
 * Returns how many. */
size_t waiters_take_ready(struct waiters *waiters, int fd, short revents,
                          struct waiter *taken[APP_SLOTS]);

/* Takes those out of the row whose time is over at `now_us`. Returns how many. */
size_t waiters_take_late(struct waiters *waiters, int64_t now_us, struct waiter *taken[APP_SLOTS]);

#endif
