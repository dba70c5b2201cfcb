/* Matching, in memory. Price-time priority; the state machine of an order:
 *
 *   placed -> open | invalid | stop | done      stop -> pending (a trade at its price) -> as placed
 *   invalid -> open (money came)                open -> invalid (its funded part is used up), done
 *   open | invalid | stop | pending -> cancelled
 *
 * A fill of amount a at the maker's price: the seller earns its cost rounded down; the buyer spends
 * its cost rounded up, but never more than the fill takes off what a bid holds at its own price;
 * what lies between goes to rounding. Fees are rounded down, from what each side receives; a bid
 * with fiat_fee pays its fee on top. */
#include "market/book.h"
#include "market/fill_math.h"

static __int128 least_of(__int128 a, __int128 b)
{
    return a < b ? a : b;
}

static enum market_side other_side(enum market_side side)
{
    return side == MARKET_BID ? MARKET_ASK : MARKET_BID;
}

static struct book_level *level_of(struct book *book, const struct book_order *order)
{
    return book_level(book, order->market, order->side, order->price);
}

/* The percentage that a bid pays on top of its cost. */
static int64_t on_top(const struct book_order *order)
{
    return order->fiat_fee ? order->percent : 0;
}

static void reserve(struct book_order *order, __int128 hold)
{
    if (hold == order->hold)
        return;
    order->pays->reserved += hold - order->hold;
    order->pays->changed = true;
    order->hold = hold;
}

static __int128 free_money(const struct book_order *order)
{
    return order->pays->balance - order->pays->reserved;
}

static struct book_event *tell(struct book *book, const struct book_order *order, const char *kind,
                               const char *word)
{
    struct book_event *event = book_add(&book->events, sizeof(*event));
    *event =
        (struct book_event){.kind = kind, .market = order->market, .order = order, .word = word};
    return event;
}

static void tell_amounts(struct book_event *event)
{
    event->with_amounts = true;
    event->amount = event->order->remaining;
    event->total = event->order->funded;
}

/* Tells what a live order has become. */
static void tell_order(struct book *book, const struct book_order *order)
{
    tell_amounts(tell(book, order, "order", book_status_word(order->status)));
}

/* Tells that an order is at its end through a trade. */
static void tell_done(struct book *book, const struct book_order *order, const char *word)
{
    tell_amounts(tell(book, order, "removed", word));
}

/* Holds as much as is free in the account pays for: all that remains of an order, or a part of at
 * least the market's least amount, or nothing. A bid without a price holds nothing: it is matched
 * at once, as far as the money goes. */
static void fund(struct book_order *order)
{
    const struct market *rules = order->market->rules;
    __int128 money = order->hold + free_money(order), funded, hold = 0;

    if (order->side == MARKET_ASK)
        funded = money;
    else if (!order->with_price)
        funded = money > 0 ? order->remaining : 0;
    else
        funded = fill_affordable(money, order->remaining, order->price, order->market->whole,
                                 on_top(order));
    if (funded >= order->remaining)
        funded = order->remaining;
    else
        funded -= funded % rules->amount_step.units;
    if (funded <= order->funded || (funded < order->remaining && funded < rules->min_amount.units))
        return;
    if (order->side == MARKET_ASK)
        hold = funded;
    else if (order->with_price)
        hold = fill_hold(funded, order->price, order->market->whole, on_top(order));
    reserve(order, hold);
    order->funded = funded;
    order->changed = true;
}

/* An order is at its end. */
static void end_order(struct book *book, struct book_order *order, enum book_status status)
{
    order->status = status;
    order->pays->live--;
    order->pays->changed = true;
    book_placer(book, order->user_id)->live--;
}

/* Takes an order out of the book and gives its hold back. */
static void cancel(struct book *book, struct book_order *order, const char *word)
{
    __int128 shown = order->funded;
    bool open = order->status == BOOK_OPEN;

    if (order->status == BOOK_STOP) {
        order->market->stops--;
        order->market->changed = true;
    }
    end_order(book, order, BOOK_CANCELLED);
    order->funded = 0;
    order->changed = true;
    reserve(order, 0);
    if (open)
        book_change_level(book, level_of(book, order), -shown, NULL);
    tell(book, order, "removed", word);
}

