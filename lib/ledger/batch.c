/* Pieces of the statements that post many journals at once. */
#include "ledger/batch.h"

#include <stdio.h>

#include "db/columns.h"
#include "db/statement.h"

static const struct db_column columns[] = {
    DB_COLUMN("id", struct ledger_account, id),
    DB_COLUMN("owner_id", struct ledger_account, owner),
    DB_COLUMN("currency_id", struct ledger_account, currency),
    DB_COLUMN("purpose", struct ledger_account, purpose),
    DB_COLUMN("balance", struct ledger_account, balance),
    DB_COLUMN("reserved", struct ledger_account, reserved),
    DB_COLUMN("entries", struct ledger_account, entries),
    DB_COLUMN("live_orders", struct ledger_account, live_orders),
};

void ledger_lock_owned(struct db_packet *packet, const char *owners, const char *currencies)
{
    struct text *sql = db_packet_begin(packet);

    db_select(sql, columns, DB_COUNT(columns));
    text_puts(sql, "FROM account FORCE INDEX (owner_id) WHERE owner_id IN (");
    text_puts(sql, owners);
    text_puts(sql, ") AND purpose = 'available' AND currency_id IN (");
    text_puts(sql, currencies);
    text_puts(sql, ") FOR UPDATE");
}

void ledger_lock_ids(struct db_packet *packet, const char *ids)
{
    struct text *sql = db_packet_begin(packet);

    db_select(sql, columns, DB_COUNT(columns));
    text_puts(sql, "FROM account FORCE INDEX (PRIMARY) WHERE id IN (");
    text_puts(sql, ids);
    text_puts(sql, ") ORDER BY id FOR UPDATE");
}

void ledger_lock_opened(struct db_packet *packet, int64_t owner, uint16_t currency)
{
    char owners[24], currencies[8];

    db_packet_add(packet,
                  "INSERT INTO account (owner_id, currency_id, purpose) VALUES (?, ?, 'available') "
                  "ON DUPLICATE KEY UPDATE id = id",
                  DB_ARGS(db_i64(owner), db_u64(currency)));
    snprintf(owners, sizeof(owners), "%lld", (long long)owner);
    snprintf(currencies, sizeof(currencies), "%u", currency);
    ledger_lock_owned(packet, owners, currencies);
}

void ledger_ask_live(struct db_packet *packet, const char *owners)
{
    struct text *sql = db_packet_begin(packet);

    text_puts(sql, "SELECT owner_id, SUM(live_orders) FROM account FORCE INDEX (owner_id) "
                   "WHERE owner_id IN (");
    text_puts(sql, owners);
    text_puts(sql, ") AND purpose = 'available' GROUP BY owner_id");
}

bool ledger_account_next(struct db_rows *rows, struct ledger_account *out)
{
    return db_read(rows, columns, DB_COUNT(columns), out);
}

void ledger_journal_row(struct text *sql, const struct ledger_journal *journal)
{
    statement_add(sql, "(?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_text(journal->kind), db_text(journal->at), db_i64(journal->user_id),
                          db_text(journal->request_key), db_text(journal->trace),
                          db_uuid(journal->ref)));
}

void ledger_entry_row(struct text *sql, const struct ledger_entry *entry)
{
    statement_add(sql, "(?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(entry->account_id), db_u64(entry->seq), db_i64(entry->journal_id),
                          db_i128(entry->amount), db_i128(entry->balance), db_text(entry->type)));
}

void ledger_account_row(struct text *sql, const struct ledger_account *account)
{
    statement_add(sql, "(?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(db_i64(account->id), db_i64(account->owner), db_u64(account->currency),
                          db_text(account->purpose), db_i128(account->balance),
                          db_i128(account->reserved), db_u64(account->entries),
                          db_i64(account->live_orders)));
}
