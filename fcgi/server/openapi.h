/* The route rows as documentation. */
#ifndef FCGI_SERVER_OPENAPI_H
#define FCGI_SERVER_OPENAPI_H

#include "base/text.h"

/* Adds all rows as a table: method, path, who may call, parameters, help. */
void openapi_table(struct text *out);

/* Adds all rows as an OpenAPI 3.1 document. */
void openapi_json(struct text *out);

#endif
