/* Lists of bids and their histories. */
#include <string.h>

#include "base/text.h"
#include "db/statement.h"
#include "desk/store.h"

static void add_ids(struct text *sql, const int64_t *ids, size_t count)
{
    text_puts(sql, "(0");
    for (size_t i = 0; i < count; i++)
        text_addf(sql, ", %lld", (long long)ids[i]);
    text_puts(sql, ")");
}

static void add_statuses(struct text *sql, desk_status_set statuses)
{
    text_puts(sql, " AND b.status IN (''");
    for (int status = 0; status < DESK_STATUS_COUNT; status++)
        if ((statuses >> status & 1) != 0)
            text_addf(sql, ", '%s'", desk_status_names[status]);
    text_puts(sql, ")");
}

static void add_text(struct text *sql, const char *condition, const char *value)
{
    if (value != NULL)
        statement_add(sql, condition, DB_ARGS(db_text(value)));
}

static void add_number(struct text *sql, const char *condition, int64_t value)
{
    if (value != 0)
        statement_add(sql, condition, DB_ARGS(db_i64(value)));
}

static void add_filter(struct text *sql, const struct desk_bid_filter *filter)
{
    add_number(sql, " AND b.key_id = ?", filter->key_id);
    add_number(sql, " AND b.user_id = ?", filter->user_id);
    add_number(sql, " AND b.partner_id = ?", filter->partner_id);
    add_text(sql, " AND b.ip = ?", filter->ip);
    add_text(sql, " AND b.hash = ?", filter->hash);
    add_text(sql, " AND b.api_id = ?", filter->api_id);
    if (filter->by_api)
        text_puts(sql, " AND b.key_id IS NOT NULL");
    if (filter->ids != NULL) {
        text_puts(sql, " AND b.id IN ");
        add_ids(sql, filter->ids, filter->id_count);
    }
}

/* Bids that changed last when they were written, and those whose time is over though nobody has written it:
 * they changed when it was. Each part goes by an index of its own, and no further than the list does. */
static void add_written(struct text *sql, const struct desk_bid_filter *filter, int64_t most)
{
    text_puts(sql,
              "(SELECT b.id, b.changed_at AS at FROM desk_bid AS b WHERE (b.expires_at IS NULL "
              "OR b.expires_at > NOW(6))");
    add_filter(sql, filter);
    add_number(sql, " AND b.changed_at >= FROM_UNIXTIME(?)", filter->since);
    add_number(sql, " AND b.changed_at < FROM_UNIXTIME(? + 1)", filter->until);
    if (filter->statuses != 0)
        add_statuses(sql, filter->statuses);
    statement_add(sql, " ORDER BY b.changed_at DESC, b.id DESC LIMIT ?)", DB_ARGS(db_i64(most)));
}

static void add_due(struct text *sql, const struct desk_bid_filter *filter, int64_t most)
{
    text_puts(sql,
              "(SELECT b.id, b.expires_at AS at FROM desk_bid AS b WHERE b.expires_at <= NOW(6)");
    add_filter(sql, filter);
    add_number(sql, " AND b.expires_at >= FROM_UNIXTIME(?)", filter->since);
    add_number(sql, " AND b.expires_at < FROM_UNIXTIME(? + 1)", filter->until);
    if (filter->statuses != 0 && (filter->statuses & DESK_STATUS_BIT(delete)) == 0)
        text_puts(sql, " AND FALSE");
    statement_add(sql, " ORDER BY b.expires_at DESC, b.id DESC LIMIT ?)", DB_ARGS(db_i64(most)));
}

/* Whether the filter names what a bid can have at all. */
static bool may_match(struct desk_bid_filter *filter)
{
    const char *api_id = filter->api_id, *hash = filter->hash;

    return span_fits(&filter->since, &filter->until) && is_ascii(filter->ip) &&
           (hash == NULL || is_random_word(hash)) &&
           (api_id == NULL || text_is_utf8(api_id, strlen(api_id)));
}

enum err desk_bid_list(struct db *db, const struct desk_bid_filter *asked,
                       void (*row)(void *arg, const struct desk_bid *bid), void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct desk_bid bid;
    struct desk_bid_filter filter = *asked;
    int64_t limit = list_limit(filter.limit), offset = list_offset(filter.offset);

    if (!may_match(&filter))
        return ERR_OK;
    bid_store_select(&sql);
    text_puts(&sql, "JOIN (");
    add_written(&sql, &filter, offset + limit);
    text_puts(&sql, " UNION ALL ");
    add_due(&sql, &filter, offset + limit);
    statement_add(&sql, ") AS m ON m.id = b.id ORDER BY m.at DESC, m.id DESC LIMIT ?, ?",
                  DB_ARGS(db_i64(offset), db_i64(limit)));
    enum err rc = sql.full ? ERR_TOO_LARGE : db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && bid_store_next(&rows, &bid))
        row(arg, &bid);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err desk_bid_history(struct db *db, const int64_t *ids, size_t count,
                          void (*row)(void *arg, int64_t bid_id, int64_t at,
                                      enum desk_status status, enum desk_who who, const char *note),
                          void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    text_puts(&sql, "SELECT bid_id, UNIX_TIMESTAMP(at) DIV 1, status, who + 0, note, turn "
                    "FROM desk_bid_history WHERE bid_id IN ");
    add_ids(&sql, ids, count);
    text_puts(&sql,
              " UNION ALL SELECT b.id, UNIX_TIMESTAMP(b.expires_at) DIV 1, 'delete', 3, NULL, "
              "b.turn + 1 FROM desk_bid AS b WHERE " DESK_SQL_DUE " AND b.id IN ");
    add_ids(&sql, ids, count);
    text_puts(&sql, " ORDER BY bid_id, turn");
    enum err rc = sql.full ? ERR_TOO_LARGE : db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        enum desk_status status;
        const char *note = db_get_text(&rows, 4);
        if (desk_status_find(db_get_text(&rows, 2), &status))
            row(arg, db_get_i64(&rows, 0), db_get_i64(&rows, 1), status,
                (enum desk_who)(db_get_i64(&rows, 3) - 1), note == NULL ? "" : note);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err desk_bid_fields(struct db *db, int64_t id, struct text *out)
{
    struct db_rows rows = {0};

    text_clear(out);
    enum err rc =
        db_run(db, "SELECT fields FROM desk_bid WHERE id = ?", DB_ARGS(db_i64(id)), &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) ? ERR_OK : ERR_DESK_BID;
    if (rc == ERR_OK)
        text_puts(out, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc;
}
