/* Waiting: what a process with one thing in hand does by itself, and the row of those that wait in a
 * worker. */
#include "base/wait.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi/server/waiters.h"
#include "tests/unit/unit.h"

static int pair[2];

static void open_pair(void)
{
    UNIT_CHECK("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

static void test_alone(void)
{
    char filler[4096] = {0};

    open_pair();
    int64_t start_us = clock_mono_us();
    UNIT_CHECK("nothing to read", !wait_ready(WAIT_READ, pair[0], 20));
    UNIT_CHECK("waited", clock_mono_us() - start_us >= 20000);
    UNIT_CHECK("room", wait_ready(WAIT_WRITE, pair[0], 0));
    UNIT_CHECK("sent", write(pair[1], "x", 1) == 1);
    UNIT_CHECK("something to read", wait_ready(WAIT_READ, pair[0], 1000));
    while (send(pair[0], filler, sizeof(filler), MSG_DONTWAIT) > 0)
        continue;
    UNIT_CHECK("no room", !wait_ready(WAIT_WRITE, pair[0], 5));
    UNIT_CHECK("the blocking read waits", wait_readable(pair[1], 0));
    close(pair[1]);
    UNIT_CHECK("the end wakes", wait_ready(WAIT_WRITE, pair[0], 1000));
    close(pair[0]);
}

static void test_time(void)
{
    int64_t start_us = clock_mono_us();

    wait_ms(20);
    UNIT_CHECK("a time", clock_mono_us() - start_us >= 20000);
}

static enum wait_event asked_event;
static int asked_fd, asked_ms;

static bool note_wait(enum wait_event event, int fd, int timeout_ms)
{
    asked_event = event;
    asked_fd = fd;
    asked_ms = timeout_ms;
    return false;
}

static void test_given(void)
{
    wait_by(note_wait);
    UNIT_CHECK("no answer", !wait_readable(7, 30));
    UNIT_CHECK("read", asked_event == WAIT_READ && asked_fd == 7 && asked_ms == 30);
    UNIT_CHECK("nothing", !wait_ready(WAIT_WRITE, 8, 40));
    UNIT_CHECK("write", asked_event == WAIT_WRITE && asked_fd == 8 && asked_ms == 40);
    wait_ms(50);
    UNIT_CHECK("time", asked_event == WAIT_TIME && asked_ms == 50);
    wait_by(NULL);
}

/* Two read one socket, one writes it, one reads another, one waits for a time. */
static void test_row(void)
{
    int64_t now_us = clock_mono_us();
    struct waiter all[] = {
        {WAIT_READ, 5, now_us + 10000000}, {WAIT_WRITE, 5, now_us + 10000000},
        {WAIT_TIME, -1, now_us + 500000},  {WAIT_READ, 6, now_us + 10000000},
        {WAIT_READ, 5, now_us + 10000000},
    };
    struct waiters row = {.count = 0};
    struct waiter *taken[APP_SLOTS];
    struct pollfd polled[APP_SLOTS];
    int64_t left_us = 20000000;

    for (size_t i = 0; i < TEST_COUNT(all); i++)
        waiters_add(&row, &all[i]);
    UNIT_CHECK("sockets once", waiters_watch(&row, polled, &left_us) == 2);
    UNIT_CHECK("both events", polled[0].fd == 5 && polled[0].events == (POLLIN | POLLOUT));
    UNIT_CHECK("other socket", polled[1].fd == 6 && polled[1].events == POLLIN);
    UNIT_CHECK("first time to end", left_us > 0 && left_us <= 500000);
    UNIT_CHECK("writer alone", waiters_take_ready(&row, 5, POLLOUT, taken) == 1);
    UNIT_CHECK("the writer", taken[0] == &all[1] && row.count == 4);
    UNIT_CHECK("readers together", waiters_take_ready(&row, 5, POLLIN, taken) == 2);
    UNIT_CHECK("in order", taken[0] == &all[0] && taken[1] == &all[4]);
    UNIT_CHECK("none is late", waiters_take_late(&row, now_us, taken) == 0);
    UNIT_CHECK("the timer", waiters_take_late(&row, now_us + 500000, taken) == 1);
    UNIT_CHECK("it", taken[0] == &all[2] && row.count == 1);
    UNIT_CHECK("the end", waiters_take_ready(&row, 6, POLLHUP, taken) == 1 && row.count == 0);
}

static const struct test_case cases[] = {
    {"alone", test_alone},        {"a time", test_time}, {"by a function", test_given},
    {"row of waiters", test_row}, {NULL, NULL},
};
const struct test_suite suite_wait = {.name = "wait", .cases = cases};
