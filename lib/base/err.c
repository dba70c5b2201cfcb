/* The table of errors, and what is asked of one. */
#include "base/err.h"

#include <string.h>

static const struct {
    enum err_class class;
    const char *id;
    const char *text;
} registry[ERR_COUNT] = {
#define ERROR(name, cls, code, words) \
    [ERR_##name] = {.class = ERR_CLASS_##cls, .id = code, .text = words},
#include "all_errors.def"
#undef ERROR
};

const char *err_id(enum err rc)
{
    return registry[rc].id;
}

const char *err_text(enum err rc)
{
    return registry[rc].text;
}

enum err_class err_class(enum err rc)
{
    return registry[rc].class;
}

bool err_is_bug(enum err rc)
{
    return registry[rc].class == ERR_CLASS_BUG;
}

enum err err_from_id(const char *id)
{
    for (int i = 1; i < ERR_COUNT; i++)
        if (strcmp(registry[i].id, id) == 0)
            return (enum err)i;
    return ERR_INTERNAL;
}
