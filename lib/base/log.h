/* key=value lines on standard error.
 *
 * One call writes one line of at most 4096 bytes with one write(2): time, level, program, event,
 * request id where one is set, then the caller's pairs. A longer line is cut and ends in cut=yes.
 * Control characters are escaped, so that no input can forge a line. Never pass secrets.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_BUG /* our own fault: fails any test that sees it */
};

/* Lines below `level` are dropped from now on. */
void log_set_level(enum log_level level);

/* Reads debug, info, warning or bug.
 * out  out; untouched where it gives false, for anything else */
bool log_level_parse(const char *name, enum log_level *out);

/* Names the program in every line from now on (`name` must stay valid). */
void log_set_program(const char *name);

/* Adds request=<id> to every line from now on; NULL or "" stops that. The text is copied (at most
 * 63 bytes). */
void log_set_request(const char *id);

/* Writes `event` and the formatted pairs, e.g. log_line(LOG_LEVEL_INFO, "start", "pid=%d pool=%s",
 * pid, pool). A value that may hold spaces is given as `name=\"%s\"`. */
void log_line(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
