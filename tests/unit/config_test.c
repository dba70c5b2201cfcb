/* The configuration: types, unknown keys, ranges, origins. */
#include "base/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define REQUIRED "[database]\nsocket=/s\n[security]\nkey_file=/k\n[site]\nbase_url=https://x.test\n"

static char path[4096];

/* Writes `len` bytes to a new file, whose name is in `path`. */
static void write_file(const void *data, size_t len)
{
    const char *directory = getenv("TMPDIR");
    snprintf(path, sizeof(path), "%s/teller-unit-XXXXXX", directory == NULL ? P_tmpdir : directory);
    int file = mkstemp(path);
    if (file < 0 || write(file, data, len) != (ssize_t)len)
        abort();
    close(file);
}

static void test_values(void)
{
    struct config config;
    struct text problem = TEXT(5000);
    static const char content[] =
        "; comment\n# comment\n\n" REQUIRED "name = A shop ; comment\nallow_http = true\n"
        "[log]\nlevel: debug\n";
    write_file(content, sizeof(content) - 1);
    enum err rc = config_load(path, &config, &problem);
    UNIT_CHECK("load", rc == ERR_OK);
    UNIT_SAME("load", text_string(&problem), "");
    if (rc == ERR_OK) {
        UNIT_SAME("set", config.database_socket, "/s");
        UNIT_SAME("spaces inside", config.site_name, "A shop");
        UNIT_SAME("colon", config.log_level, "debug");
        UNIT_CHECK("bool", config.site_allow_http);
        UNIT_SAME("default", config.database_user, "teller_app");
        UNIT_SAME("empty default", config.database_password_file, "");
        UNIT_CHECK("origin",
                   config.from_file[CONFIG_site_name] && !config.from_file[CONFIG_database_user]);
    }
    config_free(&config);
    UNIT_CHECK("freed", config.database_socket == NULL);
    text_free(&problem);
    unlink(path);
}

