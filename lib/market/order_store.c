/* The SQL of orders. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/sql.h"
#include "market/change.h"
#include "market/store.h"

static struct amount read_amount(const struct db_rows *rows, unsigned col,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col),
                           .currency = db_is_null(rows, col) ? NULL : currency};
}

static struct db_arg price(const struct amount *amount)
{
    return amount == NULL ? db_null() : db_i128(amount->units);
}

enum err market_store_same(struct db *db, const struct market_placement *placement,
                           const struct uuid *oid, bool *same)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT market_id = ? AND side = ? AND amount = ? AND price <=> ? AND stop_price <=> ? "
        "AND fiat_fee = ? FROM market_order WHERE oid = ?",
        DB_ARGS(db_u64(placement->market->id), db_text(market_side_name(placement->side)),
                db_i128(placement->amount.units), price(placement->price), price(placement->stop),
                db_u64(placement->fiat_fee && placement->side == MARKET_BID), db_uuid(oid)),
        &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_ORDER_UNKNOWN;
    if (rc == ERR_OK)
        *same = db_get_u64(&rows, 0) != 0;
    db_rows_free(&rows);
    return rc;
}

#define ORDER_COLUMNS                                                              \
    "oid, market_id, side, status, amount, remaining, funded, price, stop_price, " \
    "created_at FROM "

static int64_t read_moment(const struct db_rows *rows, unsigned col)
{
    int64_t us;
    if (!clock_parse_us(db_get_text(rows, col), &us))
        abort(); /* our bug: the column is no DATETIME(6) */
    return us;
}

static enum err read_order(struct db *db, const struct db_rows *rows, struct market_order *out)
{
    const struct market *market;
    enum err rc = market_by_id(db, (uint8_t)db_get_u64(rows, 1), &market);
    if (rc != ERR_OK)
        return rc;
    *out = (struct market_order){
        .oid = db_get_uuid(rows, 0),
        .market = market,
        .side = strcmp(db_get_text(rows, 2), "ask") == 0 ? MARKET_ASK : MARKET_BID,
        .amount = read_amount(rows, 4, market->item),
        .remaining = read_amount(rows, 5, market->item),
        .funded = read_amount(rows, 6, market->item),
        .price = read_amount(rows, 7, market->currency),
        .stop = read_amount(rows, 8, market->currency),
        .created_us = read_moment(rows, 9),
    };
    text_copy(out->status, sizeof(out->status), db_get_text(rows, 3));
    return ERR_OK;
}

enum err market_orders(struct db *db, int64_t user_id,
                       void (*row)(void *arg, const struct market_order *order), void *arg)
{
    struct db_rows rows = {0};
    struct market_order order;
    enum err rc = db_run(db,
                         "SELECT " ORDER_COLUMNS
                         "market_order WHERE user_id = ? AND ended_at IS NULL ORDER BY id LIMIT ?",
                         DB_ARGS(db_i64(user_id), db_i64(MARKET_ORDERS_MAX)), &rows);
    while (rc == ERR_OK && db_next(&rows) && (rc = read_order(db, &rows, &order)) == ERR_OK)
        row(arg, &order);
    db_rows_free(&rows);
    return rc;
}

enum err market_order_view(struct db *db, int64_t user_id, const struct uuid *oid,
                           struct market_order *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT " ORDER_COLUMNS "market_order WHERE oid = ? AND user_id = ?",
                         DB_ARGS(db_uuid(oid), db_i64(user_id)), &rows);
    bool found = rc == ERR_OK && db_next(&rows);
    if (rc == ERR_OK && !found) {
        rc =
            db_run(db, "SELECT " ORDER_COLUMNS "market_order_archive WHERE oid = ? AND user_id = ?",
                   DB_ARGS(db_uuid(oid), db_i64(user_id)), &rows);
        found = rc == ERR_OK && db_next(&rows);
    }
    if (rc == ERR_OK && !found)
        rc = ERR_ORDER_UNKNOWN;
    if (rc == ERR_OK)
        rc = read_order(db, &rows, out);
    db_rows_free(&rows);
    return rc;
}

/* Those that wait and have a reason to be tried: those that a trade set off, then those whose
 * money has come, the oldest first. Looks at each account once, not at each order that waits for
 * its money. */
static const char due_sql[] =
    "SELECT STRAIGHT_JOIN o.oid FROM (SELECT STRAIGHT_JOIN w.order_id, w.free "
    "FROM (SELECT account_id, MIN(free) AS free FROM market_wait GROUP BY account_id) AS least "
    "JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = least.account_id AND a.balance - a.reserved > least.free "
    "JOIN market_wait AS w ON w.account_id = a.id AND w.free < a.balance - a.reserved "
    "JOIN market AS m ON m.id = w.market_id AND m.status = 'open' "
    "ORDER BY w.free >= 0, w.order_id LIMIT ?) AS due "
    "JOIN market_order AS o ON o.id = due.order_id ORDER BY due.free >= 0, due.order_id";

/* One that cannot be tried must not keep the others from it. */
static enum err retry_alone(struct db *db, const struct market_change *change)
{
    enum err rc = market_change_alone(db, change, NULL);

    if (rc != ERR_OK && rc != ERR_ORDER_UNKNOWN)
        log_line(LOG_LEVEL_WARNING, "retry_failed", "error=%s", err_id(rc));
    return rc;
}

/* Tries the next orders, as many as one transaction takes. */
static enum err retry(struct db *db, struct db_rows *due, int64_t *tried)
{
    struct market_change changes[MARKET_BATCH_MAX];
    struct market_outcome outcomes[MARKET_BATCH_MAX];
    size_t count = 0;

    while (count < MARKET_BATCH_MAX && db_next(due))
        changes[count++] = (struct market_change){.kind = MARKET_RETRY, .oid = db_get_uuid(due, 0)};
    if (count > 0)
        market_change_together(db, changes, count, outcomes);
    for (size_t i = 0; i < count; i++) {
        enum err rc = outcomes[i].rc;
        if (!outcomes[i].known && rc != ERR_DB_AWAY)
            rc = retry_alone(db, &changes[i]);
        if (rc == ERR_DB_AWAY)
            return rc;
        *tried += rc == ERR_OK;
    }
    return ERR_OK;
}

enum err market_wake(struct db *db, int limit, int64_t *tried)
{
    struct db_rows due = {0};

    *tried = 0;
    enum err rc = db_run(db, due_sql, DB_ARGS(db_i64(limit)), &due);
    for (uint64_t left = due.count; rc == ERR_OK && left > 0;
         left -= left < MARKET_BATCH_MAX ? left : MARKET_BATCH_MAX)
        rc = retry(db, &due, tried);
    db_rows_free(&due);
    return rc;
}

enum err market_lag(struct db *db, int64_t *age_us, int64_t *length)
{
    struct db_rows rows = {0};
    /* The inner part steps through the index by account, past those that wait for money. */
    enum err rc = db_run(db,
                         "SELECT COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(w.since), NOW(6)), 0), "
                         "COUNT(w.order_id) FROM (SELECT account_id, MIN(free) AS free "
                         "FROM market_wait GROUP BY account_id) AS least JOIN market_wait AS w "
                         "ON w.account_id = least.account_id AND w.free = -1 "
                         "WHERE least.free = -1",
                         DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows)) {
        *age_us = db_get_i64(&rows, 0);
        *length = db_get_i64(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}
