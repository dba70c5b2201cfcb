/* The routes as data: what the contract tests walk. */
#ifndef FCGI_SERVER_ROUTES_JSON_H
#define FCGI_SERVER_ROUTES_JSON_H

#include "base/text.h"
#include "fcgi/server/face.h"

/* Adds a JSON array with an object for each row: face, methods, path, caller, rights, effect, needs_key
 * and fields, each with its name, place, type and bounds.
 * faces  NULL-terminated */
void routes_json(const struct face *const *faces, struct text *out);

#endif
