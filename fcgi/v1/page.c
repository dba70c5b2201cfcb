#include "fcgi/v1/page.h"

#include <stdio.h>

struct json_object *v1_page(const struct page *page, struct json_object *result)
{
    struct json_object *object = json_object_new_object();
    char records[24];

    snprintf(records, sizeof(records), "%llu", (unsigned long long)page->records);
    reply_text(object, "records", records);
    reply_add(object, "result", result);
    reply_int(object, "current_page", page->current);
    reply_int(object, "max_page", page->max);
    reply_int(object, "max_results", page->size);
    return object;
}
