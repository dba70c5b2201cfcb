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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request request;
    size_t total = 0;
    request_start(&request, NULL, NULL);
    enum err rc = form_parse(&request, (const char *)data, size);
    must(rc == ERR_OK || rc == ERR_MALFORMED || rc == ERR_TOO_MANY_PARAMS);
    must(request.param_count <= REQUEST_MAX_PARAMS);
    for (size_t i = 0; i < request.param_count; i++) {
        const struct param *param = &request.params[i];
        must(param->value[param->value_len] == '\0' && param->json == NULL);
        must(request_param(&request, param->name) != NULL);
        total += strlen(param->name) + param->value_len;
    }
    must(total <= size);
    request_free(&request);
    return 0;
}
