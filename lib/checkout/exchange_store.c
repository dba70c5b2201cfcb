/* The SQL of money that was changed at the market for a payment. */
#include "checkout/exchange.h"

static struct amount read_amount(const struct db_rows *rows, unsigned currency, unsigned units)
{
    return (struct amount){.units = db_get_i128(rows, units),
                           .currency = currency_by_id((uint16_t)db_get_u64(rows, currency))};
}

enum err checkout_exchange_add_in(struct db *db, const struct checkout_exchange *exchange)
{
    bool payer = exchange->party == CHECKOUT_PAYER;
    return db_run(
        db,
        "INSERT INTO checkout_exchange (payment_id, party, currency_id, given, gained, quote_id) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        DB_ARGS(db_uuid(&exchange->payment), db_text(payer ? "payer" : "merchant"),
                db_u64(payer ? exchange->given.currency->id : exchange->gained.currency->id),
                db_i128(exchange->given.units), db_i128(exchange->gained.units),
                payer ? db_uuid(&exchange->quote) : db_null()),
        NULL);
}

enum err checkout_exchange_view(struct db *db, const struct uuid *payment,
                                struct checkout_exchange *out, struct amount *kept)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT x.currency_id, x.given, o.currency_id, x.gained, "
                         "x.gained - p.amount, x.quote_id FROM checkout_exchange AS x "
                         "JOIN checkout_payment AS p ON p.id = x.payment_id "
                         "JOIN checkout_order AS o ON o.id = p.order_id "
                         "WHERE x.payment_id = ? AND x.party = 'payer'",
                         DB_ARGS(db_uuid(payment)), &rows);
    if (rc == ERR_OK && !db_next(&rows))
        rc = ERR_NOT_FOUND;
    if (rc == ERR_OK) {
        *out = (struct checkout_exchange){.payment = *payment,
                                          .party = CHECKOUT_PAYER,
                                          .given = read_amount(&rows, 0, 1),
                                          .gained = read_amount(&rows, 2, 3),
                                          .quote = db_get_uuid(&rows, 5)};
        *kept = read_amount(&rows, 2, 4);
    }
    db_rows_free(&rows);
    return rc;
}

enum err checkout_autosell(struct db *db, int64_t merchant_id, const struct currency **out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT currency_id FROM merchant_autosell WHERE merchant_id = ?",
                         DB_ARGS(db_i64(merchant_id)), &rows);
    *out = rc == ERR_OK && db_next(&rows) ? currency_by_id((uint16_t)db_get_u64(&rows, 0)) : NULL;
    db_rows_free(&rows);
    return rc;
}

enum err checkout_autosell_set(struct db *db, int64_t merchant_id, const struct currency *currency)
{
    if (currency == NULL)
        return db_run(db, "DELETE FROM merchant_autosell WHERE merchant_id = ?",
                      DB_ARGS(db_i64(merchant_id)), NULL);
    return db_run(db, "REPLACE INTO merchant_autosell (merchant_id, currency_id) VALUES (?, ?)",
                  DB_ARGS(db_i64(merchant_id), db_u64(currency->id)), NULL);
}
