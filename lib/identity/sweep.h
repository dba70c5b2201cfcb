/* Clearing away what has no meaning any more. */
#ifndef IDENTITY_SWEEP_H
#define IDENTITY_SWEEP_H

#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

/* Removes ended sessions, closed windows of guesses, tonces past their time and records of requests
 * older than REQUEST_KEPT_DAYS, at most `limit` of each; *removed counts them all. Raises the floors of nonces
 * to where they are. Nothing else depends on when it runs: reads look at the dates. */
MUST_USE enum err identity_sweep(struct db *db, int64_t limit, int64_t *removed);

#endif
