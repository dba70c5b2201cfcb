/* Taking connections from a socket that several processes share.
 *
 * O_NONBLOCK belongs to the open file, not to the process: every copy of a worker sees what one of them,
 * or the service manager that starts one, does to it. systemd clears it on what it hands over as
 * standard input. A worker that then wakes up for a connection which another one takes would wait in
 * accept4 for the next, with its own requests standing still and SIGTERM blocked. Hence two guards: the
 * flag is set again whenever nothing was there to take, and SO_RCVTIMEO, a property of the socket that
 * nobody clears, bounds what remains between two such moments. */
#include "base/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"

#define PASSED_FD 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

/* Whether this very process was handed descriptors: its parent's variables are not its own. */
static bool was_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    int64_t number;

    return pid != NULL && count != NULL && text_to_number(pid, 1, INT32_MAX, &number) &&
           number == getpid() && text_to_number(count, 1, INT32_MAX, &number);
}

static bool take_passed(void)
{
    bool moved = dup2(PASSED_FD, LISTEN_FD) == LISTEN_FD;

    close(PASSED_FD);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return moved;
}

static bool set_nonblocking(void)
{
    int flags = fcntl(LISTEN_FD, F_GETFL);
    return flags >= 0 &&
           ((flags & O_NONBLOCK) != 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) == 0);
}

bool listen_take(void)
{
    const struct timeval wait = {.tv_usec = LISTEN_WAIT_US};
    int on = 0;
    socklen_t len = sizeof(on);

    if (was_passed() && !take_passed())
        return false;
    return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on != 0 &&
           setsockopt(LISTEN_FD, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
           set_nonblocking();
}

int listen_accept(void)
{
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
    int problem = errno;

    if (fd < 0 && (problem == EAGAIN || problem == EWOULDBLOCK)) {
        (void)set_nonblocking();
        errno = problem;
    }
    return fd;
}
