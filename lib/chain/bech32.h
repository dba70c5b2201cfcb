/* Bech32 (BIP-173) and Bech32m (BIP-350): a prefix, digits of five bits, and a checksum that finds up to
 * four wrong ones. */
#ifndef CHAIN_BECH32_H
#define CHAIN_BECH32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BECH32_TEXT_SIZE 91   /* the longest text, with its NUL */
#define BECH32_PREFIX_SIZE 84 /* the longest prefix, with its NUL */
#define BECH32_DIGITS_MAX 82  /* without prefix and checksum */

enum bech32_kind { BECH32, BECH32M };

struct bech32 {
    enum bech32_kind kind;
    char prefix[BECH32_PREFIX_SIZE];   /* lower case */
    uint8_t digits[BECH32_DIGITS_MAX]; /* 0 to 31 */
    size_t count;
};

/* Writes it in lower case, with a NUL. The caller sees to it that it fits: prefix and digits have no more
 * than 83 characters together. */
void bech32_encode(const struct bech32 *value, char out[BECH32_TEXT_SIZE]);

/* Reads text of one case. ERR_INVALID for what is not of this form, ERR_CHECKSUM. */
MUST_USE enum err bech32_decode(const char *text, size_t len, struct bech32 *out);

/* Writes bytes as digits, the last one filled up with zero bits. False where they are too many. */
bool bech32_put_bytes(const uint8_t *data, size_t len, struct bech32 *out);

/* Reads the digits from number `from` on as bytes.
 * out  `room` bytes
 * len  out
 * False where they are more, or where what is left over is a whole digit or not zero. */
bool bech32_get_bytes(const struct bech32 *value, size_t from, uint8_t *out, size_t room,
                      size_t *len);

#endif
