/* A connection to a program of ours on this machine, over its socket: made when first needed, and again after it
 * was lost. What is said over it is the caller's. */
#ifndef BASE_LOCAL_H
#define BASE_LOCAL_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/err.h"

struct local {
    struct sockaddr_un address;
    int fd; /* that does not block; -1: not connected */
};

/* Names the socket, and connects to nothing yet.
 * socket  a path, copied; "" where there is no such program
 * out     out; local_hang_up ends it
 * ERR_TOO_LONG. */
MUST_USE enum err local_open(const char *socket, struct local *out);

/* Connects where it is not. False where nobody takes the connection at once: a program that takes no more of
 * them is as good as none. */
bool local_call(struct local *local);

/* Ends the connection, so that a late answer is never taken for the next one's. */
void local_hang_up(struct local *local);

#endif
