/* Reading by field tables: walks the rows of a table, finds each value and hands it to the reader of
 * its type (json/field_value.c); keeps the path, so that a fault can be named. */
#include "json/field.h"

#include <stdio.h>
#include <string.h>

#include "json/field_value.h"

#define CHOICES_MAX 300 /* bytes of "should be a, b or c" */
#define GIVEN_MAX 64    /* rows whose presence is remembered, for `one_of` */

/* What encloses a field: the path in front of its name. */
struct place {
    const struct place *outer;
    const char *name; /* NULL for an item of a list */
    size_t index;
};

/* One reading of one table. */
struct pass {
    struct field_reader *reader;
    const struct field_table *table;
    const struct value *object;
    char *target;
    const struct place *place; /* NULL at the top */
    uint64_t given;            /* by row */
};

static size_t put_path(const struct place *place, char *out, size_t room)
{
    if (place == NULL)
        return 0;
    size_t len = put_path(place->outer, out, room);
    size_t left = len < room ? room - len : 0;
    char *to = left > 0 ? out + len : NULL;
    if (place->name == NULL)
        return len + (size_t)snprintf(to, left, "[%zu]", place->index);
    return len + (size_t)snprintf(to, left, "%s%s", len > 0 ? "." : "", place->name);
}

static const char *path_of(struct field_reader *reader, const struct place *place)
{
    if (place->outer == NULL && place->name != NULL)
        return place->name;
    size_t len = put_path(place, NULL, 0);
    char *path = arena_alloc(reader->arena, len + 1);
    if (path == NULL)
        return "";
    put_path(place, path, len + 1);
    return path;
}

static enum err note(struct field_reader *reader, const char *path, enum err rc, const char *detail)
{
    if (reader->fault_count < FIELD_FAULTS_MAX)
        reader->faults[reader->fault_count++] =
            (struct field_fault){.rc = rc, .path = path, .detail = detail};
    return rc;
}

/* "should be ask or bid", made of the choices. */
static const char *choices_words(struct field_reader *reader, const struct field *field)
{
    char *words = arena_alloc(reader->arena, CHOICES_MAX);
    if (words == NULL)
        return NULL;
    size_t len = (size_t)snprintf(words, CHOICES_MAX, "should be ");
    for (size_t i = 0; field->choices[i] != NULL && len < CHOICES_MAX; i++) {
        const char *joint = i == 0 ? "" : field->choices[i + 1] == NULL ? " or " : ", ";
        len += (size_t)snprintf(words + len, CHOICES_MAX - len, "%s%s", joint, field->choices[i]);
    }
    return words;
}

static enum err fail(struct field_reader *reader, const struct field *field,
                     const struct place *place, enum err rc)
{
    const char *detail = NULL;
    if (rc == ERR_INVALID || rc == ERR_OUT_OF_RANGE)
        detail = field->detail;
    if (rc == ERR_INVALID && detail == NULL && field->type == FIELD_CHOICE)
        detail = choices_words(reader, field);
    if (rc == ERR_INVALID && detail == NULL && field->type == FIELD_LIST)
        detail = "should be a list";
    if (rc == ERR_INVALID && detail == NULL && field->type == FIELD_OBJECT)
        detail = "should be an object";
    return note(reader, path_of(reader, place), rc, detail);
}

static enum err read_table(struct field_reader *reader, const struct field_table *table,
                           const struct value *object, void *target, const struct place *place);
static enum err read_value(struct field_reader *reader, const struct field *field,
                           const struct value *value, void *target, const struct place *place);

/* Every item by the list's row for items. */
static enum err read_list(struct field_reader *reader, const struct field *field,
                          const struct value *value, struct field_list *target,
                          const struct place *place)
{
    enum err first = ERR_OK;
    size_t at = 0;

    if (value->type != VALUE_LIST)
        return fail(reader, field, place, ERR_INVALID);
    if ((int64_t)value->count < field->min)
        return fail(reader, field, place, value->count == 0 ? ERR_EMPTY : ERR_OUT_OF_RANGE);
    if (field->max != 0 && (int64_t)value->count > field->max)
        return fail(reader, field, place, ERR_TOO_LONG);
    char *items = arena_alloc(reader->arena, value->count * field->item->size + 1);
    if (items == NULL)
        return ERR_NO_MEMORY;
    memset(items, 0, value->count * field->item->size);
    for (const struct value *item = value->first; item != NULL; item = item->next, at++) {
        const struct place here = {.outer = place, .index = at};
        enum err rc = read_value(reader, field->item, item, items + at * field->item->size, &here);
        if (first == ERR_OK)
            first = rc;
        if (rc != ERR_OK && !reader->all)
            return rc;
    }
    *target = (struct field_list){.items = items, .count = value->count};
    return first;
}

