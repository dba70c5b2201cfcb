#include "fcgi/server/openapi.h"

#include <string.h>

#include "fcgi/routes.h"
#include "identity/rights.h"

#define RIGHTS_SIZE 128

static const struct {
    unsigned bit;
    const char *name, *key;
} methods[] = {
    {METHOD_GET, "GET", "get"},
    {METHOD_POST, "POST", "post"},
    {METHOD_PUT, "PUT", "put"},
    {METHOD_DELETE, "DELETE", "delete"},
};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

static const char *const auth_names[] = {[AUTH_NONE] = "public",
                                         [AUTH_V1] = "api key",
                                         [AUTH_SESSION] = "session",
                                         [AUTH_OPTIONAL] = "anybody"};
static const char *const auth_schemes[] = {
    [AUTH_NONE] = NULL, [AUTH_V1] = "restKey", [AUTH_SESSION] = "session", [AUTH_OPTIONAL] = NULL};
static const char *const face_names[] = {
    [FACE_V1] = "v1", [FACE_SITE] = "site", [FACE_IDENTITY] = "identity", [FACE_PLAIN] = "health"};

/* "withdraw or partner", "" for any. */
static void rights_words(unsigned rights, struct text *out)
{
    for (size_t i = 0; rights_names[i] != NULL; i++) {
        if ((rights & 1u << i) == 0)
            continue;
        if (out->len > 0)
            text_puts(out, " or ");
        text_puts(out, rights_names[i]);
    }
}

static void table_row(const struct route *route, struct text *out)
{
    struct text verbs = TEXT(64), who = TEXT(RIGHTS_SIZE);
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if ((route->methods & methods[i].bit) != 0)
            text_addf(&verbs, "%s%s", verbs.len > 0 ? "," : "", methods[i].name);
    rights_words(route->rights, &who);
    text_addf(out, "%-9s %-44s %-8s %-22s %s%s%s%s\n", text_string(&verbs), route->path,
              auth_names[route->auth], who.len > 0 ? text_string(&who) : "-", route->help,
              route->params[0] != '\0' ? " (" : "", route->params,
              route->params[0] != '\0' ? ")" : "");
    text_free(&verbs);
    text_free(&who);
}

void openapi_table(struct text *out)
{
    text_addf(out, "%-9s %-44s %-8s %-22s %s\n", "METHOD", "PATH", "CALLER", "RIGHT",
              "WHAT (parameters, * required)");
    for (size_t i = 0; i < route_table_count; i++)
        for (size_t j = 0; j < route_tables[i]->count; j++)
            table_row(&route_tables[i]->rows[j], out);
}

/* A new object as member `key` of `parent`, or the one that is there. */
static struct json_object *child(struct json_object *parent, const char *key)
{
    struct json_object *found;
    if (json_object_object_get_ex(parent, key, &found))
        return found;
    found = json_object_new_object();
    json_object_object_add(parent, key, found);
    return found;
}

static struct json_object *child_array(struct json_object *parent, const char *key)
{
    struct json_object *array = json_object_new_array();
    json_object_object_add(parent, key, array);
    return array;
}

static void add_parameter(struct json_object *list, const char *name, size_t len, const char *where,
                          bool required)
{
    struct json_object *parameter = json_object_new_object();
    json_object_object_add(parameter, "name", json_object_new_string_len(name, (int)len));
    reply_text(parameter, "in", where);
    reply_bool(parameter, "required", required);
    reply_text(child(parameter, "schema"), "type", "string");
    json_object_array_add(list, parameter);
}

static void path_parameters(const struct route *route, struct json_object *list)
{
    for (const char *p = strchr(route->path, '{'); p != NULL; p = strchr(p, '{')) {
        size_t len = strcspn(++p, "}");
        add_parameter(list, p, len, "path", true);
    }
}

/* Walks the names of a params string; `*required` says whether a star followed. */
static const char *next_param(const char *p, size_t *len, bool *required)
{
    p += strspn(p, " ");
    size_t n = strcspn(p, " ");
    *required = n > 0 && p[n - 1] == '*';
    *len = *required ? n - 1 : n;
    return n == 0 ? NULL : p;
}

static void query_parameters(const struct route *route, struct json_object *list)
{
    size_t len;
    bool required;
    const char *p = route->params;
    while ((p = next_param(p, &len, &required)) != NULL) {
        add_parameter(list, p, len, "query", required);
        p += len + required;
    }
}

