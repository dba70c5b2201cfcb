/* The field table: how what a caller sent becomes what a handler works with. One row per field says
 * name, type, range and target. The same tables describe a request's parameters and a provider's
 * reply; the documentation and the contract tests are made from them. */
#ifndef JSON_FIELD_H
#define JSON_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "money/amount.h"
#include "money/rate.h"
#include "json/value.h"

enum field_type {
    FIELD_TEXT,  /* const char *: UTF-8, min..max code points, NUL-free */
    FIELD_BYTES, /* struct field_bytes: any bytes, min..max of them */
    FIELD_INT,   /* int64_t: min..max */
    FIELD_BOOL,  /* bool: 1 0 true false yes no on off, in any case */
    FIELD_UUID,  /* struct uuid */
    FIELD_DATE,  /* int64_t: unix seconds, from digits, YYYY-MM-DD or "YYYY-MM-DD HH:MM:SS" (UTC) */
    FIELD_UNTIL, /* int64_t: the same as the end of a range, the first second behind it: a day is
                    taken whole */
    FIELD_CURRENCY, /* const struct currency *: a known code */
    FIELD_CHOICE,   /* int64_t: index into `choices` */
    FIELD_AMOUNT,   /* struct amount where `currency` names the field that says the currency, else
                       struct field_amount, which field_amount_in reads once the handler knows it.
                       Sent as `name` (decimal) or `name`_int (smallest units) or both alike; above
                       zero */
    FIELD_DECIMAL,  /* struct rate: an exact decimal with at most `max` digits behind the point */
    FIELD_OBJECT,   /* inline: its members by `fields`, their offsets from this one's */
    FIELD_LIST,     /* struct field_list: at most `max` items, each as `item` says */
};

/* Where a field is looked for. */
enum field_place { FIELD_IN_PARAMS, FIELD_IN_PATH, FIELD_IN_HEADER };

struct field_bytes {
    const char *data;
    size_t len;
};

/* An amount whose currency only the handler finds out. */
struct field_amount {
    const char *name; /* its path; NULL where it was not read */
    const struct value *decimal, *units;
    bool there;  /* one of the two is there; it may be empty */
    bool filled; /* and is not */
};

struct field_list {
    void *items; /* `count` of them, each of the item's `size` */
    size_t count;
};

struct field_table;

struct field {
    const char *name;
    enum field_type type;
    enum field_place place;
    bool required;
    bool may_be_zero; /* FIELD_AMOUNT */
    int64_t min,
        max;       /* see the type; max 0 = no upper bound for numbers, FIELD_TEXT_MAX for text */
    size_t offset; /* of the target in the handler's struct */
    size_t given_offset; /* of a bool that says whether it was there; 0 = none (so never first in
                            the struct) */
    const char *const *choices;       /* NULL-terminated, for FIELD_CHOICE */
    const char *detail;               /* words for a wrong value, "should be ask or bid", or NULL */
    const char *currency;             /* FIELD_AMOUNT: a FIELD_CURRENCY above it in its table */
    const struct field_table *fields; /* FIELD_OBJECT */
    const struct field *item;         /* FIELD_LIST: name and offset are not used */
    size_t size;                      /* of an item: bytes of its target */
    const char *one_of; /* of the rows with the same word at least one must be there; the first of
                           them is named where none is */
    const char *when, *is; /* looked at only where the field `when` has the text `is` */
};

/* A table, with the size of the struct that it fills: a handler cannot read into another. */
struct field_table {
    const struct field *rows;
    size_t count;
    size_t size;
};

/* The table of an array of rows for a struct type. */
#define FIELD_TABLE(array, type) \
    (&(const struct field_table){(array), sizeof(array) / sizeof((array)[0]), sizeof(type)})

/* The same as a table with a name, for routes of several files. */
#define FIELD_TABLE_OF(name, array, type) \
    const struct field_table name = {(array), sizeof(array) / sizeof((array)[0]), sizeof(type)}

#define FIELD_TEXT_MAX 4096 /* code points, where a row names no maximum */
#define FIELD_FAULTS_MAX 16 /* faults that one reading reports */

/* One thing that is wrong. */
struct field_fault {
    enum err rc;
    const char *path;   /* "items[3].value" */
    const char *detail; /* words for it, or NULL for the error's own */
};

/* A reading. Begin with `arena`, everything else zero or as wanted. */
struct field_reader {
    struct arena *arena; /* what paths, lists and words are made of */
    bool all;            /* goes on after a fault, to report them all */
    /* Finds what is in no parameter, by place and name; NULL where there are no such rows. */
    const struct value *(*outside)(void *arg, const struct field *field);
    void *arg;
    struct field_fault faults[FIELD_FAULTS_MAX];
    size_t fault_count;
};

/* Reads an object by its table, row by row. An optional field that is null, or neither text nor
 * bytes and empty, counts as absent.
 * object  NULL counts as an empty one
 * target  out, the struct; absent optional fields leave it as it was; strings live as long as the
 *         arena or the object
 * Errors: ERR_MISSING, ERR_EMPTY, ERR_TOO_LONG, ERR_NOT_UTF8, ERR_INVALID, ERR_OUT_OF_RANGE,
 * ERR_NOT_UUID, ERR_NOT_DATE, ERR_CURRENCY_UNKNOWN and those of amounts: the first one, all of them
 * in reader->faults. ERR_NO_MEMORY. */
MUST_USE enum err field_read(struct field_reader *reader, const struct field_table *table,
                             const struct value *object, void *target);

/* Reads an amount that waited for its currency.
 * out  out; untouched where it fails
 * Errors: ERR_MISSING, ERR_AMOUNT_FORMAT, ERR_AMOUNT_DIGITS, ERR_AMOUNT_RANGE,
 * ERR_AMOUNT_NOT_POSITIVE, ERR_AMOUNT_DISAGREES, as a fault of the reader. A leading minus followed
 * by a number is ERR_AMOUNT_NOT_POSITIVE, so that -1 is told apart from abc. */
MUST_USE enum err field_amount_in(struct field_reader *reader, const struct field_amount *amount,
                                  const struct currency *currency, struct amount *out);

/* The word of a type in the documentation: "text", "amount". Static storage. */
const char *field_type_name(enum field_type type);

#endif
