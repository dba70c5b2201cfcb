/* Reading accounts. Histories are in ledger/history.h, posting in ledger/post.h, limits in ledger/limit.h,
 * audits in ledger/audit.h, what operators do in ledger/slip.h and ledger/operator.h. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/db.h"
#include "money/amount.h"

/* Loads what does not change while a process runs: the currencies into money/currency's table.
 * Returns ERR_CONFIG where the schema's rows break a bound. */
MUST_USE enum err ledger_load(struct db *db);

/* The ids of a currency's channels.
 * ticker, depth  out
 * Returns ERR_CURRENCY_UNKNOWN where the schema has lost it, ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err ledger_currency_channels(struct db *db, const struct currency *currency,
                                           struct uuid *ticker, struct uuid *depth);

/* A limit, or none. */
struct ledger_limit {
    bool none;          /* nothing limits it */
    struct amount max;  /* what is allowed in the period */
    struct amount left; /* what is still allowed now */
};

/* One wallet of an owner. */
struct ledger_wallet {
    struct amount available;
    struct amount reserved;      /* the part of it that open orders hold */
    struct amount held;          /* promised: open tickets */
    uint64_t entries;            /* lines in its history */
    struct ledger_limit single;  /* in one withdrawal */
    struct ledger_limit daily;   /* in one day (UTC) */
    struct ledger_limit monthly; /* in one calendar month (UTC) */
};

#define LEDGER_MAX_WALLETS 64

/* A user's account as `info` and the account page show it. */
struct ledger_info {
    int64_t user_id;
    struct uuid uuid;
    char login[257]; /* 64 code points */
    char email[255];
    char level[8]; /* none, basic, full */
    char language[9];
    bool otp_required;
    char created[20];    /* YYYY-MM-DD HH:MM:SS, UTC */
    char last_login[20]; /* the same; "" = never */
    char today[11];      /* YYYY-MM-DD, UTC */
    uint64_t entries;    /* of all accounts: unchanged as long as nothing is booked */
    size_t wallet_count;
    struct ledger_wallet wallets[LEDGER_MAX_WALLETS];
};

/* Reads a user's account. An operator's change of a limit shows within a second; the limits are
 * enforced as they are at once.
 * out  out; without wallets where nothing was ever booked
 * Returns ERR_NOT_FOUND where there is no such user. */
MUST_USE enum err ledger_info(struct db *db, int64_t user_id, struct ledger_info *out);

#endif
