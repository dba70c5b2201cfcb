/* JSON bodies: what is accepted is JSON for json-c as well, with the same members, and can be
 * written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/server/json_body.h"
#include "fcgi/server/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_members(const struct request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        const struct param *param = &request->params[i];
        struct json_object *member;
        must(param->json != NULL && param->value[param->value_len] == '\0');
        must(json_object_object_get_ex(request->json, param->name, &member));
        must(member == param->json);
    }
}

static void check_writing(struct json_object *document)
{
    static struct text out = {.max = 1 << 24};
    static struct request again;
    text_clear(&out);
    reply_json(document, false, &out);
    must(!out.full);
    for (size_t i = 0; i < out.len; i++)
        must((unsigned char)out.data[i] < 0x80);
    request_start(&again, NULL, NULL);
    must(json_parse_body(&again, out.data, out.len) == ERR_OK);
    must(json_object_object_length(again.json) == json_object_object_length(document));
    request_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request request;
    request_start(&request, NULL, NULL);
    if (json_parse_body(&request, (const char *)data, size) == ERR_OK) {
        check_members(&request);
        check_writing(request.json);
    }
    request_free(&request);
    return 0;
}
