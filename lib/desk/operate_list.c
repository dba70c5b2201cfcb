/* Properties that are rows of other tables: items with spaces between them, parts with colons. */
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "desk/operate_store.h"
#include "desk/status.h"
#include "desk/store.h"

#define PART_SIZE 64
#define PARTS_MAX 3

/* One item in its parts. */
struct item {
    char parts[PARTS_MAX][PART_SIZE];
    size_t count;
};

/* A list on its way. */
struct list {
    enum desk_thing thing;
    const struct operate_row *row;
    const struct property *property;
    struct text sql; /* the INSERT */
    size_t items;
};

/* Steps to the next item; false at the end, or where one has too many parts (count 0 then). */
static bool next_item(const char **at, struct item *out)
{
    *out = (struct item){0};
    while (**at == ' ')
        ++*at;
    if (**at == '\0')
        return false;
    for (;;) {
        size_t len = strcspn(*at, ": ");
        if (out->count == PARTS_MAX || len >= PART_SIZE) {
            out->count = 0;
            return false;
        }
        memcpy(out->parts[out->count++], *at, len);
        *at += len;
        if (**at != ':')
            return true;
        ++*at;
    }
}

static bool is_percent(const char *text, bool below_zero)
{
    bool negative = below_zero && text[0] == '-';
    struct rate rate;

    return rate_parse(text + negative, strlen(text + negative), &rate) == ERR_OK &&
           rate.scale <= DESK_PERCENT_SCALE_MAX && strlen(text) < 10 &&
           rate.coefficient < 100 * decimal_power(rate.scale);
}

static bool is_decimal(const char *text)
{
    bool negative = text[0] == '-';
    struct rate rate;

    return rate_parse(text + negative, strlen(text + negative), &rate) == ERR_OK &&
           rate.scale <= DESK_RATE_SCALE_MAX && strlen(text) <= DESK_RATE_DIGITS_MAX &&
           strpbrk(text, "eE") == NULL;
}

static enum err add_field(struct list *list, const struct item *item)
{
    const struct operate_row *row = list->row;
    int64_t number;

    if (item->count != 1 || !text_to_number(item->parts[0], 1, 65535, &number))
        return ERR_INVALID;
    if (list->thing == DESK_SYSTEMS)
        statement_add(&list->sql, "(?, ?, ?)",
                      DB_ARGS(db_i64(row->id), db_text(list->property->column), db_i64(number)));
    else
        statement_add(&list->sql, "(?, ?)", DB_ARGS(db_i64(row->id), db_i64(number)));
    return ERR_OK;
}

static enum err add_tier(struct list *list, const struct item *item)
{
    struct amount from;

    if (item->count < 2 || !is_percent(item->parts[1], true) ||
        (item->count == 3 && !is_decimal(item->parts[2])) || list->items == DESK_TIERS_MAX)
        return ERR_INVALID;
    enum err rc =
        amount_parse(item->parts[0], strlen(item->parts[0]), list->row->give_currency, &from);
    if (rc == ERR_OK)
        statement_add(&list->sql, "(?, ?, ?, ?)",
                      DB_ARGS(db_i64(list->row->id), db_i128(from.units), db_text(item->parts[1]),
                              db_text(item->count == 3 ? item->parts[2] : "0")));
    return rc == ERR_OK && from.units == 0 ? ERR_INVALID : rc;
}

static enum err add_life(struct list *list, const struct item *item)
{
    enum desk_status status;
    int64_t seconds;

    if (item->count != 2 || !desk_status_find(item->parts[0], &status) ||
        desk_status_stage(status) != DESK_STAGE_HELD ||
        !text_to_number(item->parts[1], 0, 31536000, &seconds))
        return ERR_INVALID;
    statement_add(&list->sql, "(?, ?, ?)",
                  DB_ARGS(db_i64(list->thing == DESK_SETTINGS ? 0 : list->row->id),
                          db_text(item->parts[0]), db_i64(seconds)));
    return ERR_OK;
}

static enum err add_level(struct list *list, const struct item *item)
{
    struct amount from;

