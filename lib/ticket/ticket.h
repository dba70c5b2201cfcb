/* Partner withdrawal tickets (seed tickets; api/exchange-v1, section 6).
 *
 *     open -> settled -> processing -> completed | failed
 *     settled | processing | failed -> refunded
 *     open -> cancelled | rejected | expired
 *
 * Creating a ticket holds the amount. The changes of state, with their guards and postings, are the
 * procedures in schema/procedures/ticket.sql, so that of any number of racers one wins.
 */
#ifndef TICKET_TICKET_H
#define TICKET_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "base/page.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/otp.h"
#include "ledger/audit.h"
#include "money/amount.h"

#define TICKET_KEY_SIZE 44  /* 43 characters of base64url and a NUL */
#define TICKET_TEXT_MAX 255 /* code points of a description, message or reason */
#define TICKET_PAGE 50      /* tickets in one page of a list */
#define TICKET_PARTNER_ID_MAX 32
#define TICKET_URL_SIZE 640 /* a partner's URL with the ticket id in its query */

struct ticket {
    struct uuid id;
    char partner_id[TICKET_PARTNER_ID_MAX + 1];
    char partner_name[257];
    char partner_url[513]; /* "" = none */
    char status[16];       /* as on the wire */
    struct amount amount;
    int64_t created, expires; /* unix seconds */
    int64_t settled;          /* 0 = not */
    char description[1021];   /* "" = none */
    char reason[1021];        /* "" = none */
    int64_t customer_id;
    uint64_t updates; /* how many there are: see ticket_updates */
};

/* What a customer asks for. */
struct ticket_request {
    const char *partner;
    struct amount amount; /* greater than zero */
    struct otp_step otp;  /* zero: none was given */
};

struct ticket_created {
    struct uuid id;
    char key[TICKET_KEY_SIZE];
    char
        url[TICKET_URL_SIZE]; /* the partner's URL with ticket=<id> added to its query; "" = none */
    struct amount amount;
    int64_t created, expires;
};

/* Opens a ticket and holds its amount. Where the actor's request is repeatable, the same again
 * gives the same ticket and key, and another order under its key is ERR_IDEMPOTENCY_CONFLICT; any
 * other request that was processed before is ERR_REPLAYED.
 * master  the process's master key: the ticket key is derived from it; only its SHA-256 is stored
 * actor   the customer
 * order   what they ask for; its one-time password is used up with the ticket
 * out     out, the ticket with its key
 * Errors: ERR_PARTNER_UNKNOWN, ERR_PARTNER_SELF, ERR_PARTNER_VERIFIED, ERR_CURRENCY_DISABLED,
 * ERR_OTP_REQUIRED, ERR_OTP_INVALID, ERR_INSUFFICIENT_FUNDS, ERR_OVER_SINGLE_LIMIT,
 * ERR_OVER_DAILY_LIMIT, ERR_OVER_MONTHLY_LIMIT. */
MUST_USE enum err ticket_create(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                const struct actor *actor, const struct ticket_request *order,
                                struct ticket_created *out);

/* The answer that the actor's request got when it was processed before: for a caller who must know
 * that before he uses up a one-time password. ERR_NOT_FOUND where it was not processed,
 * ERR_IDEMPOTENCY_CONFLICT where it asked for something else. */
MUST_USE enum err ticket_created_before(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                        const struct actor *actor,
                                        const struct ticket_request *order,
                                        struct ticket_created *out);

/* The customer's open ticket once more with its key, to be handed to the partner again.
 * master  as for ticket_create
 * out     out
 * Returns ERR_TICKET_UNKNOWN, ERR_TICKET_EXPIRED, ERR_TICKET_SETTLED ... where it is not open any
 * more. */
MUST_USE enum err ticket_continue(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                  int64_t customer_id, const struct uuid *id,
                                  struct ticket_created *out);

/* Customer: takes an open ticket back; the money is available again.
 * out  out, the ticket as it is afterwards
 * Returns ERR_TICKET_UNKNOWN, ERR_TICKET_<state>, ERR_REPLAYED. */
MUST_USE enum err ticket_cancel(struct db *db, const struct actor *actor, const struct uuid *id,
                                struct ticket *out);

/* The partner's calls: look, settle (open -> settled, the partner is credited), update (news, with
 * an optional next status), reject (open -> rejected) and refund (back to the customer).
 * key     the ticket key as presented: any text
 * texts   description, message, reason: 1 to TICKET_TEXT_MAX code points, checked by the caller's
 *         field table
 * status  one of ticket_update_statuses, or NULL to keep it
 * out     out, the ticket as it is afterwards
 * Settling what this partner settled before gives the same answer and no second credit. All return
 * ERR_TICKET_UNKNOWN for a ticket of somebody else, ERR_TICKET_KEY for a wrong key,
 * ERR_TOO_MANY_ATTEMPTS after ten of them in a quarter of an hour, ERR_TICKET_<state> where the
 * state does not allow it, ERR_REPLAYED; refunding also ERR_INSUFFICIENT_FUNDS. */
MUST_USE enum err ticket_info(struct db *db, const struct actor *actor, const struct uuid *id,
                              const char *key, struct ticket *out);
