/* The lines of trades in the histories of their traders. */
#include <inttypes.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "market/line.h"
#include "money/decimal.h"
#include "money/display.h"

#define SQL_MAX 8192
#define KIND "trade" /* of a trade's journal */

/* A trade as one of its two sides knows it. */
struct side {
    int64_t journal_id;
    struct market_line line;
};

static const struct db_column columns[] = {
    DB_COLUMN("t.journal_id", struct side, journal_id),
    DB_COLUMN("t.tid", struct side, line.tid),
    DB_COLUMN("t.buyer_id = o.user_id", struct side, line.bought),
    DB_COLUMN("o.oid", struct side, line.oid),
    DB_COLUMN("t.amount", struct side, line.amount.units),
    DB_COLUMN("m.item_id", struct side, line.amount.currency),
    DB_COLUMN("t.price", struct side, line.price.units),
    DB_COLUMN("m.currency_id", struct side, line.price.currency),
    DB_COLUMN("o.fee_percent", struct side, line.fee_percent),
    DB_COLUMN("t.at_market", struct side, line.at_market),
};

void market_line_write(const struct market_line *trade, const char *type, struct text *out)
{
    char amount[AMOUNT_TEXT_SIZE], price[DISPLAY_SIZE];
    const char *item = trade->amount.currency->code;

    amount_format(trade->amount, amount);
    display_full(trade->price, price);
    text_addf(out, "%s %s: [tid:%lld] %s %s at %s", item, trade->bought ? "bought" : "sold",
              (long long)trade->tid, amount, item, price);
    if (type != NULL && strcmp(type, "fee") == 0)
        text_addf(out, " (%s%% fee)", trade->fee_percent);
}

static void write_line(const struct ledger_line *line, const void *known, struct text *out)
{
    market_line_write(known, line->type, out);
}

const struct market_line *market_line_of(const struct ledger_line *line)
{
    return strcmp(line->kind, KIND) == 0 ? line->known : NULL;
}

static void take_side(const struct side *side, const struct ledger_line *lines, size_t count,
                      struct market_line *known)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].journal_id == side->journal_id) {
            known[i] = side->line;
            decimal_copy_short(known[i].fee_percent, sizeof(known[i].fee_percent),
                               side->line.fee_percent);
        }
}

/* A line whose trade was not found would be shown with nothing. */
static enum err check_found(const struct ledger_line *lines, size_t count,
                            const struct market_line *known)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lines[i].kind, KIND) == 0 && known[i].tid == 0)
            return ERR_INTERNAL;
    return ERR_OK;
}

static enum err read_lines(struct db *db, int64_t user_id, const struct ledger_line *lines,
                           size_t count, void *known)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct side side;

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql,
                  "FROM trade AS t JOIN market AS m ON m.id = t.market_id JOIN market_order AS o "
                  "ON o.id = IF(t.buyer_id = ?, t.bid_id, t.ask_id) WHERE t.journal_id IN (0",
                  DB_ARGS(db_i64(user_id)));
    for (size_t i = 0; i < count; i++)
        if (strcmp(lines[i].kind, KIND) == 0)
            text_addf(&sql, ", %" PRId64, lines[i].journal_id);
    text_putc(&sql, ')');
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &side))
        take_side(&side, lines, count, known);
    db_rows_free(&rows);
    text_free(&sql);
    return rc == ERR_OK ? check_found(lines, count, known) : rc;
}

const struct ledger_words market_words = {
    .kind = KIND, .size = sizeof(struct market_line), .read = read_lines, .write = write_line};

enum err market_trade_journal(struct db *db, int64_t tid, int64_t *journal_id)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT journal_id FROM trade WHERE market_id = ? MOD 100 AND tid = ?",
                         DB_ARGS(db_i64(tid), db_i64(tid)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_TRADE_UNKNOWN;
    if (rc == ERR_OK)
        *journal_id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}
