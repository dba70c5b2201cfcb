/* A growing piece of text with a hard cap: every string that we build goes through here.
 *
 * A `struct text` starts as TEXT(max) (or zeroed with `max` set), grows on the heap up to `max`
 * bytes and then stops: `full` says that something did not fit. It keeps its memory over
 * text_clear, so that a long-lived one costs nothing.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data;  /* always NUL-terminated once something was added; owned */
    size_t len;  /* bytes, without the NUL */
    size_t room; /* bytes allocated */
    size_t max;  /* the most bytes that it may hold */
    bool full;   /* something did not fit, or memory ran out */
};

#define TEXT(limit) ((struct text){.max = (limit)})

/* Adds `len` bytes of `data`. Past the cap nothing is added and `full` is set. */
void text_add(struct text *text, const void *data, size_t len);

/* Adds `len` bytes for the caller to write. NULL (and full) where they do not fit; valid until the
 * next change. */
char *text_extend(struct text *text, size_t len);

/* Adds the NUL-terminated `string`. */
void text_puts(struct text *text, const char *string);

/* Adds one byte. */
void text_putc(struct text *text, char c);

/* Adds formatted text, as printf. */
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds `len` bytes of `data` as lower-case hexadecimal. */
void text_hex(struct text *text, const void *data, size_t len);

/* What was built so far: never NULL, "" when empty. Valid until the next change. */
const char *text_string(const struct text *text);

/* Empties the text and clears `full`; the memory is kept. */
void text_clear(struct text *text);

/* Gives the memory back; the text may be used again. */
void text_free(struct text *text);

/* The same, overwritten before: for what is secret. */
void text_wipe(struct text *text);

/* Copies `string` (NULL counts as "") into the `size` bytes at `out`, cut where it is longer. */
void text_copy(char *out, size_t size, const char *string);

/* True if the `len` bytes at `data` are valid UTF-8 (RFC 3629: no overlong forms, no surrogates)
 * without NUL. */
bool text_is_utf8(const char *data, size_t len);

/* Number of code points in the valid UTF-8 at `data`. */
size_t text_utf8_length(const char *data, size_t len);

/* Reads a whole number in decimal: digits, with a minus in front where `least` is below zero, and
 * nothing else.
 * least, most  the range that is accepted
 * out          out; untouched where it gives false */
bool text_to_number(const char *string, int64_t least, int64_t most, int64_t *out);

#endif
