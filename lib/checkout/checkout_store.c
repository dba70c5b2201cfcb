/* The checkout's SQL: reading under a lock, and the statements that write. */
#include "checkout/store.h"

#include <string.h>

#include "base/text.h"
#include "db/columns.h"
#include "db/list.h"
#include "db/statement.h"
#include "identity/sql.h"
#include "ledger/sql.h"

#define SQL_MAX 16384 /* bytes of one of our statements with what it names */

/* An order past its time is closed, whether or not it was swept. */
#define SHOWN_STATUS \
    "IF(o.status IN ('open', 'partial') AND o.expires_at <= NOW(6), 'closed', o.status)"

/* A merchant's own fee, else everybody's. */
#define FEE(column)                                                                  \
    "COALESCE((SELECT " column " FROM merchant_fee AS f WHERE f.merchant_id IN (1, " \
    "o.merchant_id) AND f.currency_id = o.currency_id ORDER BY f.merchant_id = 1 LIMIT 1), 0)"

/* In front what an order alone has. Everything of other tables is a subquery, which a locking read does
 * not lock. */
static const struct db_column columns[] = {
    DB_COLUMN("o.id", struct checkout_row, order.id),
    DB_COLUMN("o.merchant_id", struct checkout_row, order.merchant_id),
    DB_COLUMN(IDENTITY_SQL_LOGIN("o.merchant_id"), struct checkout_row, order.merchant),
    DB_COLUMN(SHOWN_STATUS, struct checkout_row, order.status),
    DB_COLUMN("o.currency_id", struct checkout_row, order.amount.currency),
    DB_COLUMN("o.amount", struct checkout_row, order.amount.units),
    DB_COLUMN("o.paid", struct checkout_row, order.paid.units),
    DB_COLUMN("o.refunded", struct checkout_row, order.refunded.units),
    DB_COLUMN("o.description", struct checkout_row, order.description),
    DB_COLUMN("o.return_success", struct checkout_row, order.return_success),
    DB_COLUMN("o.return_failure", struct checkout_row, order.return_failure),
    DB_COLUMN("o.ipn_url", struct checkout_row, order.ipn_url),
    DB_COLUMN("o.data", struct checkout_row, order.data),
    DB_COLUMN("LENGTH(o.data)", struct checkout_row, order.data_len),
    DB_COLUMN("o.data IS NOT NULL", struct checkout_row, order.has_data),
    DB_COLUMN("o.wants_mail", struct checkout_row, order.wants_mail),
    DB_COLUMN("o.autosell", struct checkout_row, order.autosell),
    DB_COLUMN("o.instant_only", struct checkout_row, order.instant_only),
    DB_COLUMN("o.multipay", struct checkout_row, order.multipay),
    DB_COLUMN("UNIX_TIMESTAMP(o.created_at) DIV 1", struct checkout_row, order.created),
    DB_COLUMN("UNIX_TIMESTAMP(o.expires_at) DIV 1", struct checkout_row, order.expires),
    DB_COLUMN("UNIX_TIMESTAMP(o.paid_at) DIV 1", struct checkout_row, order.paid_at),
    DB_COLUMN("UNIX_TIMESTAMP(o.ended_at) DIV 1", struct checkout_row, order.ended),
    /* what the rules look at besides */
    DB_COLUMN("o.status = 'partial'", struct checkout_row, waiting),
    DB_COLUMN("o.api_key_id", struct checkout_row, api_key_id),
    DB_COLUMN("o.service", struct checkout_row, service),
    DB_COLUMN("o.ipn_endpoint", struct checkout_row, ipn_endpoint),
    DB_COLUMN("o.paid > 0", struct checkout_row, with_payment),
    DB_COLUMN("(SELECT MAX(p.id) FROM checkout_payment AS p WHERE p.order_id = o.id)",
              struct checkout_row, last_payment),
    DB_COLUMN(IDENTITY_SQL_LOGIN("asks.user_id"), struct checkout_row, caller),
    DB_COLUMN(IDENTITY_SQL_OTP_REQUIRED("asks.user_id"), struct checkout_row, otp_required),
    DB_COLUMN("IF(o.status = 'partial', (SELECT COUNT(*) FROM checkout_payment AS p "
              "WHERE p.order_id = o.id AND p.payer_id <> asks.user_id), 0)",
              struct checkout_row, others),
    DB_COLUMN("CAST(" FEE("f.percent") " * 1000000 AS SIGNED)", struct checkout_row, fee_percent),
    DB_COLUMN(FEE("f.fixed"), struct checkout_row, fee_fixed),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("asks.user_id", "available", "o.currency_id"), struct checkout_row,
              from),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("o.merchant_id", "available", "o.currency_id"),
              struct checkout_row, earns),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("o.merchant_id", "escrow", "o.currency_id"), struct checkout_row,
              escrow),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("1", "fee", "o.currency_id"), struct checkout_row, house),
    DB_COLUMN("UNIX_TIMESTAMP(NOW(6)) DIV 1", struct checkout_row, now_s),
};
enum { SHOWN_COLUMNS = 23 };
_Static_assert(offsetof(struct checkout_row, order) == 0, "the first columns fill an order alone");

