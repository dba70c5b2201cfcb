/* Form bodies and query strings: bytes in, parameters of the request out. */
#ifndef FCGI_SERVER_FORM_H
#define FCGI_SERVER_FORM_H

#include <stddef.h>

#include "base/err.h"
#include "fcgi/server/request.h"

#define FORM_MAX_BOUNDARY 70 /* characters (RFC 2046) */

/* Adds the parameters of an application/x-www-form-urlencoded text. "+" is a space; percent escapes
 * are strict; a name without "=" has an empty value.
 * text  `len` bytes, not needed afterwards
 * Errors: ERR_MALFORMED with the parameter's name as the field, ERR_TOO_MANY_PARAMS,
 * ERR_REPEATED, ERR_TOO_DEEP, ERR_NO_MEMORY. */
MUST_USE enum err form_parse(struct request *request, const char *text, size_t len);

/* Adds the fields of a multipart/form-data body (RFC 7578).
 * content_type  the whole header, for its boundary
 * body          `len` bytes, not needed afterwards
 * Errors: ERR_CONTENT_TYPE for a part that is a file, ERR_MALFORMED, ERR_TOO_MANY_PARAMS,
 * ERR_REPEATED, ERR_TOO_DEEP, ERR_NO_MEMORY. */
MUST_USE enum err form_parse_multipart(struct request *request, const char *content_type,
                                       const char *body, size_t len);

#endif
