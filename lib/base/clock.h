/* Time. Rules that decide over money use the database's clock; these serve logs, measurements and
 * TOTP. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970, UTC. */
int64_t clock_now_us(void);

/* Microseconds of a clock that only goes forward; for durations. */
int64_t clock_mono_us(void);

#define CLOCK_TEXT_SIZE 20 /* "YYYY-MM-DD HH:MM:SS" and a NUL */

/* Writes `unix_s` as "YYYY-MM-DD HH:MM:SS" in UTC; times outside the years 1000 to 9999 as the
 * nearest one inside. */
void clock_format(int64_t unix_s, char out[CLOCK_TEXT_SIZE]);

#define CLOCK_HTTP_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

/* Writes `unix_s` as HTTP's headers do (RFC 9110, section 5.6.7), within the same years. */
void clock_format_http(int64_t unix_s, char out[CLOCK_HTTP_SIZE]);

/* The nearest moment that MariaDB 10.11 makes a DATETIME of (FROM_UNIXTIME), one second more included: what a
 * caller names outside of it finds all or nothing either way.
 * least  0, or 1 where 0 stands for none */
int64_t clock_for_db(int64_t unix_s, int64_t least);

/* Reads "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, as the database writes a DATETIME(6), in microseconds
 * since 1970. False for anything else; `out` is untouched then. */
bool clock_parse_us(const char *text, int64_t *out);

#endif
