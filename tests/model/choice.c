/* Choosing the next operation. */
#include "tests/model/choice.h"

#include <string.h>

#include "market/change.h"

#define TICKS_PER_SECOND 64
#define CENTER_START 10000000 /* 100 dollars, 10,000 yen */
#define CENTER_LEAST 1000000
#define CENTER_MOST 100000000
#define TRADERS (REF_PARTNER - 1) /* users 1 to TRADERS */

const char *const operation_names[] = {
    [OPERATION_PLACE] = "place",           [OPERATION_CANCEL] = "cancel",
    [OPERATION_TOGETHER] = "together",     [OPERATION_HALT] = "halt",
    [OPERATION_RESUME] = "resume",         [OPERATION_WAKE] = "wake",
    [OPERATION_CREDIT] = "credit",         [OPERATION_TICKET_OPEN] = "ticket open",
    [OPERATION_TICKET_END] = "ticket end", [OPERATION_TICKET_EXPIRE] = "ticket expire",
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_bits(struct choice *choice)
{
    uint64_t z = choice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From `low` to `high`, both included. */
static int64_t between(struct choice *choice, int64_t low, int64_t high)
{
    return low + (int64_t)(random_bits(choice) % (uint64_t)(high - low + 1));
}

static bool chance(struct choice *choice, int percent)
{
    return between(choice, 1, 100) <= percent;
}

/* From 1 to below two to the `bits`, all lengths alike. */
static int64_t any_length(struct choice *choice, int bits)
{
    int64_t top = INT64_C(1) << between(choice, 0, bits - 1);
    return between(choice, top, 2 * top - 1);
}

void choice_start(struct choice *choice, uint64_t seed)
{
    *choice = (struct choice){.state = seed, .center = {CENTER_START, CENTER_START}};
}

int64_t choose_pause(struct choice *choice)
{
    int64_t kind = between(choice, 1, 100);

    if (kind <= 25)
        return 0;
    if (kind <= 80)
        return between(choice, 1, TICKS_PER_SECOND);
    if (kind <= 98)
        return between(choice, 1, 60 * TICKS_PER_SECOND);
    return between(choice, 1, 3 * 3600 * TICKS_PER_SECOND);
}

static unsigned trader(struct choice *choice)
{
    return (unsigned)between(choice, 1, TRADERS);
}

/* --- placing ------------------------------------------------------------------------------------ */

/* A live order of the market, or NULL. */
static const struct ref_order *some_order(struct choice *choice, const struct ref *ref)
{
    return ref->live_count == 0 ? NULL
                                : ref->live[between(choice, 0, (int64_t)ref->live_count - 1)];
}

/* Around the market's center: many digits, or few so that prices are shared; rare ones far away, and
 * so low that even a whole item costs less than a unit. Most orders rest for a while. */
static __int128 choose_price(struct choice *choice, const struct ref *ref, unsigned market,
                             enum ref_side side)
{
    int64_t center = choice->center[market];
    int64_t away = between(choice, -center / 150, center / 30);
    int64_t kind = between(choice, 1, 100);
    const struct ref_order *order = some_order(choice, ref);

    if (kind <= 55)
        return side == REF_BID ? center - away : center + away;
    if (kind <= 80)
        return (side == REF_BID ? center - away : center + away) / 50000 * 50000;
    if (kind <= 90 && order != NULL && order->price != 0)
        return order->price;
    if (kind <= 95)
        return between(choice, center / 2, 2 * center);
    if (kind <= 98)
        return between(choice, 1, 2000);
    return any_length(choice, 40);
}

static __int128 choose_amount(struct choice *choice, const struct ref *ref,
                              const struct ref_placement *placement)
{
    int64_t least = (int64_t)ref->markets[placement->market].min_amount;
    int64_t kind = between(choice, 1, 100);
    unsigned pays = placement->side == REF_ASK ? REF_ITEM : 1 + placement->market;

    if (kind <= 12)
        return least;
    if (kind <= 35)
        return least + any_length(choice, 14);
    if (kind <= 70)
        return least + any_length(choice, 28);
    if (kind <= 80)
        return between(choice, 1, 20) * REF_ITEM_UNIT;
    if (kind <= 84)
        return any_length(choice, 50);
    if (kind <= 98) {
        /* What there is money for, to the last unit, or a little beside it. */
        struct ref_order like = {.market = placement->market,
                                 .side = placement->side,
                                 .price = placement->price == 0 ? 1 : placement->price,
                                 .remaining = INT64_C(1) << 50,
                                 .fee = ref_fee(ref, placement->user),
                                 .fiat_fee = placement->fiat_fee};
        __int128 most = ref_affordable(ref, &like, ref_available(ref, placement->user, pays));
        return most + between(choice, -1, 1);
    }
    return between(choice, 1, least - 1); /* too little */
}

static void choose_placement(struct choice *choice, const struct ref *ref,
                             struct ref_placement *out)
{
    unsigned market = (unsigned)between(choice, 0, REF_MARKETS - 1);
    const struct ref_market *rules = &ref->markets[market];

    *out = (struct ref_placement){.user = trader(choice),
                                  .market = market,
                                  .side = chance(choice, 50) ? REF_BID : REF_ASK,
                                  .fiat_fee = chance(choice, 30)};
    if (!chance(choice, 12))
        out->price = choose_price(choice, ref, market, out->side);
    if (chance(choice, 8))
        out->stop = choose_price(choice, ref, market, out->side);
    out->amount = choose_amount(choice, ref, out);
    /* Mostly by the market's steps. */
    if (chance(choice, 99)) {
        out->amount -= out->amount % rules->amount_step;
        out->price -= out->price % rules->price_step;
        out->stop -= out->stop % rules->price_step;
    }
    if (out->amount <= 0)
        out->amount = rules->min_amount;
}

/* --- everything else ---------------------------------------------------------------------------- */

static void choose_cancel(struct choice *choice, const struct ref *ref, struct operation *out)
{
    const struct ref_order *order = some_order(choice, ref);
    int64_t kind = between(choice, 1, 100);

    if (kind > 95 && ref->order_count > 0)
        order = ref->orders[between(choice, 0, (int64_t)ref->order_count - 1)];
    if (order != NULL) {
        out->user = order->user;
        out->oid = order->oid;
    }
    if (kind <= 4 || order == NULL)
        out->user = trader(choice); /* most often somebody else */
    if (kind == 5)
        out->oid.bytes[between(choice, 0, 15)] ^= 1;
}

static void choose_credit(struct choice *choice, struct operation *out)
{
    out->user = trader(choice);
    out->currency = (unsigned)between(choice, 0, REF_CURRENCIES - 1);
    out->amount = any_length(choice, out->user <= 4 ? 31 : 27);
}

/* A part of what is free, all of it, or more: what orders hold is not to be had. */
static void choose_ticket(struct choice *choice, const struct ref *ref, struct operation *out)
{
    out->user = trader(choice);
    out->currency = (unsigned)between(choice, 0, REF_CURRENCIES - 1);
    __int128 available = ref_available(ref, out->user, out->currency);
    __int128 balance = ref->accounts[out->user][REF_AVAILABLE][out->currency].balance;
    int64_t kind = between(choice, 1, 100);

    if (kind <= 10)
        out->amount = balance;
    else if (kind <= 20)
        out->amount = available + 1;
    else if (kind <= 30)
        out->amount = available;
    else
        out->amount = available * between(choice, 1, 40) / 100;
    if (out->amount <= 0)
        out->amount = 1;
}

/* Ends a ticket that is open, or sends the money of a settled one back. */
static bool choose_ticket_end(struct choice *choice, const struct ref *ref, struct operation *out)
{
    static const enum ref_ticket_status ends[] = {REF_TICKET_SETTLED, REF_TICKET_CANCELLED,
                                                  REF_TICKET_REJECTED};
    /* The newest ones: old ones have ended. */
    for (int tries = 0; ref->ticket_count > 0 && tries < 20; tries++) {
        int64_t newest = (int64_t)ref->ticket_count - 1;
        int64_t number = between(choice, newest > 40 ? newest - 40 : 0, newest);
        enum ref_ticket_status status = ref->tickets[number].status;
        if (status != REF_TICKET_OPEN && status != REF_TICKET_SETTLED)
            continue;
        out->ticket = (size_t)number;
        out->ticket_status =
            status == REF_TICKET_OPEN ? ends[between(choice, 0, 2)] : REF_TICKET_REFUNDED;
        return true;
    }
    return false;
}

static void wander(struct choice *choice)
{
    for (unsigned market = 0; market < REF_MARKETS; market++) {
        int64_t *center = &choice->center[market];
        *center += between(choice, -*center / 1000, *center / 1000);
        if (*center < CENTER_LEAST || *center > CENTER_MOST)
            *center = CENTER_START;
    }
}

/* The kind of the next operation: with many orders live, more are cancelled. */
static enum operation_kind choose_kind(struct choice *choice, const struct ref *ref)
{
    int64_t number = between(choice, 1, 1000);

    if (number <= 8)
        return ref->live_count % 2 == 0 ? OPERATION_HALT : OPERATION_RESUME;
    if (number <= 80)
        return OPERATION_WAKE;
    if (number <= 140)
        return OPERATION_CREDIT;
    if (number <= 165)
        return OPERATION_TICKET_OPEN;
    if (number <= 190)
        return OPERATION_TICKET_END;
    if (number <= 200)
        return OPERATION_TICKET_EXPIRE;
    if (number <= 240)
        return OPERATION_TOGETHER;
    return number <= 310 + (int64_t)ref->live_count / 4 ? OPERATION_CANCEL : OPERATION_PLACE;
}

void choose_change(struct choice *choice, const struct ref *ref, struct operation *out)
{
    *out = (struct operation){.kind = chance(choice, 80) ? OPERATION_PLACE : OPERATION_CANCEL};
    if (out->kind == OPERATION_CANCEL) {
        choose_cancel(choice, ref, out);
        return;
    }
    choose_placement(choice, ref, &out->placement);
    for (size_t i = 0; i < sizeof(out->oid.bytes); i++)
        out->oid.bytes[i] = (uint8_t)random_bits(choice);
}

void choose_operation(struct choice *choice, const struct ref *ref, struct operation *out)
{
    static const int limits[] = {1, 3, 1000, 1000};

    wander(choice);
    *out = (struct operation){.kind = choose_kind(choice, ref),
                              .market = (unsigned)between(choice, 0, REF_MARKETS - 1)};
    /* A halt is short: whatever else comes ends it. */
    if (ref->markets[out->market].halted && chance(choice, 10))
        out->kind = OPERATION_RESUME;
    switch (out->kind) {
    case OPERATION_PLACE:
        choose_placement(choice, ref, &out->placement);
        if (chance(choice, 1))
            out->again = chance(choice, 50) ? AGAIN : AGAIN_REPEATABLE;
        break;
    case OPERATION_CANCEL:
        choose_cancel(choice, ref, out);
        break;
    case OPERATION_TOGETHER:
        out->limit = (int)between(choice, 2, chance(choice, 50) ? 6 : MARKET_BATCH_MAX);
        break;
    case OPERATION_WAKE:
        out->limit = limits[between(choice, 0, 3)];
        break;
    case OPERATION_CREDIT:
        choose_credit(choice, out);
        break;
    case OPERATION_TICKET_OPEN:
        choose_ticket(choice, ref, out);
        break;
    case OPERATION_TICKET_END:
        if (!choose_ticket_end(choice, ref, out))
            out->kind = OPERATION_TICKET_EXPIRE;
        break;
    case OPERATION_HALT:
    case OPERATION_RESUME:
    case OPERATION_TICKET_EXPIRE:
        break;
    }
}