    if (item->count != 2 || !is_percent(item->parts[1], false))
        return ERR_INVALID;
    enum err rc =
        amount_parse(item->parts[0], strlen(item->parts[0]), list->row->desk_currency, &from);
    if (rc == ERR_OK)
        statement_add(&list->sql, "(?, ?)", DB_ARGS(db_i128(from.units), db_text(item->parts[1])));
    return rc == ERR_OK && list->items == 0 && from.units != 0 ? ERR_INVALID : rc;
}

static enum err add_item(struct list *list, const struct item *item)
{
    switch (list->property->list) {
    case LIST_FIELDS:
        return add_field(list, item);
    case LIST_TIERS:
        return add_tier(list, item);
    case LIST_LIVES:
        return add_life(list, item);
    case LIST_LEVELS:
        return add_level(list, item);
    }
    return ERR_INTERNAL;
}

/* Takes away the rows that are there, and begins the statement that puts in the new ones. */
static enum err begin(struct db *db, struct list *list)
{
    struct db_arg id = db_i64(list->row->id);

    switch (list->property->list) {
    case LIST_FIELDS:
        if (list->thing == DESK_SYSTEMS) {
            text_puts(&list->sql,
                      "INSERT INTO desk_system_field (system_id, side, field_id) VALUES ");
            return db_run(db, "DELETE FROM desk_system_field WHERE system_id = ? AND side = ?",
                          DB_ARGS(id, db_text(list->property->column)), NULL);
        }
        text_puts(&list->sql, "INSERT INTO desk_direction_field (direction_id, field_id) VALUES ");
        return db_run(db, "DELETE FROM desk_direction_field WHERE direction_id = ?", DB_ARGS(id),
                      NULL);
    case LIST_TIERS:
        text_puts(&list->sql, "INSERT INTO desk_tier (direction_id, from_give, margin_percent, "
                              "margin_fixed) VALUES ");
        return db_run(db, "DELETE FROM desk_tier WHERE direction_id = ?", DB_ARGS(id), NULL);
    case LIST_LIVES:
        text_puts(&list->sql, "INSERT INTO desk_life (direction_id, status, seconds) VALUES ");
        return db_run(db, "DELETE FROM desk_life WHERE direction_id = ?",
                      DB_ARGS(list->thing == DESK_SETTINGS ? db_i64(0) : id), NULL);
    case LIST_LEVELS:
        text_puts(&list->sql, "INSERT INTO desk_level (from_turnover, percent) VALUES ");
        return db_run(db, "DELETE FROM desk_level", DB_NO_ARGS, NULL);
    }
    return ERR_INTERNAL;
}

/* Whether each field that a list names is there. */
static enum err check_fields(struct db *db, const char *value)
{
    struct db_rows rows = {0};
    struct item item;
    const char *at = value;
    enum err rc = ERR_OK;

    while (rc == ERR_OK && next_item(&at, &item)) {
        rc = db_run(db, "SELECT id FROM desk_field WHERE id = ?", DB_ARGS(db_text(item.parts[0])),
                    &rows);
        if (rc == ERR_OK && !db_next(&rows))
            rc = ERR_NOT_FOUND;
        db_rows_free(&rows);
    }
    return rc;
}

enum err operate_list_set(struct db *db, enum desk_thing thing, const struct operate_row *row,
                          const struct property *property, const char *value)
{
    struct list list = {
        .thing = thing, .row = row, .property = property, .sql = TEXT(DESK_SQL_MAX)};
    const char *at = value;
    struct item item;
    enum err rc = property->list == LIST_FIELDS ? check_fields(db, value) : ERR_OK;

    if (rc == ERR_OK)
        rc = begin(db, &list);
    while (rc == ERR_OK && next_item(&at, &item)) {
        if (list.items > 0)
            text_puts(&list.sql, ", ");
        rc = add_item(&list, &item);
        list.items++;
    }
    if (rc == ERR_OK && *at != '\0')
        rc = ERR_INVALID; /* an item with too many parts */
    if (rc == ERR_OK && list.items > 0)
        rc = db_run(db, text_string(&list.sql), DB_NO_ARGS, NULL);
    text_free(&list.sql);
    return rc;
}
