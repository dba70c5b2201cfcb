/* The face of the identity service, /identity-service/ (api payments, section 0). */
#include "fcgi/faces.h"

/* {"retry_after":SECONDS,"ways":["otp"]}: password and one-time password together are let in. */
static void write_waiting(const struct request *request, struct writer *writer)
{
    static const char *const ways[] = {"otp", NULL};

    if (request->retry_s <= 0) {
        writer_null(writer, "error_object");
        return;
    }
    writer_object(writer, "error_object");
    writer_int(writer, "retry_after", request->retry_s);
    writer_words(writer, "ways", ways);
    writer_end(writer);
}

/* {"error":TEXT,"error_data":[NAME] or null,"error_id":"common-ID","error_object":null}; where
 * guesses are used up error_object says how many seconds to wait and what may be done meanwhile, the same
 * for every login, so that it tells nobody which there are. */
static void write_error(const struct request *request, const struct problem *problem,
                        struct writer *writer)
{
    const char *const data[] = {request->err_field, NULL};
    struct text message = TEXT(FACE_MESSAGE_MAX), id = TEXT(FACE_MESSAGE_MAX);
    face_message(request, problem, &message);
    text_addf(&id, "common-%s", problem->answer.code);
    writer_object(writer, NULL);
    writer_text(writer, "error", text_string(&message));
    if (request->err_field == NULL)
        writer_null(writer, "error_data");
    else
        writer_words(writer, "error_data", data);
    writer_text(writer, "error_id", text_string(&id));
    write_waiting(request, writer);
    writer_end(writer);
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
    {ERR_DB_FULL, {.code = "sql_storage"}},
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
    .write_error = write_error,
    .tables = tables,
};
