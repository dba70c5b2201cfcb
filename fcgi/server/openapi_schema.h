/* Field tables as JSON Schema (draft 2020-12, which OpenAPI 3.1 uses). */
#ifndef FCGI_SERVER_OPENAPI_SCHEMA_H
#define FCGI_SERVER_OPENAPI_SCHEMA_H

#include "json/field.h"
#include "json/writer.h"

/* Writes the schema of a field as member `schema` of an object.
 * units  of an amount: the one of its smallest units, `<name>_int` */
void openapi_field_schema(struct writer *json, const struct field *field, bool units);

/* Writes the schema of what a table takes from the parameters, as member `key`: types, bounds, what is
 * required, and of which names one is enough. */
void openapi_table_schema(struct writer *json, const char *key, const struct field_table *table);

#endif
