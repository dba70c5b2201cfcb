/* The book in memory: its orders, accounts and indexes. */
#include "market/book.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16 /* items of a list before it grows */

const char *book_status_word(enum book_status status)
{
    static const char *const words[] = {"open", "invalid", "stop", "pending", "done", "cancelled"};
    return words[status];
}

static void **list_end(struct book_list *list)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? ROOM_FIRST : 2 * list->room;
        list->items = realloc(list->items, list->room * sizeof(*list->items));
        if (list->items == NULL)
            abort();
    }
    return &list->items[list->count++];
}

void *book_add(struct book_list *list, size_t size)
{
    void **end = list_end(list);

    *end = calloc(1, size);
    if (*end == NULL)
        abort();
    return *end;
}

static void free_list(struct book_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

void book_free(struct book *book)
{
    for (size_t i = 0; i < book->levels.count; i++) {
        struct book_level *level = book->levels.items[i];
        free(level->queue.items);
    }
    free_list(&book->markets);
    free_list(&book->accounts);
    free_list(&book->orders);
    free_list(&book->levels);
    free_list(&book->volumes);
    free_list(&book->schedule);
    free_list(&book->placers);
    free_list(&book->fills);
    free_list(&book->entries);
    free_list(&book->events);
    free(book->by_account.slots);
    free(book->by_order.slots);
}

static size_t slot_of(const struct book_index *index, int64_t id)
{
    size_t slot = (size_t)((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % index->room;

    while (index->slots[slot] != NULL && *(const int64_t *)index->slots[slot] != id)
        slot = (slot + 1) % index->room;
    return slot;
}

static void grow_index(struct book_index *index)
{
    struct book_index grown = {.room = index->room == 0 ? 4 * ROOM_FIRST : 2 * index->room,
                               .count = index->count};

    grown.slots = calloc(grown.room, sizeof(*grown.slots));
    if (grown.slots == NULL)
        abort();
    for (size_t i = 0; i < index->room; i++)
        if (index->slots[i] != NULL)
            grown.slots[slot_of(&grown, *(const int64_t *)index->slots[i])] = index->slots[i];
    free(index->slots);
    *index = grown;
}

/* The item of that id; where there is none it is added to the list and the index. */
static void *indexed(struct book_list *list, struct book_index *index, int64_t id, size_t size,
                     bool *known)
{
    if (2 * index->count >= index->room)
        grow_index(index);
    size_t slot = slot_of(index, id);
    *known = index->slots[slot] != NULL;
    if (!*known) {
        index->slots[slot] = book_add(list, size);
        *(int64_t *)index->slots[slot] = id;
        index->count++;
    }
    return index->slots[slot];
}

struct book_market *book_find_market(const struct book *book, uint8_t id)
{
    for (size_t i = 0; i < book->markets.count; i++) {
        struct book_market *market = book->markets.items[i];
        if (market->rules->id == id)
            return market;
    }
    return NULL;
}

struct book_order *book_order(struct book *book, int64_t id, bool *known)
{
    return indexed(&book->orders, &book->by_order, id, sizeof(struct book_order), known);
}

struct book_order *book_find_oid(const struct book *book, const struct uuid *oid)
{
    for (size_t i = 0; i < book->orders.count; i++) {
        struct book_order *order = book->orders.items[i];
        if (memcmp(order->oid.bytes, oid->bytes, sizeof(oid->bytes)) == 0)
            return order;
    }
    return NULL;
}

struct book_account *book_account(struct book *book, int64_t id)
{
    bool known;
    return indexed(&book->accounts, &book->by_account, id, sizeof(struct book_account), &known);
}

static struct book_account *account_of(struct book *book, int64_t owner, uint16_t currency)
{
    for (size_t i = 0; i < book->accounts.count; i++) {
        struct book_account *account = book->accounts.items[i];
        if (account->owner == owner && account->currency == currency)
            return account;
    }
    return NULL;
}

struct book_account *book_open_account(struct book *book, int64_t owner, uint16_t currency)
{
    struct book_account *account = account_of(book, owner, currency);

    if (account == NULL) {
        book_make_account(book, owner, currency);
        account = account_of(book, owner, currency);
    }
    return account;
}

struct book_volume *book_volume(struct book *book, int64_t user_id, uint16_t item)
{
    for (size_t i = 0; i < book->volumes.count; i++) {
        struct book_volume *volume = book->volumes.items[i];
        if (volume->user_id == user_id && volume->item == item)
            return volume;
    }
    struct book_volume *volume = book_add(&book->volumes, sizeof(*volume));
    volume->user_id = user_id;
    volume->item = item;
    return volume;
}

struct book_placer *book_placer(struct book *book, int64_t user_id)
{
    for (size_t i = 0; i < book->placers.count; i++) {
        struct book_placer *placer = book->placers.items[i];
        if (placer->user_id == user_id)
            return placer;
    }
    struct book_placer *placer = book_add(&book->placers, sizeof(*placer));
    placer->user_id = user_id;
    return placer;
}

int64_t book_percent(struct book *book, const struct book_market *market, int64_t user_id)
{
    const struct book_volume *traded = book_volume(book, user_id, market->rules->item->id);
    int64_t percent = INT64_MAX; /* every schedule begins at no volume */

    for (size_t i = 0; i < book->schedule.count; i++) {
        const struct book_fee *fee = book->schedule.items[i];
        if (fee->schedule == market->schedule && fee->volume <= traded->month + traded->added &&
            fee->percent < percent)
            percent = fee->percent;
    }
    return percent;
}

struct book_level *book_level(struct book *book, struct book_market *market, enum market_side side,
                              __int128 price)
{
    for (size_t i = 0; i < book->levels.count; i++) {
        struct book_level *level = book->levels.items[i];
        if (level->market == market && level->side == side && level->price == price)
            return level;
    }
    struct book_level *level = book_add(&book->levels, sizeof(*level));
    *level = (struct book_level){.market = market, .side = side, .price = price, .read_all = true};
    return level;
}

/* Whether a trades before b. */
static bool better(enum market_side side, __int128 a, __int128 b)
{
    return side == MARKET_ASK ? a < b : a > b;
}

static struct book_level *best_known(const struct book *book, const struct book_market *market,
                                     enum market_side side)
{
    struct book_level *best = NULL;

    for (size_t i = 0; i < book->levels.count; i++) {
        struct book_level *level = book->levels.items[i];
        if (level->market == market && level->side == side && level->amount > 0 &&
            (best == NULL || better(side, level->price, best->price)))
            best = level;
    }
    return best;
}

struct book_level *book_best(struct book *book, struct book_market *market, enum market_side side)
{
    struct book_side *half = &market->sides[side];

    while (book->rc == ERR_OK && half->best == NULL) {
        struct book_level *best = best_known(book, market, side);
        bool read = half->read_all ||
                    (half->read && best != NULL && !better(side, half->read_to, best->price));
        if (!read)
            book_read_levels(book, market, side);
        else if (best == NULL)
            return NULL;
        else
            half->best = best;
    }
    return book->rc == ERR_OK ? half->best : NULL;
}

struct book_order *book_first(struct book *book, struct book_level *level)
{
    while (book->rc == ERR_OK) {
        struct book_order *order =
            level->first < level->queue.count ? level->queue.items[level->first] : NULL;
        if (order != NULL && order->status != BOOK_OPEN) {
            order->queued = false;
            level->first++;
        } else if (order != NULL && (level->read_all || order->id <= level->read_to)) {
            return order;
        } else if (level->read_all) {
            book->rc = ERR_INTERNAL; /* the level says that there is one */
        } else {
            book_read_orders(book, level);
        }
    }
    return NULL;
}

void book_queue(struct book_level *level, struct book_order *order)
{
    if (order->queued)
        return;
    list_end(&level->queue);
    size_t place = level->queue.count - 1;
    for (; place > level->first; place--) {
        struct book_order *before = level->queue.items[place - 1];
        if (before->id < order->id)
            break;
        level->queue.items[place] = before;
    }
    level->queue.items[place] = order;
    order->queued = true;
}

/* What a level's lowest id may be from now on. */
static int64_t new_head(const struct book_level *level, __int128 change,
                        const struct book_order *first)
{
    if (first == NULL)
        return level->head;
    if (change < 0)
        return first->id;
    return level->amount == 0 || first->id < level->head ? first->id : level->head;
}

void book_change_level(struct book *book, struct book_level *level, __int128 change,
                       const struct book_order *first)
{
    struct book_side *half = &level->market->sides[level->side];
    struct book_event *event = book_add(&book->events, sizeof(*event));

    level->head = new_head(level, change, first);
    level->amount += change;
    level->changed = true;
    if (half->best == level && level->amount == 0)
        half->best = NULL;
    else if (half->best != NULL && better(level->side, level->price, half->best->price))
        half->best = level;
    *event = (struct book_event){.kind = "depth",
                                 .market = level->market,
                                 .level = level,
                                 .with_amounts = true,
                                 .amount = change,
                                 .total = level->amount};
}

bool book_waits(const struct book_order *order)
{
    return order->status == BOOK_PENDING ||
           ((order->status == BOOK_OPEN || order->status == BOOK_INVALID) &&
            order->funded < order->remaining);
}
