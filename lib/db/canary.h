/* Whether a master key is the one that this database was sealed with. Without it a wrong or lost key
 * would show only when some secret has to be opened. */
#ifndef DB_CANARY_H
#define DB_CANARY_H

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/db.h"

#define CANARY_SIZE (17 + SEAL_OVERHEAD) /* bytes of the sealed words */

/* Reads the sealed words. Returns ERR_NOT_FOUND where nothing was sealed yet, ERR_CRYPTO where they are
 * of another size, or as db_run. */
MUST_USE enum err canary_read(struct db *db, uint8_t sealed[CANARY_SIZE]);

/* Whether the key opens them. */
bool canary_opens(const uint8_t key[SEAL_KEY_SIZE], const uint8_t sealed[CANARY_SIZE]);

/* Returns ERR_OK where the key is right; ERR_CRYPTO where it is another one's; ERR_NOT_FOUND where
 * nothing was sealed yet (canary_write); or as db_run. */
MUST_USE enum err canary_check(struct db *db, const uint8_t key[SEAL_KEY_SIZE]);

/* Seals the words with the key, where that was not done before.
 * Returns as canary_check, once it is there. */
MUST_USE enum err canary_write(struct db *db, const uint8_t key[SEAL_KEY_SIZE]);

/* For the start of a program: whether the key is certainly another one's. A database that is away, or
 * that has no tables yet, is no reason not to start. Opens a connection of its own for it.
 * problem  out, what is wrong, for a person
 * Returns ERR_OK or ERR_CRYPTO. */
MUST_USE enum err canary_refuses(const struct config *config, const uint8_t key[SEAL_KEY_SIZE],
                                 struct text *problem);

#endif
