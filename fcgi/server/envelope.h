/* From the outcome of a request to its body, in the wording of each face. */
#ifndef FCGI_SERVER_ENVELOPE_H
#define FCGI_SERVER_ENVELOPE_H

#include "base/err.h"
#include "base/text.h"
#include "fcgi/server/reply.h"
#include "fcgi/server/request.h"
#include "fcgi/server/route.h"

/* Writes the body of an answer in the wording of a face.
 * request  ?raw and ?pretty, and which parameter an error is about
 * rc       the outcome; ERR_OK writes reply->value
 * reply    its value and, where the handler set one, its status
 * out      out, the body is added
 * status   out, the HTTP status */
void envelope_write(const struct request *request, enum face face, enum err rc,
                    const struct reply *reply, struct text *out, int *status);

/* The Content-Type of a face. Static storage. */
const char *envelope_content_type(enum face face);

/* The face that words an error where no route matched.
 * path  normalised; NULL where it was refused */
enum face envelope_face_of(const char *path);

/* Adds words for `rc`: `Invalid parameter "amount" (is too large)`, or the text with a capital
 * letter.
 * request  which parameter it is about, and the handler's own words */
void envelope_message(const struct request *request, enum err rc, struct text *out);

#endif