/* What follows from the columns. */
static void finish_order(struct checkout_order *order)
{
    const struct currency *currency = order->amount.currency;
    bool payable = strcmp(order->status, "open") == 0 || strcmp(order->status, "partial") == 0;

    order->paid.currency = order->refunded.currency = order->missing.currency = currency;
    order->missing.units =
        payable ? order->amount.units - (order->multipay ? 0 : order->paid.units) : 0;
}

static enum err read_one(struct db *db, const struct text *sql, size_t count, void *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, text_string(sql), DB_NO_ARGS, &rows);

    if (rc == ERR_OK && !db_read(&rows, columns, count, out))
        rc = ERR_ORDER_UNKNOWN;
    if (rc == ERR_OK)
        finish_order(out);
    db_rows_free(&rows);
    return rc;
}

enum err checkout_store_read(struct db *db, int64_t user_id, const struct uuid *id,
                             struct checkout_row *out)
{
    struct text sql = TEXT(SQL_MAX);

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(&sql,
                  db_in_txn(db) ? "FROM (SELECT ? AS user_id) AS asks JOIN checkout_order AS o "
                                  "ON o.id = ? FOR UPDATE"
                                : "FROM (SELECT ? AS user_id) AS asks JOIN checkout_order AS o "
                                  "ON o.id = ?",
                  DB_ARGS(db_i64(user_id), db_uuid(id)));
    enum err rc = read_one(db, &sql, DB_COUNT(columns), out);
    text_free(&sql);
    return rc;
}

enum err checkout_view(struct db *db, const struct uuid *id, struct checkout_order *out)
{
    struct text sql = TEXT(SQL_MAX);

    db_select(&sql, columns, SHOWN_COLUMNS);
    statement_add(&sql, "FROM checkout_order AS o WHERE o.id = ?", DB_ARGS(db_uuid(id)));
    enum err rc = read_one(db, &sql, SHOWN_COLUMNS, out);
    text_free(&sql);
    return rc;
}

