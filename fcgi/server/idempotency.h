/* The header Idempotency-Key: the client's own name for a change, so that sending it twice does it
 * once. */
#ifndef FCGI_SERVER_IDEMPOTENCY_H
#define FCGI_SERVER_IDEMPOTENCY_H

#include "fcgi/server/request.h"

#define IDEMPOTENCY_HEADER "Idempotency-Key"
#define IDEMPOTENCY_KEY_MAX 64 /* characters, of printable ASCII, so that the journal can show it */

/* Names the request by its Idempotency-Key: request->caller.request_key. ERR_MISSING, ERR_TOO_LONG,
 * ERR_INVALID, the header named. */
MUST_USE enum err idempotency_take(struct request *request);

#endif
