/* Notifications: the exact bytes, the signatures against known answers, what acknowledges. */
#include "notify/format.h"

#include <string.h>

#include "base/encode.h"
#include "tests/unit/unit.h"

static struct uuid id_of(const char *text)
{
    struct uuid id = {{0}};
    UNIT_CHECK(text, uuid_parse(text, strlen(text), &id));
    return id;
}

static struct notify_event event_of(const char *status)
{
    struct notify_event event = {
        .id = 1234,
        .uuid = id_of("00000000-0000-4000-8000-000000000001"),
        .subject = id_of("0190163d-8694-739b-aea5-966c26f8ad91"),
        .currency = unit_currency("BTC"),
        .at = 1328139131,
    };
    text_copy(event.status, sizeof(event.status), status);
    return event;
}

static void check_body(const char *name, const struct notify_event *event, const char *expected)
{
    struct text body = TEXT(NOTIFY_BODY_MAX);
    UNIT_CHECK(name, ipn_write_body(event, &body) == ERR_OK);
    UNIT_SAME(name, text_string(&body), expected);
    UNIT_CHECK(name, ipn_write_body(event, &body) == ERR_OK);
    UNIT_SAME("the same again", text_string(&body), expected);
    text_free(&body);
}

/* The payment_id without a payment is the order's own, so that it never changes. It was reckoned by
 * another program as the digest that lib/notify/ipn.c says. */
static void test_body(void)
{
    struct notify_event event = event_of("cancelled");
    check_body("least", &event,
               "id=0190163d-8694-739b-aea5-966c26f8ad91&"
               "payment_id=7b4361f7-0e7a-8a6e-9ce9-65c489ce9e71&status=cancelled&"
               "date=2012-02-01+23%3A32%3A11&aonce=1234");
    event = event_of("paid");
    event.has_payment = event.has_amount = event.has_data = true;
    event.payment = id_of("0190163d-8694-739b-aea5-966c26f8ad92");
    event.amount = (struct amount){.units = 100, .currency = event.currency};
    memcpy(event.data, "a=1&b \xff\0~", event.data_len = 9);
    check_body("paid", &event,
               "id=0190163d-8694-739b-aea5-966c26f8ad91&"
               "payment_id=0190163d-8694-739b-aea5-966c26f8ad92&status=paid&amount=100&"
               "currency=BTC&method=MTGOXBTC&date=2012-02-01+23%3A32%3A11&"
               "data=a%3D1%26b+%FF%00%7E&aonce=1234");
    event = event_of("partial");
    event.currency = unit_currency("USD");
    event.has_amount = event.has_partial = true;
    event.amount = (struct amount){.units = 40, .currency = event.currency};
    event.valid = (struct amount){.units = 60, .currency = event.currency};
    event.pending = (struct amount){.units = 39, .currency = event.currency};
    event.total = (struct amount){.units = 99, .currency = event.currency};
    check_body(
        "partial", &event,
        "id=0190163d-8694-739b-aea5-966c26f8ad91&"
        "payment_id=7b4361f7-0e7a-8a6e-9ce9-65c489ce9e71&status=partial&amount=40&currency=USD&"
        "method=MTGOXUSD&date=2012-02-01+23%3A32%3A11&amount_valid=60&amount_pending=39&"
        "amount_total=99&aonce=1234");
}

static void test_longest_body(void)
{
    struct notify_event event = event_of("partial");
    struct text body = TEXT(NOTIFY_BODY_MAX);

    event.has_payment = event.has_data = true;
    memset(event.data, 0xff, event.data_len = sizeof(event.data));
    UNIT_CHECK("fits", ipn_write_body(&event, &body) == ERR_OK);
    text_free(&body);
}

