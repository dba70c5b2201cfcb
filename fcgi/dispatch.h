/* The one way in: every request passes through dispatch_serve. */
#ifndef FCGI_DISPATCH_H
#define FCGI_DISPATCH_H

#include "base/err.h"
#include "base/text.h"
#include "fcgi/app.h"

struct FCGX_Request;

/* Builds the route index. ERR_INTERNAL (logged as a bug) where a row is not usable. */
MUST_USE enum err dispatch_start(void);

/* Answers the request that libfcgi has accepted: match, caps, parameters, caller, right, CSRF,
 * handler, envelope, log line.
 * app   what the process holds
 * fcgx  its variables and body; not all of the body may have been read
 * Returns the header lines and the body of the reply, valid until the next call. */
const struct text *dispatch_serve(struct app *app, struct FCGX_Request *fcgx);

/* Gives back the route index and the buffers. */
void dispatch_stop(void);

#endif
