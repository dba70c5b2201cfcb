/* One-time password devices of a user: set up, confirm, check, remove. The arithmetic is in
 * identity/otp.h. */
#ifndef IDENTITY_OTP_DEVICE_H
#define IDENTITY_OTP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/otp.h"

#define OTP_TEXT_MAX 16          /* code points of a code as presented */
#define OTP_MAX_FAILURES 10      /* wrong codes per user ... */
#define OTP_FAILURE_WINDOW_S 900 /* ... in this time */

/* The kinds by name in the order of enum otp_kind, NULL-terminated. */
extern const char *const otp_device_kinds[];

/* A device just made; its secret is shown once. */
struct otp_device {
    int64_t id;
    struct uuid serial;
    char kind[5]; /* totp, hotp */
    uint8_t secret[OTP_SECRET_SIZE];
};

/* Makes a pending device, in place of any other pending one; only otp_device_confirm
 * makes it the active one. Once by the name of the request (request_once); asked for again, where the actor
 * may, it is the same device.
 * kind  "totp" or "hotp"
 * out   wipe its secret after use
 * ERR_OTP_EXISTS where one is active, ERR_INVALID (kind), ERR_NOT_FOUND (user). */
MUST_USE enum err otp_device_add(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 const struct actor *actor, const char *kind,
                                 struct otp_device *out);

/* Forgets the wrong codes counted against a user. */
MUST_USE enum err otp_device_unlock(struct db *db, int64_t user_id);

/* Finds the active device and the step that `code` is right for, without using it
 * up: pass both to the procedure that spends it (otp_use), inside the transaction that it protects.
 * code  as sent: any text
 * out   out
 * Wrong codes are counted. Returns ERR_OTP_INVALID (counted; also, uncounted, where the user has no active device),
 * ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err otp_device_check(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                   int64_t user_id, const char *code, struct otp_step *out);

/* Checks and uses up a code of the active device by itself. ERR_OTP_INVALID,
 * ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err otp_device_use(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 int64_t user_id, const char *code);

/* Makes the pending device the active one, against its first code: whoever calls it has made sure of
 * the user by their password, since a session or a key alone must not take over what guards the
 * account. ERR_OTP_NONE_PENDING,
 * ERR_OTP_INVALID, ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err otp_device_confirm(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                     int64_t user_id, const char *code);

/* Removes the active device, against one more code of it. ERR_NOT_FOUND where there is none,
 * ERR_OTP_INVALID, ERR_TOO_MANY_ATTEMPTS. */
MUST_USE enum err otp_device_remove(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                    int64_t user_id, const char *code);

/* An operator's removal of every device, pending ones too, without a code: for somebody who has lost
 * it. ERR_NOT_FOUND where there is none. */
MUST_USE enum err otp_device_drop(struct db *db, int64_t user_id);

/* The kind of the user's active device.
 * kind  out, "totp" or "hotp"; "" where there is none */
MUST_USE enum err otp_device_active(struct db *db, int64_t user_id, char kind[5]);

#endif
