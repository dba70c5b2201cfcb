/* A throw-away face is served: two of them, which differ from ours and from each other in everything that
 * a face may differ in. Each is one struct and its rows, as a folder below fcgi/ holds them; the server
 * hears of them by the list that it is started with. */
#include "fcgi/server/face.h"

#include <fcgiapp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fcgi/faces.h"
#include "fcgi/server/dispatch.h"
#include "fcgi/server/fields.h"
#include "tests/unit/unit.h"

/* --- the clerk: always 200; knows its callers before it says what it can do; words in two languages ---- */

enum { SHAPE_NUMBER = 1 }; /* of a row: "error" is a number, otherwise a text */

static enum err check_login(struct request *request)
{
    const char *key = request_env(request, "HTTP_API_KEY");
    if (key == NULL || strcmp(key, "open") != 0)
        return ERR_KEY_INVALID;
    request->caller.user_id = 7;
    return ERR_OK;
}

static const struct auth auth_clerk = {.name = "login and key",
                                       .check = check_login,
                                       .needs_no_db = true,
                                       .scheme = "apiKey",
                                       .header = "API-KEY",
                                       .help = "."};

static size_t clerk_language(const struct request *request)
{
    const char *language = request_env(request, "HTTP_API_LANG");
    return language != NULL && strncasecmp(language, "ru", 2) == 0 ? 1 : 0;
}

/* An error of 0 says that there is none. */
static void clerk_begin(const struct request *request, struct writer *json, int number)
{
    bool as_number = request->route == NULL || (request->route->shape & SHAPE_NUMBER) != 0;
    writer_object(json, NULL);
    if (as_number)
        writer_int(json, "error", number);
    else
        writer_digits(json, "error", number);
}

static void clerk_success(const struct request *request, struct writer *json)
{
    clerk_begin(request, json, 0);
    writer_text(json, "error_text", "");
    writer_key(json, "data");
}

/* What comes behind the value. */
static void clerk_end(const struct request *request, struct writer *json)
{
    (void)request;
    writer_bool(json, "end", true);
}

static void clerk_error(const struct request *request, const struct problem *problem,
                        struct writer *json)
{
    clerk_begin(request, json, problem->answer.number);
    writer_text(json, "error_text", problem->text);
    if (request->route != NULL) {
        writer_object(json, "error_fields");
        for (size_t i = 0; i < problem->fault_count; i++)
            writer_text(json, problem->faults[i].path,
                        face_fault_words(request, &problem->faults[i]));
        writer_end(json);
    }
    writer_end(json);
}

/* Answers its parameters by name, as text. */
static enum err echo(struct request *request, struct reply *reply)
{
    struct writer *json = &reply->writer;
    writer_object(json, NULL);
    for (size_t i = 0; i < request->capture_count; i++)
        writer_text(json, request->captures[i].name, request->captures[i].value);
    for (const struct value *value = request->params.first; value != NULL; value = value->next)
        writer_text(json, value->name, value->text);
    writer_end(json);
    return request_param(request, "amount") == NULL ? ERR_OK
                                                    : request_fail(request, "amount", ERR_INVALID);
}

struct bid {
    int64_t amount, side, days;
};

static const char *const sides[] = {"buy", "sell", NULL};
static const struct field bid_fields[] = {
    {.name = "amount",
     .type = FIELD_INT,
     .required = true,
     .min = 1,
     .offset = offsetof(struct bid, amount)},
    {.name = "side",
     .type = FIELD_CHOICE,
     .required = true,
     .offset = offsetof(struct bid, side),
     .choices = sides},
    {.name = "days", .type = FIELD_INT, .max = 9, .offset = offsetof(struct bid, days)},
};

static enum err read_bid(struct request *request, struct reply *reply)
{
    struct bid bid = {.days = 1};
    enum err rc = FIELDS_READ(request, &bid);
    /* An error drops what was written before it. */
    writer_list(&reply->writer, NULL);
    writer_int(&reply->writer, NULL, bid.amount);
    writer_int(&reply->writer, NULL, bid.side);
    writer_int(&reply->writer, NULL, bid.days);
    writer_end(&reply->writer);
    return rc;
}

#define ROW(verbs, pattern, scheme, does, bits)                                           \
    {                                                                                     \
        .methods = (verbs), .path = (pattern), .auth = (scheme), .effect = EFFECT_##does, \
        .needs_no_db = true, .shape = (bits), .handler = echo, .help = "A test."          \
    }
#define BID_ROW(pattern, scheme)                                                                 \
    {                                                                                            \
        .methods = METHOD_POST, .path = (pattern), .auth = (scheme), .effect = EFFECT_CHANGES,   \
        .needs_no_db = true, .handler = read_bid, .fields = FIELD_TABLE(bid_fields, struct bid), \
        .help = "A test."                                                                        \
    }
