/* Memory that lives as long as one request: taken piece by piece, given back at once. The first
 * block is kept for the next request, so that ordinary requests allocate nothing. */
#ifndef FCGI_SERVER_ARENA_H
#define FCGI_SERVER_ARENA_H

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

/* Makes all of it free again; gives back everything beyond the first block. */
void arena_clear(struct arena *arena);

/* Gives everything back; the arena may be used again. */
void arena_free(struct arena *arena);

#endif
