/* A table of addresses. They are hashes themselves, so that their first bytes say where to look. */
#include "rail/ethereum_book.h"

#include <stdlib.h>
#include <string.h>

#include "deposit/deposit.h"

#define ROOM_FIRST 1024

static size_t place_of(const struct ethereum_book *book, const struct ethereum_address *address)
{
    uint64_t first;

    memcpy(&first, address->bytes, sizeof(first));
    size_t slot = first % book->slot_count;
    while (book->slots[slot] != 0 &&
           !ethereum_address_equal(&book->list[book->slots[slot] - 1], address))
        slot = (slot + 1) % book->slot_count;
    return slot;
}

/* Doubles the room; the slots are twice as many. */
static enum err grow(struct ethereum_book *book)
{
    size_t room = book->room == 0 ? ROOM_FIRST : 2 * book->room;
    struct ethereum_address *list = realloc(book->list, room * sizeof(*list));
    if (list == NULL)
        return ERR_NO_MEMORY;
    book->list = list;
    struct ethereum_owner *owners = realloc(book->owners, room * sizeof(*owners));
    if (owners == NULL)
        return ERR_NO_MEMORY;
    book->owners = owners;
    uint32_t *slots = calloc(2 * room, sizeof(*slots));
    if (slots == NULL)
        return ERR_NO_MEMORY;
    free(book->slots);
    book->slots = slots;
    book->slot_count = 2 * room;
    book->room = room;
    for (size_t i = 0; i < book->count; i++)
        book->slots[place_of(book, &book->list[i])] = (uint32_t)(i + 1);
    return ERR_OK;
}

static enum err add_address(void *arg, const struct deposit_address *given)
{
    struct ethereum_book *book = arg;
    struct ethereum_address address;

    if (ethereum_address_parse(given->address, strlen(given->address), &address) != ERR_OK)
        return ERR_INTERNAL;
    book->next = given->index + 1;
    if (given->index == 0) {
        book->hot = address;
        book->hot_user = given->user_id;
        book->has_hot = true;
        return ERR_OK;
    }
    enum err rc = book->count == book->room ? grow(book) : ERR_OK;
    if (rc != ERR_OK)
        return rc;
    book->list[book->count] = address;
    book->owners[book->count] =
        (struct ethereum_owner){.index = given->index, .user_id = given->user_id};
    book->slots[place_of(book, &address)] = (uint32_t)(book->count + 1);
    book->count++;
    return ERR_OK;
}

enum err ethereum_book_read(struct ethereum_book *book, struct db *db, const char *rail)
{
    return deposit_address_each(db, rail, book->next, add_address, book);
}

bool ethereum_book_find(const struct ethereum_book *book, const struct ethereum_address *address,
                        struct ethereum_owner *out)
{
    if (book->has_hot && ethereum_address_equal(&book->hot, address)) {
        *out = (struct ethereum_owner){.index = 0, .user_id = book->hot_user};
        return true;
    }
    if (book->slot_count == 0)
        return false;
    uint32_t place = book->slots[place_of(book, address)];
    if (place != 0)
        *out = book->owners[place - 1];
    return place != 0;
}

const struct ethereum_address *ethereum_book_address(const struct ethereum_book *book,
                                                     uint64_t index)
{
    size_t low = 0, high = book->count;

    if (index == 0)
        return book->has_hot ? &book->hot : NULL;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (book->owners[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < book->count && book->owners[low].index == index ? &book->list[low] : NULL;
}

void ethereum_book_free(struct ethereum_book *book)
{
    free(book->list);
    free(book->owners);
    free(book->slots);
    *book = (struct ethereum_book){0};
}
