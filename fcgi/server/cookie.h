/* Cookies of ours: __Host- and Secure on https, where only this very host gets them; a plain name on http,
 * where the configuration allows that at all. Scripts never see one. */
#ifndef FCGI_SERVER_COOKIE_H
#define FCGI_SERVER_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"

/* True where the browser could keep one: on https, and on plain http where the configuration allows it. */
bool cookie_possible(const struct request *request);

/* Finds a cookie among those of the request (RFC 6265, section 5.4).
 * name  "session", without a prefix
 * out   out, `size` bytes; "" where it is empty or does not fit
 * False where there is none, or an empty one. */
bool cookie_find(const struct request *request, const char *name, char *out, size_t size);

/* Adds the header that makes the browser keep it.
 * value      letters, digits and what else a cookie may hold
 * same_site  "Strict" or "Lax"
 * max_age_s  seconds; 0: forget it; below zero: as long as the browser runs */
void cookie_set(const struct request *request, struct reply *reply, const char *name,
                const char *value, const char *same_site, int64_t max_age_s);

#endif
