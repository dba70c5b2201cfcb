/* Who is calling: one file per scheme. A row names the one that it asks for (struct auth); the dispatcher
 * calls it after the parameters are parsed and before it checks the right. */
#ifndef FCGI_AUTH_AUTH_H
#define FCGI_AUTH_AUTH_H

#include "fcgi/server/route.h"

/* API key: headers Rest-Key and Rest-Sign over the exact body, `nonce` or `tonce` in it. The check of key
 * and nonce is queued, so that it travels with the handler's first statement.
 * Errors: ERR_KEY_MISSING, ERR_KEY_INVALID, ERR_SIGN_INVALID, ERR_NONCE_INVALID,
 * ERR_ADDRESS_REFUSED, ERR_DB_AWAY.
 * Source: api exchange-v1, section 2. */
extern const struct auth auth_v1;

/* Whether a request names an API key that there is; the signature is not looked at. For what the answer is
 * the same in any case. */
bool auth_v1_knows(struct request *request);

/* Key of the user API: headers API-LOGIN and API-KEY. It is the gate of its face, which looks at the method
 * as well.
 * Errors: ERR_DESK_API_DISABLED, ERR_DESK_IP_BLOCKED, ERR_DESK_METHOD, ERR_DB_AWAY. Source: api desk,
 * A3. */
extern const struct auth auth_desk;

/* Token of the viewer API: header Authorization with a JWT that an API key signed. What changes something takes
 * each nonce once.
 * Errors: ERR_KEY_MISSING, ERR_KEY_INVALID, ERR_TOKEN_SCHEME, ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED,
 * ERR_NONCE_INVALID, ERR_ADDRESS_REFUSED, ERR_DB_AWAY. Source: api wallet, B2, B3. */
extern const struct auth auth_wallet;

/* Session: header authenticateit_identity_ticket, or the session cookie (caller.by_cookie), with the
 * session's CSRF token.
 * Errors: ERR_SESSION_MISSING, ERR_SESSION_EXPIRED, ERR_USER_DISABLED, ERR_DB_AWAY. */
extern const struct auth auth_session;

/* The same where there is a session that lives; else nobody: caller.user_id is 0. */
extern const struct auth auth_session_optional;

#endif
