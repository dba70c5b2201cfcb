#include "fcgi/server/idempotency.h"

#include <stdio.h>
#include <string.h>

enum err idempotency_take(struct request *request)
{
    struct caller *caller = &request->caller;
    const char *key = request_env(request, "HTTP_IDEMPOTENCY_KEY");

    if (key == NULL || *key == '\0')
        return request_fail(request, IDEMPOTENCY_HEADER, ERR_MISSING);
    size_t len = strlen(key);
    if (len > IDEMPOTENCY_KEY_MAX)
        return request_fail(request, IDEMPOTENCY_HEADER, ERR_TOO_LONG);
    for (size_t i = 0; i < len; i++)
        if (key[i] < ' ' || key[i] > '~')
            return request_fail(request, IDEMPOTENCY_HEADER, ERR_INVALID);
    snprintf(caller->request_key, sizeof(caller->request_key), "i:%s", key);
    caller->repeatable = true;
    return ERR_OK;
}
