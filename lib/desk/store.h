/* What the files of this folder share: how a board is read, and the SQL of bids without any rule. */
#ifndef DESK_STORE_H
#define DESK_STORE_H

#include "db/packet.h"
#include "desk/bid.h"
#include "desk/desk.h"
#include "ledger/post.h"

#define DESK_SQL_MAX (1 << 16)    /* bytes of one of our statements with what it names */
#define DESK_PACKET_MAX (4 << 20) /* bytes of the statements of one change */
#define DESK_HOLD "desk"          /* kind of a bid's hold */

/* A text of the desk, as read. */
struct desk_words {
    enum desk_text_of of;
    uint64_t of_id;
    char name[25], language[DESK_LANGUAGE_SIZE];
    char *words; /* owned */
};

/* A board with what is behind it. */
struct board {
    struct desk_board shown; /* first: desk_board_give is given this */
    unsigned users;
    struct desk_system *systems;
    struct desk_direction *directions;
    struct desk_field *fields; /* of all directions, one behind the other */
    struct desk_words *texts;  /* sorted */
    size_t text_count, field_count;
};

/* Reads all, or one direction with what it needs and without texts: inside of the transaction that is
 * open where there is one.
 * direction_id  0: all
 * out           owned by the caller: board_free */
MUST_USE enum err board_read(struct db *db, uint64_t direction_id, struct board **out);
void board_free(struct board *board);

#endif
