/* JSON bodies: checked strictly (RFC 8259), then their top-level members become parameters. */
#ifndef FCGI_SERVER_JSON_BODY_H
#define FCGI_SERVER_JSON_BODY_H

#include <stddef.h>

#include "base/err.h"
#include "fcgi/server/request.h"

/* Adds the members of a JSON object as parameters: strings decoded, numbers, objects and arrays by
 * their exact text, true and false as words, null not at all. request->json holds the document.
 * body  `len` bytes, not needed afterwards
 * Errors: ERR_MALFORMED (no object, not JSON, a member twice, an unpaired surrogate, \u0000 in a
 * name), ERR_NOT_UTF8, ERR_TOO_DEEP past REQUEST_MAX_DEPTH, ERR_TOO_MANY_PARAMS, ERR_NO_MEMORY. */
MUST_USE enum err json_parse_body(struct request *request, const char *body, size_t len);

#endif
