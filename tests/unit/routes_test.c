/* Every route row is documented: what it does and which parameters it takes. */
#include "fcgi/faces.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fcgi/auth/auth.h"
#include "fcgi/server/openapi.h"
#include "tests/unit/unit.h"

/* Letters, digits and underscores; headers have dashes. */
static bool is_name(const struct field *field)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t len = strlen(field->name);
    return len > 0 && (field->place == FIELD_IN_HEADER || strspn(field->name, letters) == len);
}

/* What a row needs to be read, and does not reach beyond the struct that it fills. */
static bool field_is_whole(const struct field_table *table, const struct field *field)
{
    bool type = field->type != FIELD_CHOICE || field->choices != NULL;
    type = type && (field->type != FIELD_OBJECT || field->fields != NULL);
    type = type && (field->type != FIELD_LIST ||
                    (field->item != NULL && field->item->size > 0 && field->max > 0));
    return type && is_name(field) && field->offset < table->size &&
           field->given_offset < table->size && (field->max == 0 || field->max >= field->min);
}

/* Captures are in the path. */
static bool place_is_there(const struct route *row, const struct field *field)
{
    char capture[64];
    snprintf(capture, sizeof(capture), "{%s}", field->name);
    return field->place != FIELD_IN_PATH || strstr(row->path, capture) != NULL;
}

static void check_fields(const char *name, const struct route *row)
{
    for (size_t i = 0; row->fields != NULL && i < row->fields->count; i++) {
        const struct field *field = &row->fields->rows[i];
        UNIT_CHECK(name, field_is_whole(row->fields, field) && place_is_there(row, field));
        for (size_t j = 0; j < i; j++)
            UNIT_CHECK(name, strcmp(field->name, row->fields->rows[j].name) != 0);
    }
}

/* One line, a sentence. */
static bool help_is_sentence(const char *help)
{
    size_t len = strlen(help);
    return len > 10 && help[0] >= 'A' && help[0] <= 'Z' && help[len - 1] == '.' &&
           strchr(help, '\n') == NULL;
}

static void each_row(void (*check)(const char *name, const struct face *face,
                                   const struct route *row))
{
    char name[128];
    for (const struct face *const *face = faces; *face != NULL; face++)
        for (const struct route_table *const *table = (*face)->tables; *table != NULL; table++)
            for (size_t i = 0; i < (*table)->count; i++) {
                const struct route *row = &(*table)->rows[i];
                snprintf(name, sizeof(name), "%u %s", row->methods, row->path);
                check(name, *face, row);
            }
}

static void check_words(const char *name, const struct face *face, const struct route *row)
{
    UNIT_CHECK(name, face_of(faces, row->path) == face);
    UNIT_CHECK(name, route_problem(row) == NULL);
    UNIT_CHECK(name, help_is_sentence(row->help));
    check_fields(name, row);
    UNIT_CHECK(name, row->auth != &auth_v1 || row->rights != 0);
}

static struct text listing;

static void check_listed(const char *name, const struct face *face, const struct route *row)
{
    (void)face;
    UNIT_CHECK(name, strstr(text_string(&listing), row->path) != NULL);
    UNIT_CHECK(name, strstr(text_string(&listing), row->help) != NULL);
}

static void test_words(void)
{
    UNIT_CHECK("there are faces", faces[0] != NULL);
    each_row(check_words);
}

static void test_listing(void)
{
    listing = TEXT(1 << 20);
    openapi_table(faces, &listing);
    each_row(check_listed);
    text_free(&listing);
}

static const struct test_case cases[] = {
    {"every row says what it does and takes", test_words},
    {"every row is listed", test_listing},
    {NULL, NULL},
};
const struct test_suite suite_routes = {.name = "routes", .cases = cases};
