/* Marks in long lists: made while counting, and used to find a page. */
#include "db/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/statement.h"

#define SQL_MAX 4096
#define MARKS_AT_ONCE 50 /* that one reader makes: each reads LIST_STEP keys */
#define MARK_SIZE 20
#define SETTLED_S \
    3600 /* no row comes before one that old: its transaction would have to last as long */

/* A place in a list: behind how many rows, and the key of the last of them. */
struct mark {
    uint64_t position; /* 0: the beginning, which has no key */
    char key[MARK_SIZE];
    size_t len;
};

static void read_mark(struct db_rows *rows, struct mark *out)
{
    const void *key;

    *out = (struct mark){.position = 0};
    if (!db_next(rows))
        return;
    out->position = db_get_u64(rows, 0);
    key = db_get_blob(rows, 1, &out->len);
    if (key == NULL || out->len > sizeof(out->key))
        abort(); /* our bug: the column holds no more */
    memcpy(out->key, key, out->len);
}

/* The last mark that is not beyond a position. */
static enum err find_mark(struct db *db, const struct db_list *list, int64_t owner_id,
                          uint64_t position, struct mark *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT position, mark FROM list_mark WHERE list = ? AND owner_id = ? "
                         "AND position <= ? ORDER BY position DESC LIMIT 1",
                         DB_ARGS(db_text(list->name), db_i64(owner_id), db_u64(position)), &rows);
    if (rc == ERR_OK)
        read_mark(&rows, out);
    db_rows_free(&rows);
    return rc;
}

/* Adds "FROM ... AND key > ?". */
static void add_from(struct text *sql, const struct db_list *list, int64_t owner_id,
                     const struct mark *from)
{
    text_puts(sql, " FROM ");
    statement_add(sql, list->from, DB_ARGS(db_i64(owner_id)));
    if (from->position == 0)
        return;
    text_addf(sql, " AND %s > ", list->key);
    if (list->number)
        text_add(sql, from->key, from->len); /* digits, as they were written by add_mark */
    else
        statement_add(sql, "?", DB_ARGS(db_blob(from->key, from->len)));
}

static enum err run_number(struct db *db, struct text *sql, uint64_t *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, text_string(sql), DB_NO_ARGS, &rows);

    *out = rc == ERR_OK && db_next(&rows) ? db_get_u64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}

static enum err count_from(struct db *db, const struct db_list *list, int64_t owner_id,
                           const struct mark *from, uint64_t *count)
{
    struct text sql = TEXT(SQL_MAX);

    text_puts(&sql, "SELECT COUNT(*)");
    add_from(&sql, list, owner_id, from);
    enum err rc = run_number(db, &sql, count);
    text_free(&sql);
    return rc;
}

struct uuid db_list_floor(int64_t unix_s)
{
    struct uuid id = {{0}};
    int64_t ms = unix_s < SETTLED_S ? 0 : (unix_s - SETTLED_S) * 1000;

    for (int i = 5; i >= 0; i--, ms >>= 8)
        id.bytes[i] = (uint8_t)ms;
    return id;
}

/* The key of the row LIST_STEP behind a mark; len 0 where there is none yet that is settled. A number says
 * nothing of its age: it is settled when so many rows are behind it. */
static enum err next_key(struct db *db, const struct db_list *list, int64_t owner_id,
                         const struct mark *from, int64_t now_s, struct mark *out)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);
    struct uuid settled = db_list_floor(now_s);

    text_addf(&sql, "SELECT 0, %s", list->key);
    add_from(&sql, list, owner_id, from);
    if (!list->number) {
        text_addf(&sql, " AND %s < ", list->key);
        statement_add(&sql, "?", DB_ARGS(db_uuid(&settled)));
    }
    text_addf(&sql, " ORDER BY %s LIMIT 1 OFFSET %d", list->order, LIST_STEP - 1);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK)
        read_mark(&rows, out);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* How many rows lie behind one mark, up to another's key and those that share it. */
