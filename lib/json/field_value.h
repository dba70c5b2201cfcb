/* One value as one type of field: what json/field.c asks for each. */
#ifndef JSON_FIELD_VALUE_H
#define JSON_FIELD_VALUE_H

#include "json/field.h"

/* True for a text of no bytes. */
bool field_value_is_empty(const struct value *value);

/* Reads a value that is neither object nor list into the target of a field that is neither object,
 * list nor amount. Errors: as field_read. */
MUST_USE enum err field_value_read(const struct field *field, const struct value *value,
                                   void *target);

/* Reads an amount of a currency.
 * units  true: counted in smallest units; false: a decimal
 * Errors: ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE, ERR_AMOUNT_NOT_POSITIVE. */
MUST_USE enum err field_value_amount(const struct value *value, bool units,
                                     const struct currency *currency, bool may_be_zero,
                                     struct amount *out);

#endif
