/* What a field takes, in the words of JSON Schema. */
#include "fcgi/server/openapi_schema.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/server/route.h"

#define DECIMAL_PATTERN "^[0-9]+(\\.[0-9]+)?$"
#define UNITS_PATTERN "^[0-9]+$"

static void write_schema(struct writer *json, const char *key, const struct field *field);

static void units_name(const struct field *field, char out[ROUTE_NAME_MAX])
{
    snprintf(out, ROUTE_NAME_MAX, "%s_int", field->name);
}

static void write_bounds(struct writer *json, const char *least, const char *most, int64_t min,
                         int64_t max)
{
    if (min != 0)
        writer_int(json, least, min);
    if (max != 0)
        writer_int(json, most, max);
}

/* Moments are taken in several spellings. */
static void write_date(struct writer *json)
{
    static const char *const types[] = {"integer", "string", NULL};
    writer_words(json, "type", types);
    writer_text(json, "description", "unix seconds, YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, in UTC");
}

static void write_string(struct writer *json, const char *word, const char *value)
{
    writer_text(json, "type", "string");
    if (word != NULL)
        writer_text(json, word, value);
}

static void write_choice(struct writer *json, const struct field *field)
{
    writer_text(json, "type", "string");
    writer_words(json, "enum", field->choices);
}

static void write_items(struct writer *json, const struct field *field)
{
    writer_text(json, "type", "array");
    write_schema(json, "items", field->item);
    write_bounds(json, "minItems", "maxItems", field->min, field->max);
}

/* Adds a list with those names of which one must be there. */
static void begin_choice(struct writer *json)
{
    writer_object(json, NULL);
    writer_list(json, "anyOf");
}

static void write_needed(struct writer *json, const char *name)
{
    const char *const names[] = {name, NULL};
    writer_object(json, NULL);
    writer_words(json, "required", names);
    writer_end(json);
}

static void end_choice(struct writer *json)
{
    writer_end(json);
    writer_end(json);
}

/* An amount goes by two names, of which one is enough. */
static void write_either_amount(struct writer *json, const struct field *field)
{
    char units[ROUTE_NAME_MAX];
    units_name(field, units);
    begin_choice(json);
    write_needed(json, field->name);
    write_needed(json, units);
    end_choice(json);
}

/* True for the first row of a table with its word for one_of. */
static bool leads_group(const struct field_table *table, size_t row)
{
    if (table->rows[row].one_of == NULL)
        return false;
    for (size_t i = 0; i < row; i++)
        if (table->rows[i].one_of != NULL &&
            strcmp(table->rows[i].one_of, table->rows[row].one_of) == 0)
            return false;
    return true;
}

static void write_group(struct writer *json, const struct field_table *table, const char *word)
{
    begin_choice(json);
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].one_of != NULL && strcmp(table->rows[i].one_of, word) == 0)
            write_needed(json, table->rows[i].name);
    end_choice(json);
}

/* Looked at in every request: what other fields say does not matter. */
static bool always(const struct field *field)
{
    return field->place == FIELD_IN_PARAMS && field->when == NULL;
}

static bool is_alternative(const struct field_table *table, size_t row)
{
    const struct field *field = &table->rows[row];
    return always(field) &&
           ((field->required && field->type == FIELD_AMOUNT) || leads_group(table, row));
}

static void write_alternatives(struct writer *json, const struct field_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += is_alternative(table, i);
    if (count == 0)
        return;
    writer_list(json, "allOf");
    for (size_t i = 0; i < table->count; i++)
        if (!is_alternative(table, i))
            continue;
        else if (table->rows[i].one_of != NULL)
            write_group(json, table, table->rows[i].one_of);
        else
            write_either_amount(json, &table->rows[i]);
    writer_end(json);
}

static void write_required(struct writer *json, const struct field_table *table)
{
    bool begun = false;
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->rows[i];
        if (!field->required || !always(field) || field->type == FIELD_AMOUNT)
            continue;
        if (!begun)
            writer_list(json, "required");
        begun = true;
        writer_text(json, NULL, field->name);
    }
    if (begun)
        writer_end(json);
}

static void write_table(struct writer *json, const struct field_table *table)
{
    char units[ROUTE_NAME_MAX];

    writer_text(json, "type", "object");
    writer_object(json, "properties");
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->rows[i];
        if (field->place != FIELD_IN_PARAMS)
            continue;
        write_schema(json, field->name, field);
        units_name(field, units);
        if (field->type == FIELD_AMOUNT) {
            writer_object(json, units);
            write_string(json, "pattern", UNITS_PATTERN);
            writer_end(json);
        }
    }
    writer_end(json);
    write_required(json, table);
    write_alternatives(json, table);
}

static void write_members(struct writer *json, const struct field *field)
{
    switch (field->type) {
    case FIELD_TEXT:
        writer_text(json, "type", "string");
        write_bounds(json, "minLength", "maxLength", field->min,
                     field->max == 0 ? FIELD_TEXT_MAX : field->max);
        break;
    case FIELD_BYTES:
        writer_text(json, "type", "string");
        write_bounds(json, "minLength", "maxLength", field->min, field->max);
        break;
    case FIELD_INT:
        writer_text(json, "type", "integer");
        writer_int(json, "minimum", field->min);
        write_bounds(json, "minimum", "maximum", 0, field->max);
        break;
    case FIELD_BOOL:
        writer_text(json, "type", "boolean");
        break;
    case FIELD_UUID:
        write_string(json, "format", "uuid");
        break;
    case FIELD_DATE:
    case FIELD_UNTIL:
        write_date(json);
        break;
    case FIELD_CURRENCY:
        write_string(json, "description", "the code of a currency");
        break;
    case FIELD_CHOICE:
        write_choice(json, field);
        break;
    case FIELD_AMOUNT:
    case FIELD_DECIMAL:
        write_string(json, "pattern", DECIMAL_PATTERN);
        break;
    case FIELD_OBJECT:
        write_table(json, field->fields);
        break;
    case FIELD_LIST:
        write_items(json, field);
        break;
    }
}

static void write_schema(struct writer *json, const char *key, const struct field *field)
{
    writer_object(json, key);
    write_members(json, field);
    writer_end(json);
}

void openapi_field_schema(struct writer *json, const struct field *field, bool units)
{
    if (!units) {
        write_schema(json, "schema", field);
        return;
    }
    writer_object(json, "schema");
    write_string(json, "pattern", UNITS_PATTERN);
    writer_end(json);
}

void openapi_table_schema(struct writer *json, const char *key, const struct field_table *table)
{
    writer_object(json, key);
    write_table(json, table);
    writer_end(json);
}
