/* The SQL of orders and payments. */
#include "checkout/store.h"

#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "db/list.h"
#include "db/packet.h"
#include "db/statement.h"

/* What `o` and `m` give, in the order of the procedure checkout_view. */
#define LIST_SQL_MAX 8192 /* bytes of a statement of the list */
#define ORDER_STATUS "checkout_status(o.status, o.expires_at)"
#define ORDER_COLUMNS                                                                            \
    "o.id, o.merchant_id, m.login, " ORDER_STATUS ", o.currency_id, o.amount, o.paid, "          \
    "o.refunded, o.description, o.return_success, o.return_failure, o.ipn_url, o.data, "         \
    "o.wants_mail, o.autosell, o.instant_only, o.multipay, UNIX_TIMESTAMP(o.created_at) DIV 1, " \
    "UNIX_TIMESTAMP(o.expires_at) DIV 1, UNIX_TIMESTAMP(o.paid_at) DIV 1, "                      \
    "UNIX_TIMESTAMP(o.ended_at) DIV 1 "

static struct amount read_amount(const struct db_rows *rows, unsigned col,
                                 const struct currency *currency)
{
    return (struct amount){.units = db_get_i128(rows, col), .currency = currency};
}

static void read_data(const struct db_rows *rows, unsigned col, struct checkout_order *out)
{
    const void *data = db_get_blob(rows, col, &out->data_len);

    out->has_data = data != NULL;
    if (out->data_len > sizeof(out->data))
        out->data_len = sizeof(out->data);
    if (data != NULL)
        memcpy(out->data, data, out->data_len);
}

static void read_order(const struct db_rows *rows, struct checkout_order *out)
{
    const struct currency *currency = currency_by_id((uint16_t)db_get_u64(rows, 4));

    *out = (struct checkout_order){
        .id = db_get_uuid(rows, 0),
        .merchant_id = db_get_i64(rows, 1),
        .amount = read_amount(rows, 5, currency),
        .paid = read_amount(rows, 6, currency),
        .refunded = read_amount(rows, 7, currency),
        .missing = {.units = 0, .currency = currency},
        .wants_mail = db_get_u64(rows, 13) != 0,
        .autosell = db_get_u64(rows, 14) != 0,
        .instant_only = db_get_u64(rows, 15) != 0,
        .multipay = db_get_u64(rows, 16) != 0,
        .created = db_get_i64(rows, 17),
        .expires = db_get_i64(rows, 18),
        .paid_at = db_get_i64(rows, 19),
        .ended = db_get_i64(rows, 20),
    };
    text_copy(out->merchant, sizeof(out->merchant), db_get_text(rows, 2));
    text_copy(out->status, sizeof(out->status), db_get_text(rows, 3));
    text_copy(out->description, sizeof(out->description), db_get_text(rows, 8));
    text_copy(out->return_success, sizeof(out->return_success), db_get_text(rows, 9));
    text_copy(out->return_failure, sizeof(out->return_failure), db_get_text(rows, 10));
    text_copy(out->ipn_url, sizeof(out->ipn_url), db_get_text(rows, 11));
    read_data(rows, 12, out);
    if (strcmp(out->status, "open") == 0 || strcmp(out->status, "partial") == 0)
        out->missing.units = out->amount.units - (out->multipay ? 0 : out->paid.units);
}

static enum err take_order(enum err rc, struct db_rows *rows, struct checkout_order *out)
{
    if (rc == ERR_OK && !db_next(rows))
        rc = ERR_ORDER_UNKNOWN;
    if (rc == ERR_OK)
        read_order(rows, out);
    db_rows_free(rows);
    return rc;
}

/* A URL as stored: none is NULL. */
static struct db_arg url(const char *text)
{
    return text == NULL || text[0] == '\0' ? db_null() : db_text(text);
}

enum err checkout_store_create(struct db *db, const struct actor *actor,
                               const struct checkout_request *request, const struct uuid *id,
                               bool *resent)
{
    bool with_ipn = request->ipn_url != NULL && request->ipn_url[0] != '\0';
    return db_txn_call(
        db, "CALL checkout_create(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key), db_uuid(id),
                db_i64(request->api_key_id), db_u64(request->amount.currency->id),
                db_i128(request->amount.units),
                db_text(request->description == NULL ? "" : request->description),
                url(request->return_success), url(request->return_failure), url(request->ipn_url),
                with_ipn ? db_text(request->ipn_endpoint) : db_null(),
                db_blob(request->data, request->data_len), db_u64(request->wants_mail),
                db_u64(request->autosell), db_u64(request->instant_only), db_u64(request->multipay),
                request->ttl_s == 0 ? db_null() : db_i64(request->ttl_s)),
        NULL, resent);
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

enum err checkout_view(struct db *db, const struct uuid *id, struct checkout_order *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "CALL checkout_view(?)", DB_ARGS(db_uuid(id)), &rows);
    return take_order(rc, &rows, out);
}

/* A part of a one-time password's step; NULL where no code was given. */
static struct db_arg otp_arg(const struct otp_step *otp, int64_t value)
{
    return otp == NULL || otp->device_id == 0 ? db_null() : db_i64(value);
}

#define PAY_ARGS(actor, id, payment, amount, otp)                                                  \
    db_i64((actor)->user_id), db_text((actor)->request_key), db_text((actor)->trace), db_uuid(id), \
        db_uuid(payment), (amount) == NULL ? db_null() : db_i128((amount)->units),                 \
        otp_arg(otp, otp == NULL ? 0 : (otp)->device_id),                                          \
        otp_arg(otp, otp == NULL ? 0 : (otp)->step), db_blob((actor)->digest, SHA256_SIZE)

