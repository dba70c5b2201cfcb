/* The face of the identity service, /identity-service/ (api payments, section 0). */
#include "fcgi/faces.h"

static void write_success(const struct request *request, const struct reply *reply,
                          struct text *out)
{
    face_json(request, reply->value, out);
}

/* {"retry_after":SECONDS,"ways":["otp"]}: password and one-time password together are let in. */
static struct json_object *waiting_object(const struct request *request)
{
    struct json_object *object = NULL, *ways;

    if (request->retry_s > 0) {
        object = json_object_new_object();
        ways = json_object_new_array_ext(1);
        json_object_array_add(ways, json_object_new_string("otp"));
        reply_int(object, "retry_after", request->retry_s);
        reply_add(object, "ways", ways);
    }
    return object;
}

/* {"error":TEXT,"error_data":[NAME] or null,"error_id":"common-ID","error_object":null}; where
 * guesses are used up error_object says how many seconds to wait and what may be done meanwhile, the same
 * for every login, so that it tells nobody which there are. */
static void write_error(const struct request *request, const struct problem *problem,
                        struct text *out)
{
    struct text message = TEXT(FACE_MESSAGE_MAX), id = TEXT(FACE_MESSAGE_MAX);
    struct json_object *body = json_object_new_object();
    struct json_object *data = NULL;
    face_message(request, problem, &message);
    text_addf(&id, "common-%s", problem->answer.code);
    if (request->err_field != NULL) {
        data = json_object_new_array_ext(1);
        json_object_array_add(data, json_object_new_string(request->err_field));
    }
    reply_text(body, "error", text_string(&message));
    reply_add(body, "error_data", data);
    reply_text(body, "error_id", text_string(&id));
    reply_add(body, "error_object", waiting_object(request));
    face_json(request, body, out);
    json_object_put(body);
    text_free(&message);
    text_free(&id);
}

static const char *const prefixes[] = {"/identity-service", NULL};

extern const struct route_table routes_identity_session;
static const struct route_table *const tables[] = {&routes_identity_session, NULL};

/* The service's own names; a client tells one-time password and content type apart by theirs. */
static const struct face_error errors[] = {
    {ERR_SESSION_MISSING, {.code = "missing_ticket"}},
    {ERR_SESSION_EXPIRED, {.code = "expired_session"}},
    {ERR_LOGIN_FAILED, {.code = "incorrect_credentials"}},
    {ERR_MISSING, {.code = "missing_input"}},
    {ERR_EMPTY, {.code = "missing_input"}},
    {ERR_OTP_REQUIRED, {.code = "otp_required"}},
    {ERR_OTP_INVALID, {.code = "otp_invalid"}},
    {ERR_CONTENT_TYPE, {.code = "unsupported_content_type"}},
    {ERR_RIGHT, {.code = "missing_role"}},
    {ERR_DB, {.code = "sql_storage"}},
    {ERR_DB_AWAY, {.code = "sql_storage"}},
    {ERR_DB_CONTENDED, {.code = "sql_storage"}},
    {ERR_DB_UNKNOWN, {.code = "sql_storage"}},
};

const struct face face_identity = {
    .name = "identity",
    .prefixes = prefixes,
    .inputs = INPUT_QUERY | INPUT_QUERY_TOO | INPUT_FORM | INPUT_MULTIPART | INPUT_JSON,
    .content_type = "application/json",
    .classes =
        {
            [ERR_CLASS_INPUT] = {.code = "invalid_input"},
            [ERR_CLASS_BUG] = {.code = "internal"},
        },
    .errors = errors,
    .error_count = sizeof(errors) / sizeof(errors[0]),
    .write_success = write_success,
    .write_error = write_error,
    .tables = tables,
};
