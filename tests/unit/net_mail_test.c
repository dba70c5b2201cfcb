/* The bytes of a mail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "net/mail.h"
#include "tests/unit/unit.h"

#define FROM "Teller <no-reply@example.org>"
#define TO "merchant@example.org"

static enum err message(const char *from, const char *to, const char *subject, const char *text,
                        const char *id, struct text *out)
{
    struct mail_config config = {.relay = "smtp://127.0.0.1", .from = from, .timeout_ms = 1};
    struct mail mail = {.to = to, .subject = subject, .text = text, .message_id = id};
    return mail_message(&config, &mail, 1328138471, out);
}

static void test_whole(void)
{
    struct text out = TEXT(10000);
    UNIT_CHECK("whole", message(FROM, TO, "Payment", "Hello\n", "1@example.org", &out) == ERR_OK);
    UNIT_SAME("whole", text_string(&out),
              "From: \"Teller\" <no-reply@example.org>\r\n"
              "To: <merchant@example.org>\r\n"
              "Subject: Payment\r\n"
              "Date: Wed, 01 Feb 2012 23:21:11 +0000\r\n"
              "Message-ID: <1@example.org>\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n"
              "\r\n"
              "SGVsbG8NCg==\r\n");
    text_free(&out);
}

static void test_headers(void)
{
    static const struct {
        const char *row, *from, *subject, *expected;
    } rows[] = {
        {"address alone", "a@b", "x", "From: <a@b>\r\n"},
        {"spaces", "My  Shop  <a@b>", "x", "From: \"My  Shop\" <a@b>\r\n"},
        {"no space", "Shop<a@b>", "x", "From: \"Shop\" <a@b>\r\n"},
        {"signs", "A, B; (C) <a@b>", "x", "From: \"A, B; (C)\" <a@b>\r\n"},
        {"name",
         "B\xc3\xbc"
         "cher <a@b>",
         "x", "From: =?UTF-8?B?QsO8Y2hlcg==?=\r\n <a@b>\r\n"},
        {"empty subject", "a@b", "", "Subject: \r\n"},
        {"subject", "a@b", "\xe2\x82\xac 5", "Subject: =?UTF-8?B?4oKsIDU=?=\r\n"},
        {"like an encoded word", "a@b",
         "=?UTF-8?B?eA==?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=\r\n"},
        {"whole characters", "a@b", "01234567890123456789012345678901234567\xc3\xbcx",
         "Subject: =?UTF-8?B?MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc=?=\r\n"
         " =?UTF-8?B?w7x4?=\r\n"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(10000);
        UNIT_CHECK(rows[i].row,
                   message(rows[i].from, TO, rows[i].subject, "", "1@b", &out) == ERR_OK);
        UNIT_CHECK(rows[i].row, strstr(text_string(&out), rows[i].expected) != NULL);
        text_free(&out);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *row, *from, *to, *subject, *text, *id;
    } rows[] = {
        {"line break in to", FROM, "a@b\r\nBcc: c@d", "x", "x", "1@b"},
        {"bare line feed in to", FROM, "a@b\nBcc: c@d", "x", "x", "1@b"},
        {"two addresses", FROM, "a@b,c@d", "x", "x", "1@b"},
        {"space in to", FROM, "a@b c", "x", "x", "1@b"},
        {"brackets in to", FROM, "<a@b>", "x", "x", "1@b"},
        {"SMTP in to", FROM, "a@b>\r\nDATA", "x", "x", "1@b"},
        {"foreign letters in to", FROM, "\xc3\xbc@b", "x", "x", "1@b"},
        {"no at sign", FROM, "ab", "x", "x", "1@b"},
        {"two at signs", FROM, "a@b@c", "x", "x", "1@b"},
        {"no local part", FROM, "@b", "x", "x", "1@b"},
        {"no domain", FROM, "a@", "x", "x", "1@b"},
        {"empty to", FROM, "", "x", "x", "1@b"},
        {"line break in the subject", FROM, TO, "x\r\nBcc: c@d", "x", "1@b"},
        {"line feed in the subject", FROM, TO, "x\n", "x", "1@b"},
        {"carriage return in the subject", FROM, TO, "x\ry", "x", "1@b"},
        {"broken UTF-8 in the subject", FROM, TO, "\xff", "x", "1@b"},
        {"broken UTF-8 in the text", FROM, TO, "x", "\xff", "1@b"},
        {"line break in the id", FROM, TO, "x", "x", "1@b\r\nX: y"},
        {"bracket in the id", FROM, TO, "x", "x", "1@b>"},
        {"empty id", FROM, TO, "x", "x", ""},
        {"no sender", "", TO, "x", "x", "1@b"},
        {"sender's name alone", "Teller", TO, "x", "x", "1@b"},
        {"open bracket", "Teller <a@b", TO, "x", "x", "1@b"},
        {"after the bracket", "Teller <a@b> x", TO, "x", "x", "1@b"},
        {"two brackets", "Teller <<a@b>", TO, "x", "x", "1@b"},
        {"quote in the name", "T\" <a@b>", TO, "x", "x", "1@b"},
        {"line break in the name", "T\r\nX: y <a@b>", TO, "x", "x", "1@b"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text out = TEXT(10000);
        UNIT_CHECK(rows[i].row, message(rows[i].from, rows[i].to, rows[i].subject, rows[i].text,
                                        rows[i].id, &out) == ERR_INVALID);
        UNIT_SAME(rows[i].row, text_string(&out), "");
        text_free(&out);
    }
}

/* The body, read back: line ends are CR LF whatever they were, and lines are short. */
static void test_body(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"x", "x"},
        {"a\nb\n", "a\r\nb\r\n"},
        {"a\r\nb\rc\n\rd", "a\r\nb\r\nc\r\n\r\nd"},
        {"\n\n", "\r\n\r\n"},
        {".\n..\nFrom x\n", ".\r\n..\r\nFrom x\r\n"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"0123456789012345678901234567890123456789012345678901234\n0123456789",
         "0123456789012345678901234567890123456789012345678901234\r\n0123456789"},
        {"01234567890123456789012345678901234567890123456789012345\n0123456789",
         "01234567890123456789012345678901234567890123456789012345\r\n0123456789"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char read[1000];
        size_t len = sizeof(read) - 1;
        struct text out = TEXT(10000);
        UNIT_CHECK(rows[i][0], message(FROM, TO, "x", rows[i][0], "1@b", &out) == ERR_OK);
        const char *body = strstr(text_string(&out), "\r\n\r\n") + 4;
        for (const char *line = body; *line != '\0'; line = strchr(line, '\n') + 1)
            UNIT_CHECK(rows[i][0], strcspn(line, "\r") <= 76);
        UNIT_CHECK(rows[i][0], base64_decode(body, strlen(body), read, &len));
        read[len] = '\0';
        UNIT_SAME(rows[i][0], read, rows[i][1]);
        text_free(&out);
    }
}

