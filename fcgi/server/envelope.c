#include "fcgi/server/envelope.h"

#include <ctype.h>
#include <string.h>

/* HTTP statuses per class of error. On v1 old clients read the JSON of a 200 only, so that errors of
 * the application are no errors of HTTP there (api exchange-v1, section 0). */
struct statuses {
    int v1, others;
};

static const struct statuses statuses[] = {
    [ERR_CLASS_NONE] = {200, 200},      [ERR_CLASS_INPUT] = {200, 400},
    [ERR_CLASS_AUTH] = {403, 401},      [ERR_CLASS_RIGHT] = {403, 403},
    [ERR_CLASS_NOT_FOUND] = {200, 404}, [ERR_CLASS_METHOD] = {405, 405},
    [ERR_CLASS_TOO_LARGE] = {413, 413}, [ERR_CLASS_STATE] = {200, 409},
    [ERR_CLASS_LIMIT] = {429, 429},     [ERR_CLASS_BUSY] = {503, 503},
    [ERR_CLASS_BUG] = {500, 500},
};

static int status_of(enum face face, enum err rc)
{
    /* The pair is a part of the path. */
    if (rc == ERR_NO_ROUTE || rc == ERR_MARKET_UNKNOWN)
        return 404;
    const struct statuses *row = &statuses[err_class(rc)];
    return face == FACE_V1 ? row->v1 : row->others;
}

const char *envelope_content_type(enum face face)
{
    return face == FACE_PLAIN ? "text/plain; charset=utf-8" : "application/json";
}

enum face envelope_face_of(const char *path)
{
    if (path != NULL && strncmp(path, "/api/1", 6) == 0 && (path[6] == '/' || path[6] == '\0'))
        return FACE_V1;
    if (path != NULL && strcmp(path, "/mtgox") == 0)
        return FACE_V1;
    if (path != NULL && strncmp(path, "/identity-service/", 18) == 0)
        return FACE_IDENTITY;
    if (path != NULL && strncmp(path, "/health/", 8) == 0)
        return FACE_PLAIN;
    return FACE_SITE;
}

void envelope_message(const struct request *request, enum err rc, struct text *out)
{
    const char *text = request->err_detail != NULL ? request->err_detail : err_text(rc);
    if (request->err_field != NULL && err_class(rc) == ERR_CLASS_INPUT) {
        text_addf(out, "Invalid parameter \"%s\" (%s)", request->err_field, text);
        return;
    }
    text_putc(out, (char)toupper((unsigned char)text[0]));
    if (text[0] != '\0')
        text_puts(out, text + 1);
}

/* {"result":"success","return":V}, {"result":"error","error":TEXT,"token":ID} */
static struct json_object *v1_error(enum err rc, const char *message)
{
    struct json_object *body = json_object_new_object();
    reply_text(body, "result", "error");
    reply_text(body, "error", message);
    reply_text(body, "token", err_id(rc));
    return body;
}

static struct json_object *site_error(const struct request *request, enum err rc,
                                      const char *message)
{
    struct json_object *body = json_object_new_object();
    reply_text(body, "error", err_id(rc));
    reply_text(body, "message", message);
    reply_text(body, "field", request->err_field);
    return body;
}

/* The identity service's own names for errors (api payments, section 0); others are common-<id>. */
static const char *identity_id(enum err rc)
{
    static const struct {
        enum err rc;
        const char *id;
    } names[] = {
        {ERR_SESSION_MISSING, "common-missing_ticket"},
        {ERR_SESSION_EXPIRED, "common-expired_session"},
        {ERR_LOGIN_FAILED, "common-incorrect_credentials"},
        {ERR_MISSING, "common-missing_input"},
        {ERR_EMPTY, "common-missing_input"},
        {ERR_RIGHT, "common-missing_role"},
        {ERR_DB, "common-sql_storage"},
        {ERR_DB_AWAY, "common-sql_storage"},
        {ERR_DB_CONTENDED, "common-sql_storage"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].rc == rc)
            return names[i].id;
    /* A client tells these apart by their ids: a one-time password, a limit, a method. */
    if (rc == ERR_OTP_REQUIRED || rc == ERR_OTP_INVALID || rc == ERR_CONTENT_TYPE)
        return NULL;
    if (err_class(rc) == ERR_CLASS_INPUT)
        return "common-invalid_input";
    if (err_class(rc) == ERR_CLASS_BUG)
        return "common-internal";
    return NULL;
}

static struct json_object *identity_error(const struct request *request, enum err rc,
                                          const char *message)
{
    char buffer[96] = "common-";
    const char *id = identity_id(rc);
    if (id == NULL)
        id = strncat(buffer, err_id(rc), sizeof(buffer) - sizeof("common-"));
    struct json_object *body = json_object_new_object();
    struct json_object *data = NULL;
    if (request->err_field != NULL) {
        data = json_object_new_array_ext(1);
        json_object_array_add(data, json_object_new_string(request->err_field));
    }
    reply_text(body, "error", message);
    reply_add(body, "error_data", data);
    reply_text(body, "error_id", id);
    reply_text(body, "error_object", NULL);
    return body;
}

static void write_error(const struct request *request, enum face face, enum err rc,
                        struct text *out)
{
    struct text message = TEXT(4096);
    struct json_object *body = NULL;
    envelope_message(request, rc, &message);
    const char *words = text_string(&message);
    switch (face) {
    case FACE_V1:
        body = v1_error(rc, words);
        break;
    case FACE_SITE:
        body = site_error(request, rc, words);
        break;
    case FACE_IDENTITY:
        body = identity_error(request, rc, words);
        break;
    case FACE_PLAIN:
        text_addf(out, "%s\n", words);
        break;
    }
    if (body != NULL)
        reply_json(body, request->pretty, out);
    json_object_put(body);
    text_free(&message);
}

static void write_success(const struct request *request, enum face face, const struct reply *reply,
                          struct text *out)
{
    if (face == FACE_PLAIN) {
        text_puts(out, reply->value == NULL ? "" : json_object_get_string(reply->value));
    } else if (face == FACE_V1 && !request->raw && request->pretty) {
        struct json_object *body = json_object_new_object();
        reply_text(body, "result", "success");
        reply_add(body, "return", json_object_get(reply->value));
        reply_json(body, true, out);
        json_object_put(body);
    } else if (face == FACE_V1 && !request->raw) {
        text_puts(out, "{\"result\":\"success\",\"return\":");
        reply_json(reply->value, false, out);
        text_putc(out, '}');
    } else {
        reply_json(reply->value, request->pretty, out);
    }
}

void envelope_write(const struct request *request, enum face face, enum err rc,
                    const struct reply *reply, struct text *out, int *status)
{
    if (rc != ERR_OK) {
        *status = status_of(face, rc);
        write_error(request, face, rc, out);
        return;
    }
    *status = reply->status == 0 ? 200 : reply->status;
    write_success(request, face, reply, out);
}
