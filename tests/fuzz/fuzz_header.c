/* Multipart bodies with their Content-Type header, which is the first line of the input. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request request;
    const uint8_t *line_end = memchr(data, '\n', size);
    if (line_end == NULL)
        return 0;
    char *type = strndup((const char *)data, (size_t)(line_end - data));
    must(type != NULL);
    size_t len = size - (size_t)(line_end + 1 - data);
    request_start(&request, NULL, NULL);
    enum err rc = form_parse_multipart(&request, type, (const char *)line_end + 1, len);
    must(rc == ERR_OK || rc == ERR_MALFORMED || rc == ERR_CONTENT_TYPE ||
         rc == ERR_TOO_MANY_PARAMS || rc == ERR_REPEATED || rc == ERR_TOO_DEEP);
    for (const struct value *value = request.params.first; value != NULL; value = value->next) {
        must(value->text[value->len] == '\0');
        must(strlen(value->name) > 0 && value->len < len);
    }
    request_free(&request);
    free(type);
    return 0;
}
