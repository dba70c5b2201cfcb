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

enum err desk_change_list(struct db *db, const char *what, const char *subject, int64_t limit,
                          void (*row)(void *arg, const struct desk_change *change), void *arg)
{
    struct db_rows rows = {0};

    if (!is_ascii(what))
        return ERR_OK;
    enum err rc =
        db_run(db,
               "SELECT UNIX_TIMESTAMP(at) DIV 1, who, what, subject, was, became FROM desk_change "
               "WHERE (? "
               "IS NULL OR what = ?) AND (? IS NULL OR subject = ?) ORDER BY id DESC LIMIT ?",
               DB_ARGS(db_text(what), db_text(what), db_text(subject), db_text(subject),
                       db_i64(list_limit(limit))),
               &rows);
    while (rc == ERR_OK && db_next(&rows))
        row(arg, &(struct desk_change){.at = db_get_i64(&rows, 0),
                                       .who = db_get_text(&rows, 1),
                                       .what = db_get_text(&rows, 2),
                                       .subject = db_get_text(&rows, 3),
                                       .was = db_get_text(&rows, 4),
                                       .became = db_get_text(&rows, 5)});
    db_rows_free(&rows);
    return rc;
}
