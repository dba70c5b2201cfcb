/* The reference: its lists, and money that comes and goes. */
#include "tests/model/reference.h"

#include <stdlib.h>
#include <string.h>

#define MICROSECONDS INT64_C(1000000)

void *ref_grow(void *list, size_t count, size_t size)
{
    /* Room is doubled whenever the count is a power of two. */
    if ((count & (count - 1)) != 0)
        return list;
    void *grown = realloc(list, (count == 0 ? 1 : 2 * count) * size);
    if (grown == NULL)
        abort();
    return grown;
}

void ref_free(struct ref *ref)
{
    for (size_t i = 0; i < ref->order_count; i++)
        free(ref->orders[i]);
    free(ref->orders);
    free(ref->live);
    free(ref->trades);
    free(ref->tickets);
    for (unsigned market = 0; market < REF_MARKETS; market++)
        for (unsigned span = 0; span < REF_SPANS; span++)
            free(ref->markets[market].candles[span].list);
    for (unsigned user = 0; user < REF_USERS; user++)
        free(ref->volumes[user].list);
    free(ref->touched.orders);
    free(ref->touched.accounts);
    free(ref->touched.levels);
}

void ref_step(struct ref *ref, int64_t now_us)
{
    struct ref_touched *touched = &ref->touched;

    ref->now_us = now_us;
    free(touched->orders);
    free(touched->accounts);
    free(touched->levels);
    *touched = (struct ref_touched){.first_trade = ref->trade_count};
}

void ref_touch_order(struct ref *ref, struct ref_order *order)
{
    struct ref_touched *touched = &ref->touched;

    for (size_t i = 0; i < touched->order_count; i++)
        if (touched->orders[i] == order)
            return;
    touched->orders = ref_grow(touched->orders, touched->order_count, sizeof(struct ref_order *));
    touched->orders[touched->order_count++] = order;
}

struct ref_account *ref_touch(struct ref *ref, unsigned user, enum ref_purpose purpose,
                              unsigned currency)
{
    struct ref_touched *touched = &ref->touched;
    size_t i = 0;

    while (i < touched->account_count &&
           !(touched->accounts[i].user == user && touched->accounts[i].purpose == purpose &&
             touched->accounts[i].currency == currency))
        i++;
    if (i == touched->account_count) {
        touched->accounts = ref_grow(touched->accounts, i, sizeof(struct ref_place));
        touched->accounts[touched->account_count++] =
            (struct ref_place){.user = user, .purpose = purpose, .currency = currency};
    }
    return &ref->accounts[user][purpose][currency];
}

void ref_touch_level(struct ref *ref, const struct ref_order *order)
{
    struct ref_touched *touched = &ref->touched;

    for (size_t i = 0; i < touched->level_count; i++)
        if (touched->levels[i].market == order->market && touched->levels[i].side == order->side &&
            touched->levels[i].price == order->price)
            return;
    touched->levels = ref_grow(touched->levels, touched->level_count, sizeof(struct ref_level));
    touched->levels[touched->level_count++] =
        (struct ref_level){.market = order->market, .side = order->side, .price = order->price};
}

__int128 ref_available(const struct ref *ref, unsigned user, unsigned currency)
{
    const struct ref_account *account = &ref->accounts[user][REF_AVAILABLE][currency];
    return account->balance - account->reserved;
}

__int128 ref_level_amount(const struct ref *ref, const struct ref_level *level)
{
    __int128 sum = 0;

    for (size_t i = 0; i < ref->live_count; i++) {
        const struct ref_order *order = ref->live[i];
        if (order->status == REF_OPEN && order->market == level->market &&
            order->side == level->side && order->price == level->price)
            sum += order->funded;
    }
    return sum;
}

void ref_credit(struct ref *ref, unsigned user, unsigned currency, __int128 amount)
{
    ref_touch(ref, REF_HOUSE, REF_EXTERNAL, currency)->balance -= amount;
    ref_touch(ref, user, REF_AVAILABLE, currency)->balance += amount;
}

enum err ref_ticket_open(struct ref *ref, unsigned user, unsigned currency, __int128 amount,
                         const struct uuid *id)
{
    if (amount > ref_available(ref, user, currency))
        return ERR_INSUFFICIENT_FUNDS;
    ref_touch(ref, user, REF_AVAILABLE, currency)->balance -= amount;
    ref_touch(ref, user, REF_HELD, currency)->balance += amount;
    ref->tickets = ref_grow(ref->tickets, ref->ticket_count, sizeof(*ref->tickets));
    ref->tickets[ref->ticket_count++] =
        (struct ref_ticket){.id = *id,
                            .user = user,
                            .currency = currency,
                            .amount = amount,
                            .status = REF_TICKET_OPEN,
                            .expires_us = ref->now_us + REF_TICKET_S * MICROSECONDS};
    ref->touched.ticket = &ref->tickets[ref->ticket_count - 1];
    return ERR_OK;
}

/* Moves a ticket's money from one place to another. */
static void move(struct ref *ref, struct ref_ticket *ticket, unsigned from,
                 enum ref_purpose from_purpose, unsigned to, enum ref_ticket_status status)
{
    ref_touch(ref, from, from_purpose, ticket->currency)->balance -= ticket->amount;
    ref_touch(ref, to, REF_AVAILABLE, ticket->currency)->balance += ticket->amount;
    ticket->status = status;
    ref->touched.ticket = ticket;
}

enum err ref_ticket_end(struct ref *ref, size_t number, enum ref_ticket_status status)
{
    struct ref_ticket *ticket = &ref->tickets[number];

    if (status == REF_TICKET_REFUNDED) {
        if (ref_available(ref, REF_PARTNER, ticket->currency) < ticket->amount)
            return ERR_INSUFFICIENT_FUNDS;
        move(ref, ticket, REF_PARTNER, REF_AVAILABLE, ticket->user, status);
        return ERR_OK;
    }
    if (ticket->expires_us <= ref->now_us)
        return ERR_TICKET_EXPIRED;
    move(ref, ticket, ticket->user, REF_HELD,
         status == REF_TICKET_SETTLED ? REF_PARTNER : ticket->user, status);
    return ERR_OK;
}

int ref_ticket_expire(struct ref *ref)
{
    int released = 0;

    for (size_t i = 0; i < ref->ticket_count; i++) {
        struct ref_ticket *ticket = &ref->tickets[i];
        if (ticket->status != REF_TICKET_OPEN || ticket->expires_us > ref->now_us)
            continue;
        move(ref, ticket, ticket->user, REF_HELD, ticket->user, REF_TICKET_EXPIRED);
        released++;
    }
    return released;
}
