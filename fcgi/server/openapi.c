/* The routes as a table for people and as a document for programs. */
#include "fcgi/server/openapi.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/server/face.h"
#include "fcgi/server/idempotency.h"
#include "fcgi/server/openapi_schema.h"

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
    text_addf(out, "%-9s %-44s %-8s %-33s %s%s\n", text_string(&verbs), route->path,
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
    text_addf(out, "%-9s %-44s %-8s %-33s %s\n", "METHOD", "PATH", "CALLER", "RIGHT",
              "WHAT (parameters, * required)");
    each_row(faces, visit_table_row, out);
}

/* --- the document ------------------------------------------------------------------------------------ */

/* The rows that belong to one path become one member of `paths`. */
struct document {
    struct writer *writer;
    const struct face *const *faces;
    const struct route *first; /* of the path that is written */
};

/* The row of a capture in the field table, or NULL. */
static const struct field *captured_field(const struct route *route, const char *name, size_t len)
{
    for (size_t i = 0; route->fields != NULL && i < route->fields->count; i++) {
        const struct field *field = &route->fields->rows[i];
        if (field->place == FIELD_IN_PATH && strlen(field->name) == len &&
            strncmp(field->name, name, len) == 0)
            return field;
    }
    return NULL;
}

static void begin_parameter(struct writer *json, const char *name, size_t len, const char *where,
                            bool required)
{
    writer_object(json, NULL);
    writer_key(json, "name");
    writer_bytes(json, NULL, name, len);
    writer_text(json, "in", where);
    writer_bool(json, "required", required);
}

static void write_plain_schema(struct writer *json, int64_t max)
{
    writer_object(json, "schema");
    writer_text(json, "type", "string");
    if (max != 0)
        writer_int(json, "maxLength", max);
    writer_end(json);
}

static void path_parameters(struct writer *json, const struct route *route)
{
    for (const char *p = strchr(route->path, '{'); p != NULL; p = strchr(p, '{')) {
        size_t len = strcspn(++p, "}");
        const struct field *field = captured_field(route, p, len);
        begin_parameter(json, p, len, "path", true);
        if (field != NULL)
            openapi_field_schema(json, field, false);
        else
            write_plain_schema(json, 0);
        writer_end(json);
    }
}

static void write_parameter(struct writer *json, const struct field *field, const char *where)
{
    bool two = field->type == FIELD_AMOUNT;
    char units[ROUTE_NAME_MAX];
    begin_parameter(json, field->name, strlen(field->name), where, field->required && !two);
    openapi_field_schema(json, field, false);
    writer_end(json);
    if (!two)
        return;
    snprintf(units, sizeof(units), "%s_int", field->name);
    begin_parameter(json, units, strlen(units), where, false);
    openapi_field_schema(json, field, true);
    writer_end(json);
}

static bool is_parameter(const struct field *field, bool has_body)
{
    return field->place == FIELD_IN_HEADER || (field->place == FIELD_IN_PARAMS && !has_body);
}

static void other_parameters(struct writer *json, const struct route *route, bool has_body)
{
    if (route->needs_key) {
        begin_parameter(json, IDEMPOTENCY_HEADER, strlen(IDEMPOTENCY_HEADER), "header", true);
        write_plain_schema(json, IDEMPOTENCY_KEY_MAX);
        writer_end(json);
    }
    for (size_t i = 0; route->fields != NULL && i < route->fields->count; i++) {
        const struct field *field = &route->fields->rows[i];
        if (is_parameter(field, has_body))
            write_parameter(json, field, field->place == FIELD_IN_HEADER ? "header" : "query");
    }
}

static void write_body(struct writer *json, const struct face *face, const struct route *route)
{
    /* A signed body is a form: clients sign the bytes that they build of their parameters. */
    bool as_form = route->auth->signs_body || (face->inputs & INPUT_JSON) == 0;
    writer_object(json, "requestBody");
    writer_object(json, "content");
    writer_object(json, as_form ? "application/x-www-form-urlencoded" : "application/json");
    openapi_table_schema(json, "schema", route->fields);
    writer_end(json);
    writer_end(json);
    writer_end(json);
}

