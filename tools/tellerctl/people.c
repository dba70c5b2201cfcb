/* Lays the JSON of a result out for people. */
#include "tools/tellerctl/people.h"

#include <stdio.h>
#include <string.h>

#include "json/value.h"

#define CELL_MAX 4096 /* bytes */

static bool is_list_of_objects(const struct value *value)
{
    return value->type == VALUE_LIST && value->first != NULL && value->first->type == VALUE_OBJECT;
}

/* A value in one line: amounts as their display, lists with commas. */
static void add_plain(struct text *out, const struct value *value)
{
    const struct value *display;

    switch (value->type) {
    case VALUE_NULL:
        text_putc(out, '-');
        break;
    case VALUE_BOOL:
        text_puts(out, strcmp(value->text, "true") == 0 ? "yes" : "no");
        break;
    case VALUE_LIST:
        for (const struct value *item = value->first; item != NULL; item = item->next) {
            text_puts(out, item == value->first ? "" : ", ");
            add_plain(out, item);
        }
        break;
    case VALUE_OBJECT:
        display = value_member(value, "display");
        if (display != NULL)
            add_plain(out, display);
        break;
    case VALUE_NUMBER:
    case VALUE_TEXT:
        text_puts(out, value->text);
        break;
    }
}

/* Columns of a cell, for padding. */
static int cell_width(const struct value *value)
{
    struct text cell = TEXT(CELL_MAX);
    add_plain(&cell, value);
    int width = (int)text_utf8_length(text_string(&cell), cell.len);
    text_free(&cell);
    return width;
}

static void print_cell(const struct value *value, int width, bool last)
{
    struct text cell = TEXT(CELL_MAX);
    add_plain(&cell, value);
    int pad = width - (int)text_utf8_length(text_string(&cell), cell.len);
    printf("%s%*s%s", text_string(&cell), last || pad < 0 ? 0 : pad, "", last ? "\n" : "  ");
    text_free(&cell);
}

static int column_width(const struct value *rows, const char *key)
{
    int width = (int)strlen(key);
    for (const struct value *row = rows->first; row != NULL; row = row->next) {
        const struct value *cell = value_member(row, key);
        if (cell != NULL && cell_width(cell) > width)
            width = cell_width(cell);
    }
    return width;
}

/* A list of objects with the same keys: a heading and a line for each. */
static void print_table(const struct value *rows)
{
    if (!is_list_of_objects(rows)) {
        struct text line = TEXT(CELL_MAX);
        add_plain(&line, rows);
        printf("%s\n", line.len > 0 ? text_string(&line) : "none");
        text_free(&line);
        return;
    }
    for (const struct value *cell = rows->first->first; cell != NULL; cell = cell->next)
        printf("%-*s%s", cell->next == NULL ? 0 : column_width(rows, cell->name), cell->name,
               cell->next == NULL ? "\n" : "  ");
    for (const struct value *row = rows->first; row != NULL; row = row->next)
        for (const struct value *cell = row->first; cell != NULL; cell = cell->next)
            print_cell(cell, column_width(rows, cell->name), cell->next == NULL);
}

static void print_members(const struct value *object)
{
    int width = 0;
    for (const struct value *member = object->first; member != NULL; member = member->next)
        if ((int)strlen(member->name) > width)
            width = (int)strlen(member->name);
    for (const struct value *member = object->first; member != NULL; member = member->next) {
        printf("%-*s  ", width, member->name);
        if (is_list_of_objects(member)) {
            putchar('\n');
            print_table(member);
        } else if (member->type == VALUE_LIST && member->first == NULL) {
            puts("none");
        } else {
            print_cell(member, 0, true);
        }
    }
}

bool people_print(const struct text *json)
{
    struct arena arena = {0};
    struct value *root;
    const char *where;
    bool fits = value_parse(&arena, json->data, json->len, &root, &where) == ERR_OK;

    if (fits && root->type == VALUE_LIST)
        print_table(root);
    else if (fits)
        print_members(root);
    arena_free(&arena);
    return fits;
}
