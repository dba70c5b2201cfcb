/* Requests: CGI variables, form, multipart and JSON bodies become parameters. */
#include "fcgi/server/request.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/faces.h"
#include "fcgi/server/idempotency.h"
#include "tests/unit/unit.h"

#define FORM "CONTENT_TYPE=application/x-www-form-urlencoded"
#define JSON "CONTENT_TYPE=application/json"
#define MULTIPART "CONTENT_TYPE=multipart/form-data; boundary=B"

static struct request request;
static const struct route route = {.auth = &auth_public};

static enum err parse(const char *type, const char *query, const char *body, size_t len)
{
    static char query_line[512];
    static const char *env[5];
    snprintf(query_line, sizeof(query_line), "QUERY_STRING=%s", query);
    env[0] = "REQUEST_METHOD=POST";
    env[1] = "REQUEST_URI=/site/x";
    env[2] = query_line;
    env[3] = type;
    request_start(&request, NULL, (char *const *)env);
    request.body = (const uint8_t *)body;
    request.body_len = len;
    request.face = &face_site;
    request.route = &route;
    return request_parse(&request);
}

static size_t show(char *text, size_t n, size_t size, const struct value *value)
{
    static const char *const nested[] = {[VALUE_OBJECT] = "{}", [VALUE_LIST] = "[]"};
    bool is_nested = value->type == VALUE_OBJECT || value->type == VALUE_LIST;
    if (value->name != NULL && value->name[0] != '\0')
        n += (size_t)snprintf(text + n, size - n, "%s=", value->name);
    if (is_nested)
        n += (size_t)snprintf(text + n, size - n, "%c", nested[value->type][0]);
    for (const struct value *child = value->first; child != NULL; child = child->next)
        n = show(text, n, size, child);
    if (is_nested)
        n += (size_t)snprintf(text + n, size - n, "%c", nested[value->type][1]);
    for (size_t j = 0; j < value->len; j++) {
        unsigned char c = (unsigned char)value->text[j];
        n += (size_t)snprintf(text + n, size - n, c >= 0x20 && c < 0x7f ? "%c" : "<%02x>", c);
    }
    return n + (size_t)snprintf(text + n, size - n, ";");
}

/* All parameters as "name=value;" with bytes outside of printable ASCII as <hex>. */
static const char *shown(void)
{
    static char text[4096];
    size_t n = 0;
    text[0] = '\0';
    for (const struct value *value = request.params.first; value != NULL; value = value->next)
        if (value->type != VALUE_NULL)
            n = show(text, n, sizeof(text), value);
    return text;
}

struct row {
    const char *name, *type, *body;
    enum err rc;
    const char *params; /* where rc is ERR_OK */
    const char *field;  /* where it is not */
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum err rc = parse(rows[i].type, "", rows[i].body, strlen(rows[i].body));
        UNIT_SAME(rows[i].name, err_id(rc), err_id(rows[i].rc));
        if (rc == ERR_OK)
            UNIT_SAME(rows[i].name, shown(), rows[i].params);
        else
            UNIT_SAME(rows[i].name, request.err_field == NULL ? "-" : request.err_field,
                      rows[i].field == NULL ? "-" : rows[i].field);
    }
    request_free(&request);
}

