/* What a handler asks of a request: headers, parameters, captures, its id and its failure. */
#include "fcgi/server/request.h"

#include <ctype.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi/server/app.h"
#include "fcgi/server/face.h"
#include "fcgi/server/form.h"
#include "fcgi/server/router.h"

#define ID_MAX 63 /* what a log line takes */

const char *request_env(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    for (char *const *p = request->env; p != NULL && *p != NULL; p++)
        if (strncmp(*p, name, len) == 0 && (*p)[len] == '=')
            return *p + len + 1;
    return NULL;
}

/* Whether a CGI variable is what a header becomes: HTTP_REST_KEY of Rest-Key. Gives its value. */
static const char *header_value(const char *variable, const char *header)
{
    static const char prefix[] = "HTTP_";
    if (strncmp(variable, prefix, sizeof(prefix) - 1) != 0)
        return NULL;
    variable += sizeof(prefix) - 1;
    for (; *header != '\0'; header++, variable++)
        if (*variable != (*header == '-' ? '_' : toupper((unsigned char)*header)))
            return NULL;
    return *variable == '=' ? variable + 1 : NULL;
}

enum err request_header(struct request *request, const char *name, const char **value)
{
    *value = NULL;
    for (char *const *p = request->env; p != NULL && *p != NULL; p++) {
        const char *found = header_value(*p, name);
        if (found != NULL && *value != NULL)
            return request_fail(request, name, ERR_REPEATED);
        if (found != NULL)
            *value = found;
    }
    return ERR_OK;
}

const struct value *request_param(const struct request *request, const char *name)
{
    const struct value *value = value_member(&request->params, name);
    return value == NULL || value->type == VALUE_NULL ? NULL : value;
}

const char *request_capture(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->capture_count; i++)
        if (strcmp(request->captures[i].name, name) == 0)
            return request->captures[i].value;
    return NULL;
}

struct actor request_actor(const struct request *request)
{
    const struct caller *caller = &request->caller;
    return (struct actor){.user_id = caller->user_id,
                          .request_key = caller->request_key,
                          .trace = request->id,
                          .repeatable = caller->repeatable,
                          .digest = caller->digested ? caller->digest : NULL};
}

enum err request_fail(struct request *request, const char *field, enum err rc)
{
    return request_fail_text(request, field, rc, NULL);
}

enum err request_fail_text(struct request *request, const char *field, enum err rc,
                           const char *detail)
{
    request->err_field = field;
    request->err_detail = detail;
    return rc;
}

void *request_alloc(struct request *request, size_t size)
{
    return arena_alloc(&request->arena, size);
}

char *request_copy(struct request *request, const void *data, size_t len)
{
    return arena_copy(&request->arena, data, len);
}

enum err request_add_param(struct request *request, const char *name, const char *text, size_t len)
{
    if (request->param_count == REQUEST_MAX_PARAMS)
        return ERR_TOO_MANY_PARAMS;
    request->param_count++;
    enum err rc = value_add_pair(&request->arena, &request->params, name, text, len);
    return rc == ERR_OK ? ERR_OK : request_fail(request, name, rc);
}

/* The variable, or "" where there is none. */
static const char *env_or_empty(const struct request *request, const char *name)
{
    const char *value = request_env(request, name);
    return value == NULL ? "" : value;
}

/* Letters, digits and -._ only: the id goes into logs and headers as it is. */
static bool id_is_plain(const char *id)
{
    size_t len = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
    return len > 0 && len <= ID_MAX && id[len] == '\0';
}

static void set_id(struct request *request)
{
    static unsigned counter;
    const char *id = request_env(request, "REQUEST_ID");
    if (id != NULL && id_is_plain(id)) {
        request->id = id;
        return;
    }
    snprintf(request->own_id, sizeof(request->own_id), "%x-%llx-%x", (unsigned)getpid(),
             (unsigned long long)clock_now_us(), ++counter);
    request->id = request->own_id;
}

/* The path as the client sent it: the web server's own decoding would hide what it merged. */
void request_set_path(struct request *request, bool merge_slashes)
{
    const char *uri = request_env(request, "REQUEST_URI");
    if (uri == NULL)
        uri = env_or_empty(request, "SCRIPT_NAME");
    size_t len = strcspn(uri, "?");
    char *path = len > ROUTER_MAX_PATH ? NULL : request_alloc(request, len + 1);
    request->path = path != NULL && router_path(uri, len, merge_slashes, path) ? path : NULL;
    const char *query = request_env(request, "QUERY_STRING");
    request->query = query != NULL ? query : uri[len] == '?' ? uri + len + 1 : "";
}

/* Whether the query has `name` as a parameter, with or without a value. */
static bool query_flag(const char *query, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = query; *p != '\0';) {
        size_t piece = strcspn(p, "&");
        if (piece >= len && strncmp(p, name, len) == 0 && (piece == len || p[len] == '='))
            return true;
        p += piece;
        p += *p == '&';
    }
    return false;
}

/* Forgets the request before, except for the first block of its memory. */
static void reset(struct request *request)
{
    struct arena arena = request->arena;
    arena_clear(&arena);
    memset(request, 0, sizeof(*request));
    request->arena = arena;
}

