/* Waiting for an answer on a socket, for those who have sent a question there. A program that has one
 * thing in hand waits in its blocking read; one that has several names a function by which the others
 * go on meanwhile. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <stdbool.h>

/* Returns once the socket is readable or may as well be read blocking (true), or nothing has come in
 * that time (false). To those that wait for one socket it returns in the order in which they began
 * to, and all of them once the first can go on: who reads one answer may take the beginning of the
 * next along, and the socket does not tell any more. */
typedef bool wait_function(int fd, int timeout_ms);

/* How this process waits from now on; NULL, as at first: in the read that follows. */
void wait_by(wait_function *function);

/* Waits for an answer on `fd`. Anything may happen meanwhile that the process has in hand. */
bool wait_readable(int fd, int timeout_ms);

#endif