static void test_relays(void)
{
    static const char *const rows[] = {
        NULL, "", "127.0.0.1:25", "http://127.0.0.1/", "smtp:", "smtp://user:word@127.0.0.1/"};
    struct mail mail = {.to = TO, .subject = "x", .text = "x", .message_id = "1@b"};
    struct mail_outcome outcome;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct mail_config config = {.relay = rows[i], .from = FROM, .timeout_ms = 100};
        UNIT_CHECK(rows[i] == NULL ? "NULL" : rows[i],
                   mail_send(&config, &mail, &outcome) == ERR_CONFIG);
        UNIT_CHECK("nothing", outcome.reply == 0 && outcome.problem[0] == '\0');
    }
}

static void test_configure(void)
{
    char file[] = P_tmpdir "/teller-mail-XXXXXX";
    int secret = mkstemp(file); /* which nobody else may read */
    const struct {
        const char *row, *relay, *user, *password_file;
        enum err expected;
    } rows[] = {
        {"off", "", "", "", ERR_OK},
        {"no user", "smtp://127.0.0.1:25", "", "", ERR_OK},
        {"a user", "smtps://mail.example.org", "teller", file, ERR_OK},
        {"no relay", "mail.example.org", "", "", ERR_CONFIG},
        {"another protocol", "https://mail.example.org", "", "", ERR_CONFIG},
        {"a user without a password", "smtp://127.0.0.1", "teller", "", ERR_CONFIG},
        {"a password without a user", "smtp://127.0.0.1", "", file, ERR_CONFIG},
        {"no such file", "smtp://127.0.0.1", "teller", "/nonexistent/password", ERR_CONFIG},
    };

    UNIT_CHECK("file", secret >= 0 && write(secret, "a word\n", 7) == 7);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct config config = {.mail_relay = rows[i].relay,
                                .mail_from = FROM,
                                .mail_user = rows[i].user,
                                .mail_password_file = rows[i].password_file,
                                .mail_require_tls = i % 2 == 0};
        struct mail_config mail;
        UNIT_CHECK(rows[i].row, mail_configure(&config, &mail) == rows[i].expected);
        UNIT_CHECK(rows[i].row, mail.require_tls == config.mail_require_tls);
        bool with_password = rows[i].expected == ERR_OK && rows[i].user[0] != '\0';
        UNIT_SAME(rows[i].row, mail.password, with_password ? "a word" : "");
    }
    close(secret);
    unlink(file);
}

static const struct test_case cases[] = {
    {"the whole message", test_whole},
    {"headers", test_headers},
    {"refused", test_refused},
    {"the body", test_body},
    {"relays", test_relays},
    {"configuration", test_configure},
    {NULL, NULL},
};
const struct test_suite suite_net_mail = {.name = "net mail", .cases = cases};
