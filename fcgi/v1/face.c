/* The face of the exchange's API, /api/1/ and /mtgox (seed exchange-v1, api exchange-v1). */
#include "fcgi/v1/face.h"

#include "fcgi/faces.h"
#include "identity/rights.h"
#include "identity/role.h"

/* {"result":"success","return":V}; with ?raw V alone. */
static void begin_success(const struct request *request, struct writer *writer)
{
    if (request->raw)
        return;
    writer_object(writer, NULL);
    writer_text(writer, "result", "success");
    writer_key(writer, "return");
}

/* {"result":"error","error":TEXT,"token":ID} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *writer)
{
    struct text message = TEXT(FACE_MESSAGE_MAX);
    face_message(request, problem, &message);
    writer_object(writer, NULL);
    writer_text(writer, "result", "error");
    writer_text(writer, "error", text_string(&message));
    writer_text(writer, "token", problem->answer.code);
    writer_end(writer);
    text_free(&message);
}

static const char *const prefixes[] = {"/api/1", "/mtgox", NULL};
static const char *const visibility[] = {"public", "private", NULL};

static const struct face_role roles[] = {
    {ROLE_USER, RIGHT_ANY},
    {ROLE_VIEWER, RIGHT_GET_INFO},
    {NULL, 0},
};

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
    .roles = roles,
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
    .begin_success = begin_success,
    .write_error = write_error,
    .tables = tables,
};
