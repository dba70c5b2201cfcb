/* What the files of lib/deposit share. */
#ifndef DEPOSIT_STORE_H
#define DEPOSIT_STORE_H

#include "base/text.h"
#include "deposit/follow.h"

#define DEPOSIT_SQL_MAX 16384
#define DEPOSIT_PACKET_MAX (4 << 20)

/* The chain's row, locked inside a transaction: one at a time follows a chain. */
struct deposit_cursor {
    bool follows;
    uint64_t height;
    uint8_t hash[DEPOSIT_HASH_SIZE];
};

/* Locks the chain's row and reads it. ERR_DEPOSIT_RAIL where there is none. */
MUST_USE enum err deposit_lock(struct db *db, const char *rail, struct deposit_cursor *out);

/* Whether anything that is not cancelled is in no block. */
MUST_USE enum err deposit_any_loose(struct db *db, const char *rail, bool *out);

#endif
