/* What the market must do, written a second time for the test: lists, loops and 128-bit integers, no
 * SQL and nothing of lib/market. Slow and plain on purpose.
 *
 * The rules (issue 4; api/exchange-v1, sections 3 and 4; the heads of lib/market/match.c and book.h):
 * price-time priority; a fill of amount a at the maker's price p earns FLOOR(a * p / item) and costs
 * CEIL(a * p / item), but never more than the fill takes off what the bid holds at its own price,
 * the rest of it being rounding; fees are rounded down and taken from what each side receives, or,
 * for a bid with fiat_fee, on top of what it spends; an order is funded as far as there is money,
 * in whole or with at least the least amount; what has no money waits for more than was free when
 * it was last tried; one's own order that is in the way is cancelled; a market order's rest ends.
 */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

#define REF_MARKETS 2
#define REF_CURRENCIES 3
#define REF_ITEM 0   /* the currency that both markets trade; a market m pays with 1 + m */
#define REF_USERS 18 /* the house (0), traders, and last the partner who pays out */
#define REF_HOUSE 0
#define REF_PARTNER (REF_USERS - 1)
#define REF_ITEM_UNIT 100000000 /* smallest units of a whole item */
#define REF_SPANS 2
#define REF_TICKET_S 3600 /* until a ticket expires */

enum ref_side { REF_BID, REF_ASK };
enum ref_status { REF_OPEN, REF_INVALID, REF_STOP, REF_PENDING, REF_DONE, REF_CANCELLED };
enum ref_purpose { REF_AVAILABLE, REF_HELD, REF_FEE, REF_ROUNDING, REF_EXTERNAL, REF_PURPOSES };
enum ref_ticket_status {
    REF_TICKET_OPEN,
    REF_TICKET_SETTLED,
    REF_TICKET_CANCELLED,
    REF_TICKET_REJECTED,
    REF_TICKET_EXPIRED,
    REF_TICKET_REFUNDED
};

struct ref_account {
    __int128 balance, reserved;
};

struct ref_order {
    struct uuid oid;
    unsigned user, market;
    enum ref_side side;
    enum ref_status status;
    __int128 price; /* 0 = at any price */
    __int128 stop;  /* 0 = none */
    __int128 amount, remaining, funded, hold;
    int fee; /* thousandths of a percent */
    bool fiat_fee;
    bool waits;          /* for money, or set off */
    __int128 tried_free; /* what was free when it was last tried; -1 = never, since set off */
    int64_t placed_us, ended_us;
    uint64_t number; /* in order of placing */
};

struct ref_trade {
    const struct ref_order *bid, *ask;
    enum ref_side taker;
    bool at_market;
    int64_t tid;
    __int128 price, amount, spent, earned, buyer_fee, seller_fee;
};

struct ref_candle {
    int64_t at;
    __int128 open, high, low, close, volume, turnover, price_sum;
    unsigned trades;
};

struct ref_candles {
    struct ref_candle *list;
    size_t count;
};

struct ref_market {
    bool halted;
    __int128 amount_step, price_step, min_amount;
    __int128 last_price; /* 0 = none yet */
    int64_t last_tid;
    struct ref_candles candles[REF_SPANS]; /* of a minute, of an hour */
};

/* What a user traded of the item in one day, counted since 1970. */
struct ref_volume {
    int64_t day;
    __int128 volume;
};

struct ref_volumes {
    struct ref_volume *list;
    size_t count;
};

struct ref_ticket {
    struct uuid id;
    unsigned user, currency;
    __int128 amount;
    enum ref_ticket_status status;
    int64_t expires_us;
};

struct ref_level {
    unsigned market;
    enum ref_side side;
    __int128 price;
};

struct ref_place {
    unsigned user;
    enum ref_purpose purpose;
    unsigned currency;
};

/* What a step changed. */
struct ref_touched {
    struct ref_order **orders;
    size_t order_count;
    struct ref_place *accounts;
    size_t account_count;
    struct ref_level *levels;
    size_t level_count;
    size_t first_trade;
    const struct ref_ticket *ticket;
};

struct ref {
    int64_t now_us;
    struct ref_account accounts[REF_USERS][REF_PURPOSES][REF_CURRENCIES];
    struct ref_market markets[REF_MARKETS];
    struct ref_order **orders; /* all, in order of placing; owned */
    size_t order_count;
    struct ref_order **live; /* those that have not ended, in the same order */
    size_t live_count;
    struct ref_trade *trades;
    size_t trade_count;
    struct ref_volumes volumes[REF_USERS];
    struct ref_ticket *tickets;
    size_t ticket_count;
    struct ref_touched touched;
};

/* What a trader asks for. */
struct ref_placement {
    unsigned user, market;
    enum ref_side side;
    __int128 amount, price, stop; /* price and stop 0 = none */
    bool fiat_fee;
};

/* Gives everything back. */
void ref_free(struct ref *ref);

/* Begins a step: forgets what the last one touched, and sets the time. */
void ref_step(struct ref *ref, int64_t now_us);

/* Each does what its name says and gives the outcome that the caller must see. */
enum err ref_place(struct ref *ref, const struct ref_placement *placement, const struct uuid *oid);
enum err ref_cancel(struct ref *ref, unsigned user, const struct uuid *oid);
void ref_halt(struct ref *ref, unsigned market, bool halted);
int ref_wake(struct ref *ref, int limit);
void ref_credit(struct ref *ref, unsigned user, unsigned currency, __int128 amount);
enum err ref_ticket_open(struct ref *ref, unsigned user, unsigned currency, __int128 amount,
                         const struct uuid *id);
enum err ref_ticket_end(struct ref *ref, size_t ticket, enum ref_ticket_status status);
int ref_ticket_expire(struct ref *ref);

/* The most, in whole steps, that `money` pays for of an order that is like this one. */
__int128 ref_affordable(const struct ref *ref, const struct ref_order *order, __int128 money);

/* What an order that is like this one holds for so much of the item. */
__int128 ref_hold(const struct ref_order *order, __int128 amount);

/* What a user's wallet holds beyond its orders. */
__int128 ref_available(const struct ref *ref, unsigned user, unsigned currency);

/* The sum of what a price's orders show in the book. */
__int128 ref_level_amount(const struct ref *ref, const struct ref_level *level);

/* --- between the files of the reference --- */

/* The wallet that an order takes from, and the one that it adds to. */
unsigned ref_pays(const struct ref_order *order);
unsigned ref_gains(const struct ref_order *order);

/* `count` elements and room for one more. */
void *ref_grow(void *list, size_t count, size_t size);

void ref_touch_order(struct ref *ref, struct ref_order *order);
struct ref_account *ref_touch(struct ref *ref, unsigned user, enum ref_purpose purpose,
                              unsigned currency);
void ref_touch_level(struct ref *ref, const struct ref_order *order);

/* Ends a live order; cancelled ones give their hold back. */
void ref_end(struct ref *ref, struct ref_order *order, enum ref_status status);

/* Matches an order that is funded against the book, then sets stop orders off. */
void ref_match(struct ref *ref, struct ref_order *order);

/* The percentage, in thousandths, that a user pays from now on. */
int ref_fee(const struct ref *ref, unsigned user);

/* Notes a trade in candles and volumes. */
void ref_count(struct ref *ref, const struct ref_trade *trade);
void ref_count_volume(struct ref *ref, unsigned user, int64_t day, __int128 amount);

#endif