MUST_USE enum err ticket_settle(struct db *db, const struct actor *actor, const struct uuid *id,
                                const char *key, const char *description, struct ticket *out);
MUST_USE enum err ticket_update(struct db *db, const struct actor *actor, const struct uuid *id,
                                const char *key, const char *message, const char *status,
                                struct ticket *out);
MUST_USE enum err ticket_reject(struct db *db, const struct actor *actor, const struct uuid *id,
                                const char *key, const char *reason, struct ticket *out);
MUST_USE enum err ticket_refund(struct db *db, const struct actor *actor, const struct uuid *id,
                                const char *key, const char *reason, struct ticket *out);

/* The states by name, NULL-terminated; and those that ticket_update may set. */
extern const char *const ticket_statuses[];
extern const char *const ticket_update_statuses[];

/* Calls `row` for each update of a ticket, oldest first.
 * row  date in unix seconds, the status from then on, the partner's words; strings live during the
 *      call
 * arg  passed to it */
MUST_USE enum err ticket_updates(struct db *db, const struct uuid *id,
                                 void (*row)(void *arg, int64_t date, const char *status,
                                             const char *message),
                                 void *arg);

/* What to list: one's own tickets, as the customer, the partner or either. */
enum ticket_side { TICKET_SIDE_EITHER, TICKET_SIDE_CUSTOMER, TICKET_SIDE_PARTNER };

struct ticket_filter {
    enum ticket_side side;
    const char *status; /* or NULL */
    int64_t since;      /* unix seconds of creation; 0 = all */
    int64_t page;       /* 1 to PAGE_MAX */
};

/* Calls `row` for each ticket of one page, newest first.
 * filter  which of the user's tickets
 * row     must not use `db`; the ticket lives during the call
 * arg     passed to it
 * page    out, which page of how many */
MUST_USE enum err ticket_list(struct db *db, int64_t user_id, const struct ticket_filter *filter,
                              void (*row)(void *arg, const struct ticket *ticket), void *arg,
                              struct page *page);

/* Releases due tickets in one transaction; any number of processes may do so at once.
 * limit     the most of them
 * released  out, how many were */
MUST_USE enum err ticket_expire_due(struct db *db, int limit, int64_t *released);

#define TICKET_PARTNER_NAME_MAX 64 /* code points */
#define TICKET_PARTNER_URL_MAX 512 /* bytes */
#define TICKET_PARTNER_TTL_MAX_S (31 * 86400)

/* A partner, as customers choose it. */
struct ticket_partner {
    char id[TICKET_PARTNER_ID_MAX + 1];
    char name[257];
    char url[513]; /* "" = none */
    bool verified_only;
    int64_t ttl_s;
    bool eligible; /* this customer may use it */
};

/* Calls `row` for each partner that may be chosen. */
MUST_USE enum err ticket_partners(struct db *db, int64_t user_id,
                                  void (*row)(void *arg, const struct ticket_partner *partner),
                                  void *arg);

/* Operator: makes a partner.
 * id             1 to TICKET_PARTNER_ID_MAX of a-z A-Z 0-9 . _ -
 * user_id        whose account is credited; it stays this one
 * name           for people, 1 to TICKET_PARTNER_NAME_MAX code points
 * url            http or https, where customers are sent; "" for nowhere
 * verified_only  serves verified customers only
 * ttl_s          seconds until an unsettled ticket expires, 1 to TICKET_PARTNER_TTL_MAX_S
 * Returns ERR_INVALID (id), ERR_EMPTY, ERR_TOO_LONG or ERR_NOT_UTF8 (name), ERR_URL,
 * ERR_OUT_OF_RANGE (ttl_s), ERR_NOT_FOUND (no such user), ERR_USER_EXISTS (the user is another
 * partner), ERR_PARTNER_EXISTS. */
MUST_USE enum err ticket_partner_add(struct db *db, const char *id, int64_t user_id,
                                     const char *name, const char *url, bool verified_only,
                                     int64_t ttl_s);

/* What changes of a partner; the rest stays as it is. */
struct ticket_partner_change {
    const char *name;          /* NULL: stays */
    const char *url;           /* NULL: stays; "": nowhere */
    const bool *verified_only; /* NULL: stays */
    const int64_t *ttl_s;      /* NULL: stays */
};

/* Operator: changes a partner.
 * Returns as ticket_partner_add, and ERR_PARTNER_UNKNOWN. */
MUST_USE enum err ticket_partner_set(struct db *db, const char *id,
                                     const struct ticket_partner_change *change);

/* Operator: one partner.
 * user_id  out, whose account is credited
 * out      out; `eligible` is not set
 * Returns ERR_PARTNER_UNKNOWN. */
MUST_USE enum err ticket_partner_by_id(struct db *db, const char *id, int64_t *user_id,
                                       struct ticket_partner *out);

/* For how many seconds the oldest expired ticket has been waiting to be released; 0 where none does.
 * age_s  out */
MUST_USE enum err ticket_overdue(struct db *db, int64_t *age_s);

/* Audit: tickets against their holds, their use of limits and their journals. */
extern const struct audit ticket_audit;

#endif
