/* The journal's names of requests (identity/request.h says what they are for). */
#ifndef LEDGER_REQUEST_H
#define LEDGER_REQUEST_H

#include "base/actor.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "db/db.h"

/* A request_finder (identity/request.h): what a journal says was done under that name. ERR_NOT_FOUND. */
MUST_USE enum err ledger_request_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                      int64_t user_id, const char *key, struct request_done *out);

#endif
