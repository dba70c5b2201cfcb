/* Raw paths: what is accepted has no second reading, and normalising it again changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fcgi/faces.h"
#include "fcgi/server/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static enum err handler(struct request *request, struct reply *reply)
{
    (void)request;
    (void)reply;
    return ERR_OK;
}

#define ROW(pattern)                                                                            \
    {                                                                                           \
        .methods = METHOD_GET, .path = (pattern), .auth = &auth_public, .effect = EFFECT_READS, \
        .handler = handler, .help = "fuzz"                                                      \
    }

static const struct route rows[] = {
    ROW("/health/live"),
    ROW("/api/1/generic/ticket/create"),
    ROW("/api/1/{scope}/ticker"),
    ROW("/site/tickets/{ticket}/cancel"),
    ROW("/{a}/{b}/{c}/{d}"),
    ROW("/rates/{id}.xml"),
    ROW("/ab-{id}"),
};

static void check_match(const char *path)
{
    static struct router router;
    const struct route_table table = {.rows = rows, .count = sizeof(rows) / sizeof(rows[0])};
    const char *problem;
    const struct route *row;
    struct router_result result;
    if (router.row_count == 0)
        must(router_add(&router, NULL, &table, &problem, &row) == ERR_OK);
    router_find(&router, NULL, METHOD_GET, path, &result);
    must((result.route != NULL) == (result.allowed != 0));
    for (size_t i = 0; i < result.capture_count; i++) {
        const struct router_capture *capture = &result.captures[i];
        must(capture->len > 0 && memchr(capture->value, '/', capture->len) == NULL);
        must(capture->value > path && capture->value + capture->len <= path + strlen(path));
    }
}

static void check_path(const uint8_t *data, size_t size, bool merge)
{
    char *out = malloc(size + 1);
    must(out != NULL);
    if (router_path((const char *)data, size, merge, out)) {
        size_t len = strlen(out);
        must(len <= size && out[0] == '/' && text_is_utf8(out, len));
        must(strstr(out, "//") == NULL && strstr(out, "/../") == NULL && strchr(out, '\\') == NULL);
        must(len == 1 || out[len - 1] != '/');
        check_match(out);
        if (face_drop_segment(&face_v1, out)) {
            must(strlen(out) < len && strstr(out, "//") == NULL);
            check_match(out);
        }
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_path(data, size, false);
    check_path(data, size, true);
    return 0;
}
