/* Requests by their names: what was asked for, and what came of it.
 *
 * A request is named once within its user (struct caller: the client's own key, or the nonce of a signed
 * call), and its operation is done at most once under that name. Whatever is done records the name in
 * its own transaction, in one of two ways:
 *
 *   - a row of the domain bears it (journal.request_key, checkout_order.request_key, the id of a market
 *     order). The domain finds it again and rebuilds the answer, and nothing more need be written;
 *   - where no such row can tell what was asked for, or there is none, a row of request_result does:
 *     request_record_add in the packet that commits, or request_record in a transaction's work.
 *
 * When the outcome of a commit is unknown (the connection was lost on the way), request_find tells
 * whether it was done: ERR_NOT_FOUND says that it was not and that it may be tried again.
 */
#ifndef IDENTITY_REQUEST_H
#define IDENTITY_REQUEST_H

#include "base/actor.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "db/packet.h"
#include "json/field.h"

#define REQUEST_REPLY_MAX (64 << 10) /* bytes of a kept reply */
#define REQUEST_KEPT_DAYS 90         /* how long request_result remembers; journals do for ever */

/* A domain that bears the names of requests in rows of its own.
 * master  for names that are derived from it
 * key     struct caller's request_key
 * out     out
 * Returns ERR_NOT_FOUND where no row bears it. */
typedef enum err request_finder(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                                const char *key, struct request_done *out);

/* What a finder whose rows have all of it does: reads them from one row.
 * sql  a SELECT of operation, ref and unix seconds, with marks for user and key
 * Returns ERR_NOT_FOUND where there is no row. */
MUST_USE enum err request_find_by(struct db *db, const char *sql, int64_t user_id, const char *key,
                                  struct request_done *out);

/* The finder of request_result itself. */
request_finder request_find;

/* Whether a request's name was recorded for something else.
 * Returns ERR_IDEMPOTENCY_CONFLICT where it was, ERR_OK where it was for the same, without a digest,
 * or not at all. */
MUST_USE enum err request_check(struct db *db, const struct actor *actor);

/* Adds the statement that records a request to a packet that commits. The packet then fails with
 * ERR_REPLAYED where the name was used before: ask request_check whether for the same.
 * operation  a word, at most REQUEST_OPERATION_SIZE - 1 characters
 * ref        what it makes or changes, or NULL */
void request_record_add(struct db_packet *packet, const struct actor *actor, const char *operation,
                        const struct uuid *ref);

/* The same by itself, inside the transaction that db_txn has open. ERR_REPLAYED. */
MUST_USE enum err request_record(struct db *db, const struct actor *actor, const char *operation,
                                 const struct uuid *ref);

/* Does a change that leaves no other trace of its request, together with the record of it, in one
 * transaction. What is to be answered is kept beside it, sealed.
 * master  seals the answer
 * ref     what is to be made or changed, or NULL
 * work    as for db_txn; adds to `reply` what the answer is made of (at most REQUEST_REPLY_MAX bytes,
 *         NUL-free text), or nothing
 * reply   out, room for REQUEST_REPLY_MAX, wipe it where it is secret: what `work` added; or what it
 *         added when the request was done before, where the actor may ask again or the first sending's
 *         answer was lost
 * Returns ERR_REPLAYED where a request that cannot be repeated was done before,
 * ERR_IDEMPOTENCY_CONFLICT where its key was for something else, ERR_CRYPTO, or what `work` gives. */
MUST_USE enum err request_once(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                               const struct actor *actor, const char *operation,
                               const struct uuid *ref,
                               enum err (*work)(struct db *db, void *arg, struct text *reply),
                               void *arg, struct text *reply);

/* The answer that was kept when the actor's request was done.
 * reply  out, as above; empty where none was kept
 * Returns ERR_NOT_FOUND where it was not recorded, ERR_IDEMPOTENCY_CONFLICT where its name was for
 * something else, ERR_CRYPTO. */
MUST_USE enum err request_reply(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                const struct actor *actor, const char *operation,
                                struct text *reply);

/* Reads a kept reply that is JSON, as `work` wrote it.
 * arena  what its texts are made of; free it afterwards, it is not wiped by itself
 * Returns ERR_CRYPTO where it is not what the table says: our bug, or another key's. */
MUST_USE enum err request_kept(struct arena *arena, const struct text *kept,
                               const struct field_table *table, void *target);

#endif
