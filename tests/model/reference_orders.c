/* The reference: what becomes of an order before and after it is matched. */
#include <stdlib.h>
#include <string.h>

#include "tests/model/reference.h"

unsigned ref_pays(const struct ref_order *order)
{
    return order->side == REF_ASK ? REF_ITEM : 1 + order->market;
}

unsigned ref_gains(const struct ref_order *order)
{
    return order->side == REF_ASK ? 1 + order->market : REF_ITEM;
}

__int128 ref_hold(const struct ref_order *order, __int128 amount)
{
    if (order->side == REF_ASK)
        return amount;
    __int128 spend = (amount * order->price + REF_ITEM_UNIT - 1) / REF_ITEM_UNIT;
    return spend + (order->fiat_fee ? spend * order->fee / 100000 : 0);
}

/* By trying: what one more step costs never falls. */
__int128 ref_affordable(const struct ref *ref, const struct ref_order *order, __int128 money)
{
    __int128 step = ref->markets[order->market].amount_step;
    __int128 low = 0, high = order->remaining / step;

    while (low < high) {
        __int128 middle = (low + high + 1) / 2;
        if (ref_hold(order, middle * step) <= money)
            low = middle;
        else
            high = middle - 1;
    }
    return low * step;
}

/* Holds what there is money for. Gives what is free then. */
static __int128 fund(struct ref *ref, struct ref_order *order)
{
    __int128 money = order->hold + ref_available(ref, order->user, ref_pays(order));
    bool unpriced_bid = order->side == REF_BID && order->price == 0;
    __int128 funded = ref_affordable(ref, order, money);

    if (unpriced_bid)
        funded = money > 0 ? order->remaining : 0;
    if (funded > order->funded &&
        (funded == order->remaining || funded >= ref->markets[order->market].min_amount)) {
        __int128 hold = unpriced_bid ? 0 : ref_hold(order, funded);
        ref_touch(ref, order->user, REF_AVAILABLE, ref_pays(order))->reserved += hold - order->hold;
        order->funded = funded;
        order->hold = hold;
        ref_touch_order(ref, order);
    }
    return ref_available(ref, order->user, ref_pays(order));
}

void ref_end(struct ref *ref, struct ref_order *order, enum ref_status status)
{
    size_t i = 0;

    ref_touch_order(ref, order);
    if (order->status == REF_OPEN)
        ref_touch_level(ref, order);
    if (order->hold != 0)
        ref_touch(ref, order->user, REF_AVAILABLE, ref_pays(order))->reserved -= order->hold;
    order->status = status;
    order->funded = order->hold = 0;
    order->waits = false;
    order->ended_us = ref->now_us;
    while (ref->live[i] != order)
        i++;
    ref->live_count--;
    memmove(&ref->live[i], &ref->live[i + 1], (ref->live_count - i) * sizeof(struct ref_order *));
}

/* Where an order goes once it was matched as far as it can be. */
static void rest(struct ref *ref, struct ref_order *order, __int128 free_before)
{
    bool tried = order->funded > 0 || order->remaining < order->amount;

    ref_touch_order(ref, order);
    if (order->remaining == 0) {
        ref_end(ref, order, REF_DONE);
    } else if (order->price == 0 && tried) {
        ref_end(ref, order, REF_CANCELLED);
    } else {
        order->status = order->funded > 0 ? REF_OPEN : REF_INVALID;
        order->waits = order->funded < order->remaining;
        order->tried_free = free_before;
        if (order->funded > 0)
            ref_touch_level(ref, order);
    }
}

/* Funds, matches and rests an order that is not in the book. */
static void set_going(struct ref *ref, struct ref_order *order)
{
    __int128 free_before = fund(ref, order);
    /* Nobody meets it while it is matched. */
    order->status = REF_PENDING;
    if (order->funded > 0)
        ref_match(ref, order);
    rest(ref, order, free_before);
}

static enum err check(const struct ref *ref, const struct ref_placement *placement)
{
    const struct ref_market *market = &ref->markets[placement->market];

