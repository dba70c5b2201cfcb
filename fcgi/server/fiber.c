/* Fibers on ucontext, with what AddressSanitizer has to be told of a change of stacks. */
#include "fcgi/server/fiber.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sanitized.h"

#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

/* A stack as AddressSanitizer knows it; nothing without it. */
struct place {
    const void *bottom;
    size_t size;
    void *fake;
};

struct fiber {
    ucontext_t context, home; /* where it goes on, and where who runs it does */
    struct place place, home_place;
    char *memory; /* the guard page, and the stack above it */
    size_t size;
    void (*work)(void *arg);
    void *arg;
    bool waits;
};

static struct fiber *running; /* NULL outside of every fiber */

/* Around every change of stacks: which one we leave (for good, where there is no `from`) and enter,
 * and that we have arrived on it. */
static void leave(struct place *from, const struct place *to)
{
#ifdef SANITIZED
    __sanitizer_start_switch_fiber(from == NULL ? NULL : &from->fake, to->bottom, to->size);
#else
    (void)from;
    (void)to;
#endif
}

static void arrive(const struct place *at, struct place *from)
{
#ifdef SANITIZED
    __sanitizer_finish_switch_fiber(at->fake, &from->bottom, &from->size);
#else
    (void)at;
    (void)from;
#endif
}

/* As swapcontext, which AddressSanitizer takes for something that it does not understand; of ours it is
 * told (leave, arrive). */
static void change(ucontext_t *from, const ucontext_t *to)
{
    volatile bool back = false;

    getcontext(from);
    if (back)
        return;
    back = true;
    setcontext(to);
}

enum err fiber_open(struct fiber **out)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct fiber *fiber = calloc(1, sizeof(*fiber));
    if (fiber == NULL)
        return ERR_NO_MEMORY;
    fiber->size = page + FIBER_STACK;
    fiber->memory =
        mmap(NULL, fiber->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fiber->memory == MAP_FAILED) {
        free(fiber);
        return ERR_NO_MEMORY;
    }
    fiber->place = (struct place){.bottom = fiber->memory + page, .size = FIBER_STACK};
    if (mprotect(fiber->memory + page, FIBER_STACK, PROT_READ | PROT_WRITE) != 0) {
        fiber_close(fiber);
        return ERR_NO_MEMORY;
    }
    *out = fiber;
    return ERR_OK;
}

void fiber_close(struct fiber *fiber)
{
    if (fiber == NULL)
        return;
    munmap(fiber->memory, fiber->size);
    free(fiber);
}

static void run(void)
{
    struct fiber *fiber = running;

    arrive(&fiber->place, &fiber->home_place);
    fiber->work(fiber->arg);
    fiber->waits = false;
    leave(NULL, &fiber->home_place);
    setcontext(&fiber->home);
}

bool fiber_resume(struct fiber *fiber)
{
    struct place here = {0}, was;

    if (running != NULL)
        abort(); /* our bug: fibers do not nest */
    running = fiber;
    leave(&here, &fiber->place);
    change(&fiber->home, &fiber->context);
    arrive(&here, &was);
    running = NULL;
    return fiber->waits;
}

bool fiber_start(struct fiber *fiber, void (*work)(void *arg), void *arg)
{
    fiber->work = work;
    fiber->arg = arg;
    fiber->waits = true; /* at its first instruction */
    fiber->place.fake = NULL;
    getcontext(&fiber->context);
    fiber->context.uc_link = NULL;
    fiber->context.uc_stack.ss_sp = (void *)fiber->place.bottom;
    fiber->context.uc_stack.ss_size = fiber->place.size;
    makecontext(&fiber->context, run, 0);
    return fiber_resume(fiber);
}

void fiber_wait(void)
{
    struct fiber *fiber = running;

    leave(&fiber->place, &fiber->home_place);
    change(&fiber->context, &fiber->home);
    arrive(&fiber->place, &fiber->home_place);
}
