/* Writes the rows of all faces with their field tables, one object for each. */
#include "fcgi/server/routes_json.h"

#include <string.h>

#include "json/writer.h"

static void write_fields(struct writer *writer, const struct field_table *table);

static void write_bounds(struct writer *writer, const struct field *field)
{
    writer_int(writer, "min", field->min);
    writer_int(writer, "max",
               field->type == FIELD_TEXT && field->max == 0 ? FIELD_TEXT_MAX : field->max);
    if (field->choices != NULL)
        writer_words(writer, "choices", field->choices);
    if (field->one_of != NULL)
        writer_text(writer, "one_of", field->one_of);
    if (field->currency != NULL)
        writer_text(writer, "currency", field->currency);
    if (field->fields != NULL)
        write_fields(writer, field->fields);
}

static void write_field(struct writer *writer, const char *key, const struct field *field)
{
    static const char *const places[] = {
        [FIELD_IN_PARAMS] = "params", [FIELD_IN_PATH] = "path", [FIELD_IN_HEADER] = "header"};
    writer_object(writer, key);
    if (field->name != NULL)
        writer_text(writer, "name", field->name);
    writer_text(writer, "place", places[field->place]);
    writer_text(writer, "type", field_type_name(field->type));
    writer_bool(writer, "required", field->required);
    write_bounds(writer, field);
    if (field->item != NULL)
        write_field(writer, "item", field->item);
    writer_end(writer);
}

static void write_fields(struct writer *writer, const struct field_table *table)
{
    writer_list(writer, "fields");
    for (size_t i = 0; table != NULL && i < table->count; i++)
        write_field(writer, NULL, &table->rows[i]);
    writer_end(writer);
}

static void write_methods(struct writer *writer, unsigned methods)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {METHOD_GET, "GET"}, {METHOD_POST, "POST"}, {METHOD_PUT, "PUT"}, {METHOD_DELETE, "DELETE"}};
    const char *words[sizeof(names) / sizeof(names[0]) + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((methods & names[i].bit) != 0)
            words[count++] = names[i].name;
    writer_words(writer, "methods", words);
}

static void write_row(struct writer *writer, const struct face *face, const struct route *route)
{
    writer_object(writer, NULL);
    writer_text(writer, "face", face->name);
    write_methods(writer, route->methods);
    writer_text(writer, "path", route->path);
    writer_text(writer, "caller", route->auth->name);
    writer_int(writer, "rights", route->rights);
    writer_text(writer, "effect", route->effect == EFFECT_CHANGES ? "changes" : "reads");
    writer_bool(writer, "needs_key", route->needs_key);
    writer_bool(writer, "kept", route->cache != CACHE_NO_STORE);
    write_fields(writer, route->fields);
    writer_end(writer);
}

void routes_json(const struct face *const *faces, struct text *out)
{
    struct writer writer = {.out = out, .pretty = true};
    writer_list(&writer, NULL);
    for (; *faces != NULL; faces++)
        for (const struct route_table *const *table = (*faces)->tables; *table != NULL; table++)
            for (size_t i = 0; i < (*table)->count; i++)
                write_row(&writer, *faces, &(*table)->rows[i]);
    writer_end(&writer);
    text_putc(out, '\n');
}
