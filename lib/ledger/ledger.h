/* Reading the ledger, and its audit. Posting is in ledger/post.h, limits in ledger/limit.h, what
 * operators do in ledger/slip.h and ledger/operator.h. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/page.h"
#include "base/text.h"
#include "db/db.h"
#include "money/amount.h"

#define LEDGER_HISTORY_PAGE 50 /* rows of one page of history */
#define LEDGER_PERCENT_SIZE 16 /* any percentage with its NUL */
#define LEDGER_INFO_SIZE 2049  /* bytes of a line of history with its NUL: 512 code points */

/* Loads what does not change while a process runs: the currencies into money/currency's table, and
 * everybody's trading fees. Returns ERR_CONFIG where the schema's rows break a bound. */
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
    char created[20];     /* YYYY-MM-DD HH:MM:SS, UTC */
    char last_login[20];  /* the same; "" = never */
    struct amount volume; /* bitcoins traded in 30 days (UTC) */
    char trade_fee
        [LEDGER_PERCENT_SIZE]; /* percent for that volume, as a decimal without trailing zeros */
    size_t wallet_count;
    struct ledger_wallet wallets[LEDGER_MAX_WALLETS];
};

/* Reads a user's account. An operator's change of a limit shows within a second; the limits are
 * enforced as they are at once.
 * out  out; without wallets where nothing was ever booked
 * Returns ERR_NOT_FOUND where there is no such user. */
MUST_USE enum err ledger_info(struct db *db, int64_t user_id, struct ledger_info *out);

/* What to show of a history. */
struct ledger_filter {
    const struct currency *currency; /* NULL: all, then in the order in which it was booked */
    const char *type;                /* one of ledger_types, or NULL */
    int64_t since, until;            /* unix seconds, until exclusive; 0 = open */
    int64_t trade_id;                /* the lines of that trade; 0 = all */
    int64_t page;                    /* 1 to PAGE_MAX */
};

/* The types of history lines, NULL-terminated (api: wallet/history). */
extern const char *const ledger_types[];

/* The trade that a line of history is of, as its owner knows it. */
struct ledger_trade {
    int64_t tid;
    bool bought;                           /* the owner was the buyer */
    struct uuid oid;                       /* the owner's order */
    struct amount amount;                  /* of the item */
    struct amount price;                   /* for one whole item */
    char fee_percent[LEDGER_PERCENT_SIZE]; /* of the owner's order, without trailing zeros */
    bool at_market;                        /* the order that came later named no price */
};

/* Writes a percentage as the database gives it, without zeros at its end: "0.6". */
void ledger_copy_percent(char out[LEDGER_PERCENT_SIZE], const char *text);

/* The words of a trade's line (api exchange-v1, wallet/history):
 * `BTC bought: [tid:1366034751500724] 0.01798220 BTC at $97.96898`, and for the line of a fee
 * ` (0.6% fee)` behind it.
 * out  out, the words are added */
void ledger_trade_words(const struct ledger_trade *trade, bool fee, struct text *out);

/* One line of history, newest first. Strings live until the next call of the callback. */
struct ledger_line {
    uint64_t index; /* 1 = the oldest of the wallet */
    int64_t date;   /* unix seconds */
    const char *type;
    struct amount value; /* never negative: the type tells the direction */
    struct amount balance;
    const char *info;         /* NULL for the line of a trade */
    const char *journal_kind; /* "ticket_create" and so on */
    struct uuid ref;          /* what it is about; zero where nothing */
    bool has_ref;
    const struct ledger_trade *trade; /* NULL where it is of none */
};

/* Calls `line` for each line of one page, newest first.
 * filter  what to show
 * line    must not use `db`; what it gets lives during the call
 * arg     passed to it
 * page    out, which page of how many
 * Returns ERR_OK with no lines where there is no such wallet; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err ledger_history(struct db *db, int64_t user_id, const struct ledger_filter *filter,
                                 void (*line)(void *arg, const struct ledger_line *line), void *arg,
                                 struct page *page);

/* What an audit looked at, and how many differences it found. */
struct ledger_audit {
    uint64_t journals, entries, accounts, differences;
};

/* Recomputes everything from the entries, in one consistent snapshot.
 * difference  called with words for each thing that is wrong
 * arg         passed to it
 * out         out
 * Returns ERR_OK also with differences; ERR_DB_AWAY, ERR_DB. */
MUST_USE enum err ledger_audit(struct db *db, void (*difference)(void *arg, const char *words),
                               void *arg, struct ledger_audit *out);

#endif
