/* The SQL of quotes. */
#include "checkout/store.h"
#include "crypto/crypto.h"

static struct amount read_amount(const struct db_rows *rows, unsigned currency, unsigned units)
{
    return (struct amount){.units = db_get_i128(rows, units),
                           .currency = currency_by_id((uint16_t)db_get_u64(rows, currency))};
}

enum err checkout_quote_add(struct db *db, int64_t user_id, const struct uuid *order,
                            struct checkout_quote *quote)
{
    struct db_rows rows = {0};

    quote->id = crypto_uuid7();
    enum err rc = db_run(
        db,
        "INSERT INTO checkout_quote (id, order_id, user_id, amount, currency_id, cost, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, NOW(6) + INTERVAL ? SECOND) "
        "ON DUPLICATE KEY UPDATE id = id " /* sent twice: its first answer was lost */
        "RETURNING UNIX_TIMESTAMP(expires_at) DIV 1",
        DB_ARGS(db_uuid(&quote->id), db_uuid(order), db_i64(user_id), db_i128(quote->amount.units),
                db_u64(quote->cost.currency->id), db_i128(quote->cost.units),
                db_i64(CHECKOUT_QUOTE_TTL_S)),
        &rows);
    if (rc == ERR_OK && db_next(&rows))
        quote->expires = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err checkout_quote_view(struct db *db, int64_t user_id, const struct uuid *order,
                             const struct uuid *id, struct checkout_quote *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT o.currency_id, q.amount, q.currency_id, q.cost, "
                         "UNIX_TIMESTAMP(q.expires_at) DIV 1 FROM checkout_quote AS q "
                         "JOIN checkout_order AS o ON o.id = q.order_id "
                         "WHERE q.id = ? AND q.order_id = ? AND q.user_id = ?",
                         DB_ARGS(db_uuid(id), db_uuid(order), db_i64(user_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_QUOTE_UNKNOWN;
    if (rc == ERR_OK)
        *out = (struct checkout_quote){.id = *id,
                                       .amount = read_amount(&rows, 0, 1),
                                       .cost = read_amount(&rows, 2, 3),
                                       .expires = db_get_i64(&rows, 4)};
    db_rows_free(&rows);
    return rc;
}

enum err checkout_store_quote(struct db *db, int64_t user_id, const struct uuid *order,
                              const struct uuid *id, struct checkout_quote *out, bool *expired)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT (SELECT currency_id FROM checkout_order AS o WHERE o.id = "
                         "q.order_id), q.amount, q.currency_id, q.cost, q.expires_at <= NOW(6) "
                         "FROM checkout_quote AS q WHERE q.id = ? AND q.order_id = ? "
                         "AND q.user_id = ? FOR UPDATE",
                         DB_ARGS(db_uuid(id), db_uuid(order), db_i64(user_id)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_QUOTE_UNKNOWN;
    if (rc == ERR_OK) {
        *out = (struct checkout_quote){
            .id = *id, .amount = read_amount(&rows, 0, 1), .cost = read_amount(&rows, 2, 3)};
        *expired = db_get_u64(&rows, 4) != 0;
    }
    db_rows_free(&rows);
    return rc;
}

enum err checkout_quote_sweep(struct db *db, int64_t limit, int64_t *removed)
{
    struct db_rows rows = {0};
    enum err rc =
        db_txn_call(db,
                    "DELETE FROM checkout_quote WHERE expires_at < NOW(6) - INTERVAL ? SECOND "
                    "ORDER BY expires_at LIMIT ?",
                    DB_ARGS(db_i64(CHECKOUT_QUOTE_KEEP_S), db_i64(limit)), &rows, NULL);
    *removed = rc == ERR_OK ? (int64_t)rows.affected : 0;
    db_rows_free(&rows);
    return rc;
}
