/* Wrong guesses at something secret, counted in the database so that every worker knows them. */
#ifndef IDENTITY_ATTEMPT_H
#define IDENTITY_ATTEMPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

/* What is guessed at. */
struct attempt {
    const char *kind;    /* "login" or "otp" */
    const void *subject; /* at most 64 bytes: whose */
    size_t subject_len;
};

/* Whether one more guess may be looked at.
 * max  wrong guesses allowed in one window
 * Returns ERR_TOO_MANY_ATTEMPTS where as many were made in the window that runs. */
MUST_USE enum err attempt_check(struct db *db, const struct attempt *attempt, uint64_t max);

/* Counts a wrong guess; the first opens a window of `window_s` seconds. */
MUST_USE enum err attempt_failed(struct db *db, const struct attempt *attempt, int64_t window_s);

/* Forgets the wrong guesses, after a right one. */
MUST_USE enum err attempt_clear(struct db *db, const struct attempt *attempt);

#endif