enum err checkout_store_pay(struct db *db, const struct actor *actor, const struct uuid *id,
                            const struct uuid *payment, const struct amount *amount,
                            const struct otp_step *otp, struct checkout_order *out, bool *resent)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL checkout_pay(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              DB_ARGS(PAY_ARGS(actor, id, payment, amount, otp)), &rows, resent);
    return take_order(rc, &rows, out);
}

enum err checkout_pay_in(struct db *db, const struct actor *actor,
                         const struct checkout_order *order, const struct uuid *payment,
                         const struct amount *amount, const struct otp_step *otp,
                         struct amount *net)
{
    struct db_rows rows = {0};
    struct db_packet packet = DB_PACKET(2048);

    db_packet_add(&packet, "CALL checkout_pay_in(?, ?, ?, ?, ?, ?, ?, ?, ?, @checkout_net)",
                  DB_ARGS(PAY_ARGS(actor, &order->id, payment, amount, otp)));
    db_packet_add(&packet, "SELECT @checkout_net", DB_NO_ARGS);
    enum err rc = db_packet_run(db, &packet, &rows, 1);
    if (rc == ERR_OK && db_next(&rows))
        *net = read_amount(&rows, 0, order->amount.currency);
    db_rows_free(&rows);
    return rc;
}

enum err checkout_store_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                               bool as_merchant, struct checkout_order *out, bool *resent)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL checkout_cancel(?, ?, ?, ?, ?)",
                              DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key),
                                      db_text(actor->trace), db_uuid(id), db_u64(as_merchant)),
                              &rows, resent);
    return take_order(rc, &rows, out);
}

enum err checkout_store_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                               const struct uuid *payment, const struct amount *amount,
                               const char *reason, struct checkout_order *out, bool *resent)
{
    struct db_rows rows = {0};
    enum err rc = db_txn_call(db, "CALL checkout_refund(?, ?, ?, ?, ?, ?, ?, ?)",
                              DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key),
                                      db_text(actor->trace), db_uuid(id), db_uuid(payment),
                                      amount == NULL ? db_null() : db_i128(amount->units),
                                      db_text(reason), db_blob(actor->digest, SHA256_SIZE)),
                              &rows, resent);
    return take_order(rc, &rows, out);
}

enum err checkout_store_done(struct db *db, const struct actor *actor, struct checkout_done *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT j.kind, j.ref, p.id, COALESCE(p.amount, (SELECT SUM(e.amount) FROM entry AS e "
        "WHERE e.journal_id = j.id AND e.amount > 0)) FROM journal AS j "
        "LEFT JOIN checkout_payment AS p ON p.journal_id = j.id "
        "WHERE j.user_id = ? AND j.request_key = ?",
        DB_ARGS(db_i64(actor->user_id), db_text(actor->request_key)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct checkout_done){.order = db_get_uuid(&rows, 1),
                                      .payment = db_get_uuid(&rows, 2),
                                      .units = db_get_i128(&rows, 3)};
        text_copy(out->kind, sizeof(out->kind), db_get_text(&rows, 0));
    }
    db_rows_free(&rows);
    return rc;
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
    struct text sql = TEXT(LIST_SQL_MAX);

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
    struct text sql = TEXT(LIST_SQL_MAX);
    uint64_t records = 0;

    enum err rc = list_count(db, merchant_id, filter, &records);
    *page = page_of(records, filter->page, CHECKOUT_PAGE);
    text_puts(&sql, "SELECT " ORDER_COLUMNS "FROM ");
    if (rc == ERR_OK)
        rc = list_ids(db, merchant_id, filter, page, &sql);
    text_puts(&sql, " AS page JOIN checkout_order AS o ON o.id = page.id "
                    "JOIN user AS m ON m.id = o.merchant_id ORDER BY o.id DESC");
    if (rc == ERR_OK && records > 0 && page->current <= page->max)
        rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        read_order(&rows, &order);
        row(arg, &order);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err checkout_payments(struct db *db, const struct uuid *order, const struct currency *currency,
                           void (*row)(void *arg, const struct checkout_payment *payment),
                           void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT p.id, p.payer_id, u.login, p.amount, p.refunded, "
        "UNIX_TIMESTAMP(p.created_at) DIV 1, x.given, x.gained, x.currency_id, " KEPT_COLUMNS
        " FROM checkout_payment AS p JOIN user AS u ON u.id = p.payer_id "
        "LEFT JOIN checkout_exchange AS x ON x.payment_id = p.id "
        "AND x.party = 'merchant' "
        "LEFT JOIN checkout_kept AS k ON k.payment_id = p.id WHERE p.order_id = ? ORDER BY p.id",
        DB_ARGS(db_uuid(order)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct checkout_payment payment = {
            .id = db_get_uuid(&rows, 0),
            .payer_id = db_get_i64(&rows, 1),
            .amount = read_amount(&rows, 3, currency),
            .refunded = read_amount(&rows, 4, currency),
            .date = db_get_i64(&rows, 5),
        };
        text_copy(payment.payer, sizeof(payment.payer), db_get_text(&rows, 2));
        if (!db_is_null(&rows, 6)) {
            payment.sold = read_amount(&rows, 6, currency);
            payment.earned = read_amount(&rows, 7, currency_by_id((uint16_t)db_get_u64(&rows, 8)));
        }
        checkout_store_read_kept(&rows, 9, currency, &payment.kept);
        row(arg, &payment);
    }
    db_rows_free(&rows);
    return rc;
}

enum err checkout_close_due(struct db *db, int limit, int64_t *closed)
{
    struct db_rows rows = {0};
    enum err rc =
        db_txn_call(db, "CALL checkout_close_due(?)", DB_ARGS(db_i64(limit)), &rows, NULL);
    if (rc == ERR_OK && db_next(&rows))
        *closed = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
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
