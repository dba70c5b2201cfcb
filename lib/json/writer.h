/* JSON as text, piece by piece, straight into the bytes that are sent: nothing is kept of it.
 *
 *     writer_object(json, NULL);            {
 *     writer_text(json, "status", "open");    "status":"open",
 *     writer_list(json, "amounts");           "amounts":[
 *     writer_money(json, NULL, amount);         {"value":...},
 *     writer_end(json);                       ]
 *     writer_end(json);                     }
 *
 * Every value takes a key, which is NULL for an item of a list, for the outermost value, and for the one
 * that writer_key has announced. Keys are neither looked up nor compared: writing one twice is our bug.
 * By default "/" is written as "\/" and everything beyond ASCII as \uXXXX. */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/text.h"
#include "money/rate.h"

#define WRITER_MAX_DEPTH 64 /* objects and lists in each other */

/* In what writers of JSON differ; all false is how PHP writes it. */
struct writer_style {
    bool plain_slashes;     /* "/" as it is */
    bool plain_utf8;        /* what is beyond ASCII as it is */
    bool empty_map_as_list; /* an object without members is [] */
};

/* Begin with `out`, `pretty` and `style`, everything else zero. */
struct writer {
    struct text *out; /* out->full where it did not fit */
    bool pretty;      /* a member a line */
    struct writer_style style;
    unsigned depth;   /* of objects and lists that are open */
    uint64_t objects; /* which of them are objects, the outermost as bit 0 */
    bool filled;      /* something is in the innermost one */
    bool announced;   /* a key waits for its value */
};

/* Begin an object or a list, which goes on until writer_end. */
void writer_object(struct writer *writer, const char *key);
void writer_list(struct writer *writer, const char *key);

/* Ends the innermost object or list. */
void writer_end(struct writer *writer);

/* Writes a key alone: the value with the key NULL that comes next is its value. */
void writer_key(struct writer *writer, const char *key);

void writer_null(struct writer *writer, const char *key);
void writer_bool(struct writer *writer, const char *key, bool value);
void writer_int(struct writer *writer, const char *key, int64_t value);

/* JSON that was written by itself, compact, as it stands. */
void writer_raw(struct writer *writer, const char *key, const char *text);

/* A number as it stands.
 * digits  an exact decimal, "0.600" */
void writer_number(struct writer *writer, const char *key, const char *digits);

/* A double with as few digits as bring the same one back, "100.5" or "1e+300"; null where it is no
 * number. */
void writer_double(struct writer *writer, const char *key, double value);

/* A string; NULL is null, and what is not UTF-8 is U+FFFD.
 * writer_some_text  "" is null as well
 * writer_bytes      `len` bytes, also with NUL
 * writer_digits     a whole number as a string */
void writer_text(struct writer *writer, const char *key, const char *value);
void writer_some_text(struct writer *writer, const char *key, const char *value);
void writer_bytes(struct writer *writer, const char *key, const char *bytes, size_t len);
void writer_digits(struct writer *writer, const char *key, int64_t value);
void writer_uuid(struct writer *writer, const char *key, const struct uuid *value);

/* A moment in unix seconds; 0 is null. */
void writer_date(struct writer *writer, const char *key, int64_t date);

/* A list of strings.
 * words  NULL-terminated */
void writer_words(struct writer *writer, const char *key, const char *const *words);

/* The money object {value, value_int, display, display_short, currency} (api exchange-v1, section 3); null
 * for an amount without currency.
 * writer_mean  of a mean: `value` is what its "value" says, as exactly as it is known, and `amount` is it
 *              rounded */
void writer_money(struct writer *writer, const char *key, struct amount amount);
void writer_mean(struct writer *writer, const char *key, struct amount amount, struct rate value);

/* An amount as a string: its smallest units; and its decimal without zeros at the end, "72.98274". */
void writer_units(struct writer *writer, const char *key, struct amount amount);
void writer_short(struct writer *writer, const char *key, struct amount amount);

/* The same decimal as a number. */
void writer_short_number(struct writer *writer, const char *key, struct amount amount);

#endif