static void body_schema(const struct route *route, struct json_object *operation)
{
    size_t len;
    bool required;
    const char *p = route->params;
    const char *type =
        route->face == FACE_V1 ? "application/x-www-form-urlencoded" : "application/json";
    struct json_object *content = child(child(operation, "requestBody"), "content");
    struct json_object *schema = child(child(content, type), "schema");
    struct json_object *names = json_object_new_array();
    reply_text(schema, "type", "object");
    struct json_object *properties = child(schema, "properties");
    while ((p = next_param(p, &len, &required)) != NULL) {
        struct json_object *name = json_object_new_string_len(p, (int)len);
        /* On the site face a member may be any JSON value. */
        struct json_object *property = child(properties, json_object_get_string(name));
        if (route->face == FACE_V1)
            reply_text(property, "type", "string");
        if (required)
            json_object_array_add(names, name);
        else
            json_object_put(name);
        p += len + required;
    }
    if (json_object_array_length(names) > 0)
        json_object_object_add(schema, "required", names);
    else
        json_object_put(names);
}

static void security(const struct route *route, struct json_object *operation)
{
    struct json_object *list = child_array(operation, "security");
    struct text words = TEXT(RIGHTS_SIZE);
    if (auth_schemes[route->auth] != NULL) {
        struct json_object *scheme = json_object_new_object();
        json_object_object_add(scheme, auth_schemes[route->auth], json_object_new_array());
        json_object_array_add(list, scheme);
    }
    rights_words(route->rights, &words);
    if (words.len > 0)
        reply_text(operation, "x-right", text_string(&words));
    text_free(&words);
}

static void add_operation(struct json_object *paths, const struct route *route, size_t method)
{
    struct json_object *operation = child(child(paths, route->path), methods[method].key);
    bool has_body = methods[method].bit == METHOD_POST || methods[method].bit == METHOD_PUT;
    json_object_array_add(child_array(operation, "tags"),
                          json_object_new_string(face_names[route->face]));
    reply_text(operation, "summary", route->help);
    struct json_object *list = json_object_new_array();
    path_parameters(route, list);
    if (!has_body)
        query_parameters(route, list);
    if (json_object_array_length(list) > 0)
        json_object_object_add(operation, "parameters", list);
    else
        json_object_put(list);
    if (has_body && route->params[0] != '\0')
        body_schema(route, operation);
    security(route, operation);
    struct json_object *responses = child(operation, "responses");
    reply_text(child(responses, "200"), "description", "success");
    reply_text(child(responses, "default"), "description", "an error, in the shape of this face");
}

static void add_schemes(struct json_object *document)
{
    struct json_object *schemes = child(child(document, "components"), "securitySchemes");
    struct json_object *key = child(schemes, auth_schemes[AUTH_V1]);
    reply_text(key, "type", "apiKey");
    reply_text(key, "in", "header");
    reply_text(key, "name", "Rest-Key");
    reply_text(key, "description",
               "Rest-Key names the key; Rest-Sign is the base64 HMAC-SHA512 of the exact body, "
               "which has a rising nonce or a tonce in microseconds");
    struct json_object *session = child(schemes, auth_schemes[AUTH_SESSION]);
    reply_text(session, "type", "apiKey");
    reply_text(session, "in", "header");
    reply_text(session, "name", "authenticateit_identity_ticket");
    reply_text(session, "description",
               "or the session cookie; changes by cookie need the header X-CSRF-Token");
}

void openapi_json(struct text *out)
{
    struct json_object *document = json_object_new_object();
    reply_text(document, "openapi", "3.1.0");
    struct json_object *info = child(document, "info");
    reply_text(info, "title", "Teller");
    reply_text(info, "version", "1");
    struct json_object *paths = child(document, "paths");
    for (size_t i = 0; i < route_table_count; i++)
        for (size_t j = 0; j < route_tables[i]->count; j++)
            for (size_t m = 0; m < METHOD_COUNT; m++)
                if ((route_tables[i]->rows[j].methods & methods[m].bit) != 0)
                    add_operation(paths, &route_tables[i]->rows[j], m);
    add_schemes(document);
    reply_json(document, true, out);
    text_putc(out, '\n');
    json_object_put(document);
}
