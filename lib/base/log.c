/* Log lines: levels, escapes, one write each. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/text.h"

/* A write of up to PIPE_BUF (4096) bytes to a pipe is atomic: longer lines of several processes
 * could mix. */
#define LINE_SIZE 4096
#define REQUEST_SIZE 64

static const char cut_mark[] = " cut=yes";

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_BUG] = "bug",
};

static enum log_level lowest = LOG_LEVEL_INFO;
static const char *program = "";
static char request[REQUEST_SIZE];

void log_set_level(enum log_level level)
{
    lowest = level;
}

bool log_level_parse(const char *name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_program(const char *name)
{
    program = name;
}

void log_set_request(const char *id)
{
    snprintf(request, sizeof(request), "%s", id == NULL ? "" : id);
}

/* Writes time, level, program, event and request; returns the length. */
static size_t format_head(char *out, size_t size, enum log_level level, const char *event)
{
    int64_t now_us = clock_now_us();
    char when[CLOCK_TEXT_SIZE];

    clock_format(now_us / 1000000, when);
    when[10] = 'T';
    int len = snprintf(out, size, "time=%s.%06dZ level=%s%s%s event=%s%s%s", when,
                       (int)(now_us % 1000000), level_names[level],
                       program[0] == '\0' ? "" : " program=", program, event,
                       request[0] == '\0' ? "" : " request=", request);
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

/* True for controls (C1 as well: terminals obey U+0080 to U+009F, in UTF-8 C2 80 to C2 9F), and for
 * every byte past ASCII where the line is not UTF-8. */
static bool needs_escape(const unsigned char *p, bool is_first, bool is_last, bool utf8)
{
    if (p[0] < 0x20 || p[0] == 0x7f || (p[0] >= 0x80 && !utf8))
        return true;
    if (p[0] == 0xc2)
        return !is_last && p[1] < 0xa0;
    return p[0] >= 0x80 && p[0] < 0xa0 && !is_first && p[-1] == 0xc2;
}

/* Writes \n, \r, \t or \xNN; returns the length, at most 4. */
static size_t put_escaped(unsigned char byte, char *out)
{
    static const char named[] = "\nn\rr\tt";
    out[0] = '\\';
    for (size_t i = 0; named[i] != '\0'; i += 2) {
        if (byte == named[i]) {
            out[1] = named[i + 1];
            return 2;
        }
    }
    out[1] = 'x';
    hex_encode(&byte, 1, out + 2);
    return 4;
}

/* Copies `len` bytes as one printable line with its line end; returns the length, at most
 * LINE_SIZE. */
static size_t escape_line(const char *from, size_t len, bool cut, char out[LINE_SIZE])
{
    const unsigned char *p = (const unsigned char *)from;
    /* An escape takes 4 bytes and a NUL; the mark's own NUL is the room for the line end. */
    const size_t limit = LINE_SIZE - sizeof(cut_mark) - 4;
    bool utf8 = text_is_utf8(from, len);
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        if (used > limit) {
            cut = true;
            break;
        }
        if (needs_escape(p + i, i == 0, i + 1 == len, utf8))
            used += put_escaped(p[i], out + used);
        else
            out[used++] = from[i];
    }
    if (cut) {
        memcpy(out + used, cut_mark, sizeof(cut_mark) - 1);
        used += sizeof(cut_mark) - 1;
    }
    out[used++] = '\n';
    return used;
}

static void write_line(const char *line, size_t len)
{
    ssize_t done;
    do
        done = write(STDERR_FILENO, line, len);
    while (done < 0 && errno == EINTR);
    /* Nowhere to report a log that cannot be written. */
}

/* Adds a space and the caller's pairs, or nothing where there are none; true where they were cut.
 * len  in and out, the bytes in `line`, less than LINE_SIZE */
__attribute__((format(printf, 3, 0))) static bool add_pairs(char line[LINE_SIZE], size_t *len,
                                                            const char *format, va_list args)
{
    size_t room = LINE_SIZE - *len - 1; /* one for the space */
    int pairs = room == 0 ? 0 : vsnprintf(line + *len + 1, room, format, args);

    if (pairs <= 0)
        return false;
    bool cut = (size_t)pairs >= room;
    line[*len] = ' ';
    *len += 1 + (cut ? room - 1 : (size_t)pairs);
    return cut;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    char plain[LINE_SIZE];
    char line[LINE_SIZE];
    int saved_errno = errno; /* callers log first and look at errno afterwards */
    va_list args;

    if (level < lowest)
        return;
    size_t len = format_head(plain, sizeof(plain), level, event);
    va_start(args, format);
    bool cut = add_pairs(plain, &len, format, args);
    va_end(args);
    write_line(line, escape_line(plain, len, cut, line));
    errno = saved_errno;
}
