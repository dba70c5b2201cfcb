/* Crediting deposits, and taking back what vanished. A credit comes from the external account of its rail; what
 * the user owes from before is paid first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/columns.h"
#include "db/packet.h"
#include "db/statement.h"
#include "deposit/store.h"
#include "identity/sql.h"
#include "ledger/funds.h"
#include "ledger/post.h"
#include "ledger/sql.h"

#define KEY_SIZE 96
#define INFO_SIZE 256
#define BACK_TRIES 5 /* of taking back, while the user spends */

/* A deposit that is to be booked, with its accounts; 0 where one is not open yet. */
struct due {
    int64_t id, user_id;
    struct uuid uuid;
    struct amount amount;
    uint8_t txid[DEPOSIT_TXID_SIZE];
    uint64_t credits;
    int64_t outside, fund, owed;
    __int128 has, owes; /* balances: owes is never above zero */
};

static const struct db_column due_columns[] = {
    DB_COLUMN("d.id", struct due, id),
    DB_COLUMN("d.user_id", struct due, user_id),
    DB_COLUMN("d.uuid", struct due, uuid),
    DB_COLUMN("d.amount", struct due, amount.units),
    DB_COLUMN("d.currency_id", struct due, amount.currency),
    DB_COLUMN("d.txid", struct due, txid),
    DB_COLUMN("d.credits", struct due, credits),
    DB_COLUMN(LEDGER_SQL_RAIL_ACCOUNT("1", "external", "d.currency_id", "d.rail"), struct due,
              outside),
    DB_COLUMN(LEDGER_SQL_ACCOUNT("d.user_id", LEDGER_FUND, "d.currency_id"), struct due, fund),
    DB_COLUMN(LEDGER_SQL_RAIL_ACCOUNT("d.user_id", "owed", "d.currency_id", "d.rail"), struct due,
              owed),
    DB_COLUMN(LEDGER_SQL_BALANCE("d.user_id", LEDGER_FUND, "d.currency_id"), struct due, has),
    DB_COLUMN(LEDGER_SQL_RAIL_BALANCE("d.user_id", "owed", "d.currency_id", "d.rail"), struct due,
              owes),
};

/* One transaction: of which chain, and what it has done. */
struct booking {
    const char *rail;
    struct due list[DEPOSIT_BATCH];
    size_t count;
    bool is_short; /* taking back: the account does not cover it */
};

static enum err read_due(struct db *db, struct booking *booking, const char *where,
                         struct db_args args)
{
    struct text sql = TEXT(DEPOSIT_SQL_MAX);
    struct db_rows rows = {0};

    booking->count = 0;
    db_select(&sql, due_columns, DB_COUNT(due_columns));
    text_puts(&sql, "FROM deposit AS d WHERE ");
    statement_add(&sql, where, args);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    while (rc == ERR_OK && booking->count < DEPOSIT_BATCH &&
           db_read(&rows, due_columns, DB_COUNT(due_columns), &booking->list[booking->count])) {
        if (booking->list[booking->count].amount.currency == NULL)
            rc = ERR_INTERNAL; /* the currencies are not loaded */
        booking->count++;
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static struct amount units_of(const struct due *due, __int128 units)
{
    return (struct amount){.units = units, .currency = due->amount.currency};
}

static enum err need_accounts(struct db *db, const char *rail, struct due *due)
{
    enum err rc = ledger_account_need(db, LEDGER_HOUSE, due->amount.currency, "external", rail,
                                      &due->outside);
    if (rc == ERR_OK)
        rc = ledger_account_need(db, due->user_id, due->amount.currency, LEDGER_FUND, "",
                                 &due->fund);
    return rc;
}

/* Names a journal: each credit of a deposit, and each that is taken back, is booked once. */
static void name_journal(const struct due *due, const char *kind, char key[KEY_SIZE])
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&due->uuid, id);
    snprintf(key, KEY_SIZE, "%s:%s:%" PRIu64, kind, id, due->credits);
}

/* --- crediting ---------------------------------------------------------------------------------- */

static enum err add_credit(struct db_packet *packet, const struct due *due)
{
    char key[KEY_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = ""};
    struct text info = TEXT(INFO_SIZE);
    __int128 repaid = -due->owes < due->amount.units ? -due->owes : due->amount.units;

    name_journal(due, "deposit_credit", key);
    text_puts(&info, "Deposit ");
    text_hex(&info, due->txid, sizeof(due->txid));
    struct ledger_posting posting = ledger_posting("deposit_credit", &house, &due->uuid);
    ledger_leg(&posting, due->outside, units_of(due, -due->amount.units), NULL, NULL);
    if (repaid > 0)
        ledger_leg(&posting, due->owed, units_of(due, repaid), NULL, NULL);
    ledger_leg(&posting, due->fund, units_of(due, due->amount.units - repaid), "deposit",
               text_string(&info));
    db_packet_add(
        packet,
        "UPDATE deposit SET state = 'completed', credits = credits + 1, updated_at = "
        "NOW(6), confirmed_at = NOW(6) WHERE id = ? AND state = 'pending' AND credits = ?",
        DB_ARGS(db_i64(due->id), db_u64(due->credits)));
    db_packet_expect(packet, 1, ERR_DB_CONTENDED);
    enum err rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    text_free(&info);
    return rc;
}

static enum err complete_in(struct db *db, void *arg)
{
    struct booking *booking = arg;
    struct deposit_cursor cursor;
    struct db_packet packet = DB_PACKET(DEPOSIT_PACKET_MAX);