static void test_form(void)
{
    static const struct row rows[] = {
        {"plain", FORM, "a=1&b=two", ERR_OK, "a=1;b=two;", NULL},
        {"plus and percent", FORM, "a=x+y%20z%2b", ERR_OK, "a=x y z+;", NULL},
        {"name decoded", FORM, "a%5b%5d=1", ERR_OK, "a=[1;];", NULL},
        {"no value", FORM, "raw&a=", ERR_OK, "raw=;a=;", NULL},
        {"empty pieces", FORM, "&&a=1&", ERR_OK, "a=1;", NULL},
        {"equals in value", FORM, "a=b=c", ERR_OK, "a=b=c;", NULL},
        {"NUL in value", FORM, "a=x%00y", ERR_OK, "a=x<00>y;", NULL},
        {"NUL in name", FORM, "a%00b=1", ERR_MALFORMED, NULL, NULL},
        {"broken escape", FORM, "a=1&b=%zz", ERR_MALFORMED, NULL, "b"},
        {"escape cut short", FORM, "a=%4", ERR_MALFORMED, NULL, "a"},
        {"escape at the end", FORM, "a=%", ERR_MALFORMED, NULL, "a"},
        {"broken name", FORM, "%g1=1", ERR_MALFORMED, NULL, NULL},
        {"charset", FORM "; charset=UTF-8", "a=1", ERR_OK, "a=1;", NULL},
        {"case", "CONTENT_TYPE=Application/X-WWW-Form-Urlencoded", "a=1", ERR_OK, "a=1;", NULL},
        {"no type", "CONTENT_TYPE=", "a=1", ERR_OK, "a=1;", NULL},
        {"other type", "CONTENT_TYPE=text/plain", "a=1", ERR_CONTENT_TYPE, NULL, NULL},
        {"charset without semicolon", FORM " charset=UTF-8", "a=1", ERR_OK, "a=1;", NULL},
        {"byte-order mark", FORM,
         "\xef\xbb\xbf"
         "a=1",
         ERR_OK, "a=1;", NULL},
        {"twice", FORM, "a=1&b=2&a=1", ERR_REPEATED, NULL, "a"},
        {"twice, spelt differently", FORM, "a=1&%61=", ERR_REPEATED, NULL, "a"},
        {"item twice", FORM, "a[]=1&a[]=1", ERR_OK, "a=[1;1;];", NULL},
        {"member twice", FORM, "a[b]=1&a[b]=1", ERR_REPEATED, NULL, "a[b]"},
        {"member and text", FORM, "a[b]=1&a=1", ERR_REPEATED, NULL, "a"},
        {"nested", FORM, "a[0][b]=1&a[1][b]=2&a[0][c]=3", ERR_OK, "a=[0={b=1;c=3;};1={b=2;};];",
         NULL},
        {"no nesting", FORM, "a[=1&[b]=2&c]=3&d[e]f=4", ERR_OK, "a[=1;[b]=2;c]=3;d[e]f=4;", NULL},
        {"longer type", FORM "x", "a=1", ERR_CONTENT_TYPE, NULL, NULL},
        {"not UTF-8 is the field's matter", FORM, "a=%ff", ERR_OK, "a=<ff>;", NULL},
    };
    check_rows(rows, TEST_COUNT(rows));
}

static void test_json(void)
{
    static const struct row rows[] = {
        {"members", JSON, "{\"a\":\"x\",\"b\":true,\"c\":null}", ERR_OK, "a=x;b=true;", NULL},
        {"exact numbers", JSON, "{\"a\":1.10,\"b\":123456789012345678901234567890,\"c\":-0e1}",
         ERR_OK, "a=1.10;b=123456789012345678901234567890;c=-0e1;", NULL},
        {"escapes", JSON, "{\"a\":\"\\u20ac\\\"\\/\\u0000\"}", ERR_OK, "a=<e2><82><ac>\"/<00>;",
         NULL},
        {"surrogates", JSON, "{\"a\":\"\\ud83d\\ude00\"}", ERR_OK, "a=<f0><9f><98><80>;", NULL},
        {"nested", JSON, "{\"a\":[1, 2],\"b\":{\"c\":1}}", ERR_OK, "a=[1;2;];b={c=1;};", NULL},
        {"byte-order mark", JSON, "\xef\xbb\xbf{\"a\":1}", ERR_OK, "a=1;", NULL},
        {"spaces", JSON, " \r\n{ \"a\" : 1 } \t", ERR_OK, "a=1;", NULL},
        {"empty object", JSON "; charset=utf-8", "{}", ERR_OK, "", NULL},
        {"lone surrogate", JSON, "{\"a\":\"\\ud83d\"}", ERR_MALFORMED, NULL, NULL},
        {"low surrogate", JSON, "{\"a\":\"\\ude00\"}", ERR_MALFORMED, NULL, NULL},
        {"twice", JSON, "{\"a\":1,\"a\":2}", ERR_REPEATED, NULL, "a"},
        {"twice, null", JSON, "{\"a\":1,\"a\":null}", ERR_REPEATED, NULL, "a"},
        {"twice, escaped", JSON, "{\"a\":1,\"\\u0061\":2}", ERR_REPEATED, NULL, "a"},
        {"twice, nested", JSON, "{\"a\":[{\"b\":1,\"b\":2}]}", ERR_REPEATED, NULL, "b"},
        {"NUL in name", JSON, "{\"a\\u0000\":1}", ERR_MALFORMED, NULL, NULL},
        {"array", JSON, "[1]", ERR_MALFORMED, NULL, NULL},
        {"string", JSON, "\"a\"", ERR_MALFORMED, NULL, NULL},
        {"nothing", JSON, " ", ERR_MALFORMED, NULL, NULL},
        {"trailing comma", JSON, "{\"a\":1,}", ERR_MALFORMED, NULL, NULL},
        {"trailing text", JSON, "{\"a\":1}x", ERR_MALFORMED, NULL, NULL},
        {"cut short", JSON, "{\"a\":1", ERR_MALFORMED, NULL, NULL},
        {"NaN", JSON, "{\"a\":NaN}", ERR_MALFORMED, NULL, NULL},
        {"Infinity", JSON, "{\"a\":-Infinity}", ERR_MALFORMED, NULL, NULL},
        {"leading zero", JSON, "{\"a\":01}", ERR_MALFORMED, NULL, NULL},
        {"bare point", JSON, "{\"a\":1.}", ERR_MALFORMED, NULL, NULL},
        {"plus", JSON, "{\"a\":+1}", ERR_MALFORMED, NULL, NULL},
        {"single quotes", JSON, "{'a':1}", ERR_MALFORMED, NULL, NULL},
        {"comment", JSON, "{\"a\":1/**/}", ERR_MALFORMED, NULL, NULL},
        {"control character", JSON, "{\"a\":\"\n\"}", ERR_MALFORMED, NULL, NULL},
        {"unknown escape", JSON, "{\"a\":\"\\x\"}", ERR_MALFORMED, NULL, NULL},
        {"not UTF-8", JSON, "{\"a\":\"\xff\"}", ERR_NOT_UTF8, NULL, NULL},
        {"16 levels", JSON, "{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}", ERR_OK,
         "a=[[[[[[[[[[[[[[[1;];];];];];];];];];];];];];];];", NULL},
        {"17 levels", JSON, "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", ERR_TOO_DEEP, NULL, NULL},
    };
    check_rows(rows, TEST_COUNT(rows));
}

