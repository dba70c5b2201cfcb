/* Guesses at something secret, counted in the database so that every worker knows them. A guess is
 * counted before it is looked at, so that any number in parallel cannot exceed the limit; a right one is
 * taken back. */
#ifndef IDENTITY_ATTEMPT_H
#define IDENTITY_ATTEMPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

/* What is guessed at, and how often. */
struct attempt {
    const char *kind;    /* "login" or "otp" */
    const void *subject; /* at most 64 bytes: whose */
    size_t subject_len;
    int64_t max; /* wrong guesses in a row ... */
    int64_t
        first_wait_s; /* ... after which the next has to wait; twice as long with each that follows */
    int64_t window_s; /* the longest wait, and how long after the last guess all are forgotten */
};

/* Counts a guess that is about to be looked at.
 * retry_s  out, where it may not be: seconds until it may
 * Returns ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err attempt_begin(struct db *db, const struct attempt *attempt, int64_t *retry_s);

/* Takes a guess back that was right; the wrong ones before it still count. */
MUST_USE enum err attempt_right(struct db *db, const struct attempt *attempt);

/* Forgets all guesses. */
MUST_USE enum err attempt_clear(struct db *db, const struct attempt *attempt);

#endif
