/* A piece of somebody else's memory, and reading from its front. */
#ifndef CHAIN_BYTES_H
#define CHAIN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* not owned; NULL only where len is 0 */
    size_t len;
};

/* Moves `len` bytes from the front of `in` to `out`. False where there are not so many; both stay
 * as they are then. */
static inline bool bytes_take(struct bytes *in, uint64_t len, struct bytes *out)
{
    if (len > in->len)
        return false;
    *out = (struct bytes){in->data, (size_t)len};
    if (len > 0)
        in->data += len;
    in->len -= (size_t)len;
    return true;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
