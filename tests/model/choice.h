/* What is done next, by chance: the same seed always chooses the same. */
#ifndef TESTS_MODEL_CHOICE_H
#define TESTS_MODEL_CHOICE_H

#include "tests/model/reference.h"

enum operation_kind {
    OPERATION_PLACE,
    OPERATION_CANCEL,
    OPERATION_TOGETHER, /* several of those, in one transaction */
    OPERATION_HALT,
    OPERATION_RESUME,
    OPERATION_WAKE,
    OPERATION_CREDIT,
    OPERATION_TICKET_OPEN,
    OPERATION_TICKET_END,
    OPERATION_TICKET_EXPIRE
};

extern const char *const operation_names[];

/* Whether a request is sent twice. */
enum again { NOT_AGAIN, AGAIN, AGAIN_REPEATABLE };

struct operation {
    enum operation_kind kind;
    struct ref_placement placement;
    enum again again;
    unsigned user, currency, market;
    struct uuid oid;
    __int128 amount;
    int limit;
    size_t ticket;
    enum ref_ticket_status ticket_status;
};

struct choice {
    uint64_t state;
    int64_t center[REF_MARKETS]; /* the price that prices are chosen around */
};

void choice_start(struct choice *choice, uint64_t seed);

/* How many ticks of the clock pass before the next operation. */
int64_t choose_pause(struct choice *choice);

/* One of several changes that are made together: a placement with the id that its order gets, or a
 * cancellation. */
void choose_change(struct choice *choice, const struct ref *ref, struct operation *out);

/* The next operation. The reference tells what there is to work with: open orders, money, tickets.
 */
void choose_operation(struct choice *choice, const struct ref *ref, struct operation *out);

#endif
