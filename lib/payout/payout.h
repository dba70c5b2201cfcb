/* Money that leaves on a rail (design, section 5): the one state machine for it.
 *
 *     requested -> moderating -> approved -> sending -> sent -> confirmed
 *     requested -> approved                  sending -> unknown -> sent, confirmed, failed, approved
 *     requested, moderating, approved -> cancelled, rejected
 *     approved, sending, sent -> failed      sent, confirmed -> returned
 *     requested -> confirmed: to another user of the house, at once
 *
 * Asking for one holds its amount and fee (a hold of kind PAYOUT_HOLD) in the transaction of whoever asks,
 * and counts against the limits of withdrawal. Until it is confirmed the money stays held: then amount and
 * fee go where they were meant to, in one journal. Rejected, failed, returned and cancelled ones give all of
 * it back, to the account that it left and to the limits, in one journal, once.
 *
 * Intent is committed before anything is sent (sending); whatever is in doubt afterwards is unknown, and only
 * asking the rail resolves that. What was not begun to be sent can be cancelled: of cancelling and
 * sending one wins. */
#ifndef PAYOUT_PAYOUT_H
#define PAYOUT_PAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "db/packet.h"
#include "ledger/audit.h"
#include "money/amount.h"
#include "payout/rail.h"

#define PAYOUT_HOLD "payout" /* kind of its hold, and of its use of limits */

#define PAYOUT_SERVICE_SIZE 17 /* a word and a NUL */
#define PAYOUT_REF_MAX 64      /* printable ASCII */
#define PAYOUT_TEXT_MAX 255    /* code points of a note or reason */
#define PAYOUT_TEXT_SIZE (PAYOUT_TEXT_MAX * 4 + 1)
#define PAYOUT_LIST_MAX 1000 /* payouts of one list */

enum payout_state {
    PAYOUT_STATE_REQUESTED,
    PAYOUT_STATE_MODERATING, /* waits for operators */
    PAYOUT_STATE_APPROVED,   /* waits to be sent */
    PAYOUT_STATE_SENDING,    /* is being sent: may have been */
    PAYOUT_STATE_UNKNOWN,    /* may have been sent: the rail is asked */
    PAYOUT_STATE_SENT,       /* is under way */
    PAYOUT_STATE_CONFIRMED,  /* has arrived */
    PAYOUT_STATE_REJECTED,   /* by an operator */
    PAYOUT_STATE_FAILED,     /* could not be sent, for certain */
    PAYOUT_STATE_RETURNED,   /* was sent, and came back */
    PAYOUT_STATE_CANCELLED,  /* by its customer */
    PAYOUT_STATES
};

/* Their words, as in the database: "requested" ... */
extern const char *const payout_state_names[PAYOUT_STATES];

/* The state of that word; false where it is none. */
bool payout_state_find(const char *word, enum payout_state *out);

/* Whether it has ended, and whether with the money given back. */
bool payout_state_ended(enum payout_state state);
bool payout_state_gave_back(enum payout_state state);

struct payout {
    int64_t id; /* as customers know it */
    struct uuid uuid;
    char service[PAYOUT_SERVICE_SIZE]; /* that asked */
    char ref[PAYOUT_REF_MAX + 1];      /* its own name of it */
    int64_t user_id, account_id;       /* whose money; account.id that it left */
    char rail[RAIL_NAME_MAX + 1];
    enum rail_kind kind;
    struct amount amount;                                           /* that arrives */
    struct amount fee;                                              /* that the house keeps */
    char address[RAIL_ADDRESS_MAX + 1], memo[RAIL_ADDRESS_MAX + 1]; /* memo "": none */
    char note[PAYOUT_TEXT_SIZE];                                    /* the customer's words */
    int64_t to_user_id;                                             /* internal: who got it */
    enum payout_state state;
    uint64_t turn;                           /* number of its last change */
    uint64_t attempt;                        /* how often sending was begun */
    uint64_t needed, approvals;              /* operators who have to approve; who have */
    char reference[RAIL_REFERENCE_MAX + 1];  /* the rail's name of what was sent; "" none yet */
    uint64_t confirmations;                  /* seen last */
    char why[PAYOUT_TEXT_SIZE];              /* why it waits, or ended as it did; "" */
    int64_t created, changed, sent, ended;   /* unix seconds; 0 = not */
    char contract[RAIL_CONTRACT_MAX + 1];    /* of the token on the rail; "" its own coin */
    uint64_t decimals, confirmations_needed; /* of the asset on the rail, as it is set now */
};

/* What is asked for. Texts live until the transaction ends. */
struct payout_request {
    const char *service; /* who asks: "wallet" ... ; at most 16 of a-z */
    const char *ref;     /* its name within service and user: 1 to PAYOUT_REF_MAX printable ASCII */
    const struct actor *actor; /* the customer, under the request's name */
    const char *purpose;       /* of their account that is debited: "fund", "available" */
    const char *rail;
    struct amount total; /* that leaves the account; the fee comes out of it */
    const char *address; /* as typed; rails have one spelling of it, which is kept.
                                  Internal: user.id, or an e-mail address */
    const char *memo;    /* NULL or "": none */
    const char *note;    /* NULL or "": none; UTF-8 of at most PAYOUT_TEXT_MAX code points */
};

