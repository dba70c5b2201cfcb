/* What the command groups share: the command table's row, the run in hand, and the one writer of
 * results. */
#ifndef TELLERCTL_CTL_H
#define TELLERCTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/user.h"
#include "money/amount.h"
#include "json/writer.h"

#define CTL_MAX_ARGS 4
#define CTL_MAX_OPTIONS 8
#define CTL_RESULT_MAX (64 << 20) /* bytes of a result as JSON */

/* Exit codes. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* An option of one command. */
struct ctl_option {
    const char *name;  /* without the dashes */
    const char *value; /* placeholder of its value; NULL for a flag */
    const char *help;
    bool required;
    bool repeats; /* may be given several times: the values are joined with commas */
};

struct ctl;

/* A command: `tellerctl GROUP [VERB] ARGUMENTS OPTIONS`. */
struct ctl_command {
    const char *group;
    const char *verb; /* NULL where the group is the command */
    const char *args; /* names of the arguments, all required: "LOGIN CUR"; "" where none */
    const char *help; /* one line */
    struct ctl_option options[CTL_MAX_OPTIONS]; /* up to one without a name */
    int (*run)(struct ctl *ctl);                /* returns the exit code */
};

/* One run of the program. */
struct ctl {
    const struct ctl_command *command;
    const char *config_path; /* NULL: TELLER_CONFIG */
    bool json;
    const char *args[CTL_MAX_ARGS];        /* in the order of command->args */
    struct text *options[CTL_MAX_OPTIONS]; /* in the order of command->options; NULL: not given */
    struct config config;
    struct db *db;        /* the application's user; see ctl_connect */
    struct text result;   /* see ctl_result */
    struct writer writer; /* of it */
};

extern const struct ctl_command database_commands[], user_commands[], key_commands[],
    money_commands[], partner_commands[], merchant_commands[], market_commands[], ipn_commands[],
    desk_commands[], desk_people_commands[], wallet_commands[], payout_commands[], rail_commands[],
    provider_commands[], deposit_commands[], signer_commands[], reconcile_commands[];

/* The value of an option ("" for a flag), or NULL where it was not given. */
const char *ctl_option(const struct ctl *ctl, const char *name);

/* Opens the application's connection and loads the currencies; a failure is said. */
MUST_USE enum err ctl_connect(struct ctl *ctl);

/* The user of that login; a failure is said. */
MUST_USE enum err ctl_user(struct ctl *ctl, const char *login, struct user *out);

/* The currency of that code; a failure is said. */
MUST_USE enum err ctl_currency(struct ctl *ctl, const char *code, const struct currency **out);

/* Who runs the program, for the record of changes. Valid until the next call. */
const char *ctl_operator(void);

/* Says what failed on standard error, in one line: `subject` (may be NULL) and the text of `rc`.
 * Returns the exit code: CTL_USAGE for wrong input and configuration, CTL_FAILED for the rest. */
int ctl_fail(struct ctl *ctl, enum err rc, const char *subject);

/* The same with words of its own. */
int ctl_fail_words(struct ctl *ctl, enum err rc, const char *words);

/* Begins the result, one value; what was written of it before is dropped. */
struct writer *ctl_result(struct ctl *ctl);

/* Prints the result on standard output, as JSON or for people: a list of objects as a table, an object as
 * its members. */
void ctl_print(struct ctl *ctl);

/* {"currency","value","value_int","display"}; people see the display. */
void ctl_amount(struct writer *json, const char *key, struct amount amount);

/* "YYYY-MM-DD HH:MM:SS" in UTC of unix seconds; null for 0. */
void ctl_date(struct writer *json, const char *key, int64_t unix_s);

#endif
