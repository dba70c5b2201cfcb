/* API keys of robots: login and key, the methods and addresses that they are good for, and the log of
 * calls (seed desk; api/desk A1, A3, A4). */
#ifndef DESK_KEY_H
#define DESK_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "identity/api_key.h"

#define DESK_LOGIN_SIZE 33   /* 32 letters and digits, and a NUL; a key the same */
#define DESK_KEY_CACHE 256   /* keys that a process remembers */
#define DESK_KEYS_MAX 20     /* of one user that are not ended */
#define DESK_KEY_AGE_MS 1000 /* for so long: a change holds from then on */

/* The methods of the user API, in the order of desk_key.methods' bits. */
/* clang-format off */
#define DESK_METHODS(X)                                                                     \
    X(test) X(get_direction_currencies) X(get_directions) X(get_direction) X(get_exchanges) \
    X(get_calc) X(create_bid) X(cancel_bid) X(pay_bid) X(success_bid) X(bid_info)           \
    X(get_partner_info) X(get_partner_links) X(get_partner_exchanges)                       \
    X(get_partner_payouts) X(add_partner_payout)
/* clang-format on */

enum desk_method {
#define X(name) DESK_METHOD_##name,
    DESK_METHODS(X)
#undef X
        DESK_METHOD_COUNT
};
#define DESK_METHODS_ALL ((1u << DESK_METHOD_COUNT) - 1)

extern const char *const desk_method_names[DESK_METHOD_COUNT];

struct desk_key {
    int64_t id;
    char login[DESK_LOGIN_SIZE];
    int64_t user_id;                         /* 0: the system's own */
    uint64_t methods;                        /* bits of enum desk_method */
    char networks[API_KEY_NETWORKS_MAX + 1]; /* CIDR list with commas; "" = any address */
    int64_t created, revoked;                /* unix seconds; 0 = not */
};

/* Who calls, once all has been checked. */
struct desk_caller {
    int64_t key_id;
    int64_t user_id; /* 0: the system's own key */
};

/* Checks a call: mode, login and key, user not disabled, mode again, address, method, in this order.
 * Remembers keys for DESK_KEY_AGE_MS.
 * login, key  as sent; NULL where they were not
 * address     of the caller
 * method      as called: any text
 * out         out
 * Errors: ERR_DESK_API_DISABLED, ERR_DESK_IP_BLOCKED, ERR_DESK_METHOD; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err desk_key_check(struct db *db, const char *login, const char *key,
                                 const char *address, const char *method, struct desk_caller *out);

/* Makes this process forget the keys that it remembers. */
void desk_key_forget(void);

/* Makes a key pair. The key cannot be had again: only its SHA-256 is kept. Making, changing and ending one
 * leave a record in desk_change.
 * user_id   0: one of the system's own, which an operator makes
 * methods   bits; of a user at most those that users may have
 * networks  addresses and networks with commas; "" for any
 * who       the operator, or the user themself, for the record; up to 64 characters
 * key       out; wipe it after use
 * field     out, "methods" or "networks" (static) where that is refused
 * Errors: ERR_INVALID, ERR_NOT_FOUND (no such user), ERR_DESK_KEYS (a user has DESK_KEYS_MAX). */
MUST_USE enum err desk_key_add(struct db *db, int64_t user_id, uint64_t methods,
                               const char *networks, const char *who, struct desk_key *out,
                               char key[DESK_LOGIN_SIZE], const char **field);

/* Changes methods and addresses of a key of that user (0: of the system). ERR_INVALID, ERR_NOT_FOUND. */
MUST_USE enum err desk_key_change(struct db *db, int64_t user_id, const char *login,
                                  uint64_t methods, const char *networks, const char *who,
                                  const char **field);

/* Ends a key of that user (0: of the system) for good. ERR_NOT_FOUND. */
MUST_USE enum err desk_key_revoke(struct db *db, int64_t user_id, const char *login,
                                  const char *who);

/* Calls `row` for each key of that user (0: of the system, below zero: of everybody), newest first. */
MUST_USE enum err desk_key_list(struct db *db, int64_t user_id,
                                void (*row)(void *arg, const struct desk_key *key), void *arg);

/* What a user's keys may do at all: the methods, and whether they may call now.
 * methods  out, bits
 * open     out */
MUST_USE enum err desk_api_offer(struct db *db, int64_t user_id, uint64_t *methods, bool *open);

/* Lets a user call in mode `selected`, or no longer.
 * who  the operator, for the record
 * ERR_NOT_FOUND. */
MUST_USE enum err desk_api_user_set(struct db *db, int64_t user_id, bool allowed, const char *who);

/* One call, for the log. Texts are cut to what a row holds. */
struct desk_call {
    const char *login; /* as sent */
    const char *method, *ip;
    const char *headers, *params; /* without API-KEY: the caller leaves it out */
    const char *result;           /* error code and text */
    int64_t key_id;               /* 0: none was found */
    int64_t id, at;               /* read back: number, unix seconds */
};

/* Keeps a call where the log of calls is switched on; does nothing otherwise. */
MUST_USE enum err desk_call_add(struct db *db, const struct desk_call *call);

/* What of the log to show; NULL and 0: all. */
struct desk_call_filter {
    int64_t user_id; /* by keys of theirs */
    const char *login, *ip;
    int64_t since, until;  /* unix seconds, inclusive */
    int64_t limit, offset; /* limit 0: DESK_CALLS */
};
#define DESK_CALLS 100

/* Calls `row` for each call, newest first. */
MUST_USE enum err desk_call_list(struct db *db, const struct desk_call_filter *filter,
                                 void (*row)(void *arg, const struct desk_call *call), void *arg);

/* Deletes calls older than DESK_CALL_DAYS, at most `limit`, as identity_sweep does. */
#define DESK_CALL_DAYS 30
MUST_USE enum err desk_call_sweep(struct db *db, int64_t limit, int64_t *removed);

#endif
