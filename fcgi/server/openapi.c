/* The routes as a table for people and as a document for programs. */
#include "fcgi/server/openapi.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/server/face.h"

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

/* "withdraw or partner", "" for any. */
static void rights_words(const struct face *face, unsigned rights, struct text *out)
{
    for (size_t i = 0; face->rights_names != NULL && face->rights_names[i] != NULL; i++) {
        if ((rights & 1u << i) == 0)
            continue;
        if (out->len > 0)
            text_puts(out, " or ");
        text_puts(out, face->rights_names[i]);
    }
}

/* " (partner* amount|amount_int*)": what a route takes beside what its path says; "" for nothing. */
static void field_words(const struct route *route, struct text *out)
{
    for (size_t i = 0; route->fields != NULL && i < route->fields->count; i++) {
        const struct field *field = &route->fields->rows[i];
        if (field->place == FIELD_IN_PATH)
            continue;
        text_addf(out, "%s%s", out->len == 0 ? " (" : " ", field->name);
        if (field->type == FIELD_AMOUNT)
            text_addf(out, "|%s_int", field->name);
        if (field->required)
            text_putc(out, '*');
    }
    if (out->len > 0)
        text_putc(out, ')');
}

static void table_row(const struct face *face, const struct route *route, struct text *out)
{
    struct text verbs = TEXT(64), who = TEXT(RIGHTS_SIZE), takes = TEXT(1024);
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if ((route->methods & methods[i].bit) != 0)
            text_addf(&verbs, "%s%s", verbs.len > 0 ? "," : "", methods[i].name);
    rights_words(face, route->rights, &who);
    field_words(route, &takes);
    text_addf(out, "%-9s %-44s %-8s %-22s %s%s\n", text_string(&verbs), route->path,
              route->auth->name, who.len > 0 ? text_string(&who) : "-", route->help,
              text_string(&takes));
    text_free(&takes);
    text_free(&verbs);
    text_free(&who);
}

/* Calls `visit` for every row of every face. */
static void each_row(const struct face *const *faces,
                     void (*visit)(const struct face *face, const struct route *route, void *arg),
                     void *arg)
{
    for (; *faces != NULL; faces++)
        for (const struct route_table *const *table = (*faces)->tables; *table != NULL; table++)
            for (size_t i = 0; i < (*table)->count; i++)
                visit(*faces, &(*table)->rows[i], arg);
}

static void visit_table_row(const struct face *face, const struct route *route, void *arg)
{
    table_row(face, route, arg);
}

void openapi_table(const struct face *const *faces, struct text *out)
{
    text_addf(out, "%-9s %-44s %-8s %-22s %s\n", "METHOD", "PATH", "CALLER", "RIGHT",
              "WHAT (parameters, * required)");
    each_row(faces, visit_table_row, out);
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

/* Calls `add` for each name that a field goes by: an amount has two, of which one will do. */
static void each_name(const struct field *field, struct json_object *list,
                      void (*add)(struct json_object *list, const char *name, bool required))
{
    char units[64];
    bool two = field->type == FIELD_AMOUNT;
    add(list, field->name, field->required && !two);
    snprintf(units, sizeof(units), "%s_int", field->name);
    if (two)
        add(list, units, false);
}

static void add_query(struct json_object *list, const char *name, bool required)
{
    add_parameter(list, name, strlen(name), "query", required);
}

static void query_parameters(const struct route *route, struct json_object *list)
{
    for (size_t i = 0; route->fields != NULL && i < route->fields->count; i++)
        if (route->fields->rows[i].place == FIELD_IN_PARAMS)
            each_name(&route->fields->rows[i], list, add_query);
}

static void add_property(struct json_object *schema, const char *name, bool required)
{
    child(child(schema, "properties"), name);
    if (!required)
        return;
    struct json_object *names;
    if (!json_object_object_get_ex(schema, "required", &names))
        names = child_array(schema, "required");
    json_object_array_add(names, json_object_new_string(name));
}

static void body_schema(const struct face *face, const struct route *route,
                        struct json_object *operation)
{
    /* A signed body is a form: clients sign the bytes that they build of their parameters. */
    bool as_form = route->auth->signs_body || (face->inputs & INPUT_JSON) == 0;
    const char *type = as_form ? "application/x-www-form-urlencoded" : "application/json";
    struct json_object *content = child(child(operation, "requestBody"), "content");
    struct json_object *schema = child(child(content, type), "schema");
    reply_text(schema, "type", "object");
    child(schema, "properties");
    for (size_t i = 0; i < route->fields->count; i++)
        if (route->fields->rows[i].place == FIELD_IN_PARAMS)
            each_name(&route->fields->rows[i], schema, add_property);
}

static void security(const struct face *face, const struct route *route,
                     struct json_object *operation)
{
    struct json_object *list = child_array(operation, "security");
    struct text words = TEXT(RIGHTS_SIZE);
    if (route->auth->scheme != NULL && !route->auth->optional) {
        struct json_object *scheme = json_object_new_object();
        json_object_object_add(scheme, route->auth->scheme, json_object_new_array());
        json_object_array_add(list, scheme);
    }
    rights_words(face, route->rights, &words);
    if (words.len > 0)
        reply_text(operation, "x-right", text_string(&words));
    text_free(&words);
}

static void add_operation(struct json_object *paths, const struct face *face,
                          const struct route *route, size_t method)
{
    struct json_object *operation = child(child(paths, route->path), methods[method].key);
    bool has_body = methods[method].bit == METHOD_POST || methods[method].bit == METHOD_PUT;
    json_object_array_add(child_array(operation, "tags"), json_object_new_string(face->name));
    reply_text(operation, "summary", route->help);
    struct json_object *list = json_object_new_array();
    path_parameters(route, list);
    if (!has_body)
        query_parameters(route, list);
    if (json_object_array_length(list) > 0)
        json_object_object_add(operation, "parameters", list);
    else
        json_object_put(list);
    if (has_body && route->fields != NULL)
        body_schema(face, route, operation);
    security(face, route, operation);
    struct json_object *responses = child(operation, "responses");
    reply_text(child(responses, "200"), "description", "success");
    reply_text(child(responses, "default"), "description", "an error, in the shape of this face");
}

/* The way in which a row's callers prove who they are, each once. */
static void add_scheme(struct json_object *document, const struct auth *auth)
{
    struct json_object *schemes = child(child(document, "components"), "securitySchemes");
    if (auth->scheme == NULL || json_object_object_get_ex(schemes, auth->scheme, NULL))
        return;
    struct json_object *scheme = child(schemes, auth->scheme);
    reply_text(scheme, "type", "apiKey");
    reply_text(scheme, "in", "header");
    reply_text(scheme, "name", auth->header);
    reply_text(scheme, "description", auth->help);
}

static void visit_operation(const struct face *face, const struct route *route, void *arg)
{
    for (size_t m = 0; m < METHOD_COUNT; m++)
        if ((route->methods & methods[m].bit) != 0)
            add_operation(child(arg, "paths"), face, route, m);
    add_scheme(arg, route->auth);
}

void openapi_json(const struct face *const *faces, struct text *out)
{
    struct json_object *document = json_object_new_object();
    reply_text(document, "openapi", "3.1.0");
    struct json_object *info = child(document, "info");
    reply_text(info, "title", "Teller");
    reply_text(info, "version", "1");
    each_row(faces, visit_operation, document);
    reply_json(document, true, out);
    text_putc(out, '\n');
    json_object_put(document);
}
