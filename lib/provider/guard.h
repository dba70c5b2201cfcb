/* Guarding calls to a provider: a circuit breaker that all processes share, the operators' switch, and a record
 * of the calls.
 *
 * A provider that gave no answer PROVIDER_FAILURES times in a row is not asked any more; PROVIDER_PROBE_S later
 * one call of one process may try it, as may the first call of a process that begins, and an answer closes the
 * circuit. A refusal is an answer. Where the
 * database is away everything is let through: it guards no money, only time. */
#ifndef PROVIDER_GUARD_H
#define PROVIDER_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"

#define PROVIDER_NAME_MAX 32
#define PROVIDER_FAILURES 5
#define PROVIDER_PROBE_S 5
#define PROVIDER_KEPT_MAX 2000  /* bytes of a body that are kept */
#define PROVIDER_KEPT_DAYS 30   /* for which calls are kept */
#define PROVIDER_CALLS_MAX 1000 /* of one list */

struct provider_guard; /* not for several threads */

/* Makes one.
 * db    its own connection, which no transaction is open on when a call is made; must outlive it
 * name  the provider's section in the configuration; copied
 * out   owned by the caller: provider_guard_free
 * ERR_NO_MEMORY. */
MUST_USE enum err provider_guard_make(struct db *db, const char *name, struct provider_guard **out);

/* NULL is fine. */
void provider_guard_free(struct provider_guard *guard);

/* Whether the provider may be asked now; once told so, provider_guard_note has to follow. What is known is at
 * most a second old. A NULL guard lets everything through. */
bool provider_guard_enter(struct provider_guard *guard);

/* How a call ended. */
struct provider_noted {
    const char *kind; /* method of the API */
    bool moves;       /* something; else it only asks, and is kept only where it failed */
    bool answered;    /* there was an answer, a refusal included */
    const char *result;
    int status;
    int64_t latency_us;
    const char *request_id;              /* NULL: none */
    const struct text *request, *answer; /* bodies; NULL: none */
    const char *problem;                 /* in place of an answer; "" */
};

/* Takes the outcome of a call into account, and keeps it. */
void provider_guard_note(struct provider_guard *guard, const struct provider_noted *noted);

/* Adds text for keeping: cut to PROVIDER_KEPT_MAX bytes, what is not printable ASCII as a dot, and the values of JSON
 * members whose names say that they are secret (key, secret, token, password, authorization ...) as "***". */
void provider_redact(const char *text, size_t len, struct text *out);

/* What is known of a provider. */
struct provider_state {
    char name[PROVIDER_NAME_MAX + 1];
    bool paused, open; /* by an operator; by failures */
    uint64_t failures;
    int64_t opened; /* unix seconds; 0 = not open */
};

/* The same of one that nobody has asked yet, too. */
MUST_USE enum err provider_state_read(struct db *db, const char *name, struct provider_state *out);

/* Pauses a provider or lets it be asked again, which closes its circuit as well; recorded in provider_change.
 * who  the operator; up to 64 characters
 * ERR_INVALID for a name of other than a-z 0-9 _. */
MUST_USE enum err provider_pause(struct db *db, const char *who, const char *name, bool paused);

/* A call that was kept. Strings live during the call of `row`. */
struct provider_kept {
    int64_t id, at; /* unix seconds */
    const char *provider, *kind, *result, *request_id, *request, *answer;
    bool moves;
    int64_t status, latency_us;
};

/* Calls `row` for each, the newest first.
 * name   NULL: of all
 * id     that one alone; 0: all
 * limit  1 to PROVIDER_CALLS_MAX: ERR_OUT_OF_RANGE */
MUST_USE enum err provider_calls(struct db *db, const char *name, int64_t id, int64_t limit,
                                 void (*row)(void *arg, const struct provider_kept *call),
                                 void *arg);

/* Deletes calls that are older than PROVIDER_KEPT_DAYS.
 * limit    at most so many
 * removed  out, how many */
MUST_USE enum err provider_calls_sweep(struct db *db, int64_t limit, int64_t *removed);

#endif
