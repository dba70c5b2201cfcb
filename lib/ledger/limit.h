/* Limits: how much a user may do of something, by rules that operators set, with what was used counted
 * per thing that used it. Rules are for a scope ("withdrawal"), a verification level and a currency:
 * for amounts of that currency, or for amounts of any by their value in it. What no rule allows is
 * refused. */
#ifndef LEDGER_LIMIT_H
#define LEDGER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "db/packet.h"
#include "money/amount.h"

#define LEDGER_WITHDRAWAL "withdrawal" /* the scope of money that leaves */

enum ledger_period { LEDGER_SINGLE, LEDGER_DAY, LEDGER_MONTH, LEDGER_PERIODS };

/* The words of limit_rule.period, by enum ledger_period. */
extern const char *const ledger_periods[LEDGER_PERIODS];

/* One use of a limit. */
struct ledger_use {
    const char *scope;
    int64_t user_id;
    struct amount amount; /* greater than zero; by_value: the value in the rules' currency */
    bool by_value;
    const char *kind; /* what uses it: "ticket" ... */
    struct uuid ref;
};

/* The rules that hold for a use, and what is used already. */
struct ledger_limits {
    bool ruled[LEDGER_PERIODS], none[LEDGER_PERIODS]; /* there is a rule; it limits nothing */
    __int128 max[LEDGER_PERIODS];
    char today[11];   /* YYYY-MM-DD in the rules' time zone */
    bool counted;     /* something was used before: */
    char day[11];     /* the last day of that */
    __int128 used[2]; /* of that day; of its month */
};

/* Adds two SELECTs to the packet that locks and reads: what was counted, which is
 * locked, and the rules of the user's level. It goes first: the packet may wait for the lock. */
void ledger_limits_ask(struct db_packet *packet, const struct ledger_use *use);

/* Takes their two results, and frees them. */
void ledger_limits_take(struct db_rows rows[2], struct ledger_limits *out);

/* Whether the use is within its limits: ERR_OVER_SINGLE_LIMIT, ERR_OVER_DAILY_LIMIT,
 * ERR_OVER_MONTHLY_LIMIT. */
MUST_USE enum err ledger_limits_check(const struct ledger_limits *limits,
                                      const struct ledger_use *use);

/* Adds the statements that count a use which ledger_limits_check has allowed to the packet that
 * commits. It fails as contended where another first use was faster. */
void ledger_limits_count(struct db_packet *packet, const struct ledger_limits *limits,
                         const struct ledger_use *use);

/* Adds the statements that give back whatever a thing used, to the day and month in which it counted
 * where they still are what is counted; nothing where that was done before. */
void ledger_limits_give_back(struct db_packet *packet, const char *kind, const struct uuid *ref);

#endif