/* Asks for a payout inside the transaction that the caller has open (db_txn): reads in a packet of its own,
 * decides, and adds to the caller's packet the payout, its hold, its use of limits and its events, to be
 * committed with what the caller writes of its own. It is then approved, or moderating where a rule of
 * the operators holds; on the internal rail it is confirmed at once, without fee and limits.
 *
 * Asked again under its name for the same it is what it became, and nothing is added.
 * packet    put it behind what the caller changes; it gives one more result, a row with the id (out->id is 0
 *           until then), and none where the payout was asked for before
 * out       out
 * repeated  out, it was asked for before
 * Errors: ERR_RAIL_UNKNOWN, ERR_RAIL_OFF, ERR_RAIL_PAUSED (the internal rail alone: others send later),
 * ERR_CURRENCY_DISABLED, ERR_AMOUNT_NOT_POSITIVE, ERR_PAYOUT_LOW (less than the least, or nothing left
 * behind the fee), ERR_AMOUNT_DIGITS (the rail has not so many), ERR_PAYOUT_ADDRESS, ERR_PAYOUT_OWN_ADDRESS,
 * ERR_PAYOUT_MEMO, ERR_PAYOUT_SELF, ERR_NOT_FOUND (internal: no such user), ERR_INVALID (service or ref),
 * ERR_NOT_UTF8, ERR_TOO_LONG (memo or note), ERR_INSUFFICIENT_FUNDS, ERR_OVER_SINGLE_LIMIT,
 * ERR_OVER_DAILY_LIMIT, ERR_OVER_MONTHLY_LIMIT, ERR_IDEMPOTENCY_CONFLICT (its name stands for something
 * else), ERR_DB_CONTENDED (the transaction is tried again), and with the commit ERR_REPLAYED. */
MUST_USE enum err payout_request_in(struct db *db, const struct payout_request *request,
                                    struct db_packet *packet, struct payout *out, bool *repeated);

/* The same in a transaction of its own, and read back. */
MUST_USE enum err payout_request(struct db *db, const struct payout_request *request,
                                 struct payout *out, bool *repeated);

/* One payout, of a user or (user_id 0) of anybody: by its id, or by its name. ERR_PAYOUT_NOT_FOUND. */
MUST_USE enum err payout_by_id(struct db *db, int64_t user_id, int64_t id, struct payout *out);
MUST_USE enum err payout_by_ref(struct db *db, const char *service, int64_t user_id,
                                const char *ref, struct payout *out);

/* What to list. */
struct payout_filter {
    int64_t user_id;                 /* 0: anybody's */
    int64_t to_user_id;              /* internal: who got it; 0: anybody */
    const char *service;             /* NULL: any */
    const char *rail;                /* NULL: any */
    const enum rail_kind *kind;      /* NULL: any */
    const struct currency *currency; /* NULL: any */
    uint32_t states;                 /* bits 1 << enum payout_state; 0: any */
    int64_t before_id;               /* only older ones; 0: from the newest on */
    bool oldest;                     /* the oldest first */
    int64_t limit;                   /* 1 to PAYOUT_LIST_MAX */
};

/* Calls `row` for each, the newest first unless `oldest`.
 * row  must not use `db`; the payout lives during the call */
MUST_USE enum err payout_list(struct db *db, const struct payout_filter *filter,
                              void (*row)(void *arg, const struct payout *payout), void *arg);

/* Who brought a payout to a state. */
enum payout_who { PAYOUT_BY_CUSTOMER, PAYOUT_BY_OPERATOR, PAYOUT_BY_JOB, PAYOUT_WHO };
extern const char *const payout_who_names[PAYOUT_WHO];

/* Calls `row` for each state that a payout had, oldest first.
 * row  at in unix seconds; name of the operator, ""; note, "": strings live during the call */
MUST_USE enum err payout_history(struct db *db, int64_t id,
                                 void (*row)(void *arg, int64_t at, enum payout_state state,
                                             enum payout_who who, const char *name,
                                             const char *note),
                                 void *arg);

/* Customer: takes back what was not begun to be sent. Cancelled before, it is the same again.
 * out  out, the payout as it is afterwards, also with ERR_PAYOUT_SENT and ERR_PAYOUT_ENDED
 * Errors: ERR_PAYOUT_NOT_FOUND, ERR_PAYOUT_SENT, ERR_PAYOUT_ENDED. */
MUST_USE enum err payout_cancel(struct db *db, int64_t user_id, int64_t id, const char *trace,
                                struct payout *out);

/* What a service that asks for payouts registers. */
struct payout_service {
    const char *name;

    /* Adds statements to the packet that brings one of its payouts to a new state: payout->state is the
     * new one. Called for each but those of the request itself. May be NULL. */
    void (*told)(struct db_packet *packet, const struct payout *payout);
};

#define PAYOUT_SERVICES_MAX 8

/* Registers one, once at the start of a process (lib/house); the same again changes nothing.
 * service  static storage */
void payout_service_register(const struct payout_service *service);

/* Audit: payouts against their holds, their use of limits, their journals and their histories. */
extern const struct audit payout_audit;

#endif
