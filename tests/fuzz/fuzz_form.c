/* Query strings and form bodies: every parameter lies within the arena and is terminated. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/server/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Bytes of all names and values; each is terminated. */
static size_t bytes_of(const struct value *value)
{
    size_t total = value->len + (value->name == NULL ? 0 : strlen(value->name));
    must(value->text[value->len] == '\0');
    for (const struct value *child = value->first; child != NULL; child = child->next)
        total += bytes_of(child);
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request request;
    request_start(&request, NULL, NULL);
    enum err rc = form_parse(&request, (const char *)data, size);
    must(rc == ERR_OK || rc == ERR_MALFORMED || rc == ERR_TOO_MANY_PARAMS || rc == ERR_REPEATED ||
         rc == ERR_TOO_DEEP);
    must(request.param_count <= REQUEST_MAX_PARAMS);
    for (const struct value *value = request.params.first; value != NULL; value = value->next)
        must(request_param(&request, value->name) == value);
    must(bytes_of(&request.params) <= size);
    request_free(&request);
    return 0;
}
