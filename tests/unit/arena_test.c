/* The memory of a request: whole, aligned, and gone when the request is. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_wiped(void)
{
    static const char secret[] = "a password that nobody may find";
    struct arena arena = {0};
    char *piece = arena_alloc(&arena, sizeof(secret)), *other = arena_alloc(&arena, 100);

    memcpy(piece, secret, sizeof(secret));
    memset(other, 'x', 100);
    arena_clear(&arena);
    /* The first block is kept, so that its bytes may still be looked at. */
    UNIT_CHECK("again", arena_alloc(&arena, sizeof(secret)) == piece);
    for (size_t i = 0; i < sizeof(secret); i++)
        UNIT_CHECK("wiped", piece[i] == 0);
    for (size_t i = 0; i < 100; i++)
        UNIT_CHECK("wiped", other[i] == 0);
    arena_free(&arena);
}

static void test_pieces(void)
{
    struct arena arena = {0};

    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 4 * ARENA_BLOCK_SIZE; size = 3 * size) {
            char *piece = arena_alloc(&arena, size);
            UNIT_CHECK("there", piece != NULL);
            if (piece == NULL)
                break;
            UNIT_CHECK("aligned", (uintptr_t)piece % sizeof(long) == 0);
            memset(piece, 'x', size);
        }
        arena_clear(&arena);
    }
    UNIT_CHECK("too much", arena_alloc(&arena, SIZE_MAX) == NULL);
    arena_free(&arena);
}

static const struct test_case cases[] = {
    {"wiped after the request", test_wiped},
    {"pieces of every size", test_pieces},
    {NULL, NULL},
};
const struct test_suite suite_arena = {.name = "arena", .cases = cases};
