/* Replies: headers, and the envelope of each face. */
#include "fcgi/server/reply.h"

#include "fcgi/faces.h"
#include "tests/unit/unit.h"

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
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct request request = {.face = rows[i].face,
                                  .raw = rows[i].raw,
                                  .err_field = rows[i].field,
                                  .err_detail = rows[i].detail};
        struct text out = TEXT(4096);
        struct reply reply = {.writer.out = &out};
        face_begin(&request, &reply);
        if (request.face == &face_health)
            text_puts(&out, "ok");
        else
            writer_text(&reply.writer, NULL, "ok");
        int status = face_end(&request, rows[i].rc, &reply);
        UNIT_SAME(rows[i].name, text_string(&out), rows[i].body);
        UNIT_CHECK(rows[i].name, status == rows[i].status);
        text_free(&out);
    }
}

/* A handler that has nothing to say answers null, in the envelope of its face. */
static void test_nothing(void)
{
    static const struct {
        const struct face *face;
        bool raw;
        const char *body;
    } rows[] = {
        {&face_v1, false, "{\"result\":\"success\",\"return\":null}"},
        {&face_v1, true, "null"},
        {&face_site, false, "null"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct request request = {.face = rows[i].face, .raw = rows[i].raw};
        struct text out = TEXT(4096);
        struct reply reply = {.writer.out = &out};
        face_begin(&request, &reply);
        face_end(&request, ERR_OK, &reply);
        UNIT_SAME(rows[i].body, text_string(&out), rows[i].body);
        text_free(&out);
    }
}

static const struct test_case cases[] = {
    {"headers", test_headers},
    {"envelopes", test_envelopes},
    {"no value", test_nothing},
    {NULL, NULL},
};
const struct test_suite suite_reply = {.name = "reply", .cases = cases};
