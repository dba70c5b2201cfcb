/* Lists that grow for ever, read page by page from the newest row on.
 *
 * A page is asked for by its number, and LIMIT counts from the newest row to it: the further back, the slower,
 * and how many rows there are has to be counted each time. So every LIST_STEP rows of an owner's list the key of
 * one is written down with its position (table list_mark). Then a count goes on from the last mark, and a page
 * begins at the mark before it. Marks are made by those who read, behind rows that nothing can come before any
 * more; two that make the same one change nothing. A row of such a list is never deleted while its mark stays. */
#ifndef DB_LIST_H
#define DB_LIST_H

#include "base/page.h"
#include "base/text.h"
#include "db/db.h"

#define LIST_STEP 1000 /* rows from mark to mark */

struct db_list {
    const char *name; /* "ticket/customer", in list_mark */
    const char *from; /* "ticket AS t WHERE t.customer_id = ?", with the owner for its mark */
    const char
        *id; /* "t.id": what a page is made of; an index on `from` has it and what is below */
    const char *key;   /* what marks say: rises with the list. Rows that share one stay together */
    bool number;       /* the key is a BIGINT; else a uuid of version 7 */
    const char *order; /* "t.id": oldest first; and newest first */
    const char *reverse; /* "t.id DESC" */
};

/* Counts an owner's rows, and makes marks where some are due.
 * Returns as db_run. */
MUST_USE enum err db_list_count(struct db *db, const struct db_list *list, int64_t owner_id,
                                uint64_t *records);

/* Adds a subquery with the ids of a page, as column `id`: "(SELECT t.id AS id FROM ...)".
 * page  of db_list_count's records
 * Returns as db_run. */
MUST_USE enum err db_list_page(struct db *db, const struct db_list *list, int64_t owner_id,
                               const struct page *page, struct text *sql);

/* The least uuid of version 7 of a moment, less an hour: what was made later has a greater one, whatever the
 * clocks of those who make them.
 * unix_s  seconds since 1970 */
struct uuid db_list_floor(int64_t unix_s);

#endif
