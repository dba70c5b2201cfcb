/* The exchange desk against plain arithmetic, and a race for the last of a reserve. */
#ifndef TESTS_MODEL_DESK_MODEL_H
#define TESTS_MODEL_DESK_MODEL_H

#include <stdint.h>

/* `steps` random operations (bids made and moved, reserves filled and emptied, time running out, rewards
 * and payouts) on the desk and on a reference that counts in fractions of GMP; every amount is compared
 * after each. */
void desk_model(uint64_t seed, uint64_t steps);

/* `clients` connections create, pay, cancel and expire bids for the last of one reserve, `rounds` times
 * each. It is never oversold, and the books agree. */
void desk_race(unsigned clients, unsigned rounds);

#endif
