/* What an operator sets: which currencies are in business, and how much may leave. */
#ifndef LEDGER_OPERATOR_H
#define LEDGER_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/db.h"
#include "money/amount.h"

/* Calls `row` for each currency, in the order of the schema. ledger_load has run. */
MUST_USE enum err ledger_currencies(struct db *db,
                                    void (*row)(void *arg, const struct currency *currency,
                                                bool enabled),
                                    void *arg);

/* Opens a currency for new business, or closes it; what is under way goes on. */
MUST_USE enum err ledger_currency_enable(struct db *db, const struct currency *currency,
                                         bool enabled);

/* The withdrawal limits of a verification level; a member that is NULL does not limit. */
struct ledger_limits_given {
    const struct amount *single, *daily, *monthly;
};

/* Sets the limits of `level` (none, basic, full) in `currency`; they hold from the next withdrawal
 * on. ERR_CURRENCY_MISMATCH; ERR_LIMITS_CONTRADICT where a longer period is to allow less than a
 * shorter one. */
MUST_USE enum err ledger_limits_set(struct db *db, const struct currency *currency,
                                    const char *level, const struct ledger_limits_given *limits);

/* Calls `row` for each verification level that has limits in `currency`. */
MUST_USE enum err ledger_limits_list(struct db *db, const struct currency *currency,
                                     void (*row)(void *arg, const char *level,
                                                 const struct ledger_limits_given *limits),
                                     void *arg);

#endif
