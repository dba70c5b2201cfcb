/* What callers name is looked at before SQL sees it: columns of words and addresses are ASCII, moments are of
 * 31 bits. And the record of what operators did. */
#include <string.h>

#include "desk/operate.h"
#include "desk/store.h"

#define OFFSET_MAX INT32_MAX
#define MOMENT_MAX (INT32_MAX - 1) /* unix seconds that FROM_UNIXTIME knows, with one to spare */

bool is_random_word(const char *text)
{
    return strlen(text) == DESK_HASH_SIZE - 1 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
               DESK_HASH_SIZE - 1;
}

bool is_ascii(const char *text)
{
    for (const char *c = text; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            return false;
    return true;
}

bool span_fits(int64_t *since, int64_t *until)
{
    if (*until > MOMENT_MAX)
        *until = 0;
    if (*since < 0)
        *since = 0;
    return *since <= MOMENT_MAX && *until >= 0;
}

int64_t list_limit(int64_t limit)
{
    return limit <= 0 ? DESK_LIST_DEFAULT : limit > DESK_LIST_MAX ? DESK_LIST_MAX : limit;
}

int64_t list_offset(int64_t offset)
{
    return offset < 0 ? 0 : offset > OFFSET_MAX ? OFFSET_MAX : offset;
}

void change_add(struct db_packet *packet, const char *who, const char *what, const char *subject,
                const char *was, const char *became)
{
    db_packet_add(
        packet, "INSERT INTO desk_change (who, what, subject, was, became) VALUES (?, ?, ?, ?, ?)",
        DB_ARGS(db_text(who), db_text(what), db_text(subject), db_text(was), db_text(became)));
}