static enum err count_between(struct db *db, const struct db_list *list, int64_t owner_id,
                              const struct mark *from, const struct mark *to, uint64_t *count)
{
    struct text sql = TEXT(SQL_MAX);

    text_puts(&sql, "SELECT COUNT(*)");
    add_from(&sql, list, owner_id, from);
    text_addf(&sql, " AND %s <= ", list->key);
    if (list->number)
        text_add(&sql, to->key, to->len);
    else
        statement_add(&sql, "?", DB_ARGS(db_blob(to->key, to->len)));
    enum err rc = run_number(db, &sql, count);
    text_free(&sql);
    return rc;
}

/* Adds a mark to the statement that keeps them. */
static void add_mark(struct text *sql, const struct db_list *list, int64_t owner_id,
                     const struct mark *mark)
{
    text_puts(sql, sql->len == 0 ? "INSERT INTO list_mark (list, owner_id, position, mark) VALUES "
                                 : ", ");
    statement_add(sql, "(?, ?, ?, ?)",
                  DB_ARGS(db_text(list->name), db_i64(owner_id), db_u64(mark->position),
                          db_blob(mark->key, mark->len)));
}

/* Makes the marks that are due behind `last`, some of them: the next reader goes on. */
/* Makes the marks that are due behind `last`, some of them: the next reader goes on. */
static enum err add_marks(struct db *db, const struct db_list *list, int64_t owner_id,
                          struct mark last, uint64_t tail, int64_t now_s)
{
    struct text sql = TEXT(MARKS_AT_ONCE * 256);
    enum err rc = ERR_OK;

    for (int i = 0; i < MARKS_AT_ONCE && tail >= 2 * LIST_STEP; i++) {
        struct mark next;
        uint64_t count = 0;
        rc = next_key(db, list, owner_id, &last, now_s, &next);
        if (rc != ERR_OK || next.len == 0)
            break;
        rc = count_between(db, list, owner_id, &last, &next, &count);
        if (rc != ERR_OK || count == 0)
            break;
        next.position = last.position + count;
        add_mark(&sql, list, owner_id, &next);
        tail -= count < tail ? count : tail;
        last = next;
    }
    if (rc == ERR_OK && sql.len > 0) {
        text_puts(&sql, " ON DUPLICATE KEY UPDATE mark = mark");
        rc = db_run(db, text_string(&sql), DB_NO_ARGS, NULL);
    }
    text_free(&sql);
    return rc;
}

enum err db_list_count(struct db *db, const struct db_list *list, int64_t owner_id,
                       uint64_t *records)
{
    struct mark last = {.position = 0};
    uint64_t tail = 0;

    enum err rc = find_mark(db, list, owner_id, UINT64_MAX, &last);
    if (rc == ERR_OK)
        rc = count_from(db, list, owner_id, &last, &tail);
    *records = last.position + tail;
    if (rc == ERR_OK && tail >= 2 * LIST_STEP)
        rc = add_marks(db, list, owner_id, last, tail, clock_now_us() / 1000000);
    return rc;
}

enum err db_list_page(struct db *db, const struct db_list *list, int64_t owner_id,
                      const struct page *page, struct text *sql)
{
    struct mark from = {.position = 0};
    uint64_t offset = (uint64_t)page_offset(page), size = (uint64_t)page->size;
    /* What is asked for, counted from the oldest row on: behind `low`, `count` rows. */
    uint64_t high = page->records > offset ? page->records - offset : 0;
    uint64_t count = high < size ? high : size, low = high - count;
    enum err rc = ERR_OK;

    text_addf(sql, "(SELECT %s AS id", list->id);
    if (offset <= LIST_STEP) {
        add_from(sql, list, owner_id, &from);
        text_addf(sql, " ORDER BY %s LIMIT %llu, %llu)", list->reverse, (unsigned long long)offset,
                  (unsigned long long)size);
        return ERR_OK;
    }
    rc = find_mark(db, list, owner_id, low, &from);
    add_from(sql, list, owner_id, &from);
    text_addf(sql, " ORDER BY %s LIMIT %llu, %llu)", list->order,
              (unsigned long long)(low - from.position), (unsigned long long)count);
    return rc;
}
