/* A place to exchange for tests of the desk: two payment systems of its own, with a rate, a direction and a
 * filled reserve. */
#ifndef TESTS_DB_DESK_PLACE_H
#define TESTS_DB_DESK_PLACE_H

#include "desk/bid.h"
#include "desk/operate.h"
#include "tests/db/db.h"

#define DESK_WHO "test" /* the operator */

/* Two systems, a rate and a direction: 1 of what is given for 0.5 of what is got, fees of 1 % on both
 * sides. */
struct desk_place {
    char give[16], get[16], rate[16], direction[40];
    uint64_t direction_id;
    const struct currency *usd, *eur;
    struct desk_bid bid;
    struct desk_problems problems;
};

/* Sets properties, which must succeed. */
void desk_place_set(enum desk_thing thing, const char *key, const struct desk_property *list,
                    size_t count);
#define DESK_SET(thing, key, ...)                                               \
    desk_place_set((thing), (key), (const struct desk_property[]){__VA_ARGS__}, \
                   TEST_COUNT(((const struct desk_property[]){__VA_ARGS__})))

/* Makes a place, with 1000 EUR in the reserve of what is got. */
void desk_place_make(struct desk_place *place, const char *pay_in, const char *pay_out);

/* Adds to a reserve: "12.5". */
void desk_place_fill(const char *code, const struct currency *currency, const char *amount);

/* A wish of a stranger on the site who gives so much. */
struct desk_wish desk_place_wish(const struct desk_place *place, const char *amount);

#endif