static const struct route clerk_rows[] = {
    BID_ROW("/clerk/v1/order", &auth_clerk),
    ROW(METHOD_GET | METHOD_POST, "/clerk/v1/test", &auth_clerk, READS, SHAPE_NUMBER),
    ROW(METHOD_GET | METHOD_POST, "/clerk/v1/bid", &auth_clerk, CHANGES, 0),
    ROW(METHOD_GET, "/clerk/rates/{id}.xml", &auth_clerk, READS, 0),
    ROW(METHOD_GET, "/clerk/rates/ab-{id}", &auth_clerk, READS, 0),
};
static ROUTE_TABLE(clerk_table, clerk_rows);
static const struct route_table *const clerk_tables[] = {&clerk_table, NULL};
static const char *const clerk_prefixes[] = {"/clerk", NULL};
static const char *const disabled[] = {"Api disabled", "Api \xd0\xb2\xd1\x8b\xd0\xba\xd0\xbb"};
static const char *const unsupported[] = {"Method not supported", "\xd0\x9d\xd0\xb5\xd1\x82"};
static const char *const mistake[] = {"Error!",
                                      "\xd0\x9e\xd1\x88\xd0\xb8\xd0\xb1\xd0\xba\xd0\xb0!"};
static const struct face_error clerk_errors[] = {
    {ERR_NO_ROUTE, {.number = 3, .words = unsupported}},
};
static const struct face face_clerk = {
    .name = "clerk",
    .prefixes = clerk_prefixes,
    .gate = &auth_clerk,
    .inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_SKIP_OTHERS,
    .all_errors = true,
    .language = clerk_language,
    .content_type = "application/json; charset=utf-8",
    .style = {.plain_slashes = true, .plain_utf8 = true, .empty_map_as_list = true},
    .classes =
        {
            [ERR_CLASS_INPUT] = {.status = 200, .number = 3, .words = mistake},
            [ERR_CLASS_AUTH] = {.status = 200, .number = 1, .words = disabled},
            [ERR_CLASS_NOT_FOUND] = {.status = 200, .number = 1},
        },
    .errors = clerk_errors,
    .error_count = TEST_COUNT(clerk_errors),
    .begin_success = clerk_success,
    .end_success = clerk_end,
    .write_error = clerk_error,
    .tables = clerk_tables,
};

/* --- the vault: codes are numbers with statuses; reads JSON alone; a list of errors; paths of all kinds -- */

static void vault_success(const struct request *request, struct writer *json)
{
    (void)request;
    writer_object(json, NULL);
    writer_int(json, "code", 0);
    writer_key(json, "data");
}

static void vault_error(const struct request *request, const struct problem *problem,
                        struct writer *json)
{
    (void)request;
    writer_object(json, NULL);
    writer_int(json, "code", problem->answer.number);
    writer_list(json, "errors");
    writer_object(json, NULL);
    writer_text(json, "id", problem->answer.code);
    writer_text(json, "message", problem->text);
    if (problem->fault_count > 0)
        writer_text(json, "field", problem->faults[0].path);
    writer_end(json);
    writer_end(json);
    writer_end(json);
}

static const struct route vault_rows[] = {
    BID_ROW("/vault/orders", &auth_public),
    ROW(METHOD_GET | METHOD_POST, "/vault/items", &auth_public, READS, 0),
    ROW(METHOD_GET, "/vault/items/{id}/end", &auth_public, CHANGES, 0),
};
static ROUTE_TABLE(vault_table, vault_rows);
static const struct route_table *const vault_tables[] = {&vault_table, NULL};
static const char *const vault_prefixes[] = {"/vault", NULL};
static const char *const vault_dropped[] = {"viewer", NULL};
static const char *const parameter[] = {"Parameter error"};
static const struct face_error vault_errors[] = {
    {ERR_NO_ROUTE, {.number = 10013, .code = "vault-no_route"}},
};
static const struct face face_vault = {
    .name = "vault",
    .prefixes = vault_prefixes,
    .merges_slashes = true,
    .dropped_segment = 1,
    .dropped_words = vault_dropped,
    .inputs = INPUT_QUERY | INPUT_JSON,
    .content_type = "application/json",
    .style = {.plain_slashes = true},
    .classes =
        {
            [ERR_CLASS_INPUT] = {.number = 10007, .words = parameter},
            [ERR_CLASS_METHOD] = {.status = 404, .number = 10013},
        },
    .errors = vault_errors,
    .error_count = TEST_COUNT(vault_errors),
    .begin_success = vault_success,
    .write_error = vault_error,
    .tables = vault_tables,
};

