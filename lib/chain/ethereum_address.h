/* Addresses of Ethereum: 20 bytes, written as 0x and 40 hexadecimal digits, whose case is a checksum
 * (EIP-55). */
#ifndef CHAIN_ETHEREUM_ADDRESS_H
#define CHAIN_ETHEREUM_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/secp256k1.h"

#define ETHEREUM_ADDRESS_SIZE 20
#define ETHEREUM_ADDRESS_TEXT_SIZE 43 /* with its NUL */

struct ethereum_address {
    uint8_t bytes[ETHEREUM_ADDRESS_SIZE];
};

/* Reads an address as people paste it: 0x, then digits of one case, which have no checksum, or of both,
 * which must fit it. Neither spaces nor names nor the forms without 0x (ICAP and bare digits) are taken.
 * Returns ERR_ADDRESS, ERR_CHECKSUM. */
MUST_USE enum err ethereum_address_parse(const char *text, size_t len,
                                         struct ethereum_address *out);

/* Writes it with its checksum. */
void ethereum_address_format(const struct ethereum_address *address,
                             char out[ETHEREUM_ADDRESS_TEXT_SIZE]);

/* The account of a key. ERR_CRYPTO where `public` is not on the curve. */
MUST_USE enum err ethereum_address_of_key(const uint8_t public[EC_PUBLIC_SIZE],
                                          struct ethereum_address *out);

/* The contract that `sender` makes with its transaction number `nonce` (Yellow Paper, section 7). */
void ethereum_address_of_contract(const struct ethereum_address *sender, uint64_t nonce,
                                  struct ethereum_address *out);

/* True for the address of which nobody has the key, and which wallets take for "none". */
bool ethereum_address_is_zero(const struct ethereum_address *address);

bool ethereum_address_equal(const struct ethereum_address *a, const struct ethereum_address *b);

#endif
