/* The listening socket that a service manager hands over, and taking connections from it. */
#ifndef BASE_LISTEN_H
#define BASE_LISTEN_H

#include <stdbool.h>

#define LISTEN_FD 0 /* where the socket is after listen_take */

/* Makes descriptor LISTEN_FD the listening socket and sets it up for listen_accept. It is that already
 * where spawn-fcgi, mod_fcgid or systemd (StandardInput=socket) started the program. Where LISTEN_PID and
 * LISTEN_FDS are set for this process (sd_listen_fds(3)), descriptor 3 takes its place and both variables
 * are unset. False where there is no listening socket. */
bool listen_take(void);

/* Takes one connection, close-on-exec. -1 where none waits (EAGAIN) or with the errno of accept4. It
 * waits for none, whatever others who share the socket do to it: at most LISTEN_WAIT_US, once. */
int listen_accept(void);

#define LISTEN_WAIT_US 1000

#endif
