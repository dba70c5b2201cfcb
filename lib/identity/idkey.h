/* The idkey: what opens a user's private channel of the live stream for a day (seed exchange-v1, api
 * exchange-v1, sections 1 and 7). It says for whom and until when, under a MAC, so that checking it
 * needs no table; for the same reason it cannot be taken back before its time. */
#ifndef IDENTITY_IDKEY_H
#define IDENTITY_IDKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"

#define IDKEY_SIZE 76               /* 75 characters of base64 without padding, and a NUL */
#define IDKEY_LIFE_S (24 * 60 * 60) /* seconds for which one is good */

/* Makes an idkey: base64 of the user's uuid (16 bytes), the first second at which it is no longer
 * good (8 bytes, big-endian, unix), and their HMAC-SHA256 (32 bytes).
 * master  the process's master key
 * user    user.uuid
 * now_s   unix seconds; not negative
 * out     out
 * Returns ERR_CRYPTO. */
MUST_USE enum err idkey_make(const uint8_t master[SEAL_KEY_SIZE], const struct uuid *user,
                             int64_t now_s, char out[IDKEY_SIZE]);

/* Checks an idkey, in a time that does not depend on its MAC.
 * text       `len` bytes, as sent
 * now_s      unix seconds
 * user       out, whose it is; untouched where it is refused
 * expires_s  out, unix seconds at which it ends; likewise
 * Returns ERR_IDKEY_INVALID where idkey_make did not make it under this key, ERR_IDKEY_EXPIRED,
 * ERR_CRYPTO. */
MUST_USE enum err idkey_check(const uint8_t master[SEAL_KEY_SIZE], const char *text, size_t len,
                              int64_t now_s, struct uuid *user, int64_t *expires_s);

#endif
