/* A fiber: a function on a stack of its own, which can stop in the middle and go on later, so that one
 * process has several requests in hand and handlers still read from top to bottom. Fibers change
 * places only where one says so. Not for several threads. */
#ifndef FCGI_SERVER_FIBER_H
#define FCGI_SERVER_FIBER_H

#include <stdbool.h>

#include "base/err.h"

#define FIBER_STACK (512 << 10) /* bytes; what is never used takes no memory */

struct fiber;

/* Makes the stack, with a page below it that cannot be written.
 * out  out, owned by the caller: fiber_close
 * Returns ERR_NO_MEMORY. */
MUST_USE enum err fiber_open(struct fiber **out);

/* Runs `work`, until it ends or waits. The fiber must be idle: new, or ended.
 * Returns true where it waits. */
bool fiber_start(struct fiber *fiber, void (*work)(void *arg), void *arg);

/* Goes on where the fiber waits. Returns true where it waits again. */
bool fiber_resume(struct fiber *fiber);

/* Called by a fiber: back to who started or resumed it, until it is resumed. */
void fiber_wait(void);

/* Gives the stack back; the fiber must be idle. NULL is fine. */
void fiber_close(struct fiber *fiber);

#endif
