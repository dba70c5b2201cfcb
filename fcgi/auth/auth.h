/* Who is calling: one function per scheme. The dispatcher calls the one that the route's row names,
 * after the parameters are parsed and before it checks the right. */
#ifndef FCGI_AUTH_AUTH_H
#define FCGI_AUTH_AUTH_H

#include "base/err.h"
#include "fcgi/server/request.h"

/* API key: headers Rest-Key and Rest-Sign over the exact body, `nonce` or `tonce` in it.
 * request  in, the parsed request; out, request->caller
 * Queues the check of key and nonce with db_defer, so that it travels with the handler's first
 * statement. Errors: ERR_KEY_MISSING, ERR_KEY_INVALID, ERR_SIGN_INVALID, ERR_NONCE_INVALID,
 * ERR_ADDRESS_REFUSED, ERR_DB_AWAY. ERR_KEY_CHANGED may come from the queued statement: the
 * dispatcher then calls auth_v1_forget and starts again, once.
 * Source: api exchange-v1, section 2. */
MUST_USE enum err auth_v1(struct request *request);

/* Drops what this process remembers about the key of `request`. */
void auth_v1_forget(struct request *request);

/* Session: header authenticateit_identity_ticket, or the session cookie (caller.by_cookie).
 * request  in, the parsed request; out, request->caller with the session's CSRF token
 * Errors: ERR_SESSION_MISSING, ERR_SESSION_EXPIRED, ERR_USER_DISABLED, ERR_DB_AWAY. */
MUST_USE enum err auth_session(struct request *request);

#endif
