/* Hexadecimal, base64 and base32 (RFC 4648), and form bodies. All functions but form_add work on
 * caller-owned buffers and never allocate. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define HEX_SIZE(n) (2 * (n) + 1) /* bytes for the text of n bytes, with its NUL */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
#define BASE32_SIZE(n) (((n) + 4) / 5 * 8 + 1)

/* Writes `len` bytes as lower-case hex and a NUL to `out` (HEX_SIZE(len) bytes). */
void hex_encode(const void *data, size_t len, char *out);

/* The byte that two hex digits of either case mean, or -1; the second is not looked at where the
 * first is none. */
int hex_byte(const char *digits);

/* Reads exactly 2*len hex digits of either case.
 * text  `text_len` bytes
 * out   out, `len` bytes
 * False where `text` is anything else; `out` may be half written then. */
bool hex_decode(const char *text, size_t text_len, void *out, size_t len);

/* Standard alphabet with padding; `out` holds BASE64_SIZE(len). */
void base64_encode(const void *data, size_t len, char *out);

/* URL alphabet (RFC 4648 section 5) without padding; `out` holds BASE64_SIZE(len). */
void base64url_encode(const void *data, size_t len, char *out);

/* Reads the standard alphabet; white space anywhere is skipped (old clients fold the header),
 * padding is optional but must be right where present.
 * text     `text_len` bytes
 * out_len  in, the room at `out`; out, the bytes written
 * False where it is not base64 or does not fit. */
bool base64_decode(const char *text, size_t text_len, void *out, size_t *out_len);

/* The same of either alphabet, also of both at once. */
bool base64_decode_any(const char *text, size_t text_len, void *out, size_t *out_len);

/* Upper-case base32 without padding; `out` holds BASE32_SIZE(len). */
void base32_encode(const void *data, size_t len, char *out);

/* Adds a field to a form body: a & where there is one already, the name as it is, =, and the value in
 * the bytes of PHP's urlencode (a space is +, only letters, digits and -._ stay). `out->full` where it
 * has no room. */
void form_add(struct text *out, const char *name, const void *data, size_t len);

#endif
