/* Waiting that gives up the turn: for a socket, or for a time. A program that has one thing in hand
 * simply waits here; one that has several (the worker) names a function by which the others go on
 * meanwhile. Nothing else in a worker may sleep or wait. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <stdbool.h>

enum wait_event {
    WAIT_READ,  /* the socket has something to read, or its end */
    WAIT_WRITE, /* the socket takes something */
    WAIT_TIME,  /* nothing but the time; there is no socket */
};

/* Returns once the event is there (true) or the time is over (false).
 * Waiters on one socket wake in the order of arrival. When the first may read all wake, since its read
 * may take the next one's answer along: "true" may turn out to be nothing. */
typedef bool wait_function(enum wait_event event, int fd, int timeout_ms);

/* How this process waits from now on; NULL, as at first: by itself. */
void wait_by(wait_function *function);

/* Waits until `fd` is readable, for somebody who then reads it blocking: where this process has one
 * thing in hand that read waits by itself, and this returns true at once.
 * False where nothing came in that time. Anything may happen meanwhile that the process has in hand. */
bool wait_readable(int fd, int timeout_ms);

/* Waits for an event on a socket that is then read or written without blocking.
 * False where nothing came in that time; true may be a false alarm. */
bool wait_ready(enum wait_event event, int fd, int timeout_ms);

/* Waits for a time, while others go on. A signal does not shorten it. */
void wait_ms(int ms);

/* Waits as a process does that has one thing in hand: with poll. For those that the function of
 * wait_by cannot serve. */
bool wait_alone(enum wait_event event, int fd, int timeout_ms);

#endif
