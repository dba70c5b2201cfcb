/* UUIDs as bytes and as text (RFC 9562). Making one needs randomness: see crypto_uuid4 and
 * crypto_uuid7. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* 36 characters and a NUL */

struct uuid {
    uint8_t bytes[16];
};

/* Writes the canonical lower-case form and a NUL. */
void uuid_format(const struct uuid *id, char out[UUID_TEXT_SIZE]);

/* Reads the 36-character form in either case; false, and nothing written, where `text` is anything
 * else. */
bool uuid_parse(const char *text, size_t len, struct uuid *out);

#endif
