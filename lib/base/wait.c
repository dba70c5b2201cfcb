#include "base/wait.h"

#include <stddef.h>

static wait_function *wait_here;

void wait_by(wait_function *function)
{
    wait_here = function;
}

bool wait_readable(int fd, int timeout_ms)
{
    return wait_here == NULL || wait_here(fd, timeout_ms);
}