/* A value that is there. */
static enum err read_value(struct field_reader *reader, const struct field *field,
                           const struct value *value, void *target, const struct place *place)
{
    bool nested = value->type == VALUE_OBJECT || value->type == VALUE_LIST;
    if (field->type == FIELD_LIST)
        return read_list(reader, field, value, target, place);
    if (field->type == FIELD_OBJECT && value->type == VALUE_OBJECT)
        return read_table(reader, field->fields, value, target, place);
    enum err rc = nested || field->type == FIELD_OBJECT ? ERR_INVALID
                                                        : field_value_read(field, value, target);
    return rc == ERR_OK ? ERR_OK : fail(reader, field, place, rc);
}

static const struct value *find(const struct pass *pass, const struct field *field)
{
    if (field->place != FIELD_IN_PARAMS)
        return pass->reader->outside == NULL ? NULL
                                             : pass->reader->outside(pass->reader->arg, field);
    const struct value *value = value_member(pass->object, field->name);
    return value == NULL || value->type == VALUE_NULL ? NULL : value;
}

/* "amount_int" for "amount", or NULL where there is no memory. */
static char *units_name_of(struct field_reader *reader, const char *name)
{
    size_t len = strlen(name) + sizeof("_int");
    char *units_name = arena_alloc(reader->arena, len);
    if (units_name != NULL)
        snprintf(units_name, len, "%s_int", name);
    return units_name;
}

/* The currency that a row above has read, or NULL where that went wrong. */
static const struct currency *currency_by(const struct pass *pass, const char *name)
{
    for (size_t i = 0; i < pass->table->count; i++) {
        const struct field *row = &pass->table->rows[i];
        if (strcmp(row->name, name) == 0 && row->type == FIELD_CURRENCY)
            return *(const struct currency **)(pass->target + row->offset);
    }
    return NULL;
}

static enum err find_amount(const struct pass *pass, const struct field *field,
                            const struct place *place, struct field_amount *out)
{
    struct field decimal = {.name = field->name}, units = {.name = NULL};
    units.name = units_name_of(pass->reader, field->name);
    if (units.name == NULL)
        return ERR_NO_MEMORY;
    out->name = path_of(pass->reader, place);
    out->decimal = find(pass, &decimal);
    out->units = find(pass, &units);
    out->there = out->decimal != NULL || out->units != NULL;
    out->filled = (out->decimal != NULL && !field_value_is_empty(out->decimal)) ||
                  (out->units != NULL && !field_value_is_empty(out->units));
    return ERR_OK;
}

static enum err read_spellings(struct field_reader *reader, const struct field_amount *amount,
                               const struct currency *currency, bool may_be_zero,
                               struct amount *out);

static enum err read_amount(struct pass *pass, const struct field *field, const struct place *place,
                            bool *given)
{
    struct field_amount found;
    void *target = pass->target + field->offset;
    enum err rc = find_amount(pass, field, place, &found);

    *given = rc == ERR_OK && found.there;
    if (rc != ERR_OK)
        return rc;
    if (field->currency == NULL) {
        *(struct field_amount *)target = found;
        return ERR_OK;
    }
    if (!found.there && !field->required)
        return ERR_OK;
    const struct currency *currency = currency_by(pass, field->currency);
    return currency == NULL
               ? ERR_OK /* which is a fault of that field */
               : read_spellings(pass->reader, &found, currency, field->may_be_zero, target);
}

/* False where the row does not apply to what another field says. */
static bool applies(const struct pass *pass, const struct field *field)
{
    if (field->when == NULL)
        return true;
    const struct value *other = value_member(pass->object, field->when);
    return other != NULL && strcmp(other->text, field->is) == 0;
}

static enum err read_other(struct pass *pass, const struct field *field, const struct place *place,
                           bool *given)
{
    const struct value *value = find(pass, field);
    bool may_be_empty = field->type == FIELD_TEXT || field->type == FIELD_BYTES ||
                        field->type == FIELD_LIST || field->type == FIELD_OBJECT;
    *given = false;
    if (value == NULL)
        return field->required ? fail(pass->reader, field, place, ERR_MISSING) : ERR_OK;
    /* Web forms send filters that nobody filled in. */
    if (!may_be_empty && field_value_is_empty(value))
        return field->required ? fail(pass->reader, field, place, ERR_EMPTY) : ERR_OK;
    *given = true;
    return read_value(pass->reader, field, value, pass->target + field->offset, place);
}

static enum err read_row(struct pass *pass, size_t row)
{
    const struct field *field = &pass->table->rows[row];
    const struct place place = {.outer = pass->place, .name = field->name};
    bool given;