enum err checkout_store_due(struct db *db, bool waiting, int limit,
                            void (*row)(void *arg, const struct checkout_row *row), void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct checkout_row due;

    db_select(&sql, columns, DB_COUNT(columns));
    statement_add(
        &sql,
        "FROM (SELECT ? AS user_id) AS asks JOIN checkout_order AS o FORCE INDEX (due) "
        "WHERE o.status = ? AND o.expires_at <= NOW(6) LIMIT ? FOR UPDATE SKIP LOCKED",
        DB_ARGS(db_i64(LEDGER_HOUSE), db_text(waiting ? "partial" : "open"), db_i64(limit)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, DB_COUNT(columns), &due)) {
        finish_order(&due.order);
        row(arg, &due);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err checkout_store_created(struct db *db, const struct actor *actor, struct uuid *id)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT id FROM checkout_order WHERE merchant_id = ? AND request_key = ?",
               DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK)
        *id = db_get_uuid(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

static const struct db_column done_columns[] = {
    DB_COLUMN("j.kind", struct checkout_done, kind),
    DB_COLUMN("j.ref", struct checkout_done, order),
    DB_COLUMN("p.id", struct checkout_done, payment),
    DB_COLUMN("COALESCE(p.amount, (SELECT SUM(e.amount) FROM " LEDGER_SQL_ENTRIES
              " AS e WHERE e.journal_id = j.id AND e.amount > 0))",
              struct checkout_done, units),
};

enum err checkout_store_done(struct db *db, const struct actor *actor, struct checkout_done *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, done_columns, DB_COUNT(done_columns));
    statement_add(&sql,
                  "FROM " LEDGER_SQL_JOURNALS
                  " AS j LEFT JOIN checkout_payment AS p ON p.journal_id = j.id "
                  "WHERE j.user_id = ? AND j.request_key = ?",
                  DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, done_columns, DB_COUNT(done_columns), out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* A URL as stored: none is NULL. */
static struct db_arg url(const char *text)
{
    return text == NULL || text[0] == '\0' ? db_null() : db_text(text);
}

/* Where the currency is closed for new business nothing is inserted. */
void checkout_store_add(struct db_packet *packet, const struct actor *actor,
                        const struct checkout_request *request, const struct uuid *id)
{
    bool with_ipn = request->ipn_url != NULL && request->ipn_url[0] != '\0';
    const char *description = request->description == NULL ? "" : request->description;
    struct db_arg merchant = db_i64(actor->user_id),
                  currency = db_u64(request->amount.currency->id);

    db_packet_add_once(
        packet,
        "INSERT INTO checkout_order (id, merchant_id, api_key_id, service, request_key, "
        "currency_id, "
        "amount, description, return_success, return_failure, ipn_url, ipn_endpoint, data, "
        "wants_mail, autosell, instant_only, multipay, created_at, expires_at) "
        "SELECT ?, ?, ?, ?, ?, ?, ?, IF(? = '', CONCAT('Payment to ', " IDENTITY_SQL_LOGIN(
            "?") "), ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(6), NOW(6) + INTERVAL ? SECOND "
                 "FROM DUAL WHERE " LEDGER_SQL_ENABLED("?"),
        DB_ARGS(db_uuid(id), merchant,
                request->service != NULL ? db_null() : db_i64(request->api_key_id),
                db_text(request->service), db_text(actor->request_key), currency,
                db_i128(request->amount.units), db_text(description), merchant,
                db_text(description), url(request->return_success), url(request->return_failure),
                url(request->ipn_url), with_ipn ? db_text(request->ipn_endpoint) : db_null(),
                db_blob(request->data, request->data_len), db_u64(request->wants_mail),
                db_u64(request->autosell), db_u64(request->instant_only), db_u64(request->multipay),
                request->ttl_s == 0 ? db_null() : db_i64(request->ttl_s), currency),
        ERR_REPLAYED);
    db_packet_expect(packet, 1, ERR_CURRENCY_DISABLED);
}

void checkout_store_paid(struct db_packet *packet, const struct checkout_order *order,
                         bool complete)
{
    db_packet_add(packet,
                  complete ? "UPDATE checkout_order SET paid = ?, status = ?, "
                             "paid_at = COALESCE(paid_at, NOW(6)) WHERE id = ?"
                           : "UPDATE checkout_order SET paid = ?, status = ? WHERE id = ?",
                  DB_ARGS(db_i128(order->paid.units), db_text(order->status), db_uuid(&order->id)));
}

void checkout_store_refunded(struct db_packet *packet, const struct checkout_order *order)
{
    struct db_arg refunded = db_i128(order->refunded.units), id = db_uuid(&order->id);

    if (order->multipay)
        db_packet_add(packet, "UPDATE checkout_order SET refunded = ? WHERE id = ?",
                      DB_ARGS(refunded, id));
    else
        db_packet_add(packet, "UPDATE checkout_order SET refunded = ?, status = ? WHERE id = ?",
                      DB_ARGS(refunded, db_text(order->status), id));
}

void checkout_store_end(struct db_packet *packet, const struct checkout_order *order)
{
    db_packet_add(
        packet,
        "UPDATE checkout_order SET status = ?, refunded = ?, ended_at = NOW(6) WHERE id = ?",
        DB_ARGS(db_text(order->status), db_i128(order->refunded.units), db_uuid(&order->id)));
}

enum err checkout_store_fee(struct db *db, int64_t merchant_id, const char *percent,
                            struct amount fixed)
{
    return db_run(db,
                  "INSERT INTO merchant_fee (merchant_id, currency_id, percent, fixed) "
                  "VALUES (?, ?, ?, ?) "
                  "ON DUPLICATE KEY UPDATE percent = VALUES(percent), fixed = VALUES(fixed)",
                  DB_ARGS(db_i64(merchant_id), db_u64(fixed.currency->id), db_decimal(percent),
                          db_i128(fixed.units)),
                  NULL);
}

static const struct db_list of_merchant = {.name = "checkout/merchant",
                                           .from = "checkout_order AS o WHERE o.merchant_id = ?",
                                           .id = "o.id",
                                           .key = "o.id",
                                           .order = "o.id",
                                           .reverse = "o.id DESC"};

/* Conditions on what an order is shown as: one past its time is closed, swept or not. */
static void add_status(struct text *sql, const char *status)
{
    if (strcmp(status, "closed") == 0)
        text_puts(sql, " AND (o.status = 'closed' OR (o.status IN ('open', 'partial') "
                       "AND o.expires_at <= NOW(6)))");
    else if (strcmp(status, "open") == 0 || strcmp(status, "partial") == 0)
        statement_add(sql, " AND o.status = ? AND COALESCE(o.expires_at > NOW(6), TRUE)",
                      DB_ARGS(db_text(status)));
    else
        statement_add(sql, " AND o.status = ?", DB_ARGS(db_text(status)));
}

static void add_filtered(struct text *sql, int64_t merchant_id,
                         const struct checkout_filter *filter)
{
    const struct uuid floor = db_list_floor(filter->since);

    statement_add(sql, of_merchant.from, DB_ARGS(db_i64(merchant_id)));
    if (filter->status != NULL)
        add_status(sql, filter->status);
    if (filter->since != 0)
        statement_add(sql, " AND o.id >= ? AND o.created_at >= FROM_UNIXTIME(?)",
                      DB_ARGS(db_uuid(&floor), db_i64(filter->since)));
}

static bool is_plain(const struct checkout_filter *filter)
{
    return filter->status == NULL && filter->since == 0;
}

static enum err list_count(struct db *db, int64_t merchant_id, const struct checkout_filter *filter,
                           uint64_t *records)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(SQL_MAX);

    if (is_plain(filter))
        return db_list_count(db, &of_merchant, merchant_id, records);
    text_puts(&sql, "SELECT COUNT(*) FROM ");
    add_filtered(&sql, merchant_id, filter);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *records = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* Adds a subquery with the ids of a page. */
static enum err list_ids(struct db *db, int64_t merchant_id, const struct checkout_filter *filter,
                         const struct page *page, struct text *sql)
{
    if (is_plain(filter))
        return db_list_page(db, &of_merchant, merchant_id, page, sql);
    text_puts(sql, "(SELECT o.id AS id FROM ");
    add_filtered(sql, merchant_id, filter);
    statement_add(sql, " ORDER BY o.id DESC LIMIT ?, ?)",
                  DB_ARGS(db_i64(page_offset(page)), db_i64(page->size)));
    return ERR_OK;
}

enum err checkout_list(struct db *db, int64_t merchant_id, const struct checkout_filter *filter,
                       void (*row)(void *arg, const struct checkout_order *order), void *arg,
                       struct page *page)
{
    struct db_rows rows = {0};
    struct checkout_order order;
    struct text sql = TEXT(SQL_MAX);
    uint64_t records = 0;

    enum err rc = list_count(db, merchant_id, filter, &records);
    *page = page_of(records, filter->page, CHECKOUT_PAGE);
    db_select(&sql, columns, SHOWN_COLUMNS);
    text_puts(&sql, "FROM ");
    if (rc == ERR_OK)
        rc = list_ids(db, merchant_id, filter, page, &sql);
    text_puts(&sql, " AS page JOIN checkout_order AS o ON o.id = page.id ORDER BY o.id DESC");
    if (rc == ERR_OK && records > 0 && page->current <= page->max)
        rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, columns, SHOWN_COLUMNS, &order)) {
        finish_order(&order);
        row(arg, &order);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err checkout_overdue(struct db *db, int64_t *age_s)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(expires_at), NOW(6)), 0) FROM "
                         "checkout_order FORCE INDEX (due) WHERE status IN ('open', 'partial') AND "
                         "expires_at <= NOW(6)",
                         DB_NO_ARGS, &rows);

    *age_s = rc == ERR_OK && db_next(&rows) ? db_get_i64(&rows, 0) : 0;
    db_rows_free(&rows);
    return rc;
}
