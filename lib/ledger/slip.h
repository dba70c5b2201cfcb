/* What an operator books by hand: a credit from outside, a debit to outside, and the reversal of
 * either. A slip's reference (a bank's number, say) makes it once: the same again changes nothing. */
#ifndef LEDGER_SLIP_H
#define LEDGER_SLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "money/amount.h"

#define LEDGER_NOTE_MAX 255             /* code points of a note */
#define LEDGER_REFERENCE_MAX 64         /* printable ASCII without spaces */
#define LEDGER_RAIL_MAX 32              /* a-z 0-9 . _ - */
#define LEDGER_RAIL_OPERATOR "operator" /* the rail of what came by hand */

enum ledger_slip_kind { LEDGER_CREDIT, LEDGER_DEBIT };

struct ledger_slip {
    enum ledger_slip_kind kind;
    const char *reference; /* names it among those of its kind */
    const char *rail;      /* which way it came or went; NULL: LEDGER_RAIL_OPERATOR */
    const char *note;      /* shown in the user's history */
    int64_t user_id;
    struct amount amount; /* greater than zero */
};

/* Books a slip.
 * repeated  out, it was booked before, and nothing was done now; may be NULL
 * Errors: ERR_AMOUNT_NOT_POSITIVE, ERR_NOT_UTF8 and ERR_TOO_LONG (note), ERR_INVALID (reference or
 * rail), ERR_NOT_FOUND (no such user), ERR_INSUFFICIENT_FUNDS (debit), ERR_IDEMPOTENCY_CONFLICT where
 * the reference was booked for another user or amount. */
MUST_USE enum err ledger_book(struct db *db, const struct ledger_slip *slip, bool *repeated);

/* A credit under a reference that is made up, for tests and the demo: twice is two credits. */
MUST_USE enum err ledger_credit(struct db *db, int64_t user_id, struct amount amount,
                                const char *note);

/* Takes a slip back: the other way round, once.
 * repeated  out, it was taken back before; may be NULL
 * user_id   out, whose it was
 * Errors: ERR_INVALID, ERR_NOT_UTF8, ERR_TOO_LONG as above; ERR_NOT_FOUND (no such slip),
 * ERR_INSUFFICIENT_FUNDS where a credit was spent meanwhile. */
MUST_USE enum err ledger_reverse(struct db *db, enum ledger_slip_kind kind, const char *reference,
                                 const char *note, bool *repeated, int64_t *user_id);

#endif