static void post(struct book *book, const struct book_fill *fill, struct book_account *account,
                 __int128 amount, const char *type)
{
    struct book_entry *entry = book_add(&book->entries, sizeof(*entry));
    *entry = (struct book_entry){.account = account, .fill = fill, .amount = amount, .type = type};
    account->balance += amount;
    account->changed = true;
}

static void post_fee(struct book *book, const struct book_fill *fill, struct book_account *account,
                     __int128 amount)
{
    if (amount != 0)
        post(book, fill, account, amount, "fee");
}

/* The postings of a trade. */
static void post_fill(struct book *book, const struct book_fill *fill, const struct book_order *bid,
                      const struct book_order *ask)
{
    const struct book_market *market = fill->market;
    __int128 item_fee = bid->fiat_fee ? 0 : fill->buyer_fee;
    __int128 top_fee = fill->buyer_fee - item_fee;

    post(book, fill, bid->pays, -fill->spent, "spent");
    post(book, fill, bid->gains, fill->amount, "in");
    post(book, fill, ask->pays, -fill->amount, "out");
    post(book, fill, ask->gains, fill->earned, "earned");
    post_fee(book, fill, bid->gains, -item_fee);
    post_fee(book, fill, market->item_fees, item_fee);
    post_fee(book, fill, bid->pays, -top_fee);
    post_fee(book, fill, ask->gains, -fill->seller_fee);
    post_fee(book, fill, market->fees, top_fee + fill->seller_fee);
    if (fill->spent > fill->earned)
        post(book, fill, market->rounding, fill->spent - fill->earned, NULL);
}

/* What a fill leaves of an order. */
static void take_off(struct book_order *order, __int128 amount, __int128 release)
{
    reserve(order, order->hold - release);
    order->remaining -= amount;
    order->funded -= amount;
    order->changed = true;
}

/* One trade between two orders, at the maker's price. */
static void fill(struct book *book, struct book_order *taker, struct book_order *maker,
                 struct book_level *level, __int128 amount)
{
    struct book_market *market = taker->market;
    struct book_order *bid = taker->side == MARKET_BID ? taker : maker;
    struct book_order *ask = taker->side == MARKET_BID ? maker : taker;
    struct book_fill *fill = book_add(&book->fills, sizeof(*fill));
    struct book_event *event;
    __int128 release = 0;

    *fill = (struct book_fill){
        .market = market,
        .taker = taker,
        .maker = maker,
        .tid = market->last_tid,
        .price = level->price,
        .amount = amount,
        .spent = fill_up(amount, level->price, market->whole),
        .earned = fill_down(amount, level->price, market->whole),
    };
    if (bid->with_price) {
        __int128 before = fill_up(bid->funded, bid->price, market->whole);
        __int128 left = fill_up(bid->funded - amount, bid->price, market->whole);
        fill->spent = least_of(fill->spent, before - left);
        release = bid->hold - left - fill_fee(left, on_top(bid));
    }
    fill->buyer_fee = fill_fee(bid->fiat_fee ? fill->spent : amount, bid->percent);
    fill->seller_fee = fill_fee(fill->earned, ask->percent);
    event = book_add(&book->events, sizeof(*event));
    *event = (struct book_event){.kind = "journal", .market = market, .fill = fill};
    post_fill(book, fill, bid, ask);
    take_off(bid, amount, release);
    take_off(ask, amount, amount);
    book_volume(book, bid->user_id, market->rules->item->id)->added += amount;
    book_volume(book, ask->user_id, market->rules->item->id)->added += amount;
    market->last_price = level->price;
    market->traded = market->changed = true;

    if (maker->remaining == 0)
        end_order(book, maker, BOOK_DONE);
    else if (maker->funded == 0)
        maker->status = BOOK_INVALID;
    book_change_level(book, level, -amount, maker);
    if (maker->status == BOOK_DONE)
        tell_done(book, maker, "completed_passive");
    else
        tell_order(book, maker);
}

