/* Lists of tickets: of the customer, of the partner, or of somebody who may be either. */
#include <string.h>

#include "db/list.h"
#include "db/statement.h"
#include "ticket/store.h"

#define SQL_MAX 8192

/* Each side is an index of its own. Nobody is both on one ticket (ERR_PARTNER_SELF). */
static const struct db_list lists[] = {
    {.name = "ticket/customer",
     .from = "ticket AS t WHERE t.customer_id = ?",
     .id = "t.id",
     .key = "t.id",
     .order = "t.id",
     .reverse = "t.id DESC"},
    {.name = "ticket/partner",
     .from = "ticket AS t WHERE t.partner_user_id = ?",
     .id = "t.id",
     .key = "t.id",
     .order = "t.id",
     .reverse = "t.id DESC"},
};
#define SIDES (sizeof(lists) / sizeof(lists[0]))

static bool side_wanted(enum ticket_side side, size_t list)
{
    switch (side) {
    case TICKET_SIDE_CUSTOMER:
        return list == 0;
    case TICKET_SIDE_PARTNER:
        return list == 1;
    case TICKET_SIDE_EITHER:
        break;
    }
    return true;
}

/* Conditions on a ticket. An open one past its time is shown as expired, swept or not. */
static void add_filter(struct text *sql, const struct ticket_filter *filter)
{
    const struct uuid floor = db_list_floor(filter->since);

    if (filter->since != 0)
        statement_add(sql, " AND t.id >= ? AND t.created_at >= FROM_UNIXTIME(?)",
                      DB_ARGS(db_uuid(&floor), db_i64(filter->since)));
    if (filter->status == NULL)
        return;
    if (strcmp(filter->status, "open") == 0)
        text_puts(sql, " AND t.status = 'open' AND t.expires_at > NOW(6)");
    else if (strcmp(filter->status, "expired") == 0)
        text_puts(sql, " AND (t.status = 'expired' OR (t.status = 'open' AND t.expires_at <= "
                       "NOW(6)))");
    else
        statement_add(sql, " AND t.status = ?", DB_ARGS(db_text(filter->status)));
}

/* One user's list on its way. */
struct listing {
    struct db *db;
    int64_t user_id;
    const struct ticket_filter *filter;
    bool plain;             /* without a filter */
    uint64_t counts[SIDES]; /* rows of each side */
};

static enum err count_filtered(const struct listing *listing, size_t side, uint64_t *count)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);

    text_puts(&sql, "SELECT COUNT(*) FROM ");
    statement_add(&sql, lists[side].from, DB_ARGS(db_i64(listing->user_id)));
    add_filter(&sql, listing->filter);
    enum err rc = db_run(listing->db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *count = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static enum err count_sides(struct listing *listing, uint64_t *records)
{
    enum err rc = ERR_OK;

    *records = 0;
    for (size_t i = 0; rc == ERR_OK && i < SIDES; i++) {
        if (!side_wanted(listing->filter->side, i))
            continue;
        rc = listing->plain
                 ? db_list_count(listing->db, &lists[i], listing->user_id, &listing->counts[i])
                 : count_filtered(listing, i, &listing->counts[i]);
        *records += listing->counts[i];
    }
    return rc;
}

/* The ids of a page out of one side or both: of each no more is read than the page can be made of. */
static void add_merged(struct text *sql, const struct listing *listing, const struct page *page)
{
    int64_t offset = page_offset(page);
    bool more = false;

    text_puts(sql, "(SELECT id FROM (");
    for (size_t i = 0; i < SIDES; i++) {
        if (listing->counts[i] == 0)
            continue;
        text_puts(sql, more ? " UNION ALL (SELECT t.id AS id FROM " : "(SELECT t.id AS id FROM ");
        statement_add(sql, lists[i].from, DB_ARGS(db_i64(listing->user_id)));
        add_filter(sql, listing->filter);
        statement_add(sql, " ORDER BY t.id DESC LIMIT ?)", DB_ARGS(db_i64(offset + page->size)));
        more = true;
    }
    statement_add(sql, ") AS sides ORDER BY id DESC LIMIT ?, ?)",
                  DB_ARGS(db_i64(offset), db_i64(page->size)));
}

/* Adds a subquery with the ids of the page. */
static enum err add_page(struct text *sql, const struct listing *listing, const struct page *page)
{
    size_t with_rows = 0, last = 0;

    for (size_t i = 0; i < SIDES; i++)
        if (listing->counts[i] > 0) {
            with_rows++;
            last = i;
        }
    if (listing->plain && with_rows == 1)
        return db_list_page(listing->db, &lists[last], listing->user_id, page, sql);
    add_merged(sql, listing, page);
    return ERR_OK;
}

enum err ticket_list(struct db *db, int64_t user_id, const struct ticket_filter *filter,
                     void (*row)(void *arg, const struct ticket *ticket), void *arg,
                     struct page *page)
{
    struct listing listing = {.db = db,
                              .user_id = user_id,
                              .filter = filter,
                              .plain = filter->status == NULL && filter->since == 0};
    struct text ids = TEXT(SQL_MAX);
    uint64_t records = 0;

    enum err rc = count_sides(&listing, &records);
    *page = page_of(records, filter->page, TICKET_PAGE);
    if (rc == ERR_OK && page->current <= page->max && records > 0) {
        rc = add_page(&ids, &listing, page);
        if (rc == ERR_OK)
            rc = ticket_store_list(db, text_string(&ids), row, arg);
    }
    text_free(&ids);
    return rc;
}