/* --- the server with both, and one of ours --------------------------------------------------------- */

static const struct face *const all[] = {&face_clerk, &face_vault, &face_site, NULL};

static void no_more(FCGX_Stream *stream, int close)
{
    (void)close;
    stream->isClosed = 1;
}

static void fill(FCGX_Stream *stream)
{
    no_more(stream, 0);
}

struct call {
    const char *method, *uri, *header, *type, *body;
    int status;
    const char *reply;
};

static void ask(struct app *app, const struct call *call)
{
    char lines[6][256];
    char *env[] = {lines[0], lines[1], lines[2], lines[3], lines[4], NULL, NULL};
    unsigned char body[256];
    size_t len = strlen(call->body);
    memcpy(body, call->body, len);
    snprintf(lines[0], sizeof(lines[0]), "REQUEST_METHOD=%s", call->method);
    snprintf(lines[1], sizeof(lines[1]), "REQUEST_URI=%s", call->uri);
    snprintf(lines[2], sizeof(lines[2]), "CONTENT_TYPE=%s", call->type);
    snprintf(lines[3], sizeof(lines[3]), "CONTENT_LENGTH=%zu", len);
    snprintf(lines[4], sizeof(lines[4]), "REQUEST_ID=t");
    if (call->header != NULL) {
        snprintf(lines[5], sizeof(lines[5]), "%s", call->header);
        env[5] = lines[5];
    }
    FCGX_Stream in = {
        .rdNext = body, .stop = body + len, .stopUnget = body, .isReader = 1, .fillBuffProc = fill};
    struct FCGX_Request fcgx = {.in = &in, .envp = env};
    const struct text *reply = dispatch_serve(app, 0, &fcgx);
    const char *text = text_string(reply), *end = strstr(text, "\r\n\r\n");
    int status = 0;
    UNIT_CHECK(call->uri, end != NULL && sscanf(text, "Status: %d", &status) == 1);
    UNIT_CHECK(call->uri, status == call->status);
    UNIT_SAME(call->uri, end == NULL ? "" : end + 4, call->reply);
}

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define KEY "HTTP_API_KEY=open"

static void ask_all(const struct call *calls, size_t count)
{
    static struct app app; /* nothing here needs a database */
    UNIT_CHECK("start", dispatch_start(all) == ERR_OK);
    for (size_t i = 0; i < count; i++)
        ask(&app, &calls[i]);
    dispatch_stop();
}

static void test_clerk(void)
{
    static const struct call calls[] = {
        {"GET", "/clerk/v1/test", KEY, "", "", 200,
         "{\"error\":0,\"error_text\":\"\",\"data\":[],\"end\":true}"},
        {"GET", "/clerk/v1/test/?", KEY, "", "", 200,
         "{\"error\":0,\"error_text\":\"\",\"data\":[],\"end\":true}"},
        {"POST", "/clerk/v1/bid", KEY, FORM, "a=/&b=%c3%a9", 200,
         "{\"error\":\"0\",\"error_text\":\"\",\"data\":{\"a\":\"/"
         "\",\"b\":\"\xc3\xa9\"},\"end\":true}"},
        /* JSON is ignored, and so is the query. */
        {"POST", "/clerk/v1/bid?c=3", KEY, JSON, "{\"a\":1}", 200,
         "{\"error\":\"0\",\"error_text\":\"\",\"data\":[],\"end\":true}"},
        {"GET", "/clerk/v1/test?c=3", KEY, "", "", 200,
         "{\"error\":0,\"error_text\":\"\",\"data\":[],\"end\":true}"},
        /* Nothing of a body with GET. */
        {"GET", "/clerk/v1/test", KEY, FORM, "a=1", 200,
         "{\"error\":0,\"error_text\":\"\",\"data\":[],\"end\":true}"},
        {"POST", "/clerk/v1/bid", KEY, FORM, "amount=x", 200,
         "{\"error\":\"3\",\"error_text\":\"Error!\",\"error_fields\":{\"amount\":\"Error!\"}}"},
        /* A handler finds one fault by itself; the field table finds all, each in the face's words or its
         * own. */
        {"POST", "/clerk/v1/order", KEY, FORM, "amount=5&side=sell", 200,
         "{\"error\":\"0\",\"error_text\":\"\",\"data\":[5,1,1],\"end\":true}"},
        {"POST", "/clerk/v1/order", KEY, FORM, "amount=x&side=up&days=10", 200,
         "{\"error\":\"3\",\"error_text\":\"Error!\",\"error_fields\":{\"amount\":\"Error!\","
         "\"side\":\"should be buy or sell\",\"days\":\"Error!\"}}"},
        {"POST", "/clerk/v1/order", KEY, FORM, "amount=0", 200,
         "{\"error\":\"3\",\"error_text\":\"Error!\",\"error_fields\":{\"amount\":\"Error!\","
         "\"side\":\"Error!\"}}"},
        {"POST", "/clerk/v1/order", KEY, FORM, "amount=5", 200,
         "{\"error\":\"3\",\"error_text\":\"Error!\",\"error_fields\":{\"side\":\"Error!\"}}"},
        /* Whoever is not known hears nothing of routes. */
        {"POST", "/clerk/v1/bid", "HTTP_API_KEY=guess", FORM, "", 200,
         "{\"error\":1,\"error_text\":\"Api disabled\"}"},
        {"POST", "/clerk/v1/none", "HTTP_API_KEY=guess", FORM, "", 200,
         "{\"error\":1,\"error_text\":\"Api disabled\"}"},
        {"POST", "/clerk/v1/none", KEY, FORM, "", 200,
         "{\"error\":3,\"error_text\":\"Method not supported\"}"},
        {"POST", "/clerk/v1/none", "HTTP_API_LANG=ru_RU", FORM, "", 200,
         "{\"error\":1,\"error_text\":\"Api \xd0\xb2\xd1\x8b\xd0\xba\xd0\xbb\"}"},
        {"GET", "/clerk/rates/7.xml", KEY, "", "", 200,
         "{\"error\":\"0\",\"error_text\":\"\",\"data\":{\"id\":\"7\"},\"end\":true}"},
        {"GET", "/clerk/rates/ab-7", KEY, "", "", 200,
         "{\"error\":\"0\",\"error_text\":\"\",\"data\":{\"id\":\"7\"},\"end\":true}"},
        {"GET", "/clerk//v1/test", KEY, "", "", 200,
         "{\"error\":3,\"error_text\":\"Method not supported\"}"},
    };
    ask_all(calls, TEST_COUNT(calls));
}

