/* What operators do: look at payouts that a rule has stopped, send on rails that are worked by hand, and set
 * rails, assets and rules. Every change leaves a record in payout_change: who, what, before, after. */
#ifndef PAYOUT_OPERATE_H
#define PAYOUT_OPERATE_H

#include "payout/payout.h"

#define PAYOUT_SHEET_MAX 1000 /* payouts that are settled at once */
#define PAYOUT_WHO_SIZE 65    /* of an operator's name: 64 characters and a NUL */

/* Approves a payout that waits. Where as many have as its rules ask for it is approved.
 * user_id  the operator: an enabled user of that role, who neither asked for it nor has approved it before
 * note     their words, UTF-8 of at most PAYOUT_TEXT_MAX code points; ""
 * out      out, the payout as it is then
 * Errors: ERR_PAYOUT_NOT_FOUND, ERR_PAYOUT_STATE, ERR_PAYOUT_SENT, ERR_PAYOUT_ENDED, ERR_PAYOUT_APPROVER,
 * ERR_NOT_UTF8, ERR_TOO_LONG. */
MUST_USE enum err payout_approve(struct db *db, int64_t user_id, int64_t id, const char *note,
                                 struct payout *out);

/* Calls `row` for each operator who has approved a payout, the first in front.
 * row  at in unix seconds; strings live during the call */
MUST_USE enum err payout_approvals(struct db *db, int64_t id,
                                   void (*row)(void *arg, int64_t at, const char *login,
                                               const char *note),
                                   void *arg);

/* Rejects a payout that was not begun to be sent: its money goes back.
 * who   the operator, as the machine knows them
 * note  why, as payout_approve
 * Errors: as payout_approve, but for ERR_PAYOUT_APPROVER. */
MUST_USE enum err payout_reject(struct db *db, const char *who, int64_t id, const char *note,
                                struct payout *out);

/* Says what became of a payout on a rail that is worked by hand.
 * to         PAYOUT_STATE_SENT, _CONFIRMED, _FAILED (certainly not sent) or _RETURNED
 * reference  of the bank, the chain ...: printable ASCII without spaces, up to RAIL_REFERENCE_MAX, said once;
 *            NULL or "": as it is. One that was sent or confirmed needs one
 * Said again it is the same. Errors: ERR_RAIL_BY_ITSELF, ERR_INVALID (the state), ERR_PAYOUT_REFERENCE (none,
 * or not such text), ERR_PAYOUT_MISMATCH (it has another), ERR_RAIL_PAUSED where it was not begun, and as
 * payout_reject. */
MUST_USE enum err payout_settle(struct db *db, const char *who, int64_t id, enum payout_state to,
                                const char *reference, const char *note, struct payout *out);

/* Has the rail asked about a payout that is unknown or under way at once, not when it is due.
 * Errors: ERR_PAYOUT_NOT_FOUND, ERR_PAYOUT_STATE. */
MUST_USE enum err payout_ask_now(struct db *db, const char *who, int64_t id, struct payout *out);

/* Takes what is approved on a rail worked by hand (it is `sending` from then on, and cannot be cancelled), and
 * calls `row` for each that is to be sent, the oldest first: at most PAYOUT_SHEET_MAX. Again it gives the same, with
 * what came meanwhile, until they are settled. A paused rail gives what was taken before.
 * Errors: ERR_RAIL_UNKNOWN, ERR_RAIL_BY_ITSELF. */
MUST_USE enum err payout_sheet(struct db *db, const char *who, const char *rail,
                               void (*row)(void *arg, const struct payout *payout), void *arg);

/* A row of a sheet that comes back. */
struct payout_settled {
    int64_t id;
    const char *rail, *address, *memo; /* as the sheet had them */
    struct amount amount;              /* that was to arrive */
    enum payout_state to;              /* as payout_settle */
    const char *reference, *note;      /* "" */
};

/* Settles all rows in one transaction, or none. The same again changes nothing.
 * place  out, the row that was refused
 * Errors: as payout_settle; ERR_PAYOUT_MISMATCH where a row is not what its payout says; ERR_REPEATED where
 * one stands twice; ERR_OUT_OF_RANGE with more than PAYOUT_SHEET_MAX. */
MUST_USE enum err payout_settle_all(struct db *db, const char *who,
                                    const struct payout_settled *rows, size_t count, size_t *place);

/* What changes of a rail; what is NULL stays as it is, or gets its default where the rail is made. */
struct rail_change {
    const char *kind;             /* "on_chain" (default), "off_chain" */
    const char *outside;          /* a-z 0-9 . _ -; default: the name in lower case */
    const int64_t *confirmations; /* 0 to 100000 */
};

/* Makes a rail or changes it.
 * name  1 to RAIL_NAME_MAX of A-Z a-z 0-9 . _ -
 * made  out, there was none before; may be NULL
 * Errors: ERR_INVALID (name, kind, outside; the internal rail's kind), ERR_OUT_OF_RANGE, ERR_RAIL_EXISTS
 * (another mirrors that outside). */
MUST_USE enum err rail_set(struct db *db, const char *who, const char *name,
                           const struct rail_change *change, bool *made);

/* The panic switch: from the next statement on nothing begins to be sent on a rail. What is being sent, or
 * was, goes on. ERR_RAIL_UNKNOWN. */
MUST_USE enum err rail_pause(struct db *db, const char *who, const char *name, bool paused);

/* What changes of an asset; NULL as above. */
struct asset_change {
    const char *contract;    /* printable ASCII; "" the rail's own coin, the default */
    const int64_t *decimals; /* 0 to 77; default: the currency's */
    const struct amount *min_deposit, *min_withdrawal, *fee; /* of the currency; default 0 */
    const int64_t *confirmations;                            /* 0 to 100000; -1: the rail's */
    const bool *deposits, *withdrawals, *memo_needed;        /* default yes, yes, no */
};

/* Puts a currency on a rail, or changes how it goes there.
 * Errors: ERR_RAIL_UNKNOWN, ERR_INVALID (contract; the internal rail), ERR_OUT_OF_RANGE,
 * ERR_CURRENCY_MISMATCH. */
MUST_USE enum err rail_asset_set(struct db *db, const char *who, const char *rail,
                                 const struct currency *currency, const struct asset_change *change,
                                 bool *made);

/* A rule: what has operators look at a payout. */
struct payout_rule {
    int64_t id;                      /* out */
    char kind[12];                   /* all, amount, new_address, velocity */
    char rail[RAIL_NAME_MAX + 1];    /* "": any */
    const struct currency *currency; /* NULL: any */
    char level[17];                  /* of the customer; "": any */
    __int128 units;    /* amount, velocity: from so much on, with the fee; 0: no amount */
    int64_t times;     /* velocity: from so many payouts on, this one counted; 0: not by number */
    int64_t period_s;  /* velocity: within so many seconds */
    int64_t approvals; /* 1 or 2 operators */
};

/* Adds a rule; it holds from the next request on.
 * id  out
 * Errors: ERR_INVALID where its parts do not fit its kind, ERR_RAIL_UNKNOWN, ERR_OUT_OF_RANGE. */
MUST_USE enum err payout_rule_add(struct db *db, const char *who, const struct payout_rule *rule,
                                  int64_t *id);

/* Takes a rule away. ERR_NOT_FOUND. */
MUST_USE enum err payout_rule_remove(struct db *db, const char *who, int64_t id);

/* Calls `row` for each rule, by id. */
MUST_USE enum err payout_rules(struct db *db,
                               void (*row)(void *arg, const struct payout_rule *rule), void *arg);

#endif
