/* Posting: the one way in which money moves.
 *
 * A posting is put together in memory, in any order, and then written as statements of the packet that
 * ends the caller's transaction (db_packet_commit), beside what the caller changes of its own. Accounts are
 * named by id: a domain reads them with its own rows by LEDGER_SQL_ACCOUNT (ledger/sql.h). Nobody has
 * to read or lock a balance first: the schema refuses what an account does not cover. An account is
 * locked from its statement to the end of the packet, the accounts of a posting in ascending order of
 * id, so put what the caller changes in front of the posting: then the others who credit the same
 * merchant or partner wait for as short as can be.
 *
 * match.c posts many trades at once, to accounts that it has locked and read: ledger/batch.h. Nothing
 * else writes a journal or an entry. */
#ifndef LEDGER_POST_H
#define LEDGER_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "db/packet.h"
#include "money/amount.h"

#define LEDGER_INFO_MAX 512 /* code points of a line of history: what is longer is cut */

#define LEDGER_HOUSE 1 /* user.id of the house: owns the fees, and the world outside */

#define LEDGER_COST \
    "cost" /* purpose: of the house, below zero by what rails took for carrying its money */

/* A posting in the making; ledger_posting_free gives its memory back. Members are post.c's. */
struct ledger_posting {
    const char *kind; /* why, as in journal.kind: a literal */
    struct actor actor;
    const struct uuid *ref;    /* what it is about, or NULL */
    struct ledger_leg *legs;   /* owned */
    struct ledger_held *holds; /* owned */
    size_t leg_count, leg_room, hold_count, hold_room;
    struct text words; /* of the legs, each with its NUL */
    bool begun;        /* the journal is in the packet */
};

/* Begins a posting.
 * kind, ref and what actor points to must outlive it */
struct ledger_posting ledger_posting(const char *kind, const struct actor *actor,
                                     const struct uuid *ref);

/* Gives back the memory of a posting. */
void ledger_posting_free(struct ledger_posting *posting);

/* Adds one side.
 * account  account.id
 * amount   added to its balance; zero is a line of text in the history
 * type     entry.type as the owner's history says it ("deposit" ...), or NULL
 * info     words for the owner's history, or NULL; copied */
void ledger_leg(struct ledger_posting *posting, int64_t account, struct amount amount,
                const char *type, const char *info);

/* What of somebody's money is promised to somebody else: a row of its own, named by kind and ref, and
 * money that waits in the owner's held account until it is captured or released, whole. */
struct ledger_hold {
    const char *kind; /* who holds: "ticket" ... : a literal */
    struct uuid ref;  /* for what */
    int64_t held;     /* account.id of the owner's held account */
    struct amount amount;
};

/* Holds money of account `from`, whose history says it by type and info. */
void ledger_hold(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t from,
                 const char *type, const char *info);

/* Ends an open hold: captured, its money goes to account `to` as it was meant to; released, back to
 * where it came from. ledger_post fails as contended where it is not open any more with that amount. */
void ledger_capture(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t to,
                    const char *type, const char *info);
void ledger_release(struct ledger_posting *posting, const struct ledger_hold *hold, int64_t to,
                    const char *type, const char *info);

/* Adds what takes a journal back: for each account the other way round what it moved there.
 * info  words for the owners' histories
 * Returns as db_run. */
MUST_USE enum err ledger_legs_back(struct db *db, struct ledger_posting *posting,
                                   int64_t journal_id, const char *info);

/* Adds the journal alone, in front of what names it (LEDGER_SQL_JOURNAL) and of ledger_post, which then
 * leaves it out: so that no account is locked before that is written. */
void ledger_post_begin(struct db_packet *packet, struct ledger_posting *posting);

/* Adds the statements of a posting to a packet that db_packet_commit is to send. The packet then fails with ERR_REPLAYED where the actor's request was
 * processed before, and ERR_INSUFFICIENT_FUNDS where an account does not cover what is taken.
 * Returns ERR_INTERNAL where the legs do not sum up to zero per currency, which is our bug. */
MUST_USE enum err ledger_post(struct db_packet *packet, const struct ledger_posting *posting);

/* The account of that owner, opened where it is missing, inside the transaction that db_txn has open.
 * purpose  a word: available, held, escrow, fee, rounding, external ...
 * rail     the way outside that an external account mirrors, or on which a reserve is kept; "" for all
 *          others
 * account  in, what was read of it (0 = none: one more round trip); out, its id
 * Errors as db_run. */
MUST_USE enum err ledger_account_need(struct db *db, int64_t owner, const struct currency *currency,
                                      const char *purpose, const char *rail, int64_t *account);

/* What else every journal of a posting writes: a statement behind its INSERT in the same transaction, in
 * which LEDGER_SQL_JOURNAL is its id. One, registered once at the start of the process (lib/house);
 * journals of ledger/batch.h are told by who writes them.
 * statement  static storage */
void ledger_tell_journals(const char *statement);

#endif
