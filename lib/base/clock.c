/* Reading the clocks, and moments as text. */
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

static struct tm broken_down(int64_t unix_s)
{
    /* The years that have four digits. */
    const int64_t first = -30610224000; /* 1000-01-01 00:00:00 */
    const int64_t last = 253402300799;  /* 9999-12-31 23:59:59 */
    struct tm tm;

    time_t when = unix_s < first ? first : unix_s > last ? last : unix_s;
    gmtime_r(&when, &tm);
    return tm;
}

void clock_format(int64_t unix_s, char out[CLOCK_TEXT_SIZE])
{
    struct tm tm = broken_down(unix_s);
    strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}

void clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_SIZE])
{
    struct tm tm = broken_down(unix_s); /* names in English: no program of ours sets a locale */
    strftime(out, CLOCK_HTTP_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* Days since 1970 of a day of the Gregorian calendar. The year is taken to begin in March, so that
 * the odd day is its last, and the months before one take 153 days in five. */
static int64_t days_until(int64_t year, int month, int day)
{
    if (month <= 2) {
        year--;
        month += 12;
    }
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1 -
           719468; /* from March 1st of the year 0 */
}

bool clock_parse_us(const char *text, int64_t *out)
{
    static const char pattern[] = "0000-00-00 00:00:00.000000";
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MICRO, FIELDS };
    int field[FIELDS] = {0}, at = 0;
    const char *p = pattern;

    for (; *p != '\0'; p++, text++) {
        if (*p == '0' && *text >= '0' && *text <= '9')
            field[at] = field[at] * 10 + (*text - '0');
        else if (*p == *text)
            at++;
        else
            return false;
    }
    if (*text != '\0' || field[MONTH] < 1 || field[MONTH] > 12 || field[DAY] < 1 ||
        field[DAY] > 31 || field[HOUR] > 23 || field[MINUTE] > 59 || field[SECOND] > 59)
        return false;
    int64_t days = days_until(field[YEAR], field[MONTH], field[DAY]);
    *out = (((days * 24 + field[HOUR]) * 60 + field[MINUTE]) * 60 + field[SECOND]) * 1000000 +
           field[MICRO];
    return true;
}

#define DB_MOST_S (INT64_C(2147483647) - 1)

int64_t clock_for_db(int64_t unix_s, int64_t least)
{
    if (unix_s < least)
        return least;
    return unix_s < DB_MOST_S ? unix_s : DB_MOST_S;
}