void request_start(struct request *request, struct app *app, char *const *env)
{
    reset(request);
    request->app = app;
    request->env = env;
    request->params = (struct value){.type = VALUE_OBJECT, .text = ""};
    request->reader.arena = &request->arena;
    request->method = env_or_empty(request, "REQUEST_METHOD");
    request->remote = env_or_empty(request, "REMOTE_ADDR");
    const char *https = env_or_empty(request, "HTTPS");
    request->https = strcasecmp(https, "on") == 0 || strcmp(https, "1") == 0;
    request->body = (const uint8_t *)"";
    set_id(request);
    request_set_path(request, false);
    if (request->query[0] != '\0') {
        request->raw = query_flag(request->query, "raw");
        request->pretty = query_flag(request->query, "pretty");
    }
}

/* CONTENT_LENGTH as a number; false where it is not one. `*given` tells "" and absent apart. */
static bool content_length(const struct request *request, bool *given, size_t *out)
{
    const char *text = env_or_empty(request, "CONTENT_LENGTH");
    size_t digits = strspn(text, "0123456789");
    *given = digits > 0;
    if (text[digits] != '\0')
        return false;
    /* More digits than any cap has: too large, whatever they say. */
    *out = digits > 15 ? SIZE_MAX : digits > 0 ? (size_t)strtoull(text, NULL, 10) : 0;
    return true;
}

enum err request_read(struct request *request, struct FCGX_Stream *in, size_t cap)
{
    bool given;
    size_t len;
    if (!content_length(request, &given, &len))
        return ERR_MALFORMED;
    if (given && len == 0)
        return ERR_OK;
    if (len > cap)
        return ERR_TOO_LARGE;
    /* Without a length it may be anything up to the cap; one byte more tells that it is over. */
    size_t room = given ? len : cap + 1;
    if (!given && env_or_empty(request, "HTTP_TRANSFER_ENCODING")[0] == '\0')
        return ERR_OK;
    uint8_t *body = request_alloc(request, room + 1);
    if (body == NULL)
        return ERR_NO_MEMORY;
    int got = FCGX_GetStr((char *)body, (int)room, in);
    size_t n = got < 0 ? 0 : (size_t)got;
    if (n > cap)
        return ERR_TOO_LARGE;
    if (given && n < len)
        return ERR_MALFORMED;
    body[n] = '\0';
    request->body = body;
    request->body_len = n;
    return ERR_OK;
}

/* Whether the media type of a Content-Type header is `type`, whatever parameters follow; some clients
 * forget the semicolon in front of them. */
static bool is_type(const char *header, const char *type)
{
    size_t len = strlen(type);
    return strncasecmp(header, type, len) == 0 &&
           (header[len] == '\0' || strchr("; \t", header[len]) != NULL);
}

static enum err parse_json(struct request *request, const char *body, size_t len)
{
    struct value *root;
    const char *where;
    enum err rc = value_parse(&request->arena, body, len, &root, &where);
    if (rc != ERR_OK)
        return request_fail(request, where, rc);
    if (root->type != VALUE_OBJECT)
        return ERR_MALFORMED;
    if (root->count > REQUEST_MAX_PARAMS)
        return ERR_TOO_MANY_PARAMS;
    request->params = *root;
    request->param_count = root->count;
    request->json = true;
    return ERR_OK;
}

/* A byte-order mark in front of a body is no part of it. */
static size_t mark_length(const char *body, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    return len >= sizeof(mark) - 1 && memcmp(body, mark, sizeof(mark) - 1) == 0 ? sizeof(mark) - 1
                                                                                : 0;
}

static enum err parse_body(struct request *request)
{
    const char *type = env_or_empty(request, "CONTENT_TYPE");
    size_t mark = mark_length((const char *)request->body, request->body_len);
    const char *body = (const char *)request->body + mark;
    size_t len = request->body_len - mark;
    unsigned inputs = request->face->inputs;
    if (len == 0)
        return ERR_OK;
    /* A few old clients send a form without saying so. */
    if ((inputs & INPUT_FORM) != 0 &&
        (type[0] == '\0' || is_type(type, "application/x-www-form-urlencoded")))
        return form_parse(request, body, len);
    if ((inputs & INPUT_JSON) != 0 && is_type(type, "application/json"))
        return parse_json(request, body, len);
    if ((inputs & INPUT_MULTIPART) != 0 && is_type(type, "multipart/form-data"))
        return form_parse_multipart(request, type, body, len);
    return (inputs & INPUT_SKIP_OTHERS) != 0 ? ERR_OK : ERR_CONTENT_TYPE;
}

enum err request_parse(struct request *request)
{
    unsigned method = router_method(request->method);
    bool no_body = method == METHOD_GET || method == METHOD_DELETE;
    bool with_query = (request->face->inputs & (no_body ? INPUT_QUERY : INPUT_QUERY_TOO)) != 0 &&
                      !request->route->auth->signs_body;
    enum err rc = method == METHOD_GET ? ERR_OK : parse_body(request);
    if (rc == ERR_OK && with_query && request->query[0] != '\0')
        rc = form_parse(request, request->query, strlen(request->query));
    return rc;
}

void request_free(struct request *request)
{
    arena_free(&request->arena);
    memset(request, 0, sizeof(*request));
}
