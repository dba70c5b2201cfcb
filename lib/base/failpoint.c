/* Dying on demand, see the header. The variable is looked up once; without it a point costs a branch. */
#include "base/failpoint.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLOW_MAX 128

static struct {
    bool looked_up;
    const char *file; /* NULL: inert */
    const char *flow;
    unsigned count;
} state;

static const char *failpoint_file(void)
{
    if (!state.looked_up) {
        state.file = getenv("TELLER_CRASH_AT");
        state.looked_up = true;
    }
    return state.file;
}

/* Whether the file asks for this very point. */
static bool is_asked_for(const char *name)
{
    char flow[FLOW_MAX + 1];
    unsigned number = 0;
    FILE *file = fopen(name, "re");

    if (file == NULL)
        return false;
    bool read = fscanf(file, "%128s %u", flow, &number) == 2;
    fclose(file);
    return read && number == state.count && strcmp(flow, state.flow) == 0;
}

void failpoint_flow(const char *name)
{
    state.flow = name;
    state.count = 0;
}

void failpoint(void)
{
    const char *file = failpoint_file();

    if (file == NULL || state.flow == NULL)
        return;
    state.count++;
    /* Of several processes at the same point the one that removes the file dies. */
    if (is_asked_for(file) && unlink(file) == 0)
        (void)raise(SIGKILL);
}
