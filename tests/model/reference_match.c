/* The reference: who trades with whom, and what each gets and pays. */
#include "tests/model/reference.h"

/* Amount times price over a whole item. */
static __int128 value_down(__int128 amount, __int128 price)
{
    return amount * price / REF_ITEM_UNIT;
}

static __int128 value_up(__int128 amount, __int128 price)
{
    return (amount * price + REF_ITEM_UNIT - 1) / REF_ITEM_UNIT;
}

static __int128 fee_of(__int128 amount, int thousandths)
{
    return amount * thousandths / 100000;
}

/* The other side's best order at a price that the order takes: the best price first, then the
 * earlier order. */
static struct ref_order *best(const struct ref *ref, const struct ref_order *order)
{
    struct ref_order *found = NULL;

    for (size_t i = 0; i < ref->live_count; i++) {
        struct ref_order *other = ref->live[i];
        if (other->status != REF_OPEN || other->market != order->market ||
            other->side == order->side)
            continue;
        bool bid = order->side == REF_BID;
        if (order->price != 0 && (bid ? other->price > order->price : other->price < order->price))
            continue;
        if (found == NULL || (bid ? other->price < found->price : other->price > found->price))
            found = other;
    }
    return found;
}

/* Takes a fill off an order's hold and gives what is let go of it. */
static __int128 let_go(struct ref_order *order, __int128 amount)
{
    bool unpriced_bid = order->side == REF_BID && order->price == 0;
    __int128 left = unpriced_bid ? 0 : ref_hold(order, order->funded - amount);
    __int128 released = order->hold - left;

    order->remaining -= amount;
    order->funded -= amount;
    order->hold = left;
    return released;
}

/* The money of a fill, in all the accounts that it moves. */
static void post(struct ref *ref, const struct ref_trade *trade, __int128 bid_lets_go,
                 __int128 ask_lets_go)
{
    const struct ref_order *bid = trade->bid, *ask = trade->ask;
    unsigned currency = ref_pays(bid);
    __int128 item_fee = bid->fiat_fee ? 0 : trade->buyer_fee;
    __int128 top_fee = bid->fiat_fee ? trade->buyer_fee : 0;
    struct ref_account *buyer_pays = ref_touch(ref, bid->user, REF_AVAILABLE, currency);
    struct ref_account *seller_pays = ref_touch(ref, ask->user, REF_AVAILABLE, REF_ITEM);

    buyer_pays->balance -= trade->spent + top_fee;
    buyer_pays->reserved -= bid_lets_go;
    seller_pays->balance -= trade->amount;
    seller_pays->reserved -= ask_lets_go;
    ref_touch(ref, bid->user, REF_AVAILABLE, REF_ITEM)->balance += trade->amount - item_fee;
    ref_touch(ref, ask->user, REF_AVAILABLE, currency)->balance +=
        trade->earned - trade->seller_fee;
    ref_touch(ref, REF_HOUSE, REF_FEE, REF_ITEM)->balance += item_fee;
    ref_touch(ref, REF_HOUSE, REF_FEE, currency)->balance += top_fee + trade->seller_fee;
    ref_touch(ref, REF_HOUSE, REF_ROUNDING, currency)->balance += trade->spent - trade->earned;
}

/* Microseconds with the market's number for the last two digits, rising by at least a hundred. */
static int64_t next_tid(struct ref *ref, unsigned market)
{
    int64_t now = ref->now_us / 100 * 100 + market + 1;
    int64_t next = ref->markets[market].last_tid + 100;

    ref->markets[market].last_tid = now > next ? now : next;
    return ref->markets[market].last_tid;
}

static void fill(struct ref *ref, struct ref_order *taker, struct ref_order *maker, __int128 amount)
{
    struct ref_order *bid = taker->side == REF_BID ? taker : maker;
    struct ref_order *ask = taker->side == REF_BID ? maker : taker;
    struct ref_trade trade = {.bid = bid,
                              .ask = ask,
                              .taker = taker->side,
                              .at_market = taker->price == 0,
                              .price = maker->price,
                              .amount = amount,
                              .earned = value_down(amount, maker->price),
                              .spent = value_up(amount, maker->price)};
    if (bid->price != 0) {
        __int128 most =
            value_up(bid->funded, bid->price) - value_up(bid->funded - amount, bid->price);
        if (trade.spent > most)
            trade.spent = most;
    }
    trade.buyer_fee = fee_of(bid->fiat_fee ? trade.spent : amount, bid->fee);
    trade.seller_fee = fee_of(trade.earned, ask->fee);
    trade.tid = next_tid(ref, taker->market);
    __int128 bid_lets_go = let_go(bid, amount), ask_lets_go = let_go(ask, amount);
    post(ref, &trade, bid_lets_go, ask_lets_go);
    ref_touch_order(ref, taker);
    ref_touch_order(ref, maker);
    ref_touch_level(ref, maker);
    if (maker->remaining == 0)
        ref_end(ref, maker, REF_DONE);
    else if (maker->funded == 0)
        maker->status = REF_INVALID;
    ref->trades = ref_grow(ref->trades, ref->trade_count, sizeof(trade));
    ref->trades[ref->trade_count++] = trade;
    ref->markets[taker->market].last_price = trade.price;
    ref_count(ref, &trade);
}

/* How much a bid without a price can pay for at `price`. */
static __int128 within_means(const struct ref *ref, const struct ref_order *bid, __int128 price)
{
    struct ref_order priced = *bid;

    priced.price = price;
    return ref_affordable(ref, &priced, ref_available(ref, bid->user, ref_pays(bid)));
}

/* Stop orders that a trade since `first` reached are to be tried. */
static void set_off(struct ref *ref, unsigned market, size_t first)
{
    for (size_t i = 0; i < ref->live_count; i++) {
        struct ref_order *order = ref->live[i];
        if (order->status != REF_STOP || order->market != market)
            continue;
        for (size_t t = first; t < ref->trade_count; t++) {
            __int128 price = ref->trades[t].price;
            if (order->side == REF_BID ? price < order->stop : price > order->stop)
                continue;
            order->status = REF_PENDING;
            order->waits = true;
            order->tried_free = -1;
            ref_touch_order(ref, order);
            break;
        }
    }
}

void ref_match(struct ref *ref, struct ref_order *order)
{
    size_t first = ref->trade_count;
    struct ref_order *maker;

    while (order->funded > 0 && (maker = best(ref, order)) != NULL) {
        if (maker->user == order->user) {
            ref_end(ref, maker, REF_CANCELLED);
            continue;
        }
        __int128 amount = order->funded < maker->funded ? order->funded : maker->funded;
        if (order->side == REF_BID && order->price == 0) {
            __int128 most = within_means(ref, order, maker->price);
            amount = most < amount ? most : amount;
            if (amount == 0)
                break;
        }
        fill(ref, order, maker, amount);
    }
    set_off(ref, order->market, first);
}
