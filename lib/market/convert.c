/* Routes between two moneys, what one costs, and converting. */
#include "market/convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "market/convert_store.h"
#include "market/fill_math.h"
#include "money/rate.h"

#define CHUNK 50     /* resting orders read at a time */
#define KEY_SIZE 128 /* a request key with what is put behind it */

static const struct rate one = {.coefficient = 1};

/* Every market as it is now. */
struct markets {
    struct market list[MARKET_MAX_COUNT];
    size_t count;
};

static void keep(void *arg, const struct market *market)
{
    struct markets *markets = arg;
    if (markets->count < MARKET_MAX_COUNT)
        markets->list[markets->count++] = *market;
}

/* What `market` makes of `from`: the other one of its pair, NULL where it is not one of them. */
static const struct currency *other_side(const struct market *market, const struct currency *from)
{
    if (market->item == from)
        return market->currency;
    return market->currency == from ? market->item : NULL;
}

static struct market_leg leg_from(const struct market *market, const struct currency *from)
{
    return (struct market_leg){.market = *market,
                               .side = market->currency == from ? MARKET_BID : MARKET_ASK};
}

static bool find_direct(const struct markets *markets, bool halted_too, const struct currency *from,
                        const struct currency *to, struct market_conversion *out)
{
    for (size_t i = 0; i < markets->count; i++) {
        const struct market *market = &markets->list[i];
        if ((market->halted && !halted_too) || from == to || other_side(market, from) != to)
            continue;
        *out = (struct market_conversion){.count = 1, .legs = {leg_from(market, from)}};
        return true;
    }
    return false;
}

static bool find_indirect(const struct markets *markets, bool halted_too,
                          const struct currency *from, const struct currency *to,
                          struct market_conversion *out)
{
    struct market_conversion rest;

    for (size_t i = 0; i < markets->count; i++) {
        const struct market *first = &markets->list[i];
        const struct currency *between = other_side(first, from);
        if ((first->halted && !halted_too) || between == NULL ||
            !find_direct(markets, halted_too, between, to, &rest))
            continue;
        *out =
            (struct market_conversion){.count = 2, .legs = {leg_from(first, from), rest.legs[0]}};
        return true;
    }
    return false;
}

static bool find_route(const struct markets *markets, bool halted_too, const struct currency *from,
                       const struct currency *to, struct market_conversion *out)
{
    return from != to && (find_direct(markets, halted_too, from, to, out) ||
                          find_indirect(markets, halted_too, from, to, out));
}

enum err market_route(struct db *db, const struct currency *from, const struct currency *to,
                      struct market_conversion *out)
{
    struct markets markets = {.count = 0};

    enum err rc = market_list(db, keep, &markets);
    if (rc != ERR_OK || find_route(&markets, false, from, to, out))
        return rc;
    return find_route(&markets, true, from, to, out) ? ERR_MARKET_HALTED : ERR_MARKET_UNKNOWN;
}

enum err market_convertible(struct db *db, const struct currency *to, bool *convertible)
{
    struct markets markets = {.count = 0};
    struct market_conversion conversion;
    const struct currency *from;

    enum err rc = market_list(db, keep, &markets);
    for (size_t i = 0; rc == ERR_OK && (from = currency_at(i)) != NULL; i++)
        convertible[i] = find_route(&markets, false, from, to, &conversion);
    return rc;
}

enum err market_of_item(struct db *db, const struct currency *item, const struct currency *currency,
                        struct market *out)
{
    struct markets markets = {.count = 0};

    enum err rc = market_list(db, keep, &markets);
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < markets.count; i++) {
        const struct market *market = &markets.list[i];
        if (market->item == item && !market->halted &&
            (currency == NULL || market->currency == currency)) {
            *out = *market;
            return ERR_OK;
        }
    }
    return ERR_MARKET_UNKNOWN;
}

/* The one of the lowest id above `above`, or 0. */
static uint8_t next_id(struct market *const *markets, size_t count, uint8_t above)
{
    uint8_t next = 0;

    for (size_t i = 0; i < count; i++)
        if (markets[i]->id > above && (next == 0 || markets[i]->id < next))
            next = markets[i]->id;
    return next;
}

enum err market_lock_in(struct db *db, struct market *const *markets, size_t count)
{
    enum err rc = ERR_OK;
    bool halted;

    for (uint8_t id = next_id(markets, count, 0); rc == ERR_OK && id != 0;
         id = next_id(markets, count, id)) {
        rc = market_store_lock_in(db, id, &halted);
        for (size_t i = 0; rc == ERR_OK && i < count; i++)
            if (markets[i]->id == id)
                markets[i]->halted = halted;
    }
    return rc;
}

