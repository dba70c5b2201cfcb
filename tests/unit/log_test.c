/* Log lines and their escapes. */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define CAPTURE_SIZE 8192

static int saved_stderr;
static int pipe_ends[2];

/* Standard error into a pipe, which holds more than the lines of one case. */
static void capture_start(void)
{
    if (pipe(pipe_ends) != 0)
        abort();
    saved_stderr = dup(STDERR_FILENO);
    dup2(pipe_ends[1], STDERR_FILENO);
    close(pipe_ends[1]);
}

/* Puts standard error back and gives what was written. */
static size_t capture_end(char out[CAPTURE_SIZE])
{
    size_t len = 0;
    ssize_t got;

    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    while ((got = read(pipe_ends[0], out + len, CAPTURE_SIZE - 1 - len)) > 0)
        len += (size_t)got;
    close(pipe_ends[0]);
    out[len] = '\0';
    return len;
}

/* "time=2026-11-20T13:31:07.123456Z " with 0 for each digit. */
static bool has_time(const char *line)
{
    static const char shape[] = "time=0000-00-00T00:00:00.000000Z ";
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool digit = line[i] >= '0' && line[i] <= '9';
        if (shape[i] == '0' ? !digit : line[i] != shape[i])
            return false;
    }
    return true;
}

static const char *after_time(const char *line)
{
    return has_time(line) ? line + strlen("time=0000-00-00T00:00:00.000000Z ") : line;
}

static void test_line(void)
{
    char out[CAPTURE_SIZE];

    capture_start();
    log_set_program("unit");
    log_line(LOG_LEVEL_INFO, "start", "pid=%d pool=%s", 7, "login");
    capture_end(out);
    UNIT_SAME("program", after_time(out), "level=info program=unit event=start pid=7 pool=login\n");

    capture_start();
    log_set_program("");
    log_set_request("r-1");
    log_line(LOG_LEVEL_WARNING, "odd", "x=1");
    log_set_request(NULL);
    log_line(LOG_LEVEL_BUG, "bare", "%s", "");
    capture_end(out);
    UNIT_CHECK("request", strstr(out, " level=warning event=odd request=r-1 x=1\n") != NULL);
    UNIT_CHECK("request ended", strstr(out, " level=bug event=bare\n") != NULL);
    UNIT_CHECK("both stamped", has_time(out) && has_time(strchr(out, '\n') + 1));
}

/* A request id comes from outside: it is cut at 63 bytes. */
static void test_request_id(void)
{
    char long_id[200];
    char expected[200];
    char out[CAPTURE_SIZE];

    memset(long_id, 'r', sizeof(long_id));
    long_id[sizeof(long_id) - 1] = '\0';
    snprintf(expected, sizeof(expected), "level=info event=e request=%.63s x=1\n", long_id);
    capture_start();
    log_set_request(long_id);
    log_line(LOG_LEVEL_INFO, "e", "x=1");
    log_set_request("");
    capture_end(out);
    UNIT_SAME("cut", after_time(out), expected);
}

static void test_escapes(void)
{
    static const struct {
        const char *row;
        const char *value;
        const char *expected;
    } rows[] = {
        {"line end", "a\nlevel=bug\r\n", "a\\nlevel=bug\\r\\n"},
        {"tab and escape", "\t\x1b[2J", "\\t\\x1b[2J"},
        {"delete", "\x7f", "\\x7f"},
        {"UTF-8 stays", "\xe2\x82\xac 5", "\xe2\x82\xac 5"},
        {"C1 control",
         "\xc2\x9b"
         "2J",
         "\\xc2\\x9b2J"},
        {"after C1", "\xc2\xa0", "\xc2\xa0"},
        {"continuation after c2", "\xe0\xa2\x90", "\xe0\xa2\x90"},
        {"not UTF-8", "\xff\xe2\x82\xac", "\\xff\\xe2\\x82\\xac"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char out[CAPTURE_SIZE];
        char expected[200];
        snprintf(expected, sizeof(expected), "level=info event=e v=%s\n", rows[i].expected);
        capture_start();
        log_line(LOG_LEVEL_INFO, "e", "v=%s", rows[i].value);
        capture_end(out);
        UNIT_SAME(rows[i].row, after_time(out), expected);
    }
}

/* Longer than one atomic write to a pipe: cut, and said. */
static void test_cut(void)
{
    static const struct {
        const char *row;
        char fill;
        size_t len;
    } rows[] = {{"plain", 'x', 5000},
                {"just too long", 'x', 4090},
                {"escaped", '\x01', 2000},
                {"escaped and long", '\n', 6000}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char value[8000];
        char out[CAPTURE_SIZE];
        memset(value, rows[i].fill, rows[i].len);
        value[rows[i].len] = '\0';
        capture_start();
        log_line(LOG_LEVEL_INFO, "long", "v=%s", value);
        size_t len = capture_end(out);
        UNIT_CHECK(rows[i].row, len > 4000 && len <= 4096);
        UNIT_CHECK(rows[i].row, strchr(out, '\n') == out + len - 1);
        UNIT_CHECK(rows[i].row, strstr(out, " cut=yes\n") == out + len - 9);
    }
}

static void test_levels(void)
{
    static const char *const names[] = {"debug", "info", "warning", "bug"};
    enum log_level level;
    char out[CAPTURE_SIZE];

    for (size_t i = 0; i < TEST_COUNT(names); i++)
        UNIT_CHECK(names[i], log_level_parse(names[i], &level) && level == (enum log_level)i);
    UNIT_CHECK("unknown", !log_level_parse("Info", &level) && !log_level_parse("", &level));

    capture_start();
    log_line(LOG_LEVEL_DEBUG, "quiet", "x=%d", 1);
    log_set_level(LOG_LEVEL_BUG);
    log_line(LOG_LEVEL_WARNING, "quiet", "x=%d", 1);
    log_line(LOG_LEVEL_BUG, "loud", "x=%d", 1);
    log_set_level(LOG_LEVEL_DEBUG);
    log_line(LOG_LEVEL_DEBUG, "fine", "x=%d", 1);
    log_set_level(LOG_LEVEL_INFO);
    capture_end(out);
    UNIT_CHECK("levels", strstr(out, "quiet") == NULL);
    UNIT_CHECK("levels", strstr(out, "level=bug event=loud x=1\n") != NULL);
    UNIT_CHECK("levels", strstr(out, "level=debug event=fine x=1\n") != NULL);
}

static const struct test_case cases[] = {
    {"the line", test_line},   {"the request id", test_request_id},
    {"escapes", test_escapes}, {"long lines", test_cut},
    {"levels", test_levels},   {NULL, NULL},
};
const struct test_suite suite_log = {.name = "log", .cases = cases};
