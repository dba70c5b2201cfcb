/* Random operations on the market and on the reference, compared after each. */
#ifndef TESTS_MODEL_DRIVER_H
#define TESTS_MODEL_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* How a run went. */
struct driver_run {
    uint64_t seed;
    uint64_t steps;       /* to do; out, how many were done */
    uint64_t seconds;     /* it ends after so long, through or not; 0 = never */
    uint64_t check_every; /* steps between looks at the whole book */
    uint64_t traded;      /* out, how many trades there were */
};

/* Runs the steps on a new database.
 * trades  out, each trade as a line
 * Gives false where the market and the reference ever differ:
 * seed, step, operation and both sides are printed then. */
bool driver_run(struct driver_run *run, struct text *trades);

#endif