/* Rounds an amount of the item up to the market's step. */
static enum err round_to_step(const struct market *market, struct amount *amount)
{
    __int128 over = amount->units % market->amount_step.units;
    struct amount rest = {.units = over == 0 ? 0 : market->amount_step.units - over,
                          .currency = market->item};
    return amount_add(*amount, rest, amount);
}

/* A leg on its way through the book. */
struct walk {
    struct market_leg *leg;
    __int128 whole;     /* smallest units of the item in one */
    int64_t percent;    /* thousandths */
    struct amount left; /* a bid: of the item; an ask: of what it has to bring */
};

/* A bid meets an order: it pays for what it takes, and its fee on top. */
static enum err buy(struct walk *walk, const struct market_resting *resting)
{
    struct market_leg *leg = walk->leg;
    struct amount fill = resting->funded, cost = {.currency = leg->market.currency};

    if (fill.units > walk->left.units)
        fill = walk->left;
    cost.units = fill_hold(fill.units, resting->price.units, walk->whole, walk->percent);
    enum err rc = amount_add(leg->cost, cost, &leg->cost);
    return rc == ERR_OK ? amount_sub(walk->left, fill, &walk->left) : rc;
}

/* The least of an order's amount that brings what is left, the fee taken off. What it has to bring
 * before that is rounded down: so is the fee, which leaves enough. */
static enum err part_for(const struct walk *walk, const struct market_resting *resting,
                         struct amount *part)
{
    const struct market *market = &walk->leg->market;
    struct rate kept = {.coefficient = FILL_PERCENT_WHOLE - walk->percent};
    struct rate all = {.coefficient = FILL_PERCENT_WHOLE};
    struct rate price = {.coefficient = resting->price.units, .scale = market->currency->decimals};
    struct amount gross;

    enum err rc = rate_apply(walk->left, all, kept, market->currency, ROUND_DOWN, &gross);
    return rc == ERR_OK ? rate_apply(gross, one, price, market->item, ROUND_UP, part) : rc;
}

/* An ask meets an order: it gives all that the order takes, or the part that is enough. */
static enum err sell(struct walk *walk, const struct market_resting *resting)
{
    struct market_leg *leg = walk->leg;
    struct amount part = resting->funded, net = {.currency = leg->market.currency};
    __int128 earned = fill_down(part.units, resting->price.units, walk->whole);
    enum err rc = ERR_OK;

    net.units = earned - fill_fee(earned, walk->percent);
    if (net.units > walk->left.units) {
        net = walk->left;
        rc = part_for(walk, resting, &part);
    }
    if (rc == ERR_OK)
        rc = amount_add(leg->amount, part, &leg->amount);
    return rc == ERR_OK ? amount_sub(walk->left, net, &walk->left) : rc;
}

/* Goes through the book until nothing is left. */
static enum err walk_book(struct db *db, int64_t user_id, struct walk *walk)
{
    struct market_resting list[CHUNK];
    const struct market_leg *leg = walk->leg;
    enum err rc = ERR_OK;
    int found = CHUNK;

    for (int from = 0; rc == ERR_OK && walk->left.units > 0; from += CHUNK) {
        if (found < CHUNK || from >= MARKET_CONVERT_ORDERS_MAX)
            return ERR_NO_LIQUIDITY;
        rc = market_store_resting(db, &leg->market, leg->side, user_id, from, list, CHUNK, &found);
        for (int i = 0; rc == ERR_OK && i < found && walk->left.units > 0; i++)
            rc = leg->side == MARKET_BID ? buy(walk, &list[i]) : sell(walk, &list[i]);
    }
    return rc;
}

/* What a leg that has to bring leg->needed is placed for, and what it takes. */
static enum err work_out(struct db *db, int64_t user_id, struct market_leg *leg)
{
    bool buys = leg->side == MARKET_BID;
    const struct market *market = &leg->market;
    struct walk walk = {.leg = leg, .whole = decimal_power(market->item->decimals)};

    enum err rc = market_store_trader_fee(db, market, user_id, &walk.percent);
    leg->amount = buys ? leg->needed : (struct amount){.units = 0, .currency = market->item};
    leg->cost = (struct amount){.units = 0, .currency = market->currency};
    if (rc == ERR_OK && buys)
        rc = round_to_step(market, &leg->amount);
    walk.left = buys ? leg->amount : leg->needed;
    if (rc == ERR_OK)
        rc = walk_book(db, user_id, &walk);
    if (rc == ERR_OK && !buys)
        rc = round_to_step(market, &leg->amount);
    if (rc != ERR_OK)
        return rc;
    if (!buys)
        leg->cost = leg->amount;
    return leg->amount.units < market->min_amount.units ? ERR_ORDER_AMOUNT_LOW : ERR_OK;
}

enum err market_convert_cost(struct db *db, int64_t user_id, struct market_conversion *conversion,
                             struct amount wanted, struct amount *cost)
{
    enum err rc = ERR_OK;

