/* What tests of payouts share: a rail worked by hand with dollars on it, and a customer with money. */
#ifndef TESTS_DB_PAYOUT_PLACE_H
#define TESTS_DB_PAYOUT_PLACE_H

#include "payout/store.h"
#include "tests/db/db.h"

#define PAYOUT_USD INT64_C(100000) /* smallest units of a dollar */
#define PAYOUT_FEE (2 * PAYOUT_USD)
#define PAYOUT_MONEY 10000 /* dollars that a customer begins with */

/* What a test has to itself. */
struct payout_place {
    const char *service; /* that asks */
    char rail[RAIL_NAME_MAX + 1];
    int64_t user;
    struct payout payout; /* asked for last */
    bool repeated;
};

/* Makes the rail and the customer, whom nothing limits. Dollars have 2 decimals there and cost 2; the least is
 * 10. */
void payout_place_make(struct payout_place *place);

/* Asks for a payout of dollars, fee included, under a name of its own or (ref) under that. */
enum err payout_place_ask(struct payout_place *place, int64_t dollars);
enum err payout_place_ask_as(struct payout_place *place, int64_t dollars, const char *ref);

/* Moves the payout asked for last, as the job; `payout` is what it is then. */
enum err payout_place_move(struct payout_place *place, enum payout_state to);

/* What the customer has to spend, and what is held of it, in smallest units; what the rail's outside has more
 * than before, and the house in fees on that rail. */
int64_t payout_place_free(const struct payout_place *place);
int64_t payout_place_held(const struct payout_place *place);
int64_t payout_place_outside(const struct payout_place *place);

/* What the limits count for the customer today. */
int64_t payout_place_counted(const struct payout_place *place);

/* Sees that the audits find nothing. */
void payout_place_audit(const char *file);

/* An operator. */
int64_t payout_place_operator(void);

#endif