static void write_security(struct writer *json, const struct face *face, const struct route *route)
{
    struct text words = TEXT(RIGHTS_SIZE);
    writer_list(json, "security");
    if (route->auth->scheme != NULL && !route->auth->optional) {
        writer_object(json, NULL);
        writer_list(json, route->auth->scheme);
        writer_end(json);
        writer_end(json);
    }
    writer_end(json);
    rights_words(face, route->rights, &words);
    if (words.len > 0)
        writer_text(json, "x-right", text_string(&words));
    text_free(&words);
}

static void write_response(struct writer *json, const char *status, const char *words)
{
    writer_object(json, status);
    writer_text(json, "description", words);
    writer_end(json);
}

static void write_operation(struct writer *json, const struct face *face, const struct route *route,
                            size_t method)
{
    const char *const tags[] = {face->name, NULL};
    bool has_body = methods[method].bit == METHOD_POST || methods[method].bit == METHOD_PUT;
    writer_object(json, methods[method].key);
    writer_words(json, "tags", tags);
    writer_text(json, "summary", route->help);
    writer_list(json, "parameters");
    path_parameters(json, route);
    other_parameters(json, route, has_body);
    writer_end(json);
    if (has_body && route->fields != NULL)
        write_body(json, face, route);
    write_security(json, face, route);
    writer_object(json, "responses");
    write_response(json, "200", "success");
    write_response(json, "default", "an error, in the shape of this face");
    writer_end(json);
    writer_end(json);
}

static void visit_operation(const struct face *face, const struct route *route, void *arg)
{
    const struct document *document = arg;
    if (strcmp(route->path, document->first->path) != 0)
        return;
    for (size_t m = 0; m < METHOD_COUNT; m++)
        if ((route->methods & methods[m].bit) != 0)
            write_operation(document->writer, face, route, m);
}

/* Finds the first row with the path of `wanted`. */
struct search {
    const struct route *wanted, *found;
};

static void visit_same_path(const struct face *face, const struct route *route, void *arg)
{
    struct search *search = arg;
    (void)face;
    if (search->found == NULL && strcmp(route->path, search->wanted->path) == 0)
        search->found = route;
}

static void visit_path(const struct face *face, const struct route *route, void *arg)
{
    struct document *document = arg;
    struct search search = {.wanted = route};
    (void)face;
    each_row(document->faces, visit_same_path, &search);
    if (search.found != route)
        return;
    document->first = route;
    writer_object(document->writer, route->path);
    each_row(document->faces, visit_operation, document);
    writer_end(document->writer);
}

static void visit_same_scheme(const struct face *face, const struct route *route, void *arg)
{
    struct search *search = arg;
    const char *scheme = route->auth->scheme;
    (void)face;
    if (search->found == NULL && scheme != NULL &&
        strcmp(scheme, search->wanted->auth->scheme) == 0)
        search->found = route;
}

/* The way in which a row's callers prove who they are, each once. */
static void visit_scheme(const struct face *face, const struct route *route, void *arg)
{
    const struct document *document = arg;
    struct writer *json = document->writer;
    struct search search = {.wanted = route};
    (void)face;
    if (route->auth->scheme == NULL)
        return;
    each_row(document->faces, visit_same_scheme, &search);
    if (search.found != route)
        return;
    writer_object(json, route->auth->scheme);
    writer_text(json, "type", "apiKey");
    writer_text(json, "in", "header");
    writer_text(json, "name", route->auth->header);
    writer_text(json, "description", route->auth->help);
    writer_end(json);
}

void openapi_json(const struct face *const *faces, struct text *out)
{
    struct writer writer = {.out = out, .pretty = true, .style.plain_slashes = true},
                  *json = &writer;
    struct document document = {.writer = json, .faces = faces};
    writer_object(json, NULL);
    writer_text(json, "openapi", "3.1.0");
    writer_object(json, "info");
    writer_text(json, "title", "Teller");
    writer_text(json, "version", "1");
    writer_end(json);
    writer_object(json, "paths");
    each_row(faces, visit_path, &document);
    writer_end(json);
    writer_object(json, "components");
    writer_object(json, "securitySchemes");
    each_row(faces, visit_scheme, &document);
    writer_end(json);
    writer_end(json);
    writer_end(json);
    text_putc(out, '\n');
}
