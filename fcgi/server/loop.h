/* The accept loop on the listening socket that the web server or process manager handed over
 * (base/listen.h; listen_take comes first). */
#ifndef FCGI_SERVER_LOOP_H
#define FCGI_SERVER_LOOP_H

#include <stdbool.h>

#include "fcgi/server/app.h"

#define LOOP_KEPT_MAX 256       /* connections that one worker keeps */
#define LOOP_DRAIN_MAX_MS 10000 /* after SIGTERM, at most this long */

/* Whether the worker was asked to end: who only waits for something to happen stops. */
bool loop_stopping(void);

/* Serves until SIGTERM or SIGINT, then drains: takes what is queued, accepts nothing more, answers
 * on kept connections until the web server lets go of them or LOOP_DRAIN_MAX_MS is over. SIGHUP does
 * the same where `may_reload` allows it, and nothing otherwise.
 * may_reload  called after SIGHUP, between requests: whether the program can begin anew
 * reload      out: it ended for SIGHUP and is to begin anew, on the same socket
 * Returns ERR_IO where the descriptors cannot be set up, ERR_NO_MEMORY. */
MUST_USE enum err loop_run(struct app *app, bool (*may_reload)(void *arg), void *arg, bool *reload);

#endif
