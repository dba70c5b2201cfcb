/* Running an audit: SQL checks over one snapshot. A domain keeps its own checks; this runs them. */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

/* Runs each of `checks` in one read-only snapshot, so that money may move meanwhile. A check is a
 * statement with one column of words, a row per difference.
 * difference   called with each row
 * differences  out, how many there were
 * Returns ERR_OK also with differences; ERR_DB, ERR_DB_AWAY. */
MUST_USE enum err audit_run(struct db *db, const char *const *checks, size_t count,
                            void (*difference)(void *arg, const char *words), void *arg,
                            uint64_t *differences);

#endif
