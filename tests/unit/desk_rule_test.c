/* The desk's statuses, and what accounts look like. */
#include <stdio.h>
#include <string.h>

#include "desk/bid.h"
#include "desk/desk.h"
#include "desk/status.h"
#include "notify/format.h"
#include "tests/unit/unit.h"

static void test_rules(void)
{
    static const struct {
        const char *rule, *text;
        enum desk_misfit expected;
    } rows[] = {
        {"text", "anything", DESK_FITS},
        {"text", "", DESK_TOO_SHORT},
        {"text", "line\nbreak", DESK_WRONG_FORM},
        {"text", "\xff", DESK_WRONG_FORM},
        {"card", "4111 1111 1111 1111", DESK_FITS},
        {"card", "4111-1111-1111-1111", DESK_FITS},
        {"card", "5555555555554444", DESK_FITS},
        {"card", "378282246310005", DESK_FITS},
        {"card", "4111111111111112", DESK_WRONG_FORM},
        {"card", "41111111", DESK_WRONG_FORM},
        {"card", "4111 1111 1111 111x", DESK_WRONG_FORM},
        {"iban", "GB82 WEST 1234 5698 7654 32", DESK_FITS},
        {"iban", "DE89370400440532013000", DESK_FITS},
        {"iban", "de89370400440532013000", DESK_FITS},
        {"iban", "DE89370400440532013001", DESK_WRONG_FORM},
        {"iban", "8937040044053201300000", DESK_WRONG_FORM},
        {"email", "a@example.org", DESK_FITS},
        {"email", "a.b+c@mail.example.org", DESK_FITS},
        {"email", "a@example", DESK_WRONG_FORM},
        {"email", "@example.org", DESK_WRONG_FORM},
        {"email", "a@b@example.org", DESK_WRONG_FORM},
        {"email", "a b@example.org", DESK_WRONG_FORM},
        {"email", "a@example..org", DESK_WRONG_FORM},
        {"phone", "+7 (912) 345-67-89", DESK_FITS},
        {"phone", "123", DESK_WRONG_FORM},
        {"phone", "+7912345678901234", DESK_WRONG_FORM},
        {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", DESK_FITS},
        {"bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", DESK_FITS},
        {"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", DESK_FITS},
        {"bitcoin", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", DESK_FITS},
        {"bitcoin", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", DESK_FITS},
        {"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", DESK_WRONG_FORM},
        {"bitcoin", "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", DESK_WRONG_FORM},
        {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", DESK_WRONG_FORM},
        {"bitcoin", "11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", DESK_WRONG_FORM},
        {"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN0", DESK_WRONG_FORM},
        {"ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", DESK_FITS},
        {"ethereum", "0xFB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", DESK_WRONG_FORM},
        {"ethereum", "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359", DESK_FITS},
        {"ethereum", "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", DESK_WRONG_FORM},
        {"ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d35", DESK_WRONG_FORM},
        {"ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d35g", DESK_WRONG_FORM},
        {"digits", "410011", DESK_FITS},
        {"digits", "41001a", DESK_WRONG_FORM},
    };

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char row[128];
        snprintf(row, sizeof(row), "%s %s", rows[i].rule, rows[i].text);
        UNIT_CHECK(row, desk_rule_check(rows[i].rule, 1, 100, rows[i].text) == rows[i].expected);
    }
    UNIT_CHECK("characters, not bytes", desk_rule_check("text", 1, 4, "яяяя") == DESK_FITS);
    UNIT_CHECK("too long", desk_rule_check("text", 1, 3, "abcd") == DESK_TOO_LONG);
}

/* The sets of the facts (A7), and a customer's ways (A5). */
static void test_ways(void)
{
    static const struct {
        const char *to, *from;
    } customer[] = {{"cancel", "new techpay coldnew amlwait merchwait"},
                    {"payed", "new techpay"},
                    {"techpay", "new"}};
    enum desk_status status;

    UNIT_CHECK("all are there", DESK_STATUS_COUNT == 21);
    for (size_t i = 0; i < TEST_COUNT(customer); i++)
        for (int from = 0; from < DESK_STATUS_COUNT; from++) {
            char padded[64], word[32], row[64];
            snprintf(padded, sizeof(padded), " %s ", customer[i].from);
            snprintf(word, sizeof(word), " %s ", desk_status_names[from]);
            snprintf(row, sizeof(row), "%s -> %s", desk_status_names[from], customer[i].to);
            UNIT_CHECK(row, desk_status_find(customer[i].to, &status));
            UNIT_CHECK(row, desk_status_may(DESK_CUSTOMER, (enum desk_status)from, status) ==
                                (strstr(padded, word) != NULL));
        }
    for (int to = 0; to < DESK_STATUS_COUNT; to++) {
        UNIT_CHECK(desk_status_names[to],
                   !desk_status_may(DESK_OPERATOR, DESK_STATUS_auto, (enum desk_status)to));
        UNIT_CHECK(desk_status_names[to],
                   desk_status_may(DESK_OPERATOR, DESK_STATUS_new, (enum desk_status)to) ==
                       (to != DESK_STATUS_auto));
        /* what is swept away has only held money, and nothing that came in */
        for (int from = 0; from < DESK_STATUS_COUNT; from++)
            UNIT_CHECK(desk_status_names[from],
                       desk_status_may(DESK_JOB, (enum desk_status)from, (enum desk_status)to) ==
                           (to == DESK_STATUS_delete &&
                            desk_status_stage((enum desk_status)from) == DESK_STAGE_HELD));
    }
    UNIT_CHECK("no such status", !desk_status_find("paid", &status));
}

static void test_titles(void)
{
    UNIT_SAME("en", desk_status_title(DESK_STATUS_new, "en"), "How to make payment");
    UNIT_SAME("ru", desk_status_title(DESK_STATUS_new, "ru"), "Как оплатить");
    UNIT_SAME("other", desk_status_title(DESK_STATUS_new, "de"), "How to make payment");
    UNIT_SAME("admin", desk_status_admin_title(DESK_STATUS_payed), "user marked order as paid");
    UNIT_CHECK("payable", desk_payable == (DESK_STATUS_BIT(new) | DESK_STATUS_BIT(techpay)));
}

/* A callback is a form that any 2xx acknowledges; gaps double up to a day, without an end. */
static void test_callback(void)
{
    static struct notify_event event;
    struct text body = TEXT(256);
    static const struct {
        int64_t elapsed_s, gap_s;
    } rows[] = {{0, 10}, {10, 10}, {20, 20}, {3600, 3600}, {86400, 86400}, {864000, 86400}};

    UNIT_CHECK("registered", desk_start() == ERR_OK && desk_start() == ERR_OK);
    const struct format *format = format_find("desk");
    UNIT_CHECK("found", format != NULL);
    if (format == NULL)
        return;
    text_copy(event.status, sizeof(event.status), "payed");
    text_copy(event.payload, sizeof(event.payload), "{\"bid_id\":\"17\"}");
    UNIT_CHECK("written", format->write_body(&event, &body) == ERR_OK);
    UNIT_SAME("body", text_string(&body), "bid_id=17&status=payed");
    text_copy(event.payload, sizeof(event.payload), "{}");
    UNIT_CHECK("no bid", format->write_body(&event, &body) == ERR_INTERNAL);
    UNIT_CHECK("form", strcmp(format->content_type, "application/x-www-form-urlencoded") == 0 &&
                           format->ordered && format->signers == SIGN_WEBHOOK);
    UNIT_CHECK("204", format->acknowledges(204, "", 0) && !format->acknowledges(302, "", 0));
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK("gap",
                   format_retry_s(&format->schedule, rows[i].elapsed_s, 1800) == rows[i].gap_s);
    text_free(&body);
}

static const struct test_case cases[] = {
    {"callbacks", test_callback},
    {"accounts and fields", test_rules},
    {"who may set what", test_ways},
    {"titles and sets", test_titles},
    {NULL, NULL},
};
const struct test_suite suite_desk_rule = {.name = "desk_rule", .cases = cases};
