/* Replies: the JSON of the wire, and the envelope of each face. */
#include "fcgi/server/reply.h"

#include <string.h>

#include "fcgi/faces.h"
#include "money/display.h"
#include "tests/unit/unit.h"

static void check_json(const char *name, struct json_object *value, bool pretty,
                       const char *expected)
{
    struct text out = TEXT(4096);
    reply_json(value, pretty, &out);
    UNIT_SAME(name, text_string(&out), expected);
    text_free(&out);
    json_object_put(value);
}

static void test_json(void)
{
    struct json_object *object = json_object_new_object();
    reply_text(object, "z", "first");
    reply_int(object, "a", INT64_MIN);
    reply_bool(object, "b", true);
    reply_number(object, "n", "0.600");
    reply_text(object, "none", NULL);
    json_object_object_add(object, "list", json_object_new_array());
    json_object_object_add(object, "empty", json_object_new_object());
    json_object_get(object);
    check_json("order of adding", object, false,
               "{\"z\":\"first\",\"a\":-9223372036854775808,\"b\":true,\"n\":0.600,\"none\":null,"
               "\"list\":[],\"empty\":{}}");
    json_object_array_add(json_object_object_get(object, "list"), json_object_new_int(1));
    check_json("pretty", object, true,
               "{\n    \"z\": \"first\",\n    \"a\": -9223372036854775808,\n    \"b\": true,\n"
               "    \"n\": 0.600,\n    \"none\": null,\n    \"list\": [\n        1\n    ],\n"
               "    \"empty\": {}\n}");
    check_json("null", NULL, false, "null");
}

static void test_strings(void)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"http://x/y", "\"http:\\/\\/x\\/y\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\b\f\n\r\t\x01\x1f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {"\u00a0\u20ac\u00a3", "\"\\u00a0\\u20ac\\u00a3\""},
        {"\U0001f600", "\"\\ud83d\\ude00\""},
        {"\U0010ffff\uffff", "\"\\udbff\\udfff\\uffff\""},
        {"\x7f", "\"\x7f\""},
        {"a\xff", "\"a\\ufffd\""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        check_json(rows[i].json, json_object_new_string(rows[i].text), false, rows[i].json);
    check_json("NUL", json_object_new_string_len("a\0\u20ac", 5), false, "\"a\\u0000\\u20ac\"");
}

static void test_money(void)
{
    struct amount amount = {.units = 20000000, .currency = unit_currency("BTC")};
    check_json("BTC", reply_money(amount), false,
               "{\"value\":\"0.20000000\",\"value_int\":\"20000000\","
               "\"display\":\"0.20000000\\u00a0BTC\",\"display_short\":\"0.20\\u00a0BTC\","
               "\"currency\":\"BTC\"}");
}

/* A money object as a tree, whose members are any others'. */
static struct json_object *money_tree(struct amount amount, const char *value)
{
    struct json_object *tree = json_object_new_object();
    char text[AMOUNT_TEXT_SIZE], display[DISPLAY_SIZE];

    amount_format(amount, text);
    reply_text(tree, "value", value == NULL ? text : value);
    amount_format_units(amount, text);
    reply_text(tree, "value_int", text);
    display_full(amount, display);
    reply_text(tree, "display", display);
    display_short(amount, display);
    reply_text(tree, "display_short", display);
    reply_text(tree, "currency", amount.currency->code);
    return tree;
}

/* {"list":[MONEY,MONEY],"member":MONEY,"last":1} */
static struct json_object *around(struct json_object *money)
{
    struct json_object *object = json_object_new_object(), *list = json_object_new_array();

    json_object_array_add(list, json_object_get(money));
    json_object_array_add(list, json_object_get(money));
    reply_add(object, "list", list);
    reply_add(object, "member", money);
    reply_int(object, "last", 1);
    return object;
}

/* Written late it is what it would be as a tree, at any depth. */
static void test_money_is_late(void)
{
    static const char *const codes[] = {"BTC", "USD", "EUR", "GBP", "AUD", "JPY", "KRO", "WEI"};
    static const __int128 units[] = {0, 1, -1, 50000, -50000, 123456789, DECIMAL_MAX, -DECIMAL_MAX};

    for (size_t i = 0; i < TEST_COUNT(codes) * TEST_COUNT(units) * 2; i++) {
        struct amount amount = {.units = units[i / 2 % TEST_COUNT(units)],
                                .currency = unit_currency(codes[i / 2 / TEST_COUNT(units)])};
        bool pretty = i % 2 == 1;
        struct json_object *tree = around(money_tree(amount, NULL));
        struct text expected = TEXT(8192);

        reply_json(tree, pretty, &expected);
        json_object_put(tree);
        check_json(amount.currency->code, around(reply_money(amount)), pretty,
                   text_string(&expected));
        text_free(&expected);
    }
}

static void test_mean(void)
{
    struct amount amount = {.units = 556112, .currency = unit_currency("USD")};
    struct rate value = {.coefficient = 5561119626, .scale = 9};
    struct json_object *tree = money_tree(amount, "5.561119626");
    struct text expected = TEXT(4096);

    reply_json(tree, true, &expected);
    json_object_put(tree);
    check_json("mean", reply_mean(amount, value), true, text_string(&expected));
    text_free(&expected);
}

/* json-c has whole numbers of two kinds. */
static void test_numbers(void)
{
    check_json("least", json_object_new_int64(INT64_MIN), false, "-9223372036854775808");
    check_json("0", json_object_new_int64(0), false, "0");
    check_json("most", json_object_new_uint64(UINT64_MAX), false, "18446744073709551615");
}

