/* Recursive length prefix (the Yellow Paper's appendix B): how Ethereum writes a transaction. An item is
 * a string of bytes or a list of items; a number is its bytes, most significant first, without zeros in
 * front. Reading is strict: there is one spelling for each item, and any other is refused. */
#ifndef CHAIN_RLP_H
#define CHAIN_RLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "chain/bytes.h"

struct rlp_item {
    bool is_list;
    struct bytes content; /* of a list: its items */
};

/* Adds a string. `out->full` where it has no room: so with all that follow. */
void rlp_add(struct text *out, const void *data, size_t len);

/* Adds a number that is not negative. */
void rlp_add_number(struct text *out, __int128 value);

/* Adds a number of `len` bytes, most significant first, without the zeros in front. */
void rlp_add_integer(struct text *out, const uint8_t *data, size_t len);

/* Makes a list of the items that were added since the text was `start` bytes long. */
void rlp_close_list(struct text *out, size_t start);

/* Takes an item from the front. False where it is cut off, or written longer than it has to be. What is in
 * a list has not been looked at. */
bool rlp_take(struct bytes *in, struct rlp_item *out);

/* Takes a list; a string; a number of at most `max` (not negative); a number of at most `size` bytes, which
 * is filled up with zeros in front. False for any other item. */
bool rlp_take_list(struct bytes *in, struct bytes *out);
bool rlp_take_string(struct bytes *in, struct bytes *out);
bool rlp_take_number(struct bytes *in, __int128 max, __int128 *out);
bool rlp_take_integer(struct bytes *in, uint8_t *out, size_t size);

#endif