#define PART(name, value) \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static void test_multipart(void)
{
    static const struct row rows[] = {
        {"fields", MULTIPART, PART("a", "1") PART("b", "x\r\ny") "--B--\r\n", ERR_OK,
         "a=1;b=x<0d><0a>y;", NULL},
        {"empty value", MULTIPART, PART("a", "") "--B--", ERR_OK, "a=;", NULL},
        {"quoted boundary", "CONTENT_TYPE=Multipart/Form-Data; boundary=\"B\"",
         PART("a", "1") "--B--", ERR_OK, "a=1;", NULL},
        {"more headers", MULTIPART,
         "--B\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n"
         "--B--",
         ERR_OK, "a=1;", NULL},
        {"no parts", MULTIPART, "--B--", ERR_OK, "", NULL},
        {"file", MULTIPART,
         "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n1\r\n--B--",
         ERR_CONTENT_TYPE, NULL, NULL},
        {"no boundary", "CONTENT_TYPE=multipart/form-data", PART("a", "1") "--B--", ERR_MALFORMED,
         NULL, NULL},
        {"no end", MULTIPART, PART("a", "1"), ERR_MALFORMED, NULL, NULL},
        {"no name", MULTIPART, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--",
         ERR_MALFORMED, NULL, NULL},
        {"no headers", MULTIPART, "--B\r\n\r\n1\r\n--B--", ERR_MALFORMED, NULL, NULL},
        {"other start", MULTIPART, "x--B--", ERR_MALFORMED, NULL, NULL},
    };
    check_rows(rows, TEST_COUNT(rows));
}

static void test_query_and_count(void)
{
    char body[1024] = "";
    size_t len = 0;
    UNIT_SAME("both", err_id(parse(FORM, "b=2", "a=1", 3)), "ok");
    UNIT_SAME("body", request_param(&request, "a")->text, "1");
    UNIT_SAME("query", request_param(&request, "b")->text, "2");
    UNIT_CHECK("absent", request_param(&request, "c") == NULL);
    UNIT_SAME("in body and query", err_id(parse(FORM, "b=2&a=1", "a=1", 3)), "repeated_parameter");
    UNIT_SAME("in body and query", request.err_field, "a");
    UNIT_SAME("in JSON and query", err_id(parse(JSON, "a=1", "{\"a\":1}", 7)),
              "repeated_parameter");
    UNIT_SAME("in the query", err_id(parse(FORM, "a=1&a=2", "", 0)), "repeated_parameter");
    UNIT_SAME("parts",
              err_id(parse(MULTIPART, "", PART("a", "1") PART("a", "1") "--B--",
                           strlen(PART("a", "1") PART("a", "1") "--B--"))),
              "repeated_parameter");
    for (size_t i = 0; i < REQUEST_MAX_PARAMS; i++)
        len += (size_t)snprintf(body + len, sizeof(body) - len, "a%zu=1&", i);
    UNIT_SAME("at the cap", err_id(parse(FORM, "", body, len)), "ok");
    UNIT_SAME("over the cap", err_id(parse(FORM, "b=1", body, len)), err_id(ERR_TOO_MANY_PARAMS));
    request_free(&request);
}

