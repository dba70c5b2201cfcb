/* The face of the pages' calls, /site/, which also words what belongs to no other face. */
#include "fcgi/site/face.h"

#include "fcgi/faces.h"

static void write_success(const struct request *request, const struct reply *reply,
                          struct text *out)
{
    face_json(request, reply->value, out);
}

/* {"error":ID,"message":TEXT,"field":NAME or null} */
static void write_error(const struct request *request, const struct problem *problem,
                        struct text *out)
{
    struct text message = TEXT(FACE_MESSAGE_MAX);
    struct json_object *body = json_object_new_object();
    face_message(request, problem, &message);
    reply_text(body, "error", problem->answer.code);
    reply_text(body, "message", text_string(&message));
    reply_text(body, "field", request->err_field);
    face_json(request, body, out);
    json_object_put(body);
    text_free(&message);
}

static const char *const prefixes[] = {"", NULL};

static const struct route_table *const tables[] = {
#define X(table) &table,
    SITE_TABLES(X)
#undef X
        NULL};

const struct face face_site = {
    .name = "site",
    .prefixes = prefixes,
    .inputs = INPUT_QUERY | INPUT_QUERY_TOO | INPUT_FORM | INPUT_MULTIPART | INPUT_JSON,
    .content_type = "application/json",
    .write_success = write_success,
    .write_error = write_error,
    .tables = tables,
};
