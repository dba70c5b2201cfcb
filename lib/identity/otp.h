/* One-time passwords: HOTP (RFC 4226) and TOTP (RFC 6238), both with HMAC-SHA-1 and six digits,
 * which is what every authenticator program understands. Pure functions: who remembers the last
 * step or counter is not decided here. */
#ifndef IDENTITY_OTP_H
#define IDENTITY_OTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define OTP_DIGITS 6
#define OTP_CODE_SIZE (OTP_DIGITS + 1)
#define OTP_SECRET_SIZE 20     /* bytes of a secret that we make (RFC 4226 section 4, R6) */
#define OTP_STEP_SECONDS 30    /* length of a TOTP step */
#define OTP_TOTP_WINDOW 1      /* steps before and after the current one that are accepted */
#define OTP_HOTP_LOOK_AHEAD 10 /* counters past the expected one that are accepted */

enum otp_kind { OTP_TOTP, OTP_HOTP };

/* A code that was found right, and is used up inside the transaction that it protects. Zero: none. */
struct otp_step {
    int64_t device_id; /* 0 = no code */
    int64_t step;      /* the step (totp) or counter (hotp) that it is of */
};

/* The code for `counter`, with leading zeros.
 * secret  `len` bytes, shared with the user's device
 * Returns ERR_CRYPTO. Source: RFC 4226 section 5.3. */
MUST_USE enum err otp_code(const void *secret, size_t len, uint64_t counter,
                           char out[OTP_CODE_SIZE]);

/* Checks a time-based code.
 * code       NUL-terminated, as the user sent it
 * now_s      seconds since 1970
 * last_step  the step that was accepted last, 0 for none: only later ones are accepted, so that
 *            each code works once
 * step       out, the step of this code; the caller must store it
 * Returns ERR_OTP_INVALID or ERR_CRYPTO. Source: RFC 6238 section 5.2. */
MUST_USE enum err otp_check_totp(const void *secret, size_t len, const char *code, int64_t now_s,
                                 int64_t last_step, int64_t *step);

/* Checks a counter-based code.
 * code          NUL-terminated, as the user sent it
 * counter       the lowest counter that was not used yet
 * next_counter  out, one past the counter of this code; the caller must store it
 * Returns ERR_OTP_INVALID or ERR_CRYPTO. Source: RFC 4226 section 7.4. */
MUST_USE enum err otp_check_hotp(const void *secret, size_t len, const char *code, uint64_t counter,
                                 uint64_t *next_counter);

/* Adds the otpauth:// URI that authenticator programs read from a QR code, e.g.
 * "otpauth://totp/Teller:ann?secret=...&issuer=Teller&algorithm=SHA1&digits=6&period=30".
 * issuer, account  NUL-terminated UTF-8; percent-encoded here
 * counter          the first counter, for OTP_HOTP
 * out              out; it holds the secret: wipe it after use
 * Returns ERR_TOO_LONG where it did not fit into `out`. */
MUST_USE enum err otp_uri(enum otp_kind kind, const char *issuer, const char *account,
                          const uint8_t secret[OTP_SECRET_SIZE], uint64_t counter,
                          struct text *out);

#endif