static void test_vault(void)
{
    static const struct call calls[] = {
        {"GET", "/vault/items?a=1", NULL, "", "", 200, "{\"code\":0,\"data\":{\"a\":\"1\"}}"},
        {"GET", "//vault//items/?a=/", NULL, "", "", 404,
         "{\"error\":\"unknown_method\",\"message\":\"Unknown method\",\"field\":null}"},
        {"GET", "/vault//viewer/items/?a=/", NULL, "", "", 200,
         "{\"code\":0,\"data\":{\"a\":\"/\"}}"},
        {"POST", "/vault/items?b=2", NULL, JSON, "{\"a\":\"\u00e9\"}", 200,
         "{\"code\":0,\"data\":{\"a\":\"\\u00e9\"}}"},
        {"POST", "/vault/items", NULL, JSON, "", 200, "{\"code\":0,\"data\":{}}"},
        {"POST", "/vault/items", NULL, FORM, "a=1", 400,
         "{\"code\":10007,\"errors\":[{\"id\":\"unsupported_content_type\",\"message\":"
         "\"Parameter error\"}]}"},
        {"POST", "/vault/items", NULL, JSON, "{", 400,
         "{\"code\":10007,\"errors\":[{\"id\":\"malformed_request\",\"message\":"
         "\"Parameter error\"}]}"},
        {"GET", "/vault/none", NULL, "", "", 404,
         "{\"code\":10013,\"errors\":[{\"id\":\"vault-no_route\",\"message\":"
         "\"unknown method\"}]}"},
        {"DELETE", "/vault/items", NULL, "", "", 404,
         "{\"code\":10013,\"errors\":[{\"id\":\"invalid_request_method\",\"message\":"
         "\"this method cannot be called with this HTTP verb\"}]}"},
        {"GET", "/vault/items/5/end", NULL, "", "", 200, "{\"code\":0,\"data\":{\"id\":\"5\"}}"},
        /* A face that tells the first error alone. */
        {"POST", "/vault/orders", NULL, JSON, "{\"amount\":\"x\",\"side\":\"up\"}", 400,
         "{\"code\":10007,\"errors\":[{\"id\":\"invalid_parameter\",\"message\":\"Parameter "
         "error\","
         "\"field\":\"amount\"}]}"},
        /* A path of nobody's is worded by the face that takes all others. */
        {"GET", "/other", NULL, "", "", 404,
         "{\"error\":\"unknown_method\",\"message\":\"Unknown method\",\"field\":null}"},
    };
    ask_all(calls, TEST_COUNT(calls));
}

static const struct test_case cases[] = {
    {"always 200, callers before routes, two languages", test_clerk},
    {"numbers with statuses, JSON alone, merged slashes", test_vault},
    {NULL, NULL},
};
const struct test_suite suite_face = {.name = "face", .cases = cases};
