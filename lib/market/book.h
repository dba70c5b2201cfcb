/* The books as one transaction sees and changes them: what it has read under the markets' locks,
 * and what becomes of it. book_read.c reads what the changes will need, match.c makes them in
 * memory (and has book_store.c read on where they go deeper into a book), book_write.c writes all
 * of it at once: three packets to the database instead of some twenty statements for each trade.
 * Nothing is kept behind the transaction; the book that everybody else sees is the database's.
 *
 * A market's row is the lock of its book, and is locked before anything of the book is read.
 * Accounts are locked as they are read. Whatever cannot be read leaves its error in `rc`; the
 * caller ends then, and the transaction is rolled back. Where memory runs out the process ends,
 * which does the same.
 *
 * Amounts are smallest units of the item, prices and money of the currency, percentages
 * thousandths of a percent. */
#ifndef MARKET_BOOK_H
#define MARKET_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "db/packet.h"
#include "market/change.h"
#include "market/market.h"

/* The first of the ids that new orders have until they are written: behind all that are stored. */
#define BOOK_NEW (INT64_C(1) << 62)

struct book_list {
    void **items; /* owned, where book_add made them */
    size_t count, room;
};

/* Finds items by id. Their first member is their id, which does not change meanwhile. */
struct book_index {
    void **slots; /* twice as many as items at least; NULL: free */
    size_t room, count;
};

/* One account. Until it is read (`known`) the numbers are what has been added to it so far. */
struct book_account {
    int64_t id, owner;
    uint16_t currency;
    char purpose[17];
    bool known, changed;
    __int128 balance, reserved;
    int64_t live;     /* orders that pay from it */
    __int128 posted;  /* the balance behind its last entry that is stored or on its way there */
    uint64_t entries; /* the number of that entry */
};

enum book_status {
    BOOK_OPEN,    /* in the book */
    BOOK_INVALID, /* no money behind it */
    BOOK_STOP,    /* waits for its price */
    BOOK_PENDING, /* set off: about to be matched */
    BOOK_DONE,
    BOOK_CANCELLED,
};

/* As market_order.status has it. Static storage. */
const char *book_status_word(enum book_status status);

struct book_order {
    int64_t id; /* from BOOK_NEW on: not written yet */
    struct uuid oid;
    struct book_market *market;
    int64_t user_id;
    enum market_side side;
    enum book_status status;
    bool with_price, with_stop, fiat_fee;
    __int128 price, stop, amount, remaining, funded, hold;
    int64_t percent; /* of what it receives */
    struct book_account *pays, *gains;
    const char *trace; /* request that it matches for: not owned */
    bool queued;       /* is in its level's queue */
    bool changed;
    bool stopped;  /* has a row of market_stop, as stored */
    bool waited;   /* the same of market_wait */
    bool tried;    /* ... which is to be written: it was tried, or is to be at once */
    __int128 free; /* what was free in the account then; -1: at once */
};

/* All orders of one price. */
struct book_level {
    struct book_market *market;
    enum market_side side;
    __int128 price, amount;
    int64_t head;           /* no order in it has a lower id */
    struct book_list queue; /* orders in order of id; those before `first` are gone */
    size_t first;
    int64_t read_to; /* all stored orders up to this id are in the queue */
    bool read_all;
    bool stored, changed;
};

/* One side of a market. */
struct book_side {
    struct book_level *best; /* NULL: to be found */
    bool read, read_all;     /* its levels: the best ones, up to `read_to`; all */
    __int128 read_to;        /* price */
    bool asked;              /* more of them are being read, and so many were found */
    unsigned found;
};

struct book_market {
    const struct market *rules;
    __int128 whole; /* smallest units of the item in one */
    bool halted, changed;
    int64_t last_tid;
    bool traded; /* last_price is one */
    __int128 last_price;
    int64_t stops; /* orders of status stop */
    bool stops_read;
    __int128 stops_low, stops_high; /* asks down to, bids up to that stop price have been read */
    uint8_t schedule;
    struct book_account *item_fees, *fees, *rounding;
    struct book_side sides[2]; /* by enum market_side */
};

/* What a user traded of an item. */
struct book_volume {
    int64_t user_id;
    uint16_t item;
    __int128 month; /* 30 days; read only for those who place */
    __int128 added; /* by this transaction */
};

/* How many live orders somebody has who places. */
struct book_placer {
    int64_t user_id, live;
};

/* A step of a fee schedule. */
struct book_fee {
    uint8_t schedule;
    __int128 volume; /* from which it holds */
    int64_t percent;
};

