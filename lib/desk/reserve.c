/* Filling and emptying reserves, and what is in them. */
#include <stdio.h>
#include <string.h>

#include "db/columns.h"
#include "db/statement.h"
#include "desk/operate.h"
#include "desk/store.h"
#include "ledger/sql.h"

#define REFERENCE_MAX 64
#define KEY_SIZE 96

/* What is to be booked. */
struct booking {
    const char *code, *who, *reference;
    struct amount amount;
    bool out;
    char key[KEY_SIZE];
};

struct place {
    char rail[33];
    const struct currency *currency;
    int64_t outside, reserve;
    __int128 there;
    bool posted;
};

static const struct db_column place_columns[] = {
    DB_COLUMN("s.rail", struct place, rail),
    DB_COLUMN("s.currency_id", struct place, currency),
    DB_COLUMN(LEDGER_SQL_RAIL_ACCOUNT("1", "external", "s.currency_id", "s.rail"), struct place,
              outside),
    DB_COLUMN(LEDGER_SQL_RAIL_ACCOUNT("1", "reserve", "s.currency_id", "s.rail"), struct place,
              reserve),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "reserve", "s.currency_id", "s.rail"), struct place,
              there),
    DB_COLUMN(LEDGER_SQL_POSTED("1", "asks.request_key"), struct place, posted),
};

static enum err read_place(struct db *db, const struct booking *booking, struct place *out)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};

    db_select(&sql, place_columns, DB_COUNT(place_columns));
    statement_add(&sql,
                  "FROM (SELECT ? AS request_key) AS asks JOIN desk_system AS s ON s.code = ?",
                  DB_ARGS(db_blob(booking->key, strlen(booking->key)), db_text(booking->code)));
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    if (rc == ERR_OK && !db_read(&rows, place_columns, DB_COUNT(place_columns), out))
        rc = ERR_NOT_FOUND;
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

/* The record of a change of a reserve: what moved, and under which reference. */
static void add_record(struct db_packet *packet, const struct booking *booking)
{
    char amount[AMOUNT_TEXT_SIZE];
    struct text became = TEXT(512);

    desk_amount_text(booking->amount, amount);
    text_addf(&became, "{\"%s\":\"%s\",\"reference\":\"", booking->out ? "emptied" : "filled",
              amount);
    for (const char *c = booking->reference; *c != '\0'; c++)
        text_addf(&became, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    text_puts(&became, "\"}");
    change_add(packet, booking->who, "reserve", booking->code, NULL, text_string(&became));
    text_free(&became);
}

static enum err book_in(struct db *db, void *arg)
{
    struct booking *booking = arg;
    const char *kind = booking->out ? "desk_empty" : "desk_fill";
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = booking->key, .trace = ""};
    struct db_packet packet = DB_PACKET(DESK_PACKET_MAX);
    struct amount in = booking->amount, other;
    struct place place = {0};

    enum err rc = read_place(db, booking, &place);
    if (rc != ERR_OK)
        return rc;
    if (place.currency != in.currency)
        return ERR_CURRENCY_MISMATCH;
    if (place.posted)
        return ERR_REPLAYED;
    if (booking->out && place.there < in.units)
        return ERR_DESK_RESERVE;
    rc = ledger_account_need(db, LEDGER_HOUSE, in.currency, "external", place.rail, &place.outside);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, LEDGER_HOUSE, in.currency, "reserve", place.rail,
                                 &place.reserve);
    if (rc != ERR_OK)
        return rc;
    if (booking->out)
        in.units = -in.units;
    other = (struct amount){-in.units, in.currency};
    add_record(&packet, booking);
    struct ledger_posting posting = ledger_posting(kind, &house, NULL);
    ledger_leg(&posting, place.outside, other, NULL, NULL);
    ledger_leg(&posting, place.reserve, in, NULL, NULL);
    rc = ledger_post(&packet, &posting);
    ledger_posting_free(&posting);
    if (rc == ERR_OK)
        rc = db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc == ERR_INSUFFICIENT_FUNDS ? ERR_DESK_RESERVE : rc;
}

static bool is_reference(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len >= 1 && len <= REFERENCE_MAX;
}

enum err desk_reserve_book(struct db *db, const char *code, struct amount amount, bool out,
                           const char *reference, const char *who, bool *repeated)
{
    struct booking booking = {
        .code = code, .who = who, .reference = reference, .amount = amount, .out = out};
    bool resent = false;

    if (amount.units <= 0)
        return ERR_AMOUNT_NOT_POSITIVE;
    if (!is_reference(reference))
        return ERR_INVALID;
    /* The amount and the system are parts of the name, so that another one under the same reference is
     * not taken for it. */
    snprintf(booking.key, sizeof(booking.key), "desk_reserve:%s", reference);
    enum err rc = db_txn(db, book_in, &booking, &resent);
    if (repeated != NULL)
        *repeated = rc == ERR_REPLAYED && !resent;
    if (rc != ERR_REPLAYED)
        return rc;
    struct db_rows rows = {0};
    rc = db_run(
        db,
        "SELECT COUNT(*) FROM " LEDGER_SQL_JOURNALS " AS j JOIN " LEDGER_SQL_ENTRIES_OF_JOURNAL
        " AS e ON e.journal_id = j.id JOIN " LEDGER_SQL_ACCOUNTS
        " AS a ON a.id = e.account_id JOIN desk_system AS s ON s.rail = a.rail "
        "WHERE j.user_id = 1 AND j.request_key = ? AND a.purpose = 'reserve' AND s.code = "
        "? AND e.amount = ?",
        DB_ARGS(db_text(booking.key), db_text(code), db_i128(out ? -amount.units : amount.units)),
        &rows);
    if (rc == ERR_OK)
        rc = db_next(&rows) && db_get_i64(&rows, 0) == 1 ? ERR_OK : ERR_IDEMPOTENCY_CONFLICT;
    db_rows_free(&rows);
    return rc;
}

static const struct db_column reserve_columns[] = {
    DB_COLUMN("s.code", struct desk_reserve, code),
    DB_COLUMN("s.currency_id", struct desk_reserve, available.currency),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "reserve", "s.currency_id", "s.rail"),
              struct desk_reserve, available.units),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "held", "s.currency_id", "s.rail"), struct desk_reserve,
              held.units),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "incoming", "s.currency_id", "s.rail"),
              struct desk_reserve, incoming.units),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("1", "external", "s.currency_id", "s.rail"),
              struct desk_reserve, outside.units),
};

enum err desk_reserves(struct db *db, void (*row)(void *arg, const struct desk_reserve *reserve),
                       void *arg)
{
    struct text sql = TEXT(DESK_SQL_MAX);
    struct db_rows rows = {0};
    struct desk_reserve reserve;

    db_select(&sql, reserve_columns, DB_COUNT(reserve_columns));
    text_puts(&sql, "FROM desk_system AS s ORDER BY s.sort, s.id");
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_read(&rows, reserve_columns, DB_COUNT(reserve_columns), &reserve)) {
        reserve.held.currency = reserve.incoming.currency = reserve.outside.currency =
            reserve.available.currency;
        row(arg, &reserve);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}
