#include "base/clock.h"

#include <time.h>

#include "tests/unit/unit.h"

static void test_format(void)
{
    static const struct {
        int64_t unix_s;
        const char *expected;
    } rows[] = {
        {0, "1970-01-01 00:00:00"},
        {-1, "1969-12-31 23:59:59"},
        {951782400, "2000-02-29 00:00:00"},
        {1332899401, "2012-03-28 01:50:01"},
        {4102444799, "2099-12-31 23:59:59"},
        {253402300799, "9999-12-31 23:59:59"},
        {253402300800, "9999-12-31 23:59:59"},
        {INT64_MAX, "9999-12-31 23:59:59"},
        {-30610224000, "1000-01-01 00:00:00"},
        {INT64_MIN, "1000-01-01 00:00:00"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_format(rows[i].unix_s, text);
        UNIT_SAME(rows[i].expected, text, rows[i].expected);
    }
}

static void test_clocks(void)
{
    int64_t first_us = clock_mono_us();
    int64_t now_us = clock_now_us();
    struct timespec system; /* time() would do, but for lagging a tick behind */
    UNIT_CHECK("the system's clock", clock_gettime(CLOCK_REALTIME, &system) == 0);
    int64_t later_us = (int64_t)system.tv_sec * 1000000 + system.tv_nsec / 1000;
    UNIT_CHECK("wall clock", now_us <= later_us && later_us - now_us < 60000000);
    UNIT_CHECK("forward", clock_mono_us() >= first_us);
}

static const struct test_case cases[] = {
    {"as text", test_format},
    {"reading", test_clocks},
    {NULL, NULL},
};
const struct test_suite suite_clock = {"clock", cases};
