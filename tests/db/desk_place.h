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

/* A place whose bids are paid by an order of a merchant, who is made, and named in the desk's settings; gives
 * the merchant. */
int64_t desk_place_make_orders(struct desk_place *place);

/* Adds to a reserve: "12.5". */
void desk_place_fill(const char *code, const struct currency *currency, const char *amount);

/* A wish of a stranger on the site who gives so much. */
struct desk_wish desk_place_wish(const struct desk_place *place, const char *amount);

/* Makes a bid by such a wish, and changes its status; either is place->bid afterwards. */
enum err desk_place_bid(struct desk_place *place, const char *amount);
enum err desk_place_move(struct desk_place *place, enum desk_who who, enum desk_status to);

/* Asserts what a system's accounts hold: "available held incoming outside", as decimals. */
void desk_place_check(const char *code, const char *expected, unsigned line);
#define DESK_RESERVE(code, expected) desk_place_check((code), (expected), __LINE__)

/* What that account without a rail holds; 0 where there is none. */
__int128 desk_place_balance(int64_t owner, const char *purpose, const struct currency *currency);

/* Asserts that the audit finds nothing. */
void desk_place_books(unsigned line);
#define DESK_BOOKS() desk_place_books(__LINE__)

#endif
