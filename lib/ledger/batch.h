/* Posting many journals at once, for who keeps accounts in memory between one packet that locks and
 * reads them and one that writes them (market/book.h): their balances and their counts of entries are
 * the caller's arithmetic, which audits recompute. Everybody else posts by ledger/post.h.
 *
 * All of these add to statements that the caller builds, so that what belongs together travels in one
 * packet. Lists of ids are SQL: "0, 17, 23". */
#ifndef LEDGER_BATCH_H
#define LEDGER_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/text.h"
#include "db/packet.h"

/* A locked account. */
struct ledger_account {
    int64_t id, owner;
    uint16_t currency;
    char purpose[17];
    __int128 balance, reserved;
    uint64_t entries;    /* the number of its last entry */
    int64_t live_orders; /* that reserve some of it, or may */
};

/* Statements that lock accounts and read them, for ledger_account_next: those of owners in currencies
 * that can be spent; those of ids, in ascending order; one that is opened where it is missing. */
void ledger_lock_owned(struct db_packet *packet, const char *owners, const char *currencies);
void ledger_lock_ids(struct db_packet *packet, const char *ids);
void ledger_lock_opened(struct db_packet *packet, int64_t owner, uint16_t currency);

/* Steps to the next account of such a statement's rows; false after the last. */
bool ledger_account_next(struct db_rows *rows, struct ledger_account *out);

/* A statement that gives the ids of owners and how many live orders all their accounts count. */
void ledger_ask_live(struct db_packet *packet, const char *owners);

/* Rows of one INSERT each: the head, rows with ", " between them, the tail. Journals give their ids, in
 * the order of the rows. An account is written as an INSERT that meets its row, the fastest way there is
 * to change many at once. */
#define LEDGER_JOURNALS_HEAD \
    "INSERT INTO journal (kind, at, user_id, request_key, trace, ref) VALUES "
#define LEDGER_JOURNALS_TAIL " RETURNING id"
#define LEDGER_ENTRIES_HEAD \
    "INSERT INTO entry (account_id, seq, journal_id, amount, balance, type) VALUES "
#define LEDGER_ENTRIES_TAIL ""
#define LEDGER_ACCOUNTS_HEAD                                                                \
    "INSERT INTO account (id, owner_id, currency_id, purpose, balance, reserved, entries, " \
    "live_orders) VALUES "
#define LEDGER_ACCOUNTS_TAIL                                                            \
    " ON DUPLICATE KEY UPDATE balance = VALUES(balance), reserved = VALUES(reserved), " \
    "entries = VALUES(entries), live_orders = VALUES(live_orders)"

struct ledger_journal {
    const char *kind;
    const char *at; /* DATETIME(6), UTC */
    int64_t user_id;
    const char *request_key;
    const char *trace;
    const struct uuid *ref; /* or NULL */
};
void ledger_journal_row(struct text *sql, const struct ledger_journal *journal);

struct ledger_entry {
    int64_t account_id, journal_id;
    uint64_t seq;
    __int128 amount, balance; /* balance: behind it */
    const char *type;         /* or NULL */
};
void ledger_entry_row(struct text *sql, const struct ledger_entry *entry);

void ledger_account_row(struct text *sql, const struct ledger_account *account);

#endif
