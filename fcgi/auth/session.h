/* The session ticket on the wire: where it comes in and how the browser is told to keep it. */
#ifndef FCGI_AUTH_SESSION_H
#define FCGI_AUTH_SESSION_H

#include <stdbool.h>

#include "base/id.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"

/* The ticket of the request: header authenticateit_identity_ticket, or else the session cookie.
 * ticket     out, as sent; "" where it is too long to be one
 * by_cookie  out, true where it came by cookie
 * False where the request has none. */
bool session_ticket(const struct request *request, char ticket[UUID_TEXT_SIZE], bool *by_cookie);

/* Adds the header that makes the browser keep `ticket`, or forget it where `ticket` is NULL. The
 * cookie lasts as long as the browser runs; when the session ends is the server's business. */
void session_set_cookie(const struct request *request, struct reply *reply, const char *ticket);

#endif