    if (!applies(pass, field))
        return ERR_OK;
    enum err rc = field->type == FIELD_AMOUNT ? read_amount(pass, field, &place, &given)
                                              : read_other(pass, field, &place, &given);
    if (given && row < GIVEN_MAX)
        pass->given |= UINT64_C(1) << row;
    if (rc == ERR_OK && given && field->given_offset != 0)
        *(bool *)(pass->target + field->given_offset) = true;
    return rc;
}

/* At least one of each group. */
static enum err check_groups(const struct pass *pass)
{
    const struct field *rows = pass->table->rows;
    for (size_t i = 0; i < pass->table->count; i++) {
        bool given = false, is_first = true;
        if (rows[i].one_of == NULL)
            continue;
        for (size_t j = 0; j < pass->table->count && j < GIVEN_MAX; j++) {
            if (rows[j].one_of == NULL || strcmp(rows[j].one_of, rows[i].one_of) != 0)
                continue;
            is_first = is_first && j >= i;
            given = given || (pass->given & UINT64_C(1) << j) != 0;
        }
        const struct place place = {.outer = pass->place, .name = rows[i].name};
        if (is_first && !given)
            return note(pass->reader, path_of(pass->reader, &place), ERR_MISSING, NULL);
    }
    return ERR_OK;
}

static enum err read_table(struct field_reader *reader, const struct field_table *table,
                           const struct value *object, void *target, const struct place *place)
{
    struct pass pass = {
        .reader = reader, .table = table, .object = object, .target = target, .place = place};
    enum err first = ERR_OK;
    for (size_t i = 0; i < table->count; i++) {
        enum err rc = read_row(&pass, i);
        if (first == ERR_OK)
            first = rc;
        if (rc != ERR_OK && !reader->all)
            return rc;
    }
    enum err rc = check_groups(&pass);
    return first == ERR_OK ? rc : first;
}

enum err field_read(struct field_reader *reader, const struct field_table *table,
                    const struct value *object, void *target)
{
    return read_table(reader, table, object, target, NULL);
}

/* Reads one of the two spellings. `*given` is false where it is absent or empty. */
static enum err read_spelling(struct field_reader *reader, const char *name,
                              const struct value *value, bool units,
                              const struct currency *currency, bool may_be_zero, struct amount *out,
                              bool *given)
{
    *given = value != NULL && !field_value_is_empty(value);
    if (!*given)
        return ERR_OK;
    enum err rc = field_value_amount(value, units, currency, may_be_zero, out);
    return rc == ERR_OK ? ERR_OK : note(reader, name, rc, NULL);
}

static enum err fail_disagreeing(struct field_reader *reader, const char *name,
                                 const char *units_name)
{
    size_t size = strlen(name) + strlen(units_name) + sizeof(" and  disagree");
    char *words = arena_alloc(reader->arena, size);
    if (words != NULL)
        snprintf(words, size, "%s and %s disagree", name, units_name);
    return note(reader, name, ERR_AMOUNT_DISAGREES, words);
}

static enum err read_spellings(struct field_reader *reader, const struct field_amount *amount,
                               const struct currency *currency, bool may_be_zero,
                               struct amount *out)
{
    struct amount decimal = {0}, units = {0};
    bool has_decimal, has_units;
    char *units_name = units_name_of(reader, amount->name);
    if (units_name == NULL)
        return ERR_NO_MEMORY;
    enum err rc = read_spelling(reader, amount->name, amount->decimal, false, currency, may_be_zero,
                                &decimal, &has_decimal);
    if (rc == ERR_OK)
        rc = read_spelling(reader, units_name, amount->units, true, currency, may_be_zero, &units,
                           &has_units);
    if (rc != ERR_OK)
        return rc;
    if (!has_decimal && !has_units)
        return note(reader, amount->name, ERR_MISSING, NULL);
    if (has_decimal && has_units && decimal.units != units.units)
        return fail_disagreeing(reader, amount->name, units_name);
    *out = has_decimal ? decimal : units;
    return ERR_OK;
}

enum err field_amount_in(struct field_reader *reader, const struct field_amount *amount,
                         const struct currency *currency, struct amount *out)
{
    return read_spellings(reader, amount, currency, false, out);
}

const char *field_type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "text",     [FIELD_BYTES] = "bytes",       [FIELD_INT] = "int",
        [FIELD_BOOL] = "bool",     [FIELD_UUID] = "uuid",         [FIELD_DATE] = "date",
        [FIELD_UNTIL] = "until",   [FIELD_CURRENCY] = "currency", [FIELD_CHOICE] = "choice",
        [FIELD_AMOUNT] = "amount", [FIELD_DECIMAL] = "decimal",   [FIELD_OBJECT] = "object",
        [FIELD_LIST] = "list",
    };
    return names[type];
}
