/* Bids: somebody's wish to exchange, from its making to its end (seed desk; api/desk A5 to A9).
 *
 * A bid holds sum2 of the reserve of what is got from the moment it exists. What happens to its money is
 * in desk/status.h; every change of status is one transaction, written to the bid's history, with its
 * journals and with the callback's event. A bid from balance to balance is done in the transaction that
 * makes it.
 *
 * Journals (ref is the bid's uuid): desk_hold, desk_free, desk_pay, desk_unpay, desk_done, desk_undone;
 * a change over several stages writes one for each. */
#ifndef DESK_BID_H
#define DESK_BID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "desk/desk.h"
#include "desk/status.h"
#include "ledger/audit.h"

#define DESK_HASH_SIZE 33     /* 32 letters and digits, and a NUL */
#define DESK_API_ID_MAX 100   /* characters */
#define DESK_LIST_DEFAULT 100 /* bids of a list where no limit is named */
#define DESK_LIST_MAX 500
#define DESK_STATUS_SIZE 17
#define DESK_FIELDS_TEXT_MAX 16384 /* bytes of desk_bid.fields */

/* A bid as its owner, its robot, its affiliate and operators see it. */
struct desk_bid {
    int64_t id;
    struct uuid uuid;
    char hash[DESK_HASH_SIZE];
    uint64_t direction_id, give_id, get_id;
    char give_code[DESK_CODE_MAX + 1], get_code[DESK_CODE_MAX + 1];
    char give_name[257], get_name[257];  /* of the payment systems: psys_give, psys_get */
    int64_t key_id, user_id, partner_id; /* 0 = none */
    int64_t merchant_id;                 /* whose order pays it in; 0 unless pay_in is checkout */
    char api_id[4 * DESK_API_ID_MAX + 1];
    char pay_in[9], pay_out[8];
    struct amount sum1, sum1dc, sum1c, sum2, sum2dc, sum2c;
    struct amount rounding;
    char course_give[AMOUNT_TEXT_SIZE], course_get[AMOUNT_TEXT_SIZE]; /* decimals */
    enum desk_status status; /* `delete` from the instant at which it expires */
    enum desk_stage stage;
    uint64_t turn; /* how many statuses it has had */
    char account1[4 * DESK_ACCOUNT_MAX + 1], account2[4 * DESK_ACCOUNT_MAX + 1];
    char callback_url[2001];
    char language[DESK_LANGUAGE_SIZE];
    char ip[46], user_hash[65];
    struct amount reward;              /* of its affiliate; currency NULL: none was credited */
    int64_t created, changed, expires; /* unix seconds; expires 0: never */
};

/* What is asked for. Texts live during the call. */
struct desk_field_value {
    const char *name; /* cf6, cfgive8 ... */
    const char *value;
};

struct desk_wish {
    uint64_t direction_id;
    enum desk_action action;
    struct rate named;                     /* the amount as written */
    const char *account1, *account2;       /* NULL or "": not given */
    const struct desk_field_value *fields; /* those that the direction does not know are ignored */
    size_t field_count;
    enum desk_access access; /* DESK_FOR_API or DESK_FOR_SITE */
    int64_t key_id;          /* desk_key.id; 0 on the site */
    int64_t user_id;         /* whose balance pays and is paid; 0: a stranger */
    int64_t
        partner_id; /* rid of the affiliate who sent them, which is a visit; 0, or one that there
                               is not: none */
    const char *api_id;       /* NULL or "": none */
    const char *callback_url; /* NULL or "": none */
    const char *language;     /* "en" or "ru" */
    const char *ip;
    const char *browser;   /* User-Agent, for the affiliate's list of visits; NULL: not known */
    const char *user_hash; /* on the site: who the visitor is, desk_visitor_hash; "" unknown */
};

/* What is wrong with a wish: error_fields of the user API. */
enum desk_complaint {
    DESK_BAD_ACCOUNT,  /* invalid account number */
    DESK_BAD_FIELD,    /* field is filled with errors */
    DESK_NOT_SELECTED, /* value is not selected */
    DESK_NOT_POSITIVE, /* amount must be greater than 0 */
    DESK_BELOW_MIN,    /* min.: limit */
    DESK_ABOVE_MAX     /* max.: limit */
};

struct desk_problem {
    char field[DESK_FIELD_NAME_SIZE]; /* account1, account2, cf6, sum1, sum2, sum1c, sum2c */
    enum desk_complaint complaint;
    struct amount limit; /* of DESK_BELOW_MIN and DESK_ABOVE_MAX */
};

#define DESK_PROBLEMS_MAX (DESK_FIELDS_MAX + 8)
struct desk_problems {
    struct desk_problem list[DESK_PROBLEMS_MAX];
    size_t count;
};

/* Makes a bid, or gives the one that this key made before with that api_id where all that is asked for
 * is the same.
 * trace     request id for the logs
 * problems  out, with ERR_DESK_FIELDS: what to tell for which field
 * out       out
 * Errors: ERR_DESK_MAINTENANCE, ERR_DESK_DIRECTION, ERR_DESK_DIRECTION_OFF (off or frozen),
 * ERR_DESK_DIRECTION_API (its access does not allow it), ERR_DESK_FIELDS, ERR_DESK_API_ID,
 * ERR_DESK_RESERVE, ERR_URL (callback_url), ERR_TOO_LONG (api_id), ERR_INSUFFICIENT_FUNDS (from balance
 * to balance), ERR_KEY_INVALID where a balance is to pay or be paid and there is no user. Where an order is
 * to pay, ERR_DESK_DIRECTION_OFF without a merchant in the settings, and what its making refuses. */
