/* The templates of mails: what is filled, what is left out, what is refused. */
#include "notify/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static const struct template_value values[] = {{"amount", "12.5"},
                                               {"currency", "USD"},
                                               {"missing", ""},
                                               {"who", "Ann\nBcc: x@example.org"},
                                               {"none", NULL}};
#define VALUES (sizeof(values) / sizeof(values[0]))

/* Writes a template to a file of its own and reads it. */
static enum err read_template(const char *content, size_t len, struct text *out,
                              struct text *problem)
{
    char path[] = "/tmp/teller-template.XXXXXX";
    int fd = mkstemp(path);

    UNIT_CHECK(path, fd >= 0 && write(fd, content, len) == (ssize_t)len);
    close(fd);
    enum err rc = template_read(path, values, VALUES, out, problem);
    unlink(path);
    return rc;
}

static void test_filled(void)
{
    static const struct {
        const char *template, *subject, *body;
    } rows[] = {
        {"Subject: Got {amount} {currency}\n\nHello {who},\n", "Got 12.5 USD",
         "Hello Ann Bcc: x@example.org,\n"},
        {"Subject: S {who}\n\nA\nMissing: {missing}\nNone: {none} {amount}\nB",
         "S Ann Bcc: x@example.org", "A\nB\n"},
        {"Subject: {\n\n{} {Amount} {amount {{amount}} {a-b}\n", "{",
         "{} {Amount} {amount {12.5} {a-b}\n"},
        {"Subject: x\n\n", "x", ""},
    };
    struct text out = TEXT(TEMPLATE_MAX), problem = TEXT(1024), subject = TEXT(200),
                body = TEXT(1000);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *row = rows[i].template;
        UNIT_CHECK(row, read_template(row, strlen(row), &out, &problem) == ERR_OK);
        template_fill(&out, values, VALUES, &subject, &body);
        UNIT_SAME(row, text_string(&subject), rows[i].subject);
        UNIT_SAME(row, text_string(&body), rows[i].body);
    }
    text_free(&out);
    text_free(&problem);
    text_free(&subject);
    text_free(&body);
}

static void test_refused(void)
{
    static const struct {
        const char *template, *problem;
    } rows[] = {
        {"", "first line"},
        {"Hello\n\nHello\n", "first line"},
        {"Subject: \n\nHello\n", "first line"},
        {"Subject: x\nHello\n", "second one empty"},
        {"Subject: x\n\n{amuont}\n", "{amuont} means nothing; there are {amount} {currency}"},
        {"Subject: x\n\n\xff\n", "UTF-8"},
    };
    struct text out = TEXT(TEMPLATE_MAX), problem = TEXT(1024), small = TEXT(8);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *row = rows[i].template;
        text_clear(&problem);
        UNIT_CHECK(row, read_template(row, strlen(row), &out, &problem) == ERR_CONFIG);
        UNIT_CHECK(row, strstr(text_string(&problem), rows[i].problem) != NULL);
    }
    text_clear(&problem);
    UNIT_CHECK("too long", read_template("Subject: x\n\n", 12, &small, &problem) == ERR_CONFIG);
    UNIT_CHECK("too long", strstr(text_string(&problem), "too long") != NULL);
    text_clear(&problem);
    UNIT_CHECK("no file",
               template_read("/nonexistent", values, VALUES, &out, &problem) == ERR_CONFIG);
    UNIT_CHECK("no file", strstr(text_string(&problem), "cannot be read") != NULL);
    text_free(&out);
    text_free(&problem);
    text_free(&small);
}

static const struct test_case cases[] = {
    {"values are filled in, lines without one left out", test_filled},
    {"what cannot be a mail is refused, and why", test_refused},
    {NULL, NULL}};
const struct test_suite suite_template = {.name = "template", .cases = cases};
