/* Numbers and bytes as Ethereum's JSON-RPC writes them: a quantity is 0x and the digits that it needs, data is
 * 0x and two digits a byte. */
#ifndef CHAIN_ETHEREUM_HEX_H
#define CHAIN_ETHEREUM_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "chain/bytes.h"

#define ETHEREUM_QUANTITY_SIZE 35 /* any number of 128 bits, with its NUL */

/* Writes a number that is not negative: "0x0", "0x400". */
void ethereum_quantity_format(__int128 value, char out[ETHEREUM_QUANTITY_SIZE]);

/* Reads one, strictly: no zeros in front, digits of either case.
 * Returns ERR_AMOUNT_FORMAT for anything else, ERR_AMOUNT_RANGE past `most` (not negative); `out` is
 * untouched then. */
MUST_USE enum err ethereum_quantity_parse(const char *text, size_t len, __int128 most,
                                          __int128 *out);

/* Adds 0x and the bytes. */
void ethereum_data_add(struct text *out, struct bytes data);

/* Reads data of up to `room` bytes; "0x" is none.
 * len  out, the bytes
 * Returns ERR_INVALID where it is not data, ERR_TOO_LARGE past `room`. */
MUST_USE enum err ethereum_data_parse(const char *text, size_t text_len, void *out, size_t room,
                                      size_t *len);

#endif