    if (market->halted)
        return ERR_MARKET_HALTED;
    if (placement->amount < market->min_amount)
        return ERR_ORDER_AMOUNT_LOW;
    if (placement->amount % market->amount_step != 0)
        return ERR_AMOUNT_STEP;
    if (placement->price % market->price_step != 0 || placement->stop % market->price_step != 0)
        return ERR_PRICE_STEP;
    return ERR_OK;
}

/* Whether a trade at `price` sets an order off that waits for its stop price. */
static bool sets_off(const struct ref_placement *placement, __int128 price)
{
    if (price == 0)
        return false;
    return placement->side == REF_BID ? price >= placement->stop : price <= placement->stop;
}

enum err ref_place(struct ref *ref, const struct ref_placement *placement, const struct uuid *oid)
{
    enum err rc = check(ref, placement);
    if (rc != ERR_OK)
        return rc;
    struct ref_order *order = malloc(sizeof(*order));
    if (order == NULL)
        abort();
    *order = (struct ref_order){.oid = *oid,
                                .user = placement->user,
                                .market = placement->market,
                                .side = placement->side,
                                .price = placement->price,
                                .stop = placement->stop,
                                .amount = placement->amount,
                                .remaining = placement->amount,
                                .fee = ref_fee(ref, placement->user),
                                .fiat_fee = placement->fiat_fee && placement->side == REF_BID,
                                .placed_us = ref->now_us,
                                .number = ref->order_count};
    ref->orders = ref_grow(ref->orders, ref->order_count, sizeof(struct ref_order *));
    ref->orders[ref->order_count++] = order;
    ref->live = ref_grow(ref->live, ref->live_count, sizeof(struct ref_order *));
    ref->live[ref->live_count++] = order;
    ref_touch_order(ref, order);
    if (order->stop != 0 && !sets_off(placement, ref->markets[order->market].last_price))
        order->status = REF_STOP;
    else
        set_going(ref, order);
    return ERR_OK;
}

enum err ref_cancel(struct ref *ref, unsigned user, const struct uuid *oid)
{
    for (size_t i = 0; i < ref->live_count; i++)
        if (ref->live[i]->user == user && memcmp(&ref->live[i]->oid, oid, sizeof(*oid)) == 0) {
            ref_end(ref, ref->live[i], REF_CANCELLED);
            return ERR_OK;
        }
    return ERR_ORDER_UNKNOWN;
}

void ref_halt(struct ref *ref, unsigned market, bool halted)
{
    ref->markets[market].halted = halted;
}

/* Tries an order that waits once more. */
static void try_again(struct ref *ref, struct ref_order *order)
{
    if (order->status != REF_OPEN) {
        set_going(ref, order);
        return;
    }
    order->tried_free = fund(ref, order);
    order->waits = order->funded < order->remaining;
    ref_touch_order(ref, order);
    ref_touch_level(ref, order);
}

static bool has_reason(const struct ref *ref, const struct ref_order *order)
{
    return !ref->markets[order->market].halted &&
           ref_available(ref, order->user, ref_pays(order)) > order->tried_free;
}

int ref_wake(struct ref *ref, int limit)
{
    struct ref_order **due = NULL;
    size_t count = 0;
    int tried = 0;

    /* Who is tried is settled at the beginning: those that a trade set off, then those who have
     * more than when they were last tried, the oldest first. */
    for (int set_off = 1; set_off >= 0; set_off--)
        for (size_t i = 0; i < ref->live_count && count < (size_t)limit; i++) {
            struct ref_order *order = ref->live[i];
            if (order->waits && (order->status == REF_PENDING) == set_off &&
                has_reason(ref, order)) {
                due = ref_grow(due, count, sizeof(struct ref_order *));
                due[count++] = order;
            }
        }
    for (size_t i = 0; i < count; i++)
        if (due[i]->waits) {
            try_again(ref, due[i]);
            tried++;
        }
    free(due);
    return tried;
}
