/* Blocks in a row; a piece is never moved, so that pointers into it stay good. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    alignas(max_align_t) unsigned char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE;
    if (room > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof(*block) + room);
    if (block == NULL)
        return NULL;
    block->next = NULL;
    block->used = 0;
    block->room = room;
    if (arena->last == NULL)
        arena->first = block;
    else
        arena->last->next = block;
    arena->last = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - alignof(max_align_t))
        return NULL;
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct arena_block *block = arena->last;
    if (block == NULL || size > block->room - block->used)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;
    void *piece = block->data + block->used;
    block->used += size;
    return piece;
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (copy != NULL) {
        memcpy(copy, data, len);
        copy[len] = '\0';
    }
    return copy;
}

/* A compiler may not leave this out, as it may a memset before free. */
static void wipe(struct arena_block *block)
{
    explicit_bzero(block->data, block->used);
}

void arena_clear(struct arena *arena)
{
    struct arena_block *first = arena->first;
    if (first == NULL)
        return;
    for (struct arena_block *used = first; used != NULL; used = used->next)
        wipe(used);
    struct arena_block *block = first->next;
    if (first->room > ARENA_BLOCK_SIZE) {
        block = first;
        first = NULL;
    } else {
        first->next = NULL;
        first->used = 0;
    }
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->first = arena->last = first;
}

void arena_free(struct arena *arena)
{
    arena_clear(arena);
    free(arena->first);
    *arena = (struct arena){0};
}
