/* JSON bodies: what is accepted is JSON for json-c as well, with the same members. */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_same(const struct value *value, struct json_object *other);

static void check_children(const struct value *value, struct json_object *other)
{
    size_t at = 0;
    for (const struct value *child = value->first; child != NULL; child = child->next, at++) {
        struct json_object *theirs = NULL;
        if (value->type == VALUE_OBJECT)
            must(json_object_object_get_ex(other, child->name, &theirs));
        else
            theirs = json_object_array_get_idx(other, at);
        must(value->type != VALUE_OBJECT || value_member(value, child->name) == child);
        check_same(child, theirs);
    }
    must(at == value->count);
}

static void check_same(const struct value *value, struct json_object *other)
{
    static const enum json_type types[] = {[VALUE_NULL] = json_type_null,
                                           [VALUE_BOOL] = json_type_boolean,
                                           [VALUE_TEXT] = json_type_string,
                                           [VALUE_OBJECT] = json_type_object,
                                           [VALUE_LIST] = json_type_array};
    must(value->text[value->len] == '\0');
    if (value->type == VALUE_NUMBER) {
        must(json_object_is_type(other, json_type_int) ||
             json_object_is_type(other, json_type_double));
        return;
    }
    must(json_object_is_type(other, types[value->type]));
    if (value->type == VALUE_TEXT)
        must((size_t)json_object_get_string_len(other) == value->len &&
             memcmp(json_object_get_string(other), value->text, value->len) == 0);
    check_children(value, other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    struct value *root;
    const char *where;

    enum err rc = value_parse(&arena, (const char *)data, size, &root, &where);
    must((rc == ERR_REPEATED) == (where != NULL));
    size_t mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (rc == ERR_OK && root->type == VALUE_OBJECT) {
        /* One level for the document itself, one that json-c counts for scalars. */
        struct json_tokener *tokener = json_tokener_new_ex(VALUE_MAX_DEPTH + 2);
        struct json_object *theirs =
            json_tokener_parse_ex(tokener, (const char *)data + mark, (int)(size - mark));
        check_same(root, theirs);
        json_object_put(theirs);
        json_tokener_free(tokener);
    }
    arena_clear(&arena);
    return 0;
}
