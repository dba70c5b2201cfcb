/* Sessions: sign in, check, end. The ticket is a random UUID; only its SHA-256 is stored. */
#ifndef IDENTITY_SESSION_H
#define IDENTITY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/user.h"

#define SESSION_TIMEOUT_DEFAULT_S 900
#define SESSION_TIMEOUT_MAX_S 86400
#define SESSION_CSRF_SIZE 44       /* base64url of an HMAC-SHA256 and a NUL */
#define LOGIN_MAX_FAILURES 10      /* wrong passwords in a row from one address, then waits ... */
#define LOGIN_FIRST_WAIT_S 60      /* ... of so long, doubling ... */
#define LOGIN_FAILURE_WINDOW_S 900 /* ... up to this, after which they are forgotten */

struct session {
    char ticket[UUID_TEXT_SIZE];  /* the secret */
    char csrf[SESSION_CSRF_SIZE]; /* derived from the ticket and the master key */
    int64_t timeout_s;
    struct user user;
};

/* What somebody signs in with. */
struct session_login {
    const char *name; /* login, or e-mail address; as typed */
    const char *password;
    const char *otp;     /* "" where none was given */
    const char *address; /* the caller's, as text: guesses are counted by name and address */
    int64_t timeout_s; /* 1 to SESSION_TIMEOUT_MAX_S seconds of rest after which the session ends */
};

/* Signs in by login or e-mail and password, and by one-time password where the account has one.
 * out      out, the session with its secrets: wipe it after use
 * retry_s  out, with ERR_TOO_MANY_ATTEMPTS: seconds until the next guess is looked at
 * Guesses are counted before they are looked at, after LOGIN_MAX_FAILURES with waits that double. While
 * they wait, an account with a one-time password is entered by both together (the second way in).
 * Returns ERR_LOGIN_FAILED (also for unknown users, after the same work), ERR_OTP_REQUIRED,
 * ERR_OTP_INVALID, ERR_USER_DISABLED, ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err session_open(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                               const struct session_login *login, struct session *out,
                               int64_t *retry_s);

/* Whether a signed-in user gives their password again, before what a stolen session must not do.
 * Guesses are counted for the user. Returns ERR_LOGIN_FAILED, ERR_TOO_MANY_ATTEMPTS (retry_s). */
MUST_USE enum err session_password_check(struct db *db, int64_t user_id, const char *password,
                                         int64_t *retry_s);

/* The session of a ticket; moves its end on.
 * ticket  as sent: any text
 * out     out; wipe it after use
 * Returns ERR_SESSION_EXPIRED where there is none (any more), ERR_USER_DISABLED. */
MUST_USE enum err session_check(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                const char *ticket, struct session *out);

/* Forgets the wrong guesses at a user's password and one-time password, whoever made them. */
MUST_USE enum err session_unlock(struct db *db, const struct user *user);

/* Ends the session of a ticket. Returns ERR_OK also where there was none. */
MUST_USE enum err session_close(struct db *db, const char *ticket);

#endif
