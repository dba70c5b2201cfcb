/* The newest board of this process, and looking things up in one. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/store.h"

static struct board *newest; /* this process uses it, so that it has one user more */
static int64_t read_us;      /* when it had been read */
static bool reading;         /* somebody reads the next one, and the others use this one */
static uint64_t versions;

static void leave(struct board *board)
{
    if (board != NULL && --board->users == 0)
        board_free(board);
}

/* Reads a board and puts it in the place of the newest. */
static enum err renew(struct db *db)
{
    struct board *board = NULL;

    reading = true;
    enum err rc = board_read(db, &board);
    reading = false;
    if (rc != ERR_OK)
        return rc;
    board->shown.version = ++versions;
    board->users = 1;
    leave(newest);
    newest = board;
    read_us = clock_mono_us();
    return ERR_OK;
}

/* Where all who come while the newest is too old read one, each for himself, a board that takes long to read is
 * too old again by then, and nobody does anything else. */
enum err desk_board_take(struct db *db, const struct desk_board **out)
{
    bool old = newest == NULL || clock_mono_us() - read_us >= DESK_BOARD_AGE_MS * 1000;
    enum err rc = newest == NULL || (old && !reading) ? renew(db) : ERR_OK;

    if (rc != ERR_OK)
        return rc;
    newest->users++;
    *out = &newest->shown;
    return ERR_OK;
}

void desk_board_give(const struct desk_board *board)
{
    leave((struct board *)(uintptr_t)board);
}

void desk_board_forget(void)
{
    leave(newest);
    newest = NULL;
}

const struct desk_system *desk_system_of(const struct desk_board *board, uint64_t id)
{
    for (size_t i = 0; i < board->system_count; i++)
        if (board->systems[i].id == id)
            return &board->systems[i];
    return NULL;
}

const struct desk_direction *desk_direction_of(const struct desk_board *board, uint64_t id)
{
    for (size_t i = 0; i < board->direction_count; i++)
        if (board->directions[i].id == id)
            return &board->directions[i];
    return NULL;
}

const struct desk_direction *desk_direction_pair(const struct desk_board *board, uint64_t give,
                                                 uint64_t get)
{
    for (size_t i = 0; i < board->direction_count; i++)
        if (board->directions[i].give->id == give && board->directions[i].get->id == get)
            return &board->directions[i];
    return NULL;
}

bool desk_is_shown(const struct desk_direction *direction, enum desk_access access)
{
    return direction->state != DESK_OFF && direction->give->give_on && direction->get->get_on &&
           (direction->access == DESK_FOR_ALL || access == DESK_FOR_ALL ||
            direction->access == access);
}

static int by_place(const void *a, const void *b)
{
    const struct desk_words *left = a, *right = b;

    if (left->of != right->of)
        return left->of < right->of ? -1 : 1;
    if (left->of_id != right->of_id)
        return left->of_id < right->of_id ? -1 : 1;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->language, right->language);
}

const char *desk_text(const struct desk_board *shown, enum desk_text_of of, uint64_t id,
                      const char *name, const char *language)
{
    const struct board *board = (const struct board *)shown;
    const char *const languages[] = {language, "en"};
    struct desk_words wanted = {.of = of, .of_id = id};

    text_copy(wanted.name, sizeof(wanted.name), name);
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        text_copy(wanted.language, sizeof(wanted.language), languages[i]);
        const struct desk_words *found =
            board->text_count == 0
                ? NULL
                : bsearch(&wanted, board->texts, board->text_count, sizeof(wanted), by_place);
        if (found != NULL)
            return found->words;
    }
    return "";
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    for (size_t i = 0; i < board->text_count; i++)
        free(board->texts[i].words);
    free(board->systems);
    free(board->directions);
    free(board->fields);
    free(board->texts);
    free(board);
}
