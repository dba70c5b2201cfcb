/* Affiliates, their visitors, and what they have. */
#include "desk/partner.h"

#include <string.h>

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "desk/bid.h"
#include "desk/store.h"
#include "identity/sql.h"
#include "ledger/sql.h"

#define TEXT_MAX 500 /* characters of a referrer and of a query */
#define BROWSER_MAX 255

enum err desk_partner_join(struct db *db, int64_t user_id)
{
    struct db_rows rows = {0};

    enum err rc = db_run(
        db,
        "SELECT affiliates, " IDENTITY_SQL_LOGIN("?") " IS NOT NULL FROM desk_setting WHERE id = 1",
        DB_ARGS(db_i64(user_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK && db_get_i64(&rows, 0) == 0)
        rc = ERR_DESK_PARTNERS;
    if (rc == ERR_OK && db_get_i64(&rows, 1) == 0)
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    return db_run(db,
                  "INSERT INTO desk_partner (user_id) VALUES (?) ON DUPLICATE KEY UPDATE user_id = "
                  "user_id",
                  DB_ARGS(db_i64(user_id)), NULL);
}

/* The first characters of a text; what is not UTF-8 is not kept. */
static struct db_arg cut(const char *text, size_t max)
{
    size_t bytes = 0, points = 0;

    if (text == NULL || !text_is_utf8(text, strlen(text)))
        return db_text("");
    while (text[bytes] != '\0') {
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && points++ == max)
            break;
        bytes++;
    }
    return db_textn(text, bytes);
}

enum err desk_visit_add(struct db *db, const struct desk_visit *visit)
{
    return db_run(db,
                  "INSERT INTO desk_visit (partner_id, browser, ip, referrer, user_hash, query) "
                  "SELECT p.user_id, ?, ?, ?, ?, ? FROM desk_partner AS p WHERE p.user_id = ?",
                  DB_ARGS(cut(visit->browser, BROWSER_MAX), cut(visit->ip, 45),
                          cut(visit->referrer, TEXT_MAX), cut(visit->user_hash, 64),
                          cut(visit->query, TEXT_MAX), db_i64(visit->partner_id)),
                  NULL);
}

static int64_t list_limit(int64_t limit)
{
    return limit <= 0 ? DESK_LIST_DEFAULT : limit > DESK_LIST_MAX ? DESK_LIST_MAX : limit;
}

enum err desk_visit_list(struct db *db, const struct desk_visit_filter *filter,
                         void (*row)(void *arg, const struct desk_visit *visit), void *arg)
{
    struct db_rows rows = {0};
    int64_t since = filter->since, until = filter->until;

    if (!span_fits(&since, &until) || !is_ascii(filter->ip))
        return ERR_OK;
    enum err rc = db_run(
        db,
        "SELECT id, UNIX_TIMESTAMP(at) DIV 1, partner_id, browser, ip, referrer, query, "
        "user_hash FROM desk_visit WHERE partner_id = ? AND at >= FROM_UNIXTIME(?) AND "
        "(? = 0 OR at < FROM_UNIXTIME(? + 1)) AND (? IS NULL OR ip = ?) "
        "ORDER BY at DESC, id DESC LIMIT ?, ?",
        DB_ARGS(db_i64(filter->partner_id), db_i64(since), db_i64(until), db_i64(until),
                db_text(filter->ip), db_text(filter->ip),
                db_i64(filter->offset < 0 ? 0 : filter->offset), db_i64(list_limit(filter->limit))),
        &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, &(struct desk_visit){.id = db_get_i64(&rows, 0),
                                      .at = db_get_i64(&rows, 1),
                                      .partner_id = db_get_i64(&rows, 2),
                                      .browser = db_get_text(&rows, 3),
                                      .ip = db_get_text(&rows, 4),
                                      .referrer = db_get_text(&rows, 5),
                                      .query = db_get_text(&rows, 6),
                                      .user_hash = db_get_text(&rows, 7)});
    db_rows_free(&rows);
    return rc;
}

/* An affiliate as read; whether there is a programme, and one for him. */
struct partner_row {
    struct desk_partner partner;
    bool on, joined;
};

static const struct db_column partner_columns[] = {
    DB_COLUMN("c.affiliates", struct partner_row, on),
    DB_COLUMN("p.user_id IS NOT NULL", struct partner_row, joined),
    DB_COLUMN("c.currency_id", struct partner_row, partner.balance.currency),
    DB_COLUMN("COALESCE(" LEDGER_SQL_BALANCE("p.user_id", "affiliate", "c.currency_id") ", 0)",
              struct partner_row, partner.balance.units),
    DB_COLUMN("c.min_payout", struct partner_row, partner.min_payout.units),
    DB_COLUMN("COALESCE(p.turnover, 0)", struct partner_row, partner.turnover.units),
    DB_COLUMN("COALESCE(p.percent, (SELECT l.percent FROM desk_level AS l WHERE l.from_turnover <= "
              "p.turnover ORDER BY l.from_turnover DESC LIMIT 1), 0)",
              struct partner_row, partner.percent),
    DB_COLUMN("(SELECT COUNT(*) FROM desk_visit AS v WHERE v.partner_id = p.user_id)",
              struct partner_row, partner.visits),
    DB_COLUMN("(SELECT COUNT(*) FROM desk_bid AS b WHERE b.partner_id = p.user_id)",
              struct partner_row, partner.bids),
    DB_COLUMN("(SELECT COUNT(*) FROM desk_bid AS b WHERE b.partner_id = p.user_id AND b.stage = "
              "'done')",
              struct partner_row, partner.done),
};

enum err desk_partner_view(struct db *db, int64_t user_id, struct desk_partner *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct partner_row row = {0};

    db_select(&sql, partner_columns, DB_COUNT(partner_columns));
    statement_add(&sql,
                  "FROM desk_setting AS c LEFT JOIN desk_partner AS p ON p.user_id = ? "
                  "WHERE c.id = 1",
                  DB_ARGS(db_i64(user_id)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, partner_columns, DB_COUNT(partner_columns), &row))
        rc = ERR_INTERNAL;
    if (rc == ERR_OK)
        rc = !row.on ? ERR_DESK_PARTNERS : !row.joined ? ERR_NOT_FOUND : ERR_OK;
    if (rc == ERR_OK) {
        *out = row.partner;
        out->user_id = user_id;
        out->min_payout.currency = out->turnover.currency = out->balance.currency;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