/* Makes the stop orders that trades between two prices reached pending. */
static void set_off(struct book *book, struct book_market *market, __int128 low, __int128 high)
{
    if (market->stops > 0)
        book_read_stops(book, market, low, high);
    for (size_t i = 0; i < book->orders.count && market->stops > 0; i++) {
        struct book_order *order = book->orders.items[i];
        if (order->market != market || order->status != BOOK_STOP ||
            (order->side == MARKET_BID ? order->stop > high : order->stop < low))
            continue;
        order->status = BOOK_PENDING;
        order->tried = order->changed = true;
        order->free = -1;
        market->stops--;
        market->changed = true;
        tell_order(book, order);
    }
}

/* How much of an order the maker in front of it takes; 0 where its money is at an end. */
static __int128 part_of(const struct book_order *order, const struct book_order *maker)
{
    __int128 part = least_of(order->funded, maker->funded);

    if (order->with_price || order->side == MARKET_ASK)
        return part;
    part =
        fill_affordable(free_money(order), part, maker->price, order->market->whole, on_top(order));
    return part - part % order->market->rules->amount_step.units;
}

static bool crosses(const struct book_order *order, __int128 price)
{
    return !order->with_price ||
           (order->side == MARKET_BID ? price <= order->price : price >= order->price);
}

/* Where the ids of trades go on: microseconds since 1970 with the market's id for the last two
 * digits, always rising. */
static void next_tid(const struct book *book, struct book_market *market)
{
    int64_t now = (book->now_us / 100 - 1) * 100 + market->rules->id;
    if (market->last_tid < now)
        market->last_tid = now;
    market->last_tid += 100;
}

/* The prices of some trades. */
struct span {
    bool any;
    __int128 low, high;
};

static void widen(struct span *span, __int128 price)
{
    if (!span->any || price < span->low)
        span->low = price;
    if (!span->any || price > span->high)
        span->high = price;
    span->any = true;
}

/* Fills an order against the other side, the best price first and the earlier order first, as far
 * as its price, its funded part and, for a bid without a price, its owner's money go. An order of
 * the owner's that is in the way is cancelled first. */
static void fill_all(struct book *book, struct book_order *order, struct span *span)
{
    enum market_side side = other_side(order->side);
    struct book_level *level;
    struct book_order *maker;
    __int128 part;

    while (order->funded > 0 && (level = book_best(book, order->market, side)) != NULL &&
           crosses(order, level->price) && (maker = book_first(book, level)) != NULL) {
        if (maker->user_id == order->user_id) {
            cancel(book, maker, "self_trade");
            continue;
        }
        if ((part = part_of(order, maker)) == 0)
            break;
        widen(span, level->price);
        next_tid(book, order->market);
        fill(book, order, maker, level, part);
    }
}

/* What becomes of an order behind its fills: it is done, or in the book, or waits for money; one
 * without a price ends. */
static void rest(struct book *book, struct book_order *order)
{
    if (!order->with_price && order->remaining > 0 &&
        (order->funded > 0 || order->remaining < order->amount)) {
        reserve(order, 0);
        order->funded = 0;
        end_order(book, order, BOOK_CANCELLED);
    } else if (order->remaining == 0) {
        end_order(book, order, BOOK_DONE);
    } else if (order->funded == 0) {
        order->status = BOOK_INVALID;
    } else {
        struct book_level *level = level_of(book, order);
        order->status = BOOK_OPEN;
        book_queue(level, order);
        book_change_level(book, level, order->funded, order);
    }
    order->changed = true;
}

/* Funds an order, matches it, and sets off the stop orders that its trades reached. */
static void match(struct book *book, struct book_order *order)
{
    struct span span = {0};

    fund(order);
    order->tried = true;
    order->free = free_money(order);
    fill_all(book, order, &span);
    rest(book, order);
    if (order->status == BOOK_OPEN || order->status == BOOK_INVALID)
        tell_order(book, order);
    else
        tell_done(book, order, "completed_active");
    if (span.any)
        set_off(book, order->market, span.low, span.high);
}

/* Whether a market takes an order. */
static enum err check(const struct book *book, const struct book_market *market,
                      const struct market_change *change)
{
    const struct market *rules = market->rules;

    if (market->halted)
        return ERR_MARKET_HALTED;
    if (change->amount < rules->min_amount.units)
        return ERR_ORDER_AMOUNT_LOW;
    if (change->amount % rules->amount_step.units != 0)
        return ERR_AMOUNT_STEP;
    if ((change->with_price && change->price % rules->price_step.units != 0) ||
        (change->with_stop && change->stop % rules->price_step.units != 0))
        return ERR_PRICE_STEP;
    return book_find_oid(book, &change->oid) != NULL ? ERR_REPLAYED : ERR_OK;
}

