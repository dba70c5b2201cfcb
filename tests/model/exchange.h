/* The market under test, on a database of its own, driven through the libraries as a program would.
 * Its clock is the test's: every statement is told what time it is, so that tickets expire, days
 * pass and trade ids come out alike in every run. */
#ifndef TESTS_MODEL_EXCHANGE_H
#define TESTS_MODEL_EXCHANGE_H

#include "market/change.h"
#include "market/market.h"
#include "market/order.h"
#include "tests/db/scratch.h"
#include "tests/model/reference.h"
#include "ticket/ticket.h"

struct exchange {
    struct scratch scratch;
    struct db *db; /* the application's */
    int64_t users[REF_USERS];
    const struct currency *currencies[REF_CURRENCIES];
    const struct market *markets[REF_MARKETS];
    char (*ticket_keys)[TICKET_KEY_SIZE]; /* of each ticket, in order of opening; owned */
    size_t ticket_count;
    uint64_t requests; /* made so far: each has a key of its own */
};

/* Makes the database, the users and the markets as the reference describes them; exchange_close
 * ends it all, also where this fails.
 * Returns false, noted as a failure, where that cannot be done. */
bool exchange_open(struct exchange *exchange, const struct ref *ref);
void exchange_close(struct exchange *exchange);

/* The time of all statements from now on, microseconds since 1970: a multiple of
 * EXCHANGE_TICK_US. */
void exchange_at(struct exchange *exchange, int64_t now_us);

/* The server keeps a session's time as a double: only sixty-fourths of a second are exact. */
#define EXCHANGE_TICK_US 15625

/* The calls; each gives what its caller sees. `oid`, `id` and `tried` are out. */
enum err exchange_place(struct exchange *exchange, const struct ref_placement *placement,
                        struct uuid *oid);

/* Sends the last placement's request again, whatever became of it. */
enum err exchange_place_again(struct exchange *exchange, const struct ref_placement *placement,
                              bool repeatable, struct uuid *oid);
enum err exchange_cancel(struct exchange *exchange, unsigned user, const struct uuid *oid);

/* The same for several in one transaction. exchange_placing gives the change that places an order. */
struct market_change exchange_placing(const struct exchange *exchange,
                                      const struct ref_placement *placement,
                                      const struct uuid *oid);
void exchange_together(struct exchange *exchange, const struct market_change *changes, size_t count,
                       enum err outcomes[]);

enum err exchange_halt(struct exchange *exchange, unsigned market, bool halted);
enum err exchange_wake(struct exchange *exchange, int limit, int64_t *tried);
enum err exchange_credit(struct exchange *exchange, unsigned user, unsigned currency,
                         __int128 amount);
enum err exchange_ticket_open(struct exchange *exchange, unsigned user, unsigned currency,
                              __int128 amount, struct uuid *id);
enum err exchange_ticket_end(struct exchange *exchange, const struct ref_ticket *ticket,
                             size_t number, enum ref_ticket_status status);
enum err exchange_ticket_expire(struct exchange *exchange, int64_t *released);

/* The audit of ledger, tickets and market; gives the number of differences, printed. */
uint64_t exchange_audit(struct exchange *exchange);

#endif
