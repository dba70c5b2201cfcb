/* The field table: how a handler reads its parameters. One row per parameter says name, type, range
 * and target; the reader checks them all in order and stops at the first that is wrong, with its
 * name. */
#ifndef FCGI_SERVER_FIELDS_H
#define FCGI_SERVER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/server/request.h"
#include "money/amount.h"

enum field_type {
    FIELD_TEXT,  /* const char *: UTF-8, min..max code points, NUL-free */
    FIELD_BYTES, /* struct field_bytes: any bytes, min..max of them */
    FIELD_INT,   /* int64_t: min..max */
    FIELD_BOOL,  /* bool: 1 0 true false (also JSON) */
    FIELD_UUID,  /* struct uuid */
    FIELD_DATE,  /* int64_t: unix seconds, from digits, YYYY-MM-DD or "YYYY-MM-DD HH:MM:SS" (UTC) */
    FIELD_CURRENCY, /* const struct currency *: a known code */
    FIELD_CHOICE,   /* int64_t: index into `choices` */
};

struct field_bytes {
    const char *data;
    size_t len;
};

struct field {
    const char *name;
    enum field_type type;
    bool required;
    int64_t min,
        max;       /* see the type; max 0 = no upper bound for numbers, FIELD_TEXT_MAX for text */
    size_t offset; /* of the target in the handler's struct */
    size_t given_offset; /* of a bool that says whether it was there; 0 = none (so never first in
                            the struct) */
    const char *const *choices; /* NULL-terminated, for FIELD_CHOICE */
    const char *detail;         /* words for a wrong value, e.g. "should be ask or bid", or NULL */
};

#define FIELD_TEXT_MAX 4096 /* code points, where a row names no maximum */

/* Reads the parameters of a request, row by row. Path captures count as parameters of that name; an
 * optional one that is neither text nor bytes and empty counts as absent.
 * fields  `count` rows
 * target  out, the handler's struct; absent optional fields leave it as it was; strings live as
 *         long as the request
 * Errors: ERR_MISSING, ERR_EMPTY, ERR_TOO_LONG, ERR_NOT_UTF8, ERR_INVALID, ERR_OUT_OF_RANGE,
 * ERR_NOT_UUID, ERR_NOT_DATE, ERR_CURRENCY_UNKNOWN, each with request->err_field set. */
MUST_USE enum err fields_read(struct request *request, const struct field *fields, size_t count,
                              void *target);

/* The same with a table whose length the compiler knows. */
#define FIELDS_READ(request, table, target) \
    fields_read((request), (table), sizeof(table) / sizeof((table)[0]), (target))

/* Reads `amount` (decimal) or `amount_int` (smallest units); both may be given if they agree, and
 * it must be greater than zero.
 * name      "amount" or another base name ("price": price, price_int)
 * currency  what it is counted in
 * out       out
 * Errors: ERR_MISSING, ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE,
 * ERR_AMOUNT_NOT_POSITIVE, ERR_AMOUNT_DISAGREES, field set. A leading minus followed by a number is
 * ERR_AMOUNT_NOT_POSITIVE, so that -1 is told apart from abc. */
MUST_USE enum err fields_amount(struct request *request, const char *name,
                                const struct currency *currency, struct amount *out);

/* The same for an amount that may be left out. One that is there and empty is not: an order that
 * lost its price must not become one at any price.
 * given  out, whether it was there; `out` is untouched otherwise */
MUST_USE enum err fields_amount_if_given(struct request *request, const char *name,
                                         const struct currency *currency, struct amount *out,
                                         bool *given);

#endif