/* Whether its owner may have one more live order. */
static bool has_room(struct book *book, const struct market_change *change)
{
    return book->orders_max == 0 || book_placer(book, change->user_id)->live < book->orders_max;
}

/* Whether an order has to wait for a trade at its stop price. */
static bool must_wait(const struct book_market *market, const struct market_change *change)
{
    if (!change->with_stop)
        return false;
    return !market->traded || (change->side == MARKET_BID ? market->last_price < change->stop
                                                          : market->last_price > change->stop);
}

static struct book_order *new_order(struct book *book, struct book_market *market,
                                    const struct market_change *change)
{
    bool bids = change->side == MARKET_BID;
    const struct market *rules = market->rules;
    struct book_account *pays =
        book_open_account(book, change->user_id, bids ? rules->currency->id : rules->item->id);
    struct book_account *gains =
        book_open_account(book, change->user_id, bids ? rules->item->id : rules->currency->id);

    if (pays == NULL || gains == NULL)
        return NULL;
    struct book_order *order = book_add(&book->orders, sizeof(*order));
    *order = (struct book_order){
        .id = BOOK_NEW + book->created++,
        .oid = change->oid,
        .market = market,
        .user_id = change->user_id,
        .side = change->side,
        .with_price = change->with_price,
        .with_stop = change->with_stop,
        .fiat_fee = change->fiat_fee && bids,
        .price = change->price,
        .stop = change->stop,
        .amount = change->amount,
        .remaining = change->amount,
        .percent = book_percent(book, market, change->user_id),
        .pays = pays,
        .gains = gains,
        .trace = change->trace,
    };
    pays->live++;
    pays->changed = true;
    book_placer(book, change->user_id)->live++;
    return order;
}

/* An order that there is no money for is taken too, and waits. */
static enum err place(struct book *book, const struct market_change *change)
{
    struct book_market *market = book_find_market(book, change->market_id);
    struct book_order *order;

    if (market == NULL)
        return ERR_MARKET_UNKNOWN;
    enum err rc = check(book, market, change);
    if (rc != ERR_OK)
        return rc;
    if (!has_room(book, change))
        return ERR_TOO_MANY_ORDERS;
    if ((order = new_order(book, market, change)) == NULL)
        return book->rc;
    if (must_wait(market, change)) {
        order->status = BOOK_STOP;
        market->stops++;
        market->changed = true;
        tell_order(book, order);
    } else {
        match(book, order);
    }
    return book->rc;
}

/* Tries an order that waits once more: with the money that there is for it now. */
static void retry(struct book *book, struct book_order *order)
{
    __int128 before = order->funded;

    if (order->status != BOOK_OPEN) {
        match(book, order);
        return;
    }
    fund(order);
    order->tried = true;
    order->free = free_money(order);
    if (order->funded > before) {
        book_change_level(book, level_of(book, order), order->funded - before, order);
        tell_order(book, order);
    }
}

static bool live(const struct book_order *order)
{
    return order->status != BOOK_DONE && order->status != BOOK_CANCELLED;
}

enum err book_make(struct book *book, const struct market_change *change)
{
    if (change->kind == MARKET_PLACE)
        return place(book, change);

    struct book_order *order = book_find_oid(book, &change->oid);
    if (order == NULL || !live(order))
        return ERR_ORDER_UNKNOWN;
    /* Whoever was told of it may ask at once: it came after what was to be read was looked up. */
    if (order->market == NULL ||
        (order->status == BOOK_OPEN && level_of(book, order)->amount < order->funded))
        return book->rc = ERR_DB_CONTENDED;
    if (change->kind == MARKET_CANCEL && order->user_id == change->user_id)
        cancel(book, order, "requested");
    else if (change->kind == MARKET_RETRY && book_waits(order) && !order->market->halted)
        retry(book, order);
    else
        return ERR_ORDER_UNKNOWN;
    return book->rc;
}
