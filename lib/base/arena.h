/* Memory that lives as long as one request: taken piece by piece, given back at once. The first
 * block is kept for the next request, so that ordinary requests allocate nothing. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#define ARENA_BLOCK_SIZE (16 << 10) /* bytes of the block that is kept */

struct arena_block;

/* Zero it to start. */
struct arena {
    struct arena_block *first, *last; /* owned */
};

/* Takes `size` bytes, aligned for any type and not cleared. They stay where they are until
 * arena_clear. NULL where memory ran out. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `len` bytes with a NUL behind them, or NULL where memory ran out. */
char *arena_copy(struct arena *arena, const void *data, size_t len);

/* Makes all of it free again, wiped, since passwords and keys were in it; gives back everything beyond
 * the first block. */
void arena_clear(struct arena *arena);

/* Gives everything back; the arena may be used again. */
void arena_free(struct arena *arena);

#endif