    *cost = wanted;
    for (size_t i = conversion->count; rc == ERR_OK && i-- > 0;) {
        conversion->legs[i].needed = *cost;
        rc = work_out(db, user_id, &conversion->legs[i]);
        *cost = conversion->legs[i].cost;
    }
    return rc;
}

/* Places a market order, with `suffix` behind the actor's request key, and sums up what it did. */
static enum err place(struct db *db, const uint8_t master[SEAL_KEY_SIZE], const struct actor *actor,
                      const char *suffix, const struct market_placement *placement,
                      struct market_sums *sums)
{
    char key[KEY_SIZE];
    struct actor named = *actor;
    struct uuid oid;

    snprintf(key, sizeof(key), "%s:%s", actor->request_key, suffix);
    named.request_key = key;
    enum err rc = market_place_in(db, master, &named, placement, &oid);
    return rc == ERR_OK ? market_store_sums(db, placement->market, placement->side, &oid, sums)
                        : rc;
}

enum err market_convert_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                           const struct actor *actor, const struct market_conversion *conversion,
                           struct market_sums *sums)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < conversion->count; i++) {
        const struct market_leg *leg = &conversion->legs[i];
        struct market_placement placement = {
            .market = &leg->market, .side = leg->side, .amount = leg->amount, .fiat_fee = true};
        struct market_sums done = {0};

        rc = place(db, master, actor, i == 0 ? "1" : "2", &placement, &done);
        if (rc == ERR_OK && done.gained.units < leg->needed.units)
            rc = ERR_NO_LIQUIDITY;
        if (rc == ERR_OK && i == 0)
            sums->given = done.given;
        if (rc == ERR_OK)
            sums->gained = done.gained;
    }
    return rc;
}

static int price_order(const void *left, const void *right)
{
    const struct amount *a = left, *b = right;
    return (a->units > b->units) - (a->units < b->units);
}

enum err market_reference(struct db *db, const struct market *market, struct amount *reference)
{
    struct amount prices[MARKET_REFERENCE_HOURS];
    size_t count = 0;

    *reference = (struct amount){.units = 0, .currency = market->currency};
    enum err rc = market_store_hours(db, market, MARKET_REFERENCE_DAYS, prices,
                                     MARKET_REFERENCE_HOURS, &count);
    if (rc != ERR_OK || count < MARKET_REFERENCE_HOURS_MIN)
        return rc;
    struct amount last = prices[0];
    qsort(prices, count, sizeof(prices[0]), price_order);
    struct amount median = prices[count / 2]; /* the higher of the two in the middle */
    *reference = last.units > median.units ? last : median;
    return ERR_OK;
}

/* How much of `wanted` the bids at the floor or better take. */
static enum err find_takers(struct db *db, int64_t user_id, const struct market *market,
                            struct amount floor, struct amount wanted, struct amount *taken,
                            enum market_unsold *unsold)
{
    struct market_resting list[CHUNK];
    enum err rc = ERR_OK;
    int found = CHUNK;

    *unsold = MARKET_UNSOLD_NO_BIDS;
    for (int from = 0; found == CHUNK && from < MARKET_CONVERT_ORDERS_MAX; from += CHUNK) {
        rc = market_store_resting(db, market, MARKET_ASK, user_id, from, list, CHUNK, &found);
        for (int i = 0; rc == ERR_OK && i < found; i++) {
            if (list[i].price.units < floor.units) {
                *unsold = MARKET_UNSOLD_PRICE;
                return ERR_OK;
            }
            rc = amount_add(*taken, list[i].funded, taken);
            if (rc == ERR_OK && taken->units >= wanted.units) {
                *taken = wanted;
                *unsold = MARKET_UNSOLD_NOTHING;
                return ERR_OK;
            }
        }
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

enum err market_sell_in(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                        const struct actor *actor, const struct market *market,
                        struct amount amount, struct amount floor, struct market_sums *sums,
                        enum market_unsold *unsold)
{
    struct market_placement placement = {
        .market = market, .side = MARKET_ASK, .amount = {.currency = market->item}};

    *sums = (struct market_sums){.given = {.currency = market->item},
                                 .gained = {.currency = market->currency}};
    amount.units -= amount.units % market->amount_step.units;
    *unsold = market->halted ? MARKET_UNSOLD_HALTED : MARKET_UNSOLD_TOO_LITTLE;
    if (market->halted || amount.units < market->min_amount.units)
        return ERR_OK;
    enum err rc = find_takers(db, actor->user_id, market, floor, amount, &placement.amount, unsold);
    if (rc != ERR_OK || placement.amount.units < market->min_amount.units)
        return rc;
    return place(db, master, actor, "sell", &placement, sums);
}