/* A trade. */
struct book_fill {
    struct book_market *market;
    struct book_order *taker, *maker;
    int64_t tid, journal_id;
    __int128 price, amount, spent, earned, buyer_fee, seller_fee;
};

/* One side of a posting. */
struct book_entry {
    struct book_account *account;
    const struct book_fill *fill;
    __int128 amount;
    const char *type; /* of entry.type; NULL: none */
};

/* Something that the stream tells, as the columns of stream_event. */
struct book_event {
    const char *kind;
    const struct book_market *market;
    const struct book_fill *fill;   /* journal */
    const struct book_level *level; /* depth: side and price */
    const struct book_order *order;
    const char *word;
    bool with_amounts;
    __int128 amount, total;
};

struct book {
    struct db *db;
    enum err rc;
    char now[32];       /* DATETIME(6), UTC: when all of this happens */
    int64_t now_us;     /* the same since 1970 */
    int64_t orders_max; /* live ones of a user who places; 0: any number */
    struct book_list markets, accounts, orders, levels, volumes, schedule, placers;
    struct book_list fills, entries, events;
    struct book_index by_account, by_order; /* accounts; orders that are stored */
    int64_t created;                        /* orders that are not written yet */
    uint64_t orders_read;                   /* of a level, next time */
};

/* Gives back what the book has; the structure itself is the caller's. */
void book_free(struct book *book);

/* Adds `size` zeroed bytes to a list, which owns them. */
void *book_add(struct book_list *list, size_t size);

struct book_market *book_find_market(const struct book *book, uint8_t id);

/* The stored order of that id, a new and empty one where it is not known yet. */
struct book_order *book_order(struct book *book, int64_t id, bool *known);
struct book_order *book_find_oid(const struct book *book, const struct uuid *oid);

/* The account of that id, known or not. */
struct book_account *book_account(struct book *book, int64_t id);

/* A user's account for a currency, opened where there is none. NULL: see rc. */
struct book_account *book_open_account(struct book *book, int64_t owner, uint16_t currency);

/* The user's volume of an item, 0 where nothing was read. */
struct book_volume *book_volume(struct book *book, int64_t user_id, uint16_t item);

/* The same of a user's live orders. */
struct book_placer *book_placer(struct book *book, int64_t user_id);

/* What a user's orders in a market pay from now on. */
int64_t book_percent(struct book *book, const struct book_market *market, int64_t user_id);

/* The level of a price, an empty one where there is none. Where there is one it has been read:
 * book_read does so for each price that a change names, book_best for the others. */
struct book_level *book_level(struct book *book, struct book_market *market, enum market_side side,
                              __int128 price);

/* The level that trades first; NULL where the side is empty, or see rc. */
struct book_level *book_best(struct book *book, struct book_market *market, enum market_side side);

/* The order of a level that trades first; NULL: see rc. */
struct book_order *book_first(struct book *book, struct book_level *level);

/* Changes what a level shows, and tells the stream.
 * change  what is added to its amount
 * first   the order that it is for: the one that comes or grows, or the first one of the level,
 *         which trades; NULL where an order leaves, which says nothing about who is first */
void book_change_level(struct book *book, struct book_level *level, __int128 change,
                       const struct book_order *first);

/* Puts an order that is in the book now into its level's queue, in its place by id. */
void book_queue(struct book_level *level, struct book_order *order);

/* Whether it waits to be tried (a row of market_wait). */
bool book_waits(const struct book_order *order);

/* book_read.c: reads what the changes will need, and locks their markets. */
void book_read(struct book *book, const struct market_change *changes, size_t count);

/* book_store.c */

/* Reads on: levels behind those read, orders of a level behind those read, the stop orders of a
 * market that trades between two prices set off. Each leaves an error in rc. */
void book_read_levels(struct book *book, struct book_market *market, enum market_side side);
void book_read_orders(struct book *book, struct book_level *level);
void book_read_stops(struct book *book, struct book_market *market, __int128 low, __int128 high);

/* Makes a missing account of a user, and reads it. */
void book_make_account(struct book *book, int64_t owner, uint16_t currency);

/* Adds the statement that reads and locks the next accounts which have changed and are not known.
 * Gives how many it asks for; 0: there are none. */
size_t book_ask_accounts(const struct book *book, struct db_packet *packet);

/* Takes the accounts in that were asked for. */
void book_take_asked(struct book *book, struct db_rows *rows, size_t asked);

/* book_write.c: writes everything that has changed. */
MUST_USE enum err book_write(struct book *book);

/* match.c: makes a change in memory, or nothing of it.
 * Returns as market_change_alone; an error that leaves the book unusable is in rc as well. */
MUST_USE enum err book_make(struct book *book, const struct market_change *change);

#endif
