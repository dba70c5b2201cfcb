/* Our addresses on Ethereum, in memory: whose each is. It grows as addresses are given. */
#ifndef RAIL_ETHEREUM_BOOK_H
#define RAIL_ETHEREUM_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/ethereum_address.h"
#include "db/db.h"

struct ethereum_owner {
    uint64_t index; /* last step of its path; 0 is the hot wallet */
    int64_t user_id;
};

/* Zero it to begin; members are ethereum_book.c's, but for the list to read. */
struct ethereum_book {
    struct ethereum_address *list; /* all but the hot wallet, as they were given */
    struct ethereum_owner *owners; /* of the list */
    struct ethereum_address hot;
    int64_t hot_user;
    bool has_hot;
    size_t count, room;
    uint64_t next;   /* index to read on from */
    uint32_t *slots; /* places in the list, from 1, by the address's first bytes */
    size_t slot_count;
};

/* Reads the addresses that were given since.
 * rail  account.rail of the chain
 * Returns ERR_NO_MEMORY, ERR_INTERNAL for an address that is none; errors of the database. */
MUST_USE enum err ethereum_book_read(struct ethereum_book *book, struct db *db, const char *rail);

/* Whose an address is, the hot wallet included; false where it is not ours. */
bool ethereum_book_find(const struct ethereum_book *book, const struct ethereum_address *address,
                        struct ethereum_owner *out);

/* The address of an index; NULL where it was not given. */
const struct ethereum_address *ethereum_book_address(const struct ethereum_book *book,
                                                     uint64_t index);

void ethereum_book_free(struct ethereum_book *book);

#endif
