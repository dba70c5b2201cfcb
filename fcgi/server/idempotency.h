/* The name of a request as its caller gives it: the header Idempotency-Key, for the routes whose row has
 * `needs_key`. Sending a change twice under one key does it once, and a key that was used for something
 * else is refused. The nonce of a signed call names it as well, but can never be sent twice. */
#ifndef FCGI_SERVER_IDEMPOTENCY_H
#define FCGI_SERVER_IDEMPOTENCY_H

#include "fcgi/server/request.h"

#define IDEMPOTENCY_HEADER "Idempotency-Key"
#define IDEMPOTENCY_KEY_MAX 64 /* characters, of printable ASCII, so that the journal can show it */

/* Names the request by its Idempotency-Key and notes what it asks for: request_key, repeatable and
 * digest of request->caller. ERR_MISSING, ERR_TOO_LONG, ERR_INVALID, the header named. */
MUST_USE enum err idempotency_take(struct request *request);

/* What a request that failed under its own key is answered with: ERR_IDEMPOTENCY_CONFLICT where the
 * reason is that the key was used for something else, else `rc` as it is. Those that can still be done
 * cost no look-up: their transaction records the key, or fails by it. */
MUST_USE enum err idempotency_settle(struct request *request, enum err rc);

/* What came of a request whose commit nobody knows the end of: the connection was lost on its way, and the
 * server stayed away, or was lost again, for as long as the transaction was tried. It is looked up by its
 * name, the only answer that counts.
 * Returns ERR_OK where it was done: the caller is repeatable then, so that its handler gives its answer
 * again; else ERR_DB_UNKNOWN with words that say under which name to ask later. That nothing is found is no
 * proof: what was sent may still be on its way. */
MUST_USE enum err idempotency_look_up(struct request *request);

/* ERR_DB_UNKNOWN with those words. */
MUST_USE enum err idempotency_doubt(struct request *request);

/* Whether text has the form of such a key. ERR_TOO_LONG, ERR_INVALID, `field` named. */
MUST_USE enum err idempotency_check(struct request *request, const char *field, const char *key);

/* Makes the request_key of a client's own key; what the header's form demands is checked before. */
void idempotency_name(const char *key, char out[CALLER_REQUEST_KEY_SIZE]);

#endif
