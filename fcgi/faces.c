/* The table of faces. */
#include "fcgi/faces.h"

const struct face *const faces[] = {
#define X(name) &name,
    FACES(X)
#undef X
        NULL};
