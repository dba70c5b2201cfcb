/* The face of the exchange's API, /api/1/ and /mtgox (seed exchange-v1, api exchange-v1). */
#include "fcgi/v1/face.h"

#include "fcgi/faces.h"
#include "identity/rights.h"

/* {"result":"success","return":V}; with ?raw V alone. */
static void write_success(const struct request *request, const struct reply *reply,
                          struct text *out)
{
    if (request->raw) {
        face_json(request, reply->value, out);
    } else if (request->pretty) {
        struct json_object *body = json_object_new_object();
        reply_text(body, "result", "success");
        reply_add(body, "return", json_object_get(reply->value));
        face_json(request, body, out);
        json_object_put(body);
    } else {
        text_puts(out, "{\"result\":\"success\",\"return\":");
        face_json(request, reply->value, out);
        text_putc(out, '}');
    }
}

/* {"result":"error","error":TEXT,"token":ID} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct text *out)
{
    struct text message = TEXT(FACE_MESSAGE_MAX);
    struct json_object *body = json_object_new_object();
    face_message(request, problem, &message);
    reply_text(body, "result", "error");
    reply_text(body, "error", text_string(&message));
    reply_text(body, "token", problem->answer.code);
    face_json(request, body, out);
    json_object_put(body);
    text_free(&message);
}

static const char *const prefixes[] = {"/api/1", "/mtgox", NULL};
static const char *const visibility[] = {"public", "private", NULL};

static const struct route_table *const tables[] = {
#define X(table) &table,
    V1_TABLES(X)
#undef X
        NULL};

static const struct face_error errors[] = {
    {ERR_NO_ROUTE, {.status = 404}},
    {ERR_MARKET_UNKNOWN, {.status = 404}}, /* the pair is a part of the path */
};

const struct face face_v1 = {
    .name = "v1",
    .prefixes = prefixes,
    /* Clients write /api/1/<scope>/public/x and /api/1/<scope>/private/x as they like. A path that a
     * row has as it stands is not cut: a market's trades and its private/trades are two calls. */
    .dropped_segment = 3,
    .dropped_words = visibility,
    .rights_names = rights_names,
    .knows = auth_v1_knows,
    .inputs = INPUT_QUERY | INPUT_QUERY_TOO | INPUT_FORM | INPUT_MULTIPART | INPUT_JSON,
    .content_type = "application/json",
    /* Old clients read the JSON of a 200 only: errors of the application are no errors of HTTP
     * (api exchange-v1, section 0). */
    .classes =
        {
            [ERR_CLASS_INPUT] = {.status = 200},
            [ERR_CLASS_AUTH] = {.status = 403},
            [ERR_CLASS_NOT_FOUND] = {.status = 200},
            [ERR_CLASS_STATE] = {.status = 200},
        },
    .errors = errors,
    .error_count = sizeof(errors) / sizeof(errors[0]),
    .write_success = write_success,
    .write_error = write_error,
    .tables = tables,
};
