/* Affiliates: whom they sent, what they earned, and how they are paid (seed desk; api/desk A5, A10). */
#ifndef DESK_PARTNER_H
#define DESK_PARTNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "desk/bid.h"
#include "desk/desk.h"
#include "money/amount.h"

/* Makes a user an affiliate, whose rid is their user.id; one who is one stays it.
 * Errors: ERR_NOT_FOUND (no such user), ERR_DESK_PARTNERS where there is no programme. */
MUST_USE enum err desk_partner_join(struct db *db, int64_t user_id);

#define DESK_VISIT_AGAIN_S 1800  /* the same visitor by the same link counts once in that time */
#define DESK_VISITS_S 3600       /* in that time at most: */
#define DESK_VISITS_ADDRESS 200  /* visits from one address (of IPv6 its /64) */
#define DESK_VISITS_PARTNER 2000 /* visits by the links of one affiliate */
#define DESK_VISIT_DAYS 365 /* visits are kept, or longer where visitors stay theirs for longer */
#define DESK_VISITOR_HASH_SIZE 65 /* hexadecimal SHA-256, and a NUL */

/* A visit by an affiliate's link. Texts are cut to what a row holds. */
struct desk_visit {
    int64_t id, at; /* read back: number, unix seconds */
    int64_t partner_id;
    const char *browser, *ip, *referrer, *query;
    const char *user_hash; /* read back: who the visitor is, as desk_visitor_hash */
};

/* Records a visit: from then on the visitor is that affiliate's, for the days that the desk says.
 * visitor  in: the visitor's cookie, "" or anything else where there is none; out: what it is to be
 * days     out: for how long it is to be kept
 * Errors: ERR_DESK_PARTNERS (no programme), ERR_NOT_FOUND (that rid is no affiliate's),
 * ERR_TOO_MANY_REQUESTS (nothing is recorded). */
MUST_USE enum err desk_visit_add(struct db *db, const struct desk_visit *visit,
                                 char visitor[DESK_HASH_SIZE], uint64_t *days);

/* Who a visitor is to others: affiliates and robots see this, and cannot make the cookie of it.
 * visitor  the cookie; NULL, or one that is none of ours: out is "" */
void desk_visitor_hash(const char *visitor, char out[DESK_VISITOR_HASH_SIZE]);

/* Deletes visits older than DESK_VISIT_DAYS, at most `limit`, as identity_sweep does. */
MUST_USE enum err desk_visit_sweep(struct db *db, int64_t limit, int64_t *removed);

struct desk_visit_filter {
    int64_t partner_id;
    int64_t since, until;  /* unix seconds, inclusive; 0: open */
    const char *ip;        /* NULL: any */
    int64_t limit, offset; /* limit 0: DESK_LIST_DEFAULT, at most DESK_LIST_MAX */
};

/* Calls `row` for each visit, newest first. */
MUST_USE enum err desk_visit_list(struct db *db, const struct desk_visit_filter *filter,
                                  void (*row)(void *arg, const struct desk_visit *visit),
                                  void *arg);

/* What an affiliate has. */
struct desk_partner {
    int64_t user_id;
    struct amount balance; /* below zero where a reward was taken back that is spent */
    struct amount min_payout;
    struct amount turnover;
    char percent[16];            /* that holds now: a decimal */
    uint64_t visits, bids, done; /* how many they sent, and came to a bid, and to its end */
};

/* An affiliate. Errors: ERR_DESK_PARTNERS where there is no programme, ERR_NOT_FOUND where the user is
 * none. */
MUST_USE enum err desk_partner_view(struct db *db, int64_t user_id, struct desk_partner *out);

/* What the whole balance would bring in a payment system. */
struct desk_payout_item {
    uint64_t system_id; /* method_id of add_partner_payout */
    char code[DESK_CODE_MAX + 1], name[257];
    char percent[16]; /* kept of it: a decimal */
    struct amount amount;
};

/* Calls `row` for each payment system in which the balance could be paid now: it is above zero and
 * the reserve covers it. */
MUST_USE enum err desk_payout_items(struct db *db, int64_t user_id,
                                    void (*row)(void *arg, const struct desk_payout_item *item),
                                    void *arg);

/* Where a payout stands. */
enum desk_payout_status {
    DESK_PAYOUT_WAITS,
    DESK_PAYOUT_PAID,
    DESK_PAYOUT_CANCELLED,
    DESK_PAYOUT_WITHDRAWN /* by the affiliate */
};

struct desk_payout {
    int64_t id;
    struct uuid uuid;
    int64_t partner_id;
    uint64_t system_id;
    char code[DESK_CODE_MAX + 1];
    char account[4 * DESK_ACCOUNT_MAX + 1];
    struct amount original; /* the whole balance */
    struct amount pay;      /* what is paid */
    enum desk_payout_status status;
    char note[1021];
    int64_t created, changed; /* unix seconds */
};

/* Pays out an affiliate's whole balance. It is held with what it brings of the system's reserve until an
 * operator confirms; to a balance here it goes at once.
 * account  where to; not looked at for a balance
 * out      out
 * Errors: ERR_DESK_PARTNERS, ERR_DESK_PAYOUT_SYSTEM (no such system, or not for payouts),
 * ERR_DESK_PAYOUT_ACCOUNT, ERR_DESK_PAYOUT_LOW (below the minimum or nothing),
 * ERR_DESK_PAYOUT_RESERVE. */
MUST_USE enum err desk_payout_add(struct db *db, int64_t user_id, uint64_t system_id,
                                  const char *account, const char *trace, struct desk_payout *out);

/* Ends a payout that waits: paid, cancelled (an operator), or withdrawn (the affiliate, user_id).
 * user_id  whose it must be; 0: anybody's, by an operator
 * who      the operator, for the record in desk_change; NULL where it is the affiliate
 * note     an operator's words, or NULL
 * Ending it the same way again changes nothing. Errors: ERR_NOT_FOUND, ERR_DESK_ACTION where it has
 * ended otherwise, ERR_NOT_UTF8, ERR_TOO_LONG. */
MUST_USE enum err desk_payout_end(struct db *db, int64_t id, int64_t user_id,
                                  enum desk_payout_status status, const char *who, const char *note,
                                  const char *trace, struct desk_payout *out);

struct desk_payout_filter {
    int64_t partner_id;   /* 0: anybody's */
    int64_t id;           /* 0: all */
    int64_t since, until; /* unix seconds of making, inclusive; 0: open */
    bool waiting;         /* only those that wait */
    int64_t limit, offset;
};

/* Calls `row` for each payout, newest first. */
MUST_USE enum err desk_payout_list(struct db *db, const struct desk_payout_filter *filter,
                                   void (*row)(void *arg, const struct desk_payout *payout),
                                   void *arg);

#endif
