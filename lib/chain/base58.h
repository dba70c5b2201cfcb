/* Base58Check: bytes and four bytes of their double SHA-256, in an alphabet without look-alikes.
 * Bitcoin's first addresses and BIP-32's keys are written in it. */
#ifndef CHAIN_BASE58_H
#define CHAIN_BASE58_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BASE58_MAX 78        /* bytes that are written at most: an extended key */
#define BASE58_TEXT_SIZE 114 /* any of them as text, with its NUL */

/* Writes `len` (at most BASE58_MAX) bytes, their checksum and a NUL. */
void base58_encode(const void *data, size_t len, char out[BASE58_TEXT_SIZE]);

/* The way back.
 * len  out, the bytes without their checksum
 * Returns ERR_INVALID where it is not base58 or too long, ERR_CHECKSUM. */
MUST_USE enum err base58_decode(const char *text, size_t text_len, uint8_t out[BASE58_MAX],
                                size_t *len);

#endif