static void test_bool(void)
{
    static const struct {
        const char *value;
        bool valid;
        bool expected;
    } rows[] = {
        {"yes", true, true},    {"true", true, true}, {"1", true, true},  {"no", true, false},
        {"false", true, false}, {"0", true, false},   {"", false, false}, {"YES", false, false},
        {"on", false, false},   {"2", false, false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char content[300];
        struct config config;
        struct text problem = TEXT(5000);
        int len = snprintf(content, sizeof(content), REQUIRED "allow_http=%s\n", rows[i].value);
        write_file(content, (size_t)len);
        enum err rc = config_load(path, &config, &problem);
        UNIT_CHECK(rows[i].value, rc == (rows[i].valid ? ERR_OK : ERR_CONFIG));
        UNIT_CHECK(rows[i].value, rc != ERR_OK || config.site_allow_http == rows[i].expected);
        config_free(&config);
        text_free(&problem);
        unlink(path);
    }
}

static void test_int(void)
{
    static const struct {
        const char *value;
        bool valid;
        int expected;
    } rows[] = {
        {"1800", true, 1800},
        {"1", true, 1},
        {"604800", true, 604800},
        {"007", true, 7},
        {"0", false, 0},
        {"604801", false, 0},
        {"-1", false, 0},
        {"", false, 0},
        {"+5", false, 0},
        {"5s", false, 0},
        {"0x10", false, 0},
        {"1.5", false, 0},
        {"4294967297", false, 0}, /* 1 in 32 bits */
        {"99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char content[300];
        struct config config;
        struct text problem = TEXT(5000);
        int len =
            snprintf(content, sizeof(content), REQUIRED "[ipn]\nretry_seconds=%s\n", rows[i].value);
        write_file(content, (size_t)len);
        enum err rc = config_load(path, &config, &problem);
        UNIT_CHECK(rows[i].value, rc == (rows[i].valid ? ERR_OK : ERR_CONFIG));
        UNIT_CHECK(rows[i].value, rc != ERR_OK || config.ipn_retry_seconds == rows[i].expected);
        UNIT_CHECK(rows[i].value, rc != ERR_OK || config.ipn_timeout_ms == 20000);
        config_free(&config);
        text_free(&problem);
        unlink(path);
    }
}

/* The problem starts with the file's name; `words` is what follows. */
static void check_refused(const char *row, const void *content, size_t len, const char *words)
{
    struct config config;
    struct text problem = TEXT(5000);
    char expected[5000];

    write_file(content, len);
    UNIT_CHECK(row, config_load(path, &config, &problem) == ERR_CONFIG);
    snprintf(expected, sizeof(expected), "%s%s", path, words);
    UNIT_SAME(row, text_string(&problem), expected);
    config_free(&config);
    text_free(&problem);
    unlink(path);
}

static void test_refused(void)
{
    static const struct {
        const char *row;
        const char *content;
        const char *words;
    } rows[] = {
        {"unknown key", REQUIRED "allow_htp=yes\n",
         ":7: unknown key \"allow_htp\" in [site], the nearest is \"allow_http\""},
        {"key of another section", "[site]\nsocket=/s\n",
         ":2: unknown key \"socket\" in [site], the nearest is \"name\""},
        {"unknown section", "\n[databse]\nsocket=/s\n",
         ":3: unknown section [databse], the nearest is [database]"},
        {"section with a dot", "[provider.bitcion]\nurl=/s\n",
         ":2: unknown section [provider.bitcion], the nearest is [provider.bitcoin]"},
        {"its underscore", "[provider_bitcoin]\nurl=/s\n",
         ":2: unknown section [provider_bitcoin], the nearest is [provider.bitcoin]"},
        {"capitals", "[Log]\nlevel=info\n", ":2: unknown section [Log], the nearest is [log]"},
        {"no section", "socket=/s\n", ":1: key \"socket\" stands before the first [section]"},
        {"twice", "[log]\nlevel=info\nlevel=debug\n", ":3: \"level\" in [log] is set twice"},
        {"bad bool", REQUIRED "allow_http=maybe\n",
         ":7: \"allow_http\" in [site] should be yes or no, not \"maybe\""},
        {"bad number", "[ipn]\nretry_seconds=soon\n",
         ":2: \"retry_seconds\" in [ipn] should be a whole number from 1 to 604800, not \"soon\""},
        {"no value", "[log]\nlevel\n", ":2: neither [section], key=value nor a comment"},
        {"open section", "[log\nlevel=info\n", ":1: neither [section], key=value nor a comment"},
        {"continued", "[log]\nlevel=info\n more\n",
         ":3: neither [section], key=value nor a comment"},
        {"only the first", "[log]\nx=1\ny=2\n",
         ":2: unknown key \"x\" in [log], the nearest is \"level\""},
        {"left out", "[database]\nsocket=/s\n[site]\nbase_url=u\n",
         ": \"key_file\" in [security] must be set"},
        {"left empty", "[database]\nsocket=\n[site]\nbase_url=u\n",
         ": \"socket\" in [database], \"key_file\" in [security] must be set"},
        {"empty file", "",
         ": \"socket\" in [database], \"key_file\" in [security], \"base_url\" in [site] must be "
         "set"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        check_refused(rows[i].row, rows[i].content, strlen(rows[i].content), rows[i].words);
}

static void test_lines(void)
{
    static const char start[] = "[site]\nname=";
    static const char nul[] = "[site]\nna\0me=x\nbase_url=x\n";
    struct config config;
    struct text problem = TEXT(5000);
    char content[1200];

    check_refused("NUL", nul, sizeof(nul) - 1,
                  ":2: the line is too long (at most 1000 bytes), or holds a NUL");
    memset(content, 'x', sizeof(content));
    memcpy(content, start, sizeof(start) - 1);
    content[sizeof("[site]\n") - 1 + 1001] = '\n';
    check_refused("1001 bytes", content, sizeof("[site]\n") - 1 + 1002,
                  ":2: the line is too long (at most 1000 bytes), or holds a NUL");
    content[sizeof("[site]\n") - 1 + 1000] = '\n';
    write_file(content, sizeof("[site]\n") - 1 + 1001);
    UNIT_CHECK("1000 bytes", config_load(path, &config, &problem) == ERR_CONFIG);
    UNIT_CHECK("1000 bytes", strstr(text_string(&problem), "must be set") != NULL);
    UNIT_CHECK("1000 bytes", strlen(config.site_name) == 995);
    config_free(&config);
    unlink(path);

    UNIT_CHECK("no file", config_load("/nonexistent/teller.conf", &config, &problem) == ERR_CONFIG);
    UNIT_SAME("no file", text_string(&problem),
              "/nonexistent/teller.conf: No such file or directory");
    config_free(&config);
    UNIT_CHECK("directory", config_load(P_tmpdir, &config, &problem) == ERR_CONFIG);
    UNIT_CHECK("directory", strstr(text_string(&problem), "cannot be read") != NULL);
    config_free(&config);
    text_free(&problem);
}

static void test_environment(void)
{
    struct config config;
    struct text problem = TEXT(5000);

    unsetenv("TELLER_CONFIG");
    UNIT_CHECK("unset", config_load(NULL, &config, &problem) == ERR_CONFIG);
    UNIT_SAME("unset", text_string(&problem),
              CONFIG_DEFAULT_PATH ": No such file or directory; give --config FILE or set "
                                  "TELLER_CONFIG to name another file");
    config_free(&config);
    write_file(REQUIRED, sizeof(REQUIRED) - 1);
    setenv("TELLER_CONFIG", path, 1);
    UNIT_CHECK("set", config_load(NULL, &config, &problem) == ERR_OK);
    unsetenv("TELLER_CONFIG");
    config_free(&config);
    text_free(&problem);
    unlink(path);
}

static void add_row(void *arg, const char *key, const char *value, const char *origin)
{
    text_addf(arg, "%s=%s (%s)\n", key, value, origin);
}

static void test_each(void)
{
    struct config config;
    struct text rows = TEXT(10000);
    struct text problem = TEXT(5000);

    write_file(REQUIRED, sizeof(REQUIRED) - 1);
    UNIT_CHECK("load", config_load(path, &config, &problem) == ERR_OK);
    config_each(&config, add_row, &rows);
    UNIT_CHECK("first", strncmp(text_string(&rows), "database.socket=/s (file)\n", 26) == 0);
    UNIT_CHECK("bool", strstr(text_string(&rows), "\nsite.allow_http=no (default)\n") != NULL);
    UNIT_CHECK("number", strstr(text_string(&rows), "\nipn.timeout_ms=20000 (default)\n") != NULL);
    UNIT_CHECK("empty",
               strstr(text_string(&rows), "\ndatabase.password_file= (default)\n") != NULL);
    size_t lines = 0;
    for (size_t i = 0; i < rows.len; i++)
        lines += rows.data[i] == '\n';
    UNIT_CHECK("all", lines == CONFIG_KEY_COUNT);
    config_free(&config);
    text_free(&rows);
    text_free(&problem);
    unlink(path);
}

static void test_secret(void)
{
    static const struct {
        const char *row;
        const char *content;
        size_t len;
        mode_t mode;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"plain", "s3cret", 6, 0600, "s3cret"},
        {"line end", "s3cret\n", 7, 0600, "s3cret"},
        {"DOS line end", "s3cret\r\n", 8, 0600, "s3cret"},
        {"first line only", "one\ntwo\n", 8, 0600, "one"},
        {"group may", "s3cret\n", 7, 0640, "s3cret"},
        {"empty", "", 0, 0600, ""},
        {"longest", "1234567\n", 8, 0600, "1234567"},
        {"longest, no line end", "1234567", 7, 0600, "1234567"},
        {"too long", "12345678\n", 9, 0600, NULL},
        {"too long, no line end", "12345678", 8, 0600, NULL},
        {"NUL", "a\0b\n", 4, 0600, NULL},
        {"others read", "s3cret\n", 7, 0604, NULL},
        {"others write", "s3cret\n", 7, 0602, NULL},
    };
    char out[8];
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        write_file(rows[i].content, rows[i].len);
        chmod(path, rows[i].mode);
        enum err rc = config_secret(path, out, sizeof(out));
        UNIT_CHECK(rows[i].row, rc == (rows[i].expected == NULL ? ERR_CONFIG : ERR_OK));
        UNIT_SAME(rows[i].row, out, rows[i].expected == NULL ? "" : rows[i].expected);
        unlink(path);
    }
    UNIT_CHECK("no path", config_secret("", out, sizeof(out)) == ERR_OK && out[0] == '\0');
    UNIT_CHECK("no file", config_secret("/nonexistent/secret", out, sizeof(out)) == ERR_CONFIG);
    UNIT_CHECK("directory", config_secret(P_tmpdir, out, sizeof(out)) == ERR_CONFIG);
}

/* What is unreadable, open to others and malformed is told apart. */
static void test_secret_problem(void)
{
    struct text problem = TEXT(1024);

    config_secret_problem("/nonexistent/secret", &problem);
    UNIT_CHECK("no file", strstr(text_string(&problem), "No such file") != NULL);
    text_clear(&problem);
    config_secret_problem(P_tmpdir, &problem);
    UNIT_CHECK("directory", strstr(text_string(&problem), "not what is wanted") == NULL);
    text_clear(&problem);
    write_file("s3cret\n", 7);
    chmod(path, 0604);
    config_secret_problem(path, &problem);
    UNIT_CHECK("others read", strstr(text_string(&problem), "(mode 0604): chmod 600") != NULL);
    text_clear(&problem);
    chmod(path, 0600);
    config_secret_problem(path, &problem);
    UNIT_CHECK("content",
               strstr(text_string(&problem), "first line is not what is wanted") != NULL);
    unlink(path);
    text_free(&problem);
}

static const struct test_case cases[] = {
    {"values and defaults", test_values},
    {"yes and no", test_bool},
    {"numbers", test_int},
    {"refused", test_refused},
    {"lines and files", test_lines},
    {"the environment", test_environment},
    {"listing", test_each},
    {"secret files", test_secret},
    {"what is wrong with a secret file", test_secret_problem},
    {NULL, NULL},
};
const struct test_suite suite_config = {.name = "config", .cases = cases};
