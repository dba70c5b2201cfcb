/* JSON as text, piece by piece: compact or a member a line; by default "/" as "\/" and everything beyond
 * ASCII as \uXXXX. */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "money/rate.h"

/* In what writers of JSON differ; all false is how PHP writes it. */
struct writer_style {
    bool plain_slashes;     /* "/" as it is */
    bool plain_utf8;        /* what is beyond ASCII as it is */
    bool empty_map_as_list; /* an object without members is [] */
};

/* Begin with `out`, `pretty` and `style`, everything else zero. */
struct writer {
    struct text *out; /* out->full where it did not fit */
    bool pretty;
    struct writer_style style;
    int depth;  /* of objects and arrays that are open */
    bool empty; /* nothing is in the innermost one yet */
};

/* Begins and ends an object or an array, by its bracket. */
void writer_open(struct writer *writer, char bracket);
void writer_close(struct writer *writer, char bracket);

/* What comes in front of each element of an array, and of each value in an object. */
void writer_item(struct writer *writer);
void writer_key(struct writer *writer, const char *key);

/* Values: `len` bytes as a string (what is not UTF-8 as U+FFFD); a number or word as it is. */
void writer_string(struct writer *writer, const char *string, size_t len);
void writer_plain(struct writer *writer, const char *text);

/* A money object (api exchange-v1, section 3).
 * value  what its "value" says: the amount, or more than the currency's decimals */
void writer_money(struct writer *writer, struct amount amount, struct rate value);

/* Members: a key with its value. */
void writer_text(struct writer *writer, const char *key, const char *value);
void writer_int(struct writer *writer, const char *key, int64_t value);
void writer_amount(struct writer *writer, const char *key, struct amount amount);

#endif
