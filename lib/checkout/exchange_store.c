/* The SQL of money that was changed at the market for a payment. */
#include "checkout/exchange.h"

#include <stdio.h>

#include "base/text.h"
#include "checkout/store.h"
#include "db/packet.h"
#include "ledger/post.h"

#define PACKET_SIZE 8192
#define NOTE_SIZE 256 /* bytes of a line of history */

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

enum err checkout_autosell(struct db *db, int64_t merchant_id, struct checkout_autosell *out)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(db, "SELECT currency_id, below_percent FROM merchant_autosell WHERE merchant_id = ?",
               DB_ARGS(db_i64(merchant_id)), &rows);
    *out = (struct checkout_autosell){.below_percent = AUTOSELL_BELOW_DEFAULT};
    if (rc == ERR_OK && db_next(&rows)) {
        out->currency =
            db_is_null(&rows, 0) ? NULL : currency_by_id((uint16_t)db_get_u64(&rows, 0));
        out->below_percent = db_get_i64(&rows, 1);
    }
    db_rows_free(&rows);
    return rc;
}

enum err checkout_autosell_set(struct db *db, int64_t merchant_id,
                               const struct checkout_autosell *choice)
{
    if (choice->below_percent < 0 || choice->below_percent > AUTOSELL_BELOW_ANY)
        return ERR_OUT_OF_RANGE;
    return db_run(
        db,
        "REPLACE INTO merchant_autosell (merchant_id, currency_id, below_percent) VALUES (?, ?, ?)",
        DB_ARGS(db_i64(merchant_id),
                choice->currency == NULL ? db_null() : db_u64(choice->currency->id),
                db_i64(choice->below_percent)),
        NULL);
}

/* By enum checkout_kept_reason, as the column's words. */
static const char *const reasons[] = {"no_market", "halted", "too_little",
                                      "no_bids",   "price",  "no_reference"};

/* The same for the merchant's history; behind the price comes the floor. */
static const char *const notes[] = {
    "no market was open",         "the market was halted",    "the market takes no order so small",
    "nobody offered to buy more", "buyers offered less than", "nothing says what a fair price is"};

const char *checkout_kept_word(enum checkout_kept_reason reason)
{
    return reasons[reason];
}

static struct db_arg price_arg(struct amount price)
{
    return price.currency == NULL ? db_null() : db_i128(price.units);
}

static void add_row(struct db_packet *packet, int64_t merchant_id, const struct checkout_kept *kept)
{
    const struct currency *currency = kept->floor.currency;
    db_packet_add(packet,
                  "INSERT INTO checkout_kept (payment_id, merchant_id, amount, reason, "
                  "currency_id, reference, floor) VALUES (?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_uuid(&kept->payment), db_i64(merchant_id), db_i128(kept->amount.units),
                          db_text(reasons[kept->reason]),
                          currency == NULL ? db_null() : db_u64(currency->id),
                          price_arg(kept->reference), price_arg(kept->floor)));
}

/* The line of the merchant's history. */
static enum err add_note(struct db_packet *packet, int64_t merchant_id, int64_t account,
                         const char *trace, const struct checkout_kept *kept)
{
    char payment[UUID_TEXT_SIZE], key[sizeof("kept:") + UUID_TEXT_SIZE];
    char amount[AMOUNT_TEXT_SIZE], floor[AMOUNT_TEXT_SIZE];
    struct text info = TEXT(NOTE_SIZE);
    struct actor actor = {.user_id = merchant_id, .request_key = key, .trace = trace};
    struct ledger_posting posting = ledger_posting("checkout_kept", &actor, &kept->order);

    uuid_format(&kept->payment, payment);
    snprintf(key, sizeof(key), "kept:%s", payment);
    amount_format(kept->amount, amount);
    text_addf(&info, "Kept by autosell: %s %s, %s", amount, kept->amount.currency->code,
              notes[kept->reason]);
    if (kept->reason == CHECKOUT_KEPT_PRICE) {
        amount_format(kept->floor, floor);
        text_addf(&info, " %s %s", floor, kept->floor.currency->code);
    }
    ledger_leg(&posting, account, (struct amount){.units = 0, .currency = kept->amount.currency},
               "earned", text_string(&info));
    enum err rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    text_free(&info);
    return rc;
}

enum err checkout_kept_add_in(struct db *db, int64_t merchant_id, const char *trace,
                              const struct checkout_kept *kept)
{
    struct db_packet packet = DB_PACKET(PACKET_SIZE);
    int64_t account = 0;

    enum err rc =
        ledger_account_need(db, merchant_id, kept->amount.currency, "available", "", &account);
    add_row(&packet, merchant_id, kept);
    if (rc == ERR_OK)
        rc = add_note(&packet, merchant_id, account, trace, kept);
    if (rc == ERR_OK)
        rc = db_packet_run(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

void checkout_store_read_kept(const struct db_rows *rows, unsigned col, const struct currency *coin,
                              struct checkout_kept *out)
{
    *out = (struct checkout_kept){.amount = {.units = 0}};
    if (db_is_null(rows, col))
        return;
    out->amount = (struct amount){.units = db_get_i128(rows, col), .currency = coin};
    out->reason = (enum checkout_kept_reason)(db_get_u64(rows, col + 1) - 1);
    if (!db_is_null(rows, col + 3))
        out->reference = read_amount(rows, col + 2, col + 3);
    if (!db_is_null(rows, col + 4))
        out->floor = read_amount(rows, col + 2, col + 4);
}

enum err checkout_kept_list(struct db *db, int64_t merchant_id,
                            void (*row)(void *arg, const struct checkout_kept *kept), void *arg)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT p.id, p.order_id, UNIX_TIMESTAMP(p.created_at) DIV 1, o.currency_id, " KEPT_COLUMNS
        " FROM checkout_kept AS k JOIN checkout_payment AS p "
        "ON p.id = k.payment_id JOIN checkout_order AS o ON o.id = p.order_id "
        "WHERE k.merchant_id = ? ORDER BY k.payment_id DESC LIMIT ?",
        DB_ARGS(db_i64(merchant_id), db_i64(CHECKOUT_KEPT_MAX)), &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        struct checkout_kept kept;
        checkout_store_read_kept(&rows, 4, currency_by_id((uint16_t)db_get_u64(&rows, 3)), &kept);
        kept.payment = db_get_uuid(&rows, 0);
        kept.order = db_get_uuid(&rows, 1);
        kept.date = db_get_i64(&rows, 2);
        row(arg, &kept);
    }
    db_rows_free(&rows);
    return rc;
}
