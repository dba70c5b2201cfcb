/* Field tables over any JSON: the targets of what was read are within their bounds, every fault has a path
 * and an error, and a reading that stops at the first fault finds the same one as a reading that goes on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ITEMS_MAX = 3, NAME_MAX_POINTS = 5, NUMBER_MAX = 100 };

struct item {
    const char *name;
    int64_t number;
    struct rate share;
    bool named;
};

struct document {
    struct item one;
    struct field_list items, words;
    struct field_bytes bytes;
    struct field_amount amount;
    int64_t until;
    bool flag;
};

static const struct field item_rows[] = {
    {.name = "name",
     .type = FIELD_TEXT,
     .min = 1,
     .max = NAME_MAX_POINTS,
     .offset = offsetof(struct item, name),
     .given_offset = offsetof(struct item, named)},
    {.name = "number",
     .type = FIELD_INT,
     .required = true,
     .max = NUMBER_MAX,
     .offset = offsetof(struct item, number)},
    {.name = "share", .type = FIELD_DECIMAL, .max = 4, .offset = offsetof(struct item, share)},
};
static const struct field_table item_table = {item_rows, 3, sizeof(struct item)};
static const struct field item_field = {
    .type = FIELD_OBJECT, .fields = &item_table, .size = sizeof(struct item)};
static const struct field word_field = {
    .type = FIELD_TEXT, .max = NAME_MAX_POINTS, .size = sizeof(const char *)};
#define AT(member) offsetof(struct document, member)
static const struct field rows[] = {
    {.name = "one", .type = FIELD_OBJECT, .fields = &item_table, .offset = AT(one)},
    {.name = "items",
     .type = FIELD_LIST,
     .item = &item_field,
     .max = ITEMS_MAX,
     .offset = AT(items),
     .one_of = "what"},
    {.name = "words",
     .type = FIELD_LIST,
     .item = &word_field,
     .max = ITEMS_MAX,
     .offset = AT(words),
     .one_of = "what"},
    {.name = "bytes",
     .type = FIELD_BYTES,
     .max = 4,
     .offset = AT(bytes),
     .when = "kind",
     .is = "b"},
    {.name = "amount", .type = FIELD_AMOUNT, .offset = AT(amount)},
    {.name = "until", .type = FIELD_UNTIL, .offset = AT(until)},
    {.name = "flag", .type = FIELD_BOOL, .offset = AT(flag)},
};
#undef AT

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_item(const struct item *item)
{
    must(item->number >= 0 && item->number <= NUMBER_MAX && item->share.scale <= 4);
    must(item->named == (item->name != NULL));
    if (item->named)
        must(text_utf8_length(item->name, strlen(item->name)) <= NAME_MAX_POINTS);
}

static void check_document(const struct document *document)
{
    const struct item *items = document->items.items;
    const char *const *words = document->words.items;
    must(document->items.count <= ITEMS_MAX && document->words.count <= ITEMS_MAX);
    for (size_t i = 0; i < document->items.count; i++)
        check_item(&items[i]);
    for (size_t i = 0; i < document->words.count; i++)
        must(text_utf8_length(words[i], strlen(words[i])) <= NAME_MAX_POINTS);
    must(document->bytes.len <= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    const struct field_table table = {rows, sizeof(rows) / sizeof(rows[0]),
                                      sizeof(struct document)};
    struct value *root;
    const char *where;

    if (value_parse(&arena, (const char *)data, size, &root, &where) == ERR_OK) {
        struct field_reader first = {.arena = &arena}, all = {.arena = &arena, .all = true};
        struct document document = {0}, again = {0};
        enum err rc = field_read(&first, &table, root, &document);
        must(field_read(&all, &table, root, &again) == rc);
        must((rc == ERR_OK) == (first.fault_count == 0) && first.fault_count <= 1);
        must((rc == ERR_OK) == (all.fault_count == 0) && all.fault_count <= FIELD_FAULTS_MAX);
        for (size_t i = 0; i < all.fault_count; i++)
            must(all.faults[i].rc != ERR_OK && all.faults[i].path[0] != '\0');
        if (rc != ERR_OK)
            must(first.faults[0].rc == rc && strcmp(first.faults[0].path, all.faults[0].path) == 0);
        else
            check_document(&document);
    }
    arena_clear(&arena);
    return 0;
}
