/* The one way in: every request passes through dispatch_serve. */
#ifndef FCGI_SERVER_DISPATCH_H
#define FCGI_SERVER_DISPATCH_H

#include "base/err.h"
#include "base/text.h"
#include "fcgi/server/app.h"

struct FCGX_Request;
struct face;

/* Builds the route index of the faces that are served.
 * faces  NULL-terminated, static; one has the prefix ""
 * Returns ERR_INTERNAL (logged as a bug) where a row is not usable. */
MUST_USE enum err dispatch_start(const struct face *const *faces);

/* Answers the request that libfcgi has accepted: face, gate, route, caps, parameters, caller, right, CSRF,
 * handler, envelope, log line.
 * app   what the process holds
 * slot  below APP_SLOTS, and of no other request in hand
 * fcgx  its variables and body; not all of the body may have been read
 * Others may be served while it waits (base/wait.h).
 * Returns the header lines and the body of the reply, valid until another request goes on. */
const struct text *dispatch_serve(struct app *app, size_t slot, struct FCGX_Request *fcgx);

/* The request in that slot goes on after it has waited: log lines are its own again. */
void dispatch_resume(size_t slot);

/* Gives back the route index and the buffers. */
void dispatch_stop(void);

#endif
