/* Audits: everything recomputed from the rows that say it, by statements that whoever owns them
 * registers. The ledger has its own and knows no other (lib/house registers them all). */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

#define AUDIT_COUNTS_MAX 3 /* figures of one audit */
#define AUDITS_MAX 16      /* that may be registered */

/* What one folder has checked. */
struct audit {
    struct {
        const char *name; /* "tickets"; NULL: no more */
        const char *sql;  /* how many there are */
    } counts[AUDIT_COUNTS_MAX];
    /* Each a SELECT of one column of words, a row per difference. What it has in brackets, with a mark for
     * a journal's id, leaves older journals out where they are taken as given: "[AND j.id >= ?]". */
    const char *const *checks;
    size_t check_count;
};

#define AUDIT_CHECKS(list) .checks = (list), .check_count = sizeof(list) / sizeof((list)[0])

/* Who hears of it. */
struct audit_report {
    void (*difference)(void *arg, const char *words);             /* each difference */
    void (*counted)(void *arg, const char *name, uint64_t count); /* each figure; or NULL */
    void *arg;
    int64_t since;        /* journals before that id are taken as given; 0: none is */
    uint64_t differences; /* out: how many there were; added to */
};

/* Adds an audit to those of audit_run_all, once at the start of a process; the same again changes
 * nothing.
 * audit  static storage */
void audit_register(const struct audit *audit);

/* Runs the checks of one audit in one read-only snapshot, so that money may move meanwhile.
 *
 * With report->since it takes as given that an earlier audit found nothing, and that nobody has altered
 * since what it looked at: the journals before that id with their entries, and what they made of tickets,
 * orders and trades. It proves the same of everything since: each new journal balances, each new entry
 * continues its account from the last of the given ones, each account says what its last entry does, and
 * whatever new journals are about is what they made of it. Journals that were under way when the earlier
 * audit looked must not be given: AUDIT_UNDER_WAY_S before it is early enough.
 *
 * Returns ERR_OK also with differences; ERR_DB, ERR_DB_AWAY. */
MUST_USE enum err audit_run(struct db *db, const struct audit *audit, struct audit_report *report);

/* No transaction lasts longer: each of its statements waits at most a minute for a lock. */
#define AUDIT_UNDER_WAY_S 600

/* No check takes longer (db_patience); what does has lost its server. */
#define AUDIT_ANSWER_S 3600

/* The first journal from a moment on; one that is still to come where there is none.
 * Returns ERR_DB, ERR_DB_AWAY. */
MUST_USE enum err audit_first_since(struct db *db, int64_t unix_s, int64_t *journal_id);

/* The same for all that are registered, in that order. */
MUST_USE enum err audit_run_all(struct db *db, struct audit_report *report);

/* The ledger's own: balances, journals, holds and limits against what makes them. */
extern const struct audit ledger_audit;

#endif
