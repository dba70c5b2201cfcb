/* Moments as text. */
#include "base/clock.h"

#include <string.h>
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

static void test_format_http(void)
{
    char text[CLOCK_HTTP_SIZE];
    clock_format_http(784111777, text); /* RFC 9110's example */
    UNIT_SAME("example", text, "Sun, 06 Nov 1994 08:49:37 GMT");
    clock_format_http(INT64_MAX, text);
    UNIT_SAME("late", text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01 00:00:00.000000", 0},
        {"1969-12-31 23:59:59.999999", -1},
        {"2000-02-29 00:00:00.000001", 951782400000001},
        {"2000-03-01 00:00:00.000000", 951868800000000},
        {"2012-03-28 01:50:01.870000", 1332899401870000},
        {"2099-12-31 23:59:59.000000", 4102444799000000},
        {"2100-03-01 00:00:00.000000", 4107542400000000},
        {"9999-12-31 23:59:59.999999", 253402300799999999},
    };
    static const char *const refused[] = {
        "",
        "2012-03-28",
        "2012-03-28 01:50:01",
        "2012-03-28 01:50:01.87",
        "2012-03-28 01:50:01.8700000",
        "2012-03-28T01:50:01.870000",
        "2012-0x-28 01:50:01.870000",
        "2012-00-28 01:50:01.870000",
        "2012-13-28 01:50:01.870000",
        "2012-03-00 01:50:01.870000",
        "2012-03-32 01:50:01.870000",
        "2012-03-28 24:50:01.870000",
        "2012-03-28 01:60:01.870000",
        "2012-03-28 01:50:60.870000",
        "+012-03-28 01:50:01.870000",
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t us = 7;
        UNIT_CHECK(rows[i].text, clock_parse_us(rows[i].text, &us) && us == rows[i].us);
    }
    for (size_t i = 0; i < TEST_COUNT(refused); i++) {
        int64_t us = 7;
        UNIT_CHECK(refused[i], !clock_parse_us(refused[i], &us) && us == 7);
    }
    /* Every day of six centuries is what it is written as. */
    bool all = true;
    for (int64_t day = -86400; day < 146097; day++) {
        char text[CLOCK_TEXT_SIZE + 7];
        int64_t us = 0;
        clock_format(day * 86400, text);
        memcpy(text + CLOCK_TEXT_SIZE - 1, ".000000", sizeof(".000000"));
        all = all && clock_parse_us(text, &us) && us == day * 86400 * 1000000;
    }
    UNIT_CHECK("every day", all);
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
    {"from text", test_parse},
    {"as HTTP has it", test_format_http},
    {"reading", test_clocks},
    {NULL, NULL},
};
const struct test_suite suite_clock = {.name = "clock", .cases = cases};
