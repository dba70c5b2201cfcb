/* Closes: what was booked up to a moment is sealed, so that later audits may take it as given, and can
 * prove at any time that nobody has altered it.
 *
 * A close covers whole journals, those of before its moment, and of each account that they moved all entries
 * up to the last of theirs. Each entry, with everything that its journal says, has a hash; these are chained
 * within the account from its first entry on, over all closes; and the hash of a close covers those of its
 * accounts and the close before. Whoever keeps one such hash elsewhere (`tellerctl close` prints it) can tell
 * whether any row behind it is still what it was. The first eight bytes of each entry's hash are kept, which
 * name the one that is not. */
#ifndef LEDGER_CLOSE_H
#define LEDGER_CLOSE_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "ledger/audit.h"

struct ledger_close {
    int64_t id;           /* 1, 2, 3; 0: none */
    int64_t ends_s;       /* unix seconds: journals of before then are in it or in an earlier one */
    int64_t last_journal; /* the last of them */
    uint64_t journals, entries, accounts; /* in it, without earlier ones */
    uint8_t hash[SHA256_SIZE];
};

/* The last close.
 * out  out; id 0 where there is none yet
 * Returns as db_run. */
MUST_USE enum err ledger_close_last(struct db *db, struct ledger_close *out);

/* The end of the first month (UTC) that is over and not closed.
 * ends_s  out, unix seconds; 0 where there is none
 * Returns as db_run. */
MUST_USE enum err ledger_close_due(struct db *db, int64_t *ends_s);

/* Closes what was booked before a moment and is not closed yet, in one transaction. The caller has had it
 * audited. The chain of each account's entries is proven once more on the way: a difference is reported
 * (report->differences), and nothing is closed.
 * ends_s  unix seconds, at least AUDIT_UNDER_WAY_S ago and later than the last close's
 * out     out; id 0 where nothing was closed
 * Returns ERR_INVALID where the moment is another one; else as db_txn. */
MUST_USE enum err ledger_close(struct db *db, int64_t ends_s, struct audit_report *report,
                               struct ledger_close *out);

/* Proves that all that is closed is as it was: every row that was altered, is missing or stands elsewhere is
 * a difference in the report, by its account and number.
 * last  out, the last close, as proven where there is no difference
 * Returns ERR_OK also with differences; else as db_run. */
MUST_USE enum err ledger_close_check(struct db *db, struct audit_report *report,
                                     struct ledger_close *last);

#endif