MUST_USE enum err desk_bid_create(struct db *db, const struct desk_wish *wish, const char *trace,
                                  struct desk_problems *problems, struct desk_bid *out);

/* Which bid is meant: by id where it is not 0, else by uuid, else by hash. */
struct desk_bid_name {
    int64_t id;
    const struct uuid *uuid; /* NULL: none */
    const char *hash;        /* NULL: none */
    int64_t key_id;          /* only one that this key made; 0: any key */
    int64_t user_id;         /* only this user's; 0: anybody's */
};

/* A bid. ERR_DESK_BID. */
MUST_USE enum err desk_bid_view(struct db *db, const struct desk_bid_name *name,
                                struct desk_bid *out);

/* A change of status. */
struct desk_move {
    struct desk_bid_name name;
    enum desk_who who;
    enum desk_status to;
    const char *note;  /* an operator's words, or NULL */
    int64_t user_id;   /* with DESK_CUSTOMER: who they are; 0: a stranger */
    const char *by;    /* with DESK_OPERATOR: who, for the record; up to 64 characters */
    const char *trace; /* request id for the logs */
};

/* Changes a bid's status; one that has it already stays as it is and is no error. What an operator does
 * leaves a record in desk_change. From a balance only its owner pays.
 * out  out, the bid afterwards
 * Errors: ERR_DESK_BID where there is no such bid, or a customer may not do that from its status;
 * ERR_DESK_ACTION where somebody else may not, or the bid's order decides; ERR_DESK_RESERVE where a bid that held nothing is to hold
 * again and the reserve does not cover it; ERR_INSUFFICIENT_FUNDS where a balance is to pay, or one that
 * was paid is to give back what it has not; ERR_NOT_UTF8, ERR_TOO_LONG (note); ERR_INVALID (an operator
 * without a name). */
MUST_USE enum err desk_bid_move(struct db *db, const struct desk_move *move, struct desk_bid *out);

/* Orders that pay bids in (pay_in checkout), as whoever has them made registers. A bid has one, from its
 * making on; it is paid by that alone, and once it has ended or was paid back it is not begun anew. Both are
 * called inside the transaction of the change, with the bid locked; an error of theirs undoes it.
 * bid  with merchant_id, in whose name the order of sum1dc is made */
struct desk_checkout {
    enum err (*open)(struct db *db, const struct desk_bid *bid, const char *trace);
    /* The bid has ended. paid: what was paid is in the merchant's available account, and goes back */
    enum err (*end)(struct db *db, const struct desk_bid *bid, bool paid, const char *trace);
};

/* Once at the start of a process.
 * checkout  static storage */
void desk_checkout_register(const struct desk_checkout *checkout);

/* Inside the caller's transaction: the order of a bid was paid (realpay: sum1dc leaves the merchant's
 * available account), or ended unpaid (delete).
 * ERR_DESK_BID; ERR_DESK_ACTION where the bid has another status, or its time is over. */
MUST_USE enum err desk_bid_paid_in(struct db *db, const struct uuid *uuid, const char *trace);
MUST_USE enum err desk_bid_unpaid_in(struct db *db, const struct uuid *uuid, const char *trace);

/* Which bids to list: those of a key, a user or an affiliate, newest change first. */
struct desk_bid_filter {
    int64_t key_id, user_id, partner_id; /* 0: any */
    bool by_api;                         /* only those made by some key */
    int64_t since, until;           /* unix seconds of the last change, both inclusive; 0: open */
    const char *ip, *hash, *api_id; /* NULL: any */
    const int64_t *ids;             /* NULL: any */
    size_t id_count;
    desk_status_set statuses; /* 0: any */
    int64_t limit, offset;    /* limit 0: DESK_LIST_DEFAULT; at most DESK_LIST_MAX */
};

/* Calls `row` for each bid. `row` must not use `db`. */
MUST_USE enum err desk_bid_list(struct db *db, const struct desk_bid_filter *filter,
                                void (*row)(void *arg, const struct desk_bid *bid), void *arg);

/* Calls `row` for each status of each of the bids, in their order and from the first one on: auto, new
 * ... A bid that has expired and was not swept yet ends with `delete`.
 * ids   up to DESK_LIST_MAX bids
 * row   at in unix seconds; note "" where there is none; must not use `db` */
MUST_USE enum err desk_bid_history(struct db *db, const int64_t *ids, size_t count,
                                   void (*row)(void *arg, int64_t bid_id, int64_t at,
                                               enum desk_status status, enum desk_who who,
                                               const char *note),
                                   void *arg);

/* The further fields of a bid, as a JSON object of texts. out is cleared. ERR_DESK_BID. */
struct text;
MUST_USE enum err desk_bid_fields(struct db *db, int64_t id, struct text *out);

/* Deletes due bids in one transaction; any number of processes may do so at once.
 * limit    the most of them
 * expired  out, how many were */
MUST_USE enum err desk_bid_expire_due(struct db *db, int limit, int64_t *expired);

/* For how many seconds the oldest bid past its time has been waiting to end; 0 where none does.
 * age_s  out */
MUST_USE enum err desk_bid_overdue(struct db *db, int64_t *age_s);

/* Audit: each bid has its hold, what came in and what went out for it, and the journals of its story;
 * the accounts of the desk hold what bids and payouts say; affiliates' shares add up. */
extern const struct audit desk_audit;

/* Registers the format in which callbacks are posted: `bid_id` and `status` as a form, any 2xx
 * acknowledges, gaps that double up to a day. Before the first bid or delivery of a process; a second
 * time does nothing. ERR_INVALID as format_register. */
MUST_USE enum err desk_start(void);

#endif