/* Whoever keeps a reply to a GET knows it by its address: what came beside it must not matter. */
static void test_get_has_no_body(void)
{
    static const char *const methods[] = {"REQUEST_METHOD=GET", "REQUEST_METHOD=HEAD"};
    for (size_t i = 0; i < TEST_COUNT(methods); i++) {
        const char *env[] = {methods[i], "REQUEST_URI=/site/x", "QUERY_STRING=a=query", FORM, NULL};
        request_start(&request, NULL, (char *const *)env);
        request.body = (const uint8_t *)"a=body&b=2";
        request.body_len = 10;
        request.face = &face_site;
        request.route = &route;
        UNIT_SAME(methods[i], err_id(request_parse(&request)), "ok");
        UNIT_SAME(methods[i], shown(), "a=query;");
    }
    request_free(&request);
}

/* A header that came twice, or once more with an underscore, is nobody's. */
static void test_headers(void)
{
    static const char *env[] = {"HTTP_REST_KEY=k", "HTTP_REST_KEY_X=no", "HTTP_TWO=1",
                                "HTTP_TWO=2",      "REST_SIGN=no",       NULL};
    const char *value;
    request_start(&request, NULL, (char *const *)env);
    UNIT_SAME("once", err_id(request_header(&request, "Rest-Key", &value)), "ok");
    UNIT_SAME("once", value, "k");
    UNIT_CHECK("absent", request_header(&request, "Rest-Sign", &value) == ERR_OK && value == NULL);
    UNIT_SAME("twice", err_id(request_header(&request, "Two", &value)), "repeated_parameter");
    UNIT_SAME("twice", request.err_field, "Two");
    request_free(&request);
}

static void test_variables(void)
{
    static const char *env[] = {"REQUEST_METHOD=GET",
                                "REQUEST_URI=/api/1/BTCUSD/public/ticker/?raw&pretty=1",
                                "QUERY_STRING=raw&pretty=1",
                                "REMOTE_ADDR=192.0.2.1",
                                "HTTPS=on",
                                "REQUEST_ID=abc-1",
                                NULL};
    static const char *bad[] = {"REQUEST_URI=/a/../b", "REQUEST_ID=x y\n", NULL};
    request_start(&request, NULL, (char *const *)env);
    UNIT_SAME("path", request.path, "/api/1/BTCUSD/public/ticker");
    UNIT_SAME("id", request.id, "abc-1");
    UNIT_SAME("address", request.remote, "192.0.2.1");
    UNIT_CHECK("flags", request.raw && request.pretty && request.https);
    UNIT_CHECK("prefix of a name", request_env(&request, "REMOTE") == NULL);
    request_start(&request, NULL, (char *const *)bad);
    UNIT_CHECK("refused path", request.path == NULL);
    UNIT_CHECK("forged id", strchr(request.id, ' ') == NULL && request.id[0] != '\0');
    UNIT_CHECK("no flags", !request.raw && !request.pretty && !request.https);
    UNIT_SAME("no method", request.method, "");
    request_free(&request);
}

/* Who can repeat without doing it twice is not told to look first. */
static void test_unknown_outcome(void)
{
    static const char *env[] = {"REQUEST_URI=/site/x", NULL};
    request_start(&request, NULL, (char *const *)env);
    UNIT_CHECK("without a key", idempotency_settle(&request, ERR_DB_UNKNOWN) == ERR_DB_UNKNOWN &&
                                    request.err_detail == NULL);
    request.caller.repeatable = true;
    UNIT_CHECK("with one", idempotency_settle(&request, ERR_DB_UNKNOWN) == ERR_DB_UNKNOWN);
    UNIT_CHECK("its words", strstr(request.err_detail, "again under the same key") != NULL);
    request_free(&request);
}

static const struct test_case cases[] = {
    {"form bodies", test_form},
    {"JSON bodies", test_json},
    {"multipart bodies", test_multipart},
    {"query and number of parameters", test_query_and_count},
    {"GET has no body", test_get_has_no_body},
    {"headers", test_headers},
    {"CGI variables", test_variables},
    {"an unknown outcome", test_unknown_outcome},
    {NULL, NULL},
};
const struct test_suite suite_request = {.name = "request", .cases = cases};
