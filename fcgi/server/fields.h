/* How a handler reads what its route takes: by the field table of the route's row (json/field.h). */
#ifndef FCGI_SERVER_FIELDS_H
#define FCGI_SERVER_FIELDS_H

#include "fcgi/server/request.h"
#include "fcgi/server/route.h"
#include "json/field.h"

/* Reads the fields of the route: parameters, captures of the path, headers.
 * target  out, zeroed or with defaults before; absent optional fields leave it as it was; strings
 *         live as long as the request
 * size    of the target: the table must be for it
 * Errors: as field_read, with request->err_field set; ERR_REPEATED for a header. */
MUST_USE enum err fields_read(struct request *request, void *target, size_t size);

#define FIELDS_READ(request, target) fields_read((request), (target), sizeof(*(target)))

/* Reads an amount whose currency the handler has found out. Errors: as field_amount_in, field set. */
MUST_USE enum err fields_amount(struct request *request, const struct field_amount *amount,
                                const struct currency *currency, struct amount *out);

#endif