/* `openssl dgst -hmac` gave the expected values. */
static void test_signatures(void)
{
    struct text body = TEXT(64), bytes = TEXT(256), signature = TEXT(512);
    struct notify_secrets secrets = {.count = 1};
    struct uuid id = id_of("00000000-0000-4000-8000-000000000001");
    char rest[NOTIFY_REST_SIGN_SIZE], once[128], text[NOTIFY_SECRET_TEXT_SIZE];

    text_puts(&body, "id=1&status=paid");
    UNIT_CHECK("rest", notify_rest_sign("secret", 6, &body, rest) == ERR_OK);
    UNIT_SAME(
        "rest", rest,
        "8eKiSuU4LwS+J3zBFW4MEl70yYS2WchlRes/kLBSZjxGyBJ5Hq9VAI/tB/AB8qXH//t/ytP5HwiK48UANNz/8g==");
    notify_signed_bytes(&id, 1700000000, &body, &bytes);
    UNIT_SAME("bytes", text_string(&bytes),
              "00000000-0000-4000-8000-000000000001.1700000000.id=1&status=paid");
    memset(secrets.bytes[0], 'k', NOTIFY_SECRET_SIZE);
    UNIT_CHECK("one", notify_webhook_sign(&secrets, &bytes, &signature) == ERR_OK);
    UNIT_SAME("one", text_string(&signature), "v1,kPAyf1tvgc7cZbWjDfAO1rOt6RYA/5oZLlaiiSDYcqE=");
    text_copy(once, sizeof(once), text_string(&signature));
    memset(secrets.bytes[1], 'k', NOTIFY_SECRET_SIZE);
    secrets.count = 2;
    UNIT_CHECK("two", notify_webhook_sign(&secrets, &bytes, &signature) == ERR_OK);
    UNIT_CHECK("two", strncmp(text_string(&signature), once, strlen(once)) == 0 &&
                          text_string(&signature)[strlen(once)] == ' ' &&
                          strcmp(text_string(&signature) + strlen(once) + 1, once) == 0);
    notify_secret_format(secrets.bytes[0], text);
    UNIT_SAME("secret", text, "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=");
    text_free(&body);
    text_free(&bytes);
    text_free(&signature);
}

static void test_acknowledges(void)
{
    static const struct {
        int status;
        const char *answer;
        bool yes;
    } rows[] = {
        {200, "[OK]", true},
        {200, " \r\n\t[OK]", true},
        {201, "[OK]", true},
        {299, "[OK]<html>", true},
        {200, "", false},
        {200, "[OK", false},
        {200, "OK", false},
        {200, "[ok]", false},
        {200, "x[OK]", false},
        {199, "[OK]", false},
        {300, "[OK]", false},
        {302, "[OK]", false},
        {500, "[OK]", false},
        {0, "[OK]", false},
        {200, "\xef\xbb\xbf[OK]", true},
        {200, "\xef\xbb\xbf\xef\xbb\xbf [OK]", true},
        {200, "\xef\xbb[OK]", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].answer, ipn_acknowledges(rows[i].status, rows[i].answer,
                                                    strlen(rows[i].answer)) == rows[i].yes);
    UNIT_CHECK("a NUL is no white space", !ipn_acknowledges(200, "\0[OK]", 5));
}

static void test_redact(void)
{
    char answer[] = "a=topsecret, b=topsecrettopsecret, topsecre";
    notify_redact(answer, strlen(answer), "topsecret");
    UNIT_SAME("all", answer, "a=*********, b=******************, topsecre");
    notify_redact(answer, strlen(answer), "a=");
    UNIT_SAME("too short to be one", answer, "a=*********, b=******************, topsecre");
}

/* Gaps double with the time that has gone by, up to their most, and the last try is at the end. */
static void test_schedule(void)
{
    static const struct format_schedule day = {.first_s = 10, .most_s = 3600, .end_s = 86400},
                                        config = {.first_s = 0};
    static const struct {
        const char *row;
        int64_t elapsed_s, gap_s;
    } rows[] = {
        {"first", 0, 10},      {"second", 10, 10},      {"third", 20, 20},
        {"grown", 1280, 1280}, {"at most", 5000, 3600}, {"end", 86000, 400},
        {"last", 86399, 1},    {"over", 86400, -1},     {"late", 10000000, -1},
    };
    int64_t elapsed_s = 0, tries = 1, gap_s;

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].row, format_retry_s(&day, rows[i].elapsed_s, 1800) == rows[i].gap_s);
    UNIT_CHECK("as configured", format_retry_s(&config, 10000000, 1800) == 1800);
    while ((gap_s = format_retry_s(&day, elapsed_s, 0)) >= 0) {
        elapsed_s += gap_s;
        tries++;
    }
    UNIT_CHECK("a day", elapsed_s == 86400 && tries > 24 && tries < 50);
}

static const struct test_case cases[] = {{"body", test_body},
                                         {"schedule", test_schedule},
                                         {"the longest body fits", test_longest_body},
                                         {"signatures", test_signatures},
                                         {"what acknowledges", test_acknowledges},
                                         {"secrets are taken out of answers", test_redact},
                                         {NULL, NULL}};
const struct test_suite suite_notify = {.name = "notify", .cases = cases};
