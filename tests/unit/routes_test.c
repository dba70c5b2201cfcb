/* Every route row is documented: what it does and which parameters it takes. */
#include "fcgi/routes.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

static void each_row(void (*check)(const char *name, const struct route *row))
{
    char name[128];
    for (size_t i = 0; i < route_table_count; i++)
        for (size_t j = 0; j < route_tables[i]->count; j++) {
            const struct route *row = &route_tables[i]->rows[j];
            snprintf(name, sizeof(name), "%u %s", row->methods, row->path);
            check(name, row);
        }
}

static void check_words(const char *name, const struct route *row)
{
    UNIT_CHECK(name, row->methods != 0 && row->path[0] == '/' && row->handler != NULL);
    UNIT_CHECK(name, row->help != NULL && help_is_sentence(row->help));
    UNIT_CHECK(name, row->params != NULL && params_are_names(row->params));
    /* What a cookie can change is guarded against other sites. */
    UNIT_CHECK(name,
               row->auth != AUTH_SESSION || row->methods == METHOD_GET || row->csrf == CSRF_TOKEN);
    UNIT_CHECK(name, row->auth != AUTH_V1 || row->rights != 0);
}

static struct text listing;

static void check_listed(const char *name, const struct route *row)
{
    UNIT_CHECK(name, strstr(text_string(&listing), row->path) != NULL);
    UNIT_CHECK(name, strstr(text_string(&listing), row->help) != NULL);
}

static void test_words(void)
{
    UNIT_CHECK("there are routes", route_table_count > 0);
    each_row(check_words);
}

static void test_listing(void)
{
    listing = TEXT(1 << 20);
    openapi_table(&listing);
    each_row(check_listed);
    text_free(&listing);
}

static const struct test_case cases[] = {
    {"every row says what it does and takes", test_words},
    {"every row is listed", test_listing},
    {NULL, NULL},
};
const struct test_suite suite_routes = {"routes", cases};
