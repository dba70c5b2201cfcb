/* The route rows as documentation. */
#ifndef FCGI_SERVER_OPENAPI_H
#define FCGI_SERVER_OPENAPI_H

#include "base/text.h"

struct face;

/* Adds all rows of the faces (NULL-terminated) as a table: method, path, who may call, parameters, help. */
void openapi_table(const struct face *const *faces, struct text *out);

/* Adds them as an OpenAPI 3.1 document. */
void openapi_json(const struct face *const *faces, struct text *out);

#endif
