/* Fibers: what they change places at, and that each keeps what is its own. */
#include "fcgi/server/fiber.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define FIBERS 3
#define ROUNDS 4
#define DEEP (64 << 10) /* bytes of stack that a fiber uses */

static char trace[256];

static void note(const char *name, int round)
{
    char words[16];
    snprintf(words, sizeof(words), "%s%d ", name, round);
    strncat(trace, words, sizeof(trace) - strlen(trace) - 1);
}

static void walk(void *arg)
{
    const char *name = arg;
    for (int round = 1; round <= 3; round++) {
        note(name, round);
        fiber_wait();
    }
    note(name, 0);
}

static void test_turns(void)
{
    struct fiber *a, *b;

    UNIT_CHECK("a", fiber_open(&a) == ERR_OK);
    UNIT_CHECK("b", fiber_open(&b) == ERR_OK);
    for (int again = 0; again < 2; again++) {
        trace[0] = '\0';
        UNIT_CHECK("a starts", fiber_start(a, walk, "a"));
        UNIT_CHECK("a goes on", fiber_resume(a));
        UNIT_CHECK("b starts", fiber_start(b, walk, "b"));
        UNIT_CHECK("a goes on", fiber_resume(a));
        UNIT_CHECK("a ends", !fiber_resume(a));
        UNIT_CHECK("b goes on", fiber_resume(b) && fiber_resume(b));
        UNIT_CHECK("b ends", !fiber_resume(b));
        UNIT_SAME("turns", trace, "a1 a2 b1 a3 a0 b2 b3 b0 ");
    }
    fiber_close(a);
    fiber_close(b);
    fiber_close(NULL);
}

static void end_at_once(void *arg)
{
    *(int *)arg = 7;
}

static void test_without_wait(void)
{
    struct fiber *fiber;
    int done = 0;

    UNIT_CHECK("open", fiber_open(&fiber) == ERR_OK);
    UNIT_CHECK("ends", !fiber_start(fiber, end_at_once, &done));
    UNIT_CHECK("done", done == 7);
    fiber_close(fiber);
}

struct filler {
    unsigned char byte;
    bool whole;
};

/* Fills much of its stack, again and again, and looks whether it is still as it left it. */
static void fill(void *arg)
{
    struct filler *filler = arg;
    volatile unsigned char bytes[DEEP];

    filler->whole = true;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < DEEP; i++)
            bytes[i] = (unsigned char)(filler->byte + round);
        fiber_wait();
        for (size_t i = 0; i < DEEP; i++)
            filler->whole = filler->whole && bytes[i] == (unsigned char)(filler->byte + round);
    }
}

static void test_stacks(void)
{
    struct fiber *fibers[FIBERS];
    struct filler fillers[FIBERS];

    for (size_t i = 0; i < FIBERS; i++) {
        fillers[i] = (struct filler){.byte = (unsigned char)(40 * i)};
        UNIT_CHECK("open", fiber_open(&fibers[i]) == ERR_OK);
        UNIT_CHECK("waits", fiber_start(fibers[i], fill, &fillers[i]));
    }
    for (int round = 1; round <= ROUNDS; round++)
        for (size_t i = FIBERS; i-- > 0;)
            UNIT_CHECK("goes on", fiber_resume(fibers[i]) == (round < ROUNDS));
    for (size_t i = 0; i < FIBERS; i++) {
        UNIT_CHECK("its own stack", fillers[i].whole);
        fiber_close(fibers[i]);
    }
}

static const struct test_case cases[] = {
    {"fibers take turns, and are used again", test_turns},
    {"one that never waits ends where it is started", test_without_wait},
    {"each has a stack of its own", test_stacks},
    {NULL, NULL},
};

const struct test_suite suite_fiber = {.name = "fiber", .cases = cases};
