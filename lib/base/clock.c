#include "base/clock.h"

#include <time.h>

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return read_clock_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

void clock_format(int64_t unix_s, char out[CLOCK_TEXT_SIZE])
{
    /* The years that have four digits. */
    const int64_t first = -30610224000; /* 1000-01-01 00:00:00 */
    const int64_t last = 253402300799;  /* 9999-12-31 23:59:59 */
    struct tm tm;

    time_t when = unix_s < first ? first : unix_s > last ? last : unix_s;
    gmtime_r(&when, &tm);
    strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}
