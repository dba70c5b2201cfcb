/* What an operator books by hand. */
#include "ledger/slip.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "db/columns.h"
#include "db/statement.h"
#include "ledger/post.h"
#include "ledger/sql.h"

#define SQL_MAX 16384
#define KEY_SIZE (LEDGER_REFERENCE_MAX + 32)

static const char *const kinds[] = {[LEDGER_CREDIT] = "credit", [LEDGER_DEBIT] = "debit"};

/* A slip as it was booked, with the accounts of its two sides. */
struct booked {
    bool found;
    int64_t user_id, outside, account;
    const struct currency *currency;
    __int128 units; /* added to the user's account */
};

static const struct db_column booked_columns[] = {
    DB_COLUMN("TRUE", struct booked, found),
    DB_COLUMN("a.owner_id", struct booked, user_id),
    DB_COLUMN("x.account_id", struct booked, outside),
    DB_COLUMN("a.id", struct booked, account),
    DB_COLUMN("a.currency_id", struct booked, currency),
    DB_COLUMN("e.amount", struct booked, units),
};

static enum err check_note(const char *note)
{
    if (!text_is_utf8(note, strlen(note)))
        return ERR_NOT_UTF8;
    return text_utf8_length(note, strlen(note)) > LEDGER_NOTE_MAX ? ERR_TOO_LONG : ERR_OK;
}

static bool is_reference(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len >= 1 && len <= LEDGER_REFERENCE_MAX;
}

static bool is_rail(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len <= LEDGER_RAIL_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* The journal of that name as two entries: the user's and the outside's. */
static enum err read_booked(struct db *db, const char *key, struct booked *out)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    *out = (struct booked){0};
    db_select(&sql, booked_columns, DB_COUNT(booked_columns));
    statement_add(&sql,
                  "FROM journal AS j JOIN entry AS e ON e.journal_id = j.id JOIN account AS a "
                  "ON a.id = e.account_id AND a.purpose = 'available' JOIN entry AS x "
                  "ON x.journal_id = j.id AND x.account_id <> a.id "
                  "WHERE j.user_id = ? AND j.request_key = ?",
                  DB_ARGS(db_i64(LEDGER_HOUSE), db_text(key)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK)
        (void)db_read(&rows, booked_columns, DB_COUNT(booked_columns), out);
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* What is to be booked. */
struct booking {
    const char *kind, *key, *note, *rail;
    struct booked what;
};

static enum err book_in(struct db *db, void *arg)
{
    struct booking *booking = arg;
    struct booked *what = &booking->what;
    const struct actor actor = {.user_id = LEDGER_HOUSE, .request_key = booking->key, .trace = ""};
    struct ledger_posting posting = ledger_posting(booking->kind, &actor, NULL);
    struct amount amount = {.units = what->units, .currency = what->currency},
                  other = {.units = -what->units, .currency = what->currency};
    struct db_packet packet = DB_PACKET(SQL_MAX);

    enum err rc = ledger_account_need(db, LEDGER_HOUSE, what->currency, "external", booking->rail,
                                      &what->outside);
    if (rc == ERR_OK)
        rc =
            ledger_account_need(db, what->user_id, what->currency, "available", "", &what->account);
    ledger_leg(&posting, what->outside, other, NULL, NULL);
    ledger_leg(&posting, what->account, amount, what->units > 0 ? "deposit" : "withdraw",
               booking->note);
    if (rc == ERR_OK)
        rc = ledger_post(&packet, &posting);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    ledger_posting_free(&posting);
    db_packet_free(&packet);
    return rc;
}

/* Books once under its key: ERR_REPLAYED where that was done before. */
static enum err book(struct db *db, struct booking *booking)
{
    bool resent = false;
    enum err rc = db_txn(db, book_in, booking, &resent);
    return rc == ERR_REPLAYED && resent ? ERR_OK : rc;
}

static enum err check_slip(const struct ledger_slip *slip)
{
    if (slip->amount.units <= 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    if (!is_reference(slip->reference) || (slip->rail != NULL && !is_rail(slip->rail)))
        return ERR_INVALID;
    return check_note(slip->note);
}

enum err ledger_book(struct db *db, const struct ledger_slip *slip, bool *repeated)
{
    char key[KEY_SIZE];
    struct booked before;
    struct booking booking = {
        .kind = kinds[slip->kind],
        .key = key,
        .note = slip->note,
        .rail = slip->rail != NULL ? slip->rail : LEDGER_RAIL_OPERATOR,
        .what = {.user_id = slip->user_id,
                 .currency = slip->amount.currency,
                 .units = slip->kind == LEDGER_CREDIT ? slip->amount.units : -slip->amount.units}};

    enum err rc = check_slip(slip);
    if (rc != ERR_OK)
        return rc;
    snprintf(key, sizeof(key), "%s:%s", kinds[slip->kind], slip->reference);
    rc = book(db, &booking);
    if (repeated != NULL)
        *repeated = rc == ERR_REPLAYED;
    if (rc != ERR_REPLAYED)
        return rc;
    rc = read_booked(db, key, &before);
    if (rc != ERR_OK)
        return rc;
    return before.user_id == slip->user_id && before.currency == slip->amount.currency &&
                   before.units == booking.what.units
               ? ERR_OK
               : ERR_IDEMPOTENCY_CONFLICT;
}

enum err ledger_credit(struct db *db, int64_t user_id, struct amount amount, const char *note)
{
    char reference[UUID_TEXT_SIZE];
    struct uuid random = crypto_uuid4();
    const struct ledger_slip slip = {
        .reference = reference, .note = note, .user_id = user_id, .amount = amount};

    uuid_format(&random, reference);
    return ledger_book(db, &slip, NULL);
}

enum err ledger_reverse(struct db *db, enum ledger_slip_kind kind, const char *reference,
                        const char *note, bool *repeated, int64_t *user_id)
{
    char key[KEY_SIZE];
    struct booking booking = {.kind = "reversal", .key = key, .note = note};

    enum err rc = is_reference(reference) ? check_note(note) : ERR_INVALID;
    if (rc != ERR_OK)
        return rc;
    snprintf(key, sizeof(key), "%s:%s", kinds[kind], reference);
    rc = read_booked(db, key, &booking.what);
    if (rc == ERR_OK && !booking.what.found)
        rc = ERR_NOT_FOUND;
    if (rc != ERR_OK)
        return rc;
    *user_id = booking.what.user_id;
    booking.what.units = -booking.what.units;
    snprintf(key, sizeof(key), "reversal:%s:%s", kinds[kind], reference);
    rc = book(db, &booking);
    if (repeated != NULL)
        *repeated = rc == ERR_REPLAYED;
    return rc == ERR_REPLAYED ? ERR_OK : rc;
}