static void test_headers(void)
{
    struct reply reply = {0};
    reply_header(&reply, "Set-Cookie", "session=%s", "x");
    UNIT_CHECK("one", reply.header_count == 1);
    UNIT_SAME("value", reply.headers[0].value, "session=x");
}

static void test_envelopes(void)
{
    static const struct {
        const char *name;
        const struct face *face;
        enum err rc;
        const char *field, *detail;
        bool raw;
        int status;
        const char *body;
    } rows[] = {
        {"v1 success", &face_v1, ERR_OK, NULL, NULL, false, 200,
         "{\"result\":\"success\",\"return\":\"ok\"}"},
        {"v1 raw", &face_v1, ERR_OK, NULL, NULL, true, 200, "\"ok\""},
        {"v1 field", &face_v1, ERR_INVALID, "type", "should be ask or bid", false, 200,
         "{\"result\":\"error\",\"error\":\"Invalid parameter \\\"type\\\" (should be ask or "
         "bid)\",\"token\":\"invalid_parameter\"}"},
        {"v1 raw error", &face_v1, ERR_KEY_MISSING, NULL, NULL, true, 403,
         "{\"result\":\"error\",\"error\":\"Identification required to access private API\","
         "\"token\":\"login_error_missing_rest_key\"}"},
        {"v1 state", &face_v1, ERR_INSUFFICIENT_FUNDS, NULL, NULL, false, 200,
         "{\"result\":\"error\",\"error\":\"Not enough funds\",\"token\":\"insufficient_funds\"}"},
        {"v1 not found", &face_v1, ERR_TICKET_UNKNOWN, "ticket", NULL, false, 200,
         "{\"result\":\"error\",\"error\":\"Ticket not found\",\"token\":\"ticket_not_found\"}"},
        {"v1 no route", &face_v1, ERR_NO_ROUTE, NULL, NULL, false, 404,
         "{\"result\":\"error\",\"error\":\"Unknown method\",\"token\":\"unknown_method\"}"},
        {"v1 away", &face_v1, ERR_DB_AWAY, NULL, NULL, false, 503,
         "{\"result\":\"error\",\"error\":\"Database is away, please retry later\","
         "\"token\":\"db_away\"}"},
        {"site success", &face_site, ERR_OK, NULL, NULL, false, 200, "\"ok\""},
        {"site field", &face_site, ERR_AMOUNT_RANGE, "amount", NULL, false, 400,
         "{\"error\":\"amount_range\",\"message\":\"Invalid parameter \\\"amount\\\" (is too "
         "large)\",\"field\":\"amount\"}"},
        {"site session", &face_site, ERR_SESSION_MISSING, NULL, NULL, false, 401,
         "{\"error\":\"missing_ticket\",\"message\":\"Please sign in\",\"field\":null}"},
        {"site state", &face_site, ERR_TICKET_SETTLED, NULL, NULL, false, 409,
         "{\"error\":\"ticket_settled\",\"message\":\"Ticket is settled already\","
         "\"field\":null}"},
        {"identity login", &face_identity, ERR_LOGIN_FAILED, NULL, NULL, false, 401,
         "{\"error\":\"Login or password is wrong\",\"error_data\":null,"
         "\"error_id\":\"common-incorrect_credentials\",\"error_object\":null}"},
        {"identity field", &face_identity, ERR_MISSING, "password", NULL, false, 400,
         "{\"error\":\"Invalid parameter \\\"password\\\" (is required)\",\"error_data\":"
         "[\"password\"],\"error_id\":\"common-missing_input\",\"error_object\":null}"},
        {"identity limit", &face_identity, ERR_TOO_MANY_ATTEMPTS, NULL, NULL, false, 429,
         "{\"error\":\"Too many wrong attempts, please try again later\",\"error_data\":null,"
         "\"error_id\":\"common-too_many_attempts\",\"error_object\":null}"},
        {"identity bug", &face_identity, ERR_INTERNAL, NULL, NULL, false, 500,
         "{\"error\":\"Internal error\",\"error_data\":null,\"error_id\":\"common-internal\","
         "\"error_object\":null}"},
        {"plain success", &face_health, ERR_OK, NULL, NULL, false, 200, "ok"},
        {"plain error", &face_health, ERR_NO_ROUTE, NULL, NULL, false, 404, "Unknown method\n"},
    };
    struct reply reply = {.value = json_object_new_string("ok")};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct request request = {.face = rows[i].face,
                                  .raw = rows[i].raw,
                                  .err_field = rows[i].field,
                                  .err_detail = rows[i].detail};
        struct text out = TEXT(4096);
        int status = face_write(&request, rows[i].rc, &reply, &out);
        UNIT_SAME(rows[i].name, text_string(&out), rows[i].body);
        UNIT_CHECK(rows[i].name, status == rows[i].status);
        text_free(&out);
    }
    json_object_put(reply.value);
}

static const struct test_case cases[] = {
    {"JSON values", test_json},
    {"JSON strings", test_strings},
    {"JSON numbers", test_numbers},
    {"money object", test_money},
    {"money object is written late", test_money_is_late},
    {"mean", test_mean},
    {"headers", test_headers},
    {"envelopes", test_envelopes},
    {NULL, NULL},
};
const struct test_suite suite_reply = {.name = "reply", .cases = cases};
