/* From the outcome of a request to its body, in the wording of each face. */
#ifndef FCGI_ENVELOPE_H
#define FCGI_ENVELOPE_H

#include "base/err.h"
#include "base/text.h"
#include "fcgi/reply.h"
#include "fcgi/request.h"
#include "fcgi/route.h"

/* Writes the body for `rc` (ERR_OK: reply->value) to `out`.
 * request  in, ?raw and ?pretty, and which parameter an error is about
 * status   out, the HTTP status */
void envelope_write(const struct request *request, enum face face, enum err rc,
                    const struct reply *reply, struct text *out, int *status);

/* The Content-Type of a face. Static storage. */
const char *envelope_content_type(enum face face);

/* The face that words an error where no route matched. path  may be NULL */
enum face envelope_face_of(const char *path);

/* Words for `rc`: `Invalid parameter "amount" (is too large)`, or the text with a capital letter.
 */
void envelope_message(const struct request *request, enum err rc, struct text *out);

#endif
