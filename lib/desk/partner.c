/* Affiliates, and what they have. */
#include "desk/partner.h"

#include <string.h>

#include "base/text.h"
#include "db/columns.h"
#include "db/statement.h"
#include "desk/bid.h"
#include "desk/store.h"
#include "identity/sql.h"
#include "ledger/sql.h"

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
