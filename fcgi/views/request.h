/* What became of a request, for a caller whose reply was lost: on every face that names requests. */
#ifndef FCGI_VIEWS_REQUEST_H
#define FCGI_VIEWS_REQUEST_H

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "identity/request.h"

/* A request_finder over all domains. */
MUST_USE enum err requests_find(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                                const char *key, struct request_done *out);

/* Answers what was done under a name of the caller's:
 * {"operation","date","ref","reply"}: ref is the uuid of what it made or changed, reply what it was
 * answered with where that cannot be had otherwise (an order's id, a ticket's key while it is open, a
 * secret), else null.
 * key  a request_key as struct caller has it
 * Returns ERR_NOT_FOUND where nothing was done under it. */
MUST_USE enum err requests_show(struct request *request, const char *key, struct reply *reply);

#endif
