/* What makes a signed call the only one of its kind: a nonce that rises, or the time. Pure. */
#ifndef IDENTITY_NONCE_H
#define IDENTITY_NONCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NONCE_MAX_FRACTION 18 /* digits behind the point */
#define NONCE_MAX_INTEGER 19  /* digits before it, without leading zeros */
#define NONCE_TEXT_SIZE (NONCE_MAX_INTEGER + 1 + NONCE_MAX_FRACTION + 1)

/* Reads a nonce: decimal digits, at most 2^63, with an optional fraction; no sign, exponent or
 * space. Clients count in whatever unit they like (api exchange-v1, section 2).
 * text  `len` bytes as sent
 * out   the one way to write that value: no leading zeros, no zeros at the end of the fraction
 * Returns ERR_NONCE_INVALID. */
MUST_USE enum err nonce_parse(const char *text, size_t len, char out[NONCE_TEXT_SIZE]);

/* Reads a tonce: whole microseconds since 1970. Returns ERR_NONCE_INVALID. */
MUST_USE enum err nonce_parse_tonce(const char *text, size_t len, int64_t *out_us);

#endif
