/* Trading in a database of a suite's own, on markets that nobody else trades. Amounts are in smallest
 * units. */
#ifndef TESTS_DB_PLACE_H
#define TESTS_DB_PLACE_H

#include "market/market.h"
#include "market/order.h"
#include "tests/db/scratch.h"

#define BTC INT64_C(100000000) /* smallest units of a bitcoin */
#define USD INT64_C(100000)    /* of a dollar, and of most others */
#define CENTIBTC (BTC / 100)   /* least amount of an order */

extern struct scratch place_scratch;

/* For struct test_suite: makes the database; sees that the audit finds nothing and drops it. */
void place_start(void);
void place_end(void);

/* What a test has to itself: a market, and two traders. */
struct place {
    const struct market *market;
    int64_t alice, bob;
    struct uuid oid; /* of the order placed last */
    struct market_order order;
};

/* An order; price and stop 0: none. */
struct asked {
    enum market_side side;
    int64_t amount, price, stop;
    bool fiat_fee;
};

/* A market of bitcoins for a currency that no other test trades, resumed. */
void place_open(struct place *place, const char *currency, int64_t amount_step, int64_t price_step);

struct amount place_items(const struct place *place, int64_t units);
struct amount place_money(const struct place *place, int64_t units);

/* A new user; money for one. */
int64_t place_user(void);
void place_give(int64_t user, struct amount amount);

/* The number in the first column of the first row. */
int64_t place_number(const char *sql, struct db_args args);

struct asked place_bid(int64_t amount, int64_t price);
struct asked place_ask(int64_t amount, int64_t price);

/* A request with a name of its own. */
struct actor place_actor(int64_t user_id);

/* Places an order as that request, or as one of its own: its outcome. */
enum err place_try_as(struct place *place, const struct actor *who, struct asked asked,
                      struct uuid *oid);
enum err place_try(struct place *place, int64_t user, struct asked asked);

/* Places an order that is taken; gives its id. */
struct uuid place_order(struct place *place, int64_t user, struct asked asked);

/* Whether an order has this status, with so much remaining and so much of that funded; place->order
 * is what it is. */
bool place_stands(struct place *place, int64_t user, struct uuid oid, const char *status,
                  int64_t remaining, int64_t funded);

/* A column of a user's account of the item or of the currency. */
int64_t place_column(const struct place *place, int64_t user, bool item, const char *name);

/* Whether a user has so many bitcoins and so much money. */
bool place_has(const struct place *place, int64_t user, int64_t item, int64_t currency);

/* What the house keeps of the market's currency. */
int64_t place_house(const struct place *place, const char *purpose);

/* What the book shows at a price; 0 where there is no such level. */
int64_t place_level(const struct place *place, enum market_side side, int64_t price);

/* How many trades there were. */
int64_t place_trades(const struct place *place);

/* Tries what waits; gives how many. */
int64_t place_wake(void);

#endif
