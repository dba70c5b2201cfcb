/* What a request or a provider's reply says, as a tree: the same for JSON, forms and multipart, so
 * that whoever reads it need not know how it came.
 *
 * Numbers stay the text that was sent: "1.10" is exact, and a double is not. The tree lives in an
 * arena and goes with it. */
#ifndef JSON_VALUE_H
#define JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define VALUE_MAX_DEPTH 16    /* objects and lists in each other, the outermost included */
#define VALUE_MAX_COUNT 10000 /* values in one document: each costs some 80 bytes */
#define VALUE_MAX_MEMBERS 512 /* of one object: each is compared with those before it */

enum value_type { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_TEXT, VALUE_OBJECT, VALUE_LIST };

struct value {
    enum value_type type;
    const char *name; /* of a member of an object, NUL-terminated; NULL for others */
    const char *text; /* a text decoded, everything else as it was written; NUL behind `len` */
    size_t len;
    struct value *first, *last; /* members or items, in the order in which they came */
    struct value *next;         /* the next one beside it */
    size_t count;               /* of members or items */
};

/* The member of that name, or NULL: absent, or `value` is no object. */
const struct value *value_member(const struct value *value, const char *name);

/* Puts `child` at the end of an object or a list. */
void value_append(struct value *parent, struct value *child);

/* Reads a JSON document (RFC 8259), strictly: no comments, no NaN, no control characters in texts,
 * no unpaired surrogates, no \u0000 in names. A byte-order mark in front is skipped.
 * arena  what the tree is made of
 * text   `len` bytes, not needed afterwards
 * root   out, of any type
 * where  out, with ERR_REPEATED: the member that is there twice; NULL otherwise
 * Errors: ERR_MALFORMED, ERR_NOT_UTF8, ERR_TOO_DEEP, ERR_REPEATED, ERR_TOO_MANY_PARAMS past
 * VALUE_MAX_COUNT or VALUE_MAX_MEMBERS, ERR_NO_MEMORY. */
MUST_USE enum err value_parse(struct arena *arena, const char *text, size_t len,
                              struct value **root, const char **where);

/* As value_parse, with another cap in place of VALUE_MAX_COUNT: for answers of programs that we ask. */
MUST_USE enum err value_parse_most(struct arena *arena, const char *text, size_t len, size_t most,
                                   struct value **root, const char **where);

/* Adds a form's parameter to an object. `a[b]` is the member b of the object a, `a[]` the next item
 * of the list a, `a[0]` its first; any other name is itself.
 * name, text  live as long as the arena; `len` bytes with a NUL behind them
 * Errors: ERR_REPEATED, ERR_TOO_DEEP, ERR_NO_MEMORY. */
MUST_USE enum err value_add_pair(struct arena *arena, struct value *object, const char *name,
                                 const char *text, size_t len);

#endif
