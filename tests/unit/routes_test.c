/* Every route row is documented: what it does and which parameters it takes. */
#include "fcgi/faces.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fcgi/auth/auth.h"
#include "fcgi/server/openapi.h"
#include "tests/unit/unit.h"

/* True for names of letters, digits and underscores, each with or without a star, one
 * space between them; "" for none. */
static bool params_are_names(const char *params)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    while (*params != '\0') {
        size_t len = strspn(params, letters);
        if (len == 0)
            return false;
        params += len;
        params += *params == '*';
        if (*params == ' ' && params[1] != '\0')
            params++;
        else if (*params != '\0')
            return false;
    }
    return true;
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
    UNIT_CHECK(name, params_are_names(row->params));
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
