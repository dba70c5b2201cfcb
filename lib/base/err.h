/* Every way in which an operation can fail.
 *
 * Each folder registers its own in errors.def, in rows of ERROR(NAME, class, id, text): NAME gives
 * ERR_NAME; `class` decides the HTTP status on each face, which may have words and codes of its own for
 * it; `id` is the stable lower-case code (also the MESSAGE_TEXT that stored procedures signal); `text` is
 * what a person reads. With a field at hand a face says `Invalid parameter "<field>" (<text>)`. The
 * Makefile puts them together (all_errors.def in the build directory).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* What kind of failure: the only thing that a face looks at to choose an HTTP status. */
enum err_class {
    ERR_CLASS_NONE,
    ERR_CLASS_INPUT,     /* the caller sent something we refuse */
    ERR_CLASS_AUTH,      /* we do not know who is calling */
    ERR_CLASS_RIGHT,     /* we know, and they may not */
    ERR_CLASS_NOT_FOUND, /* nothing there, or not theirs */
    ERR_CLASS_METHOD,    /* the path exists under another method */
    ERR_CLASS_TOO_LARGE, /* over a cap on size */
    ERR_CLASS_STATE,     /* valid, but not in this state */
    ERR_CLASS_LIMIT,     /* too many, too often */
    ERR_CLASS_BUSY,      /* try again: the database is away or contended */
    ERR_CLASS_BUG,       /* ours */
    ERR_CLASS_COUNT
};

enum err {
#define ERROR(name, class, id, text) ERR_##name,
#include "all_errors.def"
#undef ERROR
    ERR_COUNT
};

/* The stable lower-case code of `rc`, e.g. "insufficient_funds". Static storage. */
const char *err_id(enum err rc);

/* What a person reads, without a full stop. Static storage. */
const char *err_text(enum err rc);

/* What kind of failure it is. */
enum err_class err_class(enum err rc);

/* True where the fault is ours and not the caller's: such a reply is logged as level=bug. */
bool err_is_bug(enum err rc);

/* The error whose id is `id` (NUL-terminated), or ERR_INTERNAL where there is none: stored
 * procedures signal ids. */
enum err err_from_id(const char *id);

#endif