    enum err rc = deposit_lock(db, booking->rail, &cursor);
    if (rc == ERR_OK)
        rc = read_due(
            db, booking,
            "d.rail = ? AND d.state = 'pending' AND d.height + d.needed <= ? ORDER BY "
            "d.user_id, d.id LIMIT ?",
            DB_ARGS(db_text(booking->rail), db_u64(cursor.height + 1), db_u64(DEPOSIT_BATCH)));
    size_t done = 0;
    for (; rc == ERR_OK && done < booking->count; done++) {
        struct due *due = &booking->list[done];
        if (due->owes < 0 && done > 0)
            break; /* who owes is credited alone: the next credit has to see what is left of it */
        rc = need_accounts(db, booking->rail, due);
        if (rc == ERR_OK)
            rc = add_credit(&packet, due);
        if (due->owes < 0) {
            done++;
            break;
        }
    }
    booking->count = done;
    if (rc == ERR_OK && done > 0)
        return db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

enum err deposit_complete(struct db *db, const char *rail, uint64_t *count)
{
    struct booking booking = {.rail = rail};
    bool resent = false; /* what was done is due no longer */
    enum err rc;

    *count = 0;
    do {
        rc = db_txn(db, complete_in, &booking, &resent);
        if (rc == ERR_OK)
            *count += booking.count;
    } while (rc == ERR_OK && booking.count > 0);
    return rc;
}

/* --- taking back -------------------------------------------------------------------------------- */

static enum err post_back(struct db *db, struct db_packet *packet, const char *rail,
                          struct due *due)
{
    char key[KEY_SIZE];
    const struct actor house = {.user_id = LEDGER_HOUSE, .request_key = key, .trace = ""};
    __int128 taken = due->has < due->amount.units ? due->has : due->amount.units;
    enum err rc = ERR_OK;

    name_journal(due, "deposit_back", key);
    struct ledger_posting posting = ledger_posting("deposit_back", &house, &due->uuid);
    ledger_leg(&posting, due->fund, units_of(due, -taken), "out",
               "A deposit is gone from its chain");
    if (taken < due->amount.units) {
        rc = ledger_account_need(db, due->user_id, due->amount.currency, "owed", rail, &due->owed);
        ledger_leg(&posting, due->owed, units_of(due, taken - due->amount.units), NULL, NULL);
        db_packet_add(packet, IDENTITY_SQL_SHUT_OUT, DB_ARGS(db_i64(due->user_id)));
    }
    ledger_leg(&posting, due->outside, due->amount, NULL, NULL);
    if (rc == ERR_OK)
        rc = ledger_post(packet, &posting);
    ledger_posting_free(&posting);
    return rc;
}

static enum err back_in(struct db *db, void *arg)
{
    struct booking *booking = arg;
    struct due *due = &booking->list[0];
    struct deposit_cursor cursor;
    struct db_packet packet = DB_PACKET(DEPOSIT_PACKET_MAX);

    enum err rc = deposit_lock(db, booking->rail, &cursor);
    if (rc == ERR_OK)
        rc = read_due(db, booking,
                      "d.rail = ? AND d.state = 'completed' AND d.height IS NULL ORDER BY d.id "
                      "LIMIT 1",
                      DB_ARGS(db_text(booking->rail)));
    if (rc == ERR_OK && booking->count > 0)
        rc = need_accounts(db, booking->rail, due);
    if (rc != ERR_OK || booking->count == 0)
        return rc;
    booking->is_short = due->has < due->amount.units;
    db_packet_add(&packet,
                  "UPDATE deposit SET state = 'cancelled', note = 'It left the chain and was taken "
                  "back', updated_at = NOW(6) WHERE id = ? AND state = 'completed' AND height IS "
                  "NULL",
                  DB_ARGS(db_i64(due->id)));
    db_packet_expect(&packet, 1, ERR_DB_CONTENDED);
    rc = post_back(db, &packet, booking->rail, due);
    if (rc == ERR_OK)
        return db_packet_commit(db, &packet, NULL, 0);
    db_packet_free(&packet);
    return rc;
}

static void say_taken(const struct booking *booking)
{
    const struct due *due = &booking->list[0];
    char units[AMOUNT_TEXT_SIZE];

    amount_format(due->amount, units);
    log_line(LOG_LEVEL_WARNING, "deposit_taken_back",
             "rail=%s deposit=%" PRId64 " user=%" PRId64 " amount=%s currency=%s short=%s",
             booking->rail, due->id, due->user_id, units, due->amount.currency->code,
             booking->is_short ? "yes" : "no");
}

/* The user may spend between our look and the commit: then we look again. */
static enum err take_one_back(struct db *db, struct booking *booking)
{
    enum err rc = ERR_INSUFFICIENT_FUNDS;
    bool resent = false; /* what was done is completed no longer */

    for (int i = 0; i < BACK_TRIES && rc == ERR_INSUFFICIENT_FUNDS; i++)
        rc = db_txn(db, back_in, booking, &resent);
    return rc == ERR_INSUFFICIENT_FUNDS ? ERR_DB_CONTENDED : rc;
}

enum err deposit_settle(struct db *db, const char *rail, uint64_t *count)
{
    struct booking booking = {.rail = rail};
    bool loose = false;

    *count = 0;
    enum err rc = deposit_any_loose(db, rail, &loose);
    while (rc == ERR_OK && loose) {
        rc = take_one_back(db, &booking);
        if (rc != ERR_OK || booking.count == 0)
            break;
        say_taken(&booking);
        ++*count;
    }
    return rc;
}
