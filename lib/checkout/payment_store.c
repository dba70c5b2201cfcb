/* The payments of an order. */
#include "base/text.h"
#include "checkout/store.h"
#include "db/columns.h"
#include "db/statement.h"
#include "identity/sql.h"
#include "ledger/sql.h"

#define SQL_MAX 4096

void checkout_store_payment(struct db_packet *packet, const struct uuid *payment,
                            const struct uuid *order, int64_t payer_id, struct amount amount)
{
    db_packet_add(
        packet,
        "INSERT INTO checkout_payment (id, journal_id, order_id, payer_id, amount, "
        "created_at) VALUES (?, " LEDGER_SQL_JOURNAL ", ?, ?, ?, NOW(6))",
        DB_ARGS(db_uuid(payment), db_uuid(order), db_i64(payer_id), db_i128(amount.units)));
}

void checkout_store_give_back(struct db_packet *packet, const struct uuid *payment,
                              struct amount amount)
{
    db_packet_add(packet, "UPDATE checkout_payment SET refunded = refunded + ? WHERE id = ?",
                  DB_ARGS(db_i128(amount.units), db_uuid(payment)));
}

void checkout_store_give_all_back(struct db_packet *packet, const struct uuid *order)
{
    db_packet_add(packet, "UPDATE checkout_payment SET refunded = amount WHERE order_id = ?",
                  DB_ARGS(db_uuid(order)));
}

enum err checkout_store_shares(struct db *db, const struct checkout_order *order,
                               const struct uuid *payment, bool summed,
                               void (*row)(void *arg, const struct checkout_share *share),
                               void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    text_puts(&sql, summed ? "SELECT MAX(p.id), SUM(p.amount - p.refunded)"
                           : "SELECT p.id, p.amount - p.refunded");
    statement_add(
        &sql,
        ", " LEDGER_SQL_ACCOUNT(
            "p.payer_id", "available",
            "?") " FROM checkout_payment "
                 "AS p WHERE p.order_id = ? AND p.amount > p.refunded AND (? IS NULL OR p.id = ?) ",
        DB_ARGS(db_u64(order->amount.currency->id), db_uuid(&order->id), db_uuid(payment),
                db_uuid(payment)));
    text_puts(&sql, summed ? "GROUP BY p.payer_id" : "ORDER BY p.id DESC");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        const struct checkout_share share = {
            .payment = db_get_uuid(&rows, 0),
            .amount = {.units = db_get_i128(&rows, 1), .currency = order->amount.currency},
            .account = db_get_i64(&rows, 2)};
        row(arg, &share);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

enum err checkout_store_left(struct db *db, const struct checkout_order *order,
                             const struct uuid *payment, bool *found, struct amount *left)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT SUM(amount - refunded) FROM checkout_payment WHERE order_id = ? "
                         "AND (? IS NULL OR id = ?)",
                         DB_ARGS(db_uuid(&order->id), db_uuid(payment), db_uuid(payment)), &rows);
    *left = (struct amount){.currency = order->amount.currency};
    *found = rc == ERR_OK && db_next(&rows) && !db_is_null(&rows, 0);
    if (*found)
        left->units = db_get_i128(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

/* A payment as a list shows it. */
struct listed {
    struct checkout_payment payment;
    bool sold; /* by autosell */
};

static const struct db_column listed_columns[] = {
    DB_COLUMN("p.id", struct listed, payment.id),
    DB_COLUMN("p.payer_id", struct listed, payment.payer_id),
    DB_COLUMN(IDENTITY_SQL_LOGIN("p.payer_id"), struct listed, payment.payer),
    DB_COLUMN("p.amount", struct listed, payment.amount.units),
    DB_COLUMN("p.refunded", struct listed, payment.refunded.units),
    DB_COLUMN("UNIX_TIMESTAMP(p.created_at) DIV 1", struct listed, payment.date),
    DB_COLUMN("x.payment_id IS NOT NULL", struct listed, sold),
    DB_COLUMN("x.given", struct listed, payment.sold.units),
    DB_COLUMN("x.gained", struct listed, payment.earned.units),
    DB_COLUMN("x.currency_id", struct listed, payment.earned.currency),
};

enum err checkout_payments(struct db *db, const struct uuid *order, const struct currency *currency,
                           void (*row)(void *arg, const struct checkout_payment *payment),
                           void *arg)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};
    struct listed listed;

    db_select(&sql, listed_columns, DB_COUNT(listed_columns));
    statement_add(&sql,
                  ", " KEPT_COLUMNS " FROM checkout_payment AS p LEFT JOIN checkout_exchange AS x "
                  "ON x.payment_id = p.id AND x.party = 'merchant' "
                  "LEFT JOIN checkout_kept AS k ON k.payment_id = p.id WHERE p.order_id = ? "
                  "ORDER BY p.id",
                  DB_ARGS(db_uuid(order)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, listed_columns, DB_COUNT(listed_columns), &listed)) {
        listed.payment.amount.currency = listed.payment.refunded.currency = currency;
        listed.payment.sold.currency = listed.sold ? currency : NULL;
        checkout_store_read_kept(&rows, DB_COUNT(listed_columns), currency, &listed.payment.kept);
        row(arg, &listed.payment);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
