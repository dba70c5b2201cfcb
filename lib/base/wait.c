/* Who waits how. The default is poll, which sleeps with everything else in the process. */
#include "base/wait.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

static wait_function *wait_here;

void wait_by(wait_function *function)
{
    wait_here = function;
}

bool wait_alone(enum wait_event event, int fd, int timeout_ms)
{
    int64_t until_us = clock_mono_us() + timeout_ms * INT64_C(1000);
    struct pollfd polled = {.fd =
                                event == WAIT_TIME ? -1 : fd, /* -1: poll looks at the time alone */
                            .events = event == WAIT_WRITE ? POLLOUT : POLLIN};

    for (;;) {
        int64_t left_us = until_us - clock_mono_us();
        int ready = poll(&polled, 1, left_us <= 0 ? 0 : (int)((left_us + 999) / 1000));
        if (ready != 0 && !(ready < 0 && errno == EINTR))
            return true;
        if (left_us <= 0)
            return false;
    }
}

bool wait_readable(int fd, int timeout_ms)
{
    return wait_here == NULL || wait_here(WAIT_READ, fd, timeout_ms);
}

bool wait_ready(enum wait_event event, int fd, int timeout_ms)
{
    return wait_here == NULL ? wait_alone(event, fd, timeout_ms) : wait_here(event, fd, timeout_ms);
}

void wait_ms(int ms)
{
    (void)wait_ready(WAIT_TIME, -1, ms);
}
