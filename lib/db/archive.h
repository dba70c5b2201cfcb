/* Archives: rows that nothing happens to any more move to tables that are compressed and never change. Whoever
 * owns rows registers how they move (lib/house), and reads what has moved from there. */
#ifndef DB_ARCHIVE_H
#define DB_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define ARCHIVES_MAX 8
#define ARCHIVE_STEP 2000 /* rows that one step looks at */

/* How rows move. They are looked at in the order of a number that is their key, or of what they belong to. */
struct archive {
    const char *name; /* of what moves, as operators see it: "orders" */
    const char *last; /* SELECTs the greatest of the next keys, or 0: behind ?, at most ? of them */
    const char
        *copy; /* INSERT of those that move: behind ?, up to ?, ended before ? (unix seconds) */
    const char *remove; /* DELETE of those that are in the archive: behind ?, up to ? */
    const char *count;  /* SELECTs how many are in the archive: behind ?, up to ? */
};

/* How far an archive is on its way through its rows. */
struct archive_step {
    int64_t before_s; /* in, unix seconds: what ended later stays where it is */
    int64_t cursor;   /* in and out, the last key that was looked at; begins with 0 */
    uint64_t moved;   /* in and out, rows that moved; added to */
    bool more;        /* out: there are keys behind the cursor */
};

/* Looks at the next ARCHIVE_STEP keys and moves the rows that may, in one transaction: who is killed leaves a
 * row in one place or in the other.
 * db  of the schema's owner: nobody else may write to an archive
 * Returns as db_txn. */
MUST_USE enum err archive_step(struct db *db, const struct archive *archive,
                               struct archive_step *step);

/* Adds an archive, once at the start of a process; the same again changes nothing.
 * archive  static storage */
void archive_register(const struct archive *archive);

/* All that are registered, `*count` of them. */
const struct archive *const *archives(size_t *count);

#endif
