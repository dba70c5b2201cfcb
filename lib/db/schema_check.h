/* Whether what is in the database is what this program's schema makes: for doctor, /health/ready and
 * migrate. */
#ifndef DB_SCHEMA_CHECK_H
#define DB_SCHEMA_CHECK_H

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"
#include "db/schema_files.h"

/* Every routine is to be made in a database with this default, whatever it was restored into. */
#define SCHEMA_COLLATION "utf8mb4_unicode_ci"

/* Compares files, register, routines and triggers.
 * db         of either user; the text of routines, and triggers, are compared as the schema's owner only,
 *            since the server shows them to nobody else
 * directory  as for migrate_run
 * wrong      out, what differs, in words; empty where nothing does
 * problem    out, what went wrong with the comparison itself
 * Returns ERR_CONFIG where the files are not usable, ERR_DB or ERR_DB_AWAY. */
MUST_USE enum err schema_check(struct db *db, const char *directory, struct text *wrong,
                               struct text *problem);

/* What of this folder migrate needs as well. */

/* A routine that the database has. */
struct routine {
    struct routine_name name;
    bool collation_right; /* made under SCHEMA_COLLATION */
    bool text_changed;    /* is not what migrate made; false where the server does not show it */
    bool belongs;         /* some file makes it */
};

struct routines {
    struct routine *list;
    size_t count;
};

/* Reads what the database has. Returns ERR_NO_MEMORY or as db_run; call routines_free in any case. */
MUST_USE enum err routines_read(struct db *db, struct routines *routines);
void routines_free(struct routines *routines);

/* Notes the text of all routines as the one that belongs there. As the schema's owner. */
MUST_USE enum err routines_register(struct db *owner);

/* Marks those that a file of code makes as belonging.
 * words  out, what is wrong with one of them; untouched where nothing is; may be NULL
 * Returns whether all are there as they should be. */
bool routines_match(struct routines *routines, const struct script *script, struct text *words);

/* What is wrong with a trigger: NULL for nothing, and where the server does not show this user any.
 * fault  out, in words; static
 * Returns as db_run. */
MUST_USE enum err trigger_fault(struct db *db, const char *name, const char **fault);

/* The first numbered file that was applied and that this program does not have, which makes the schema
 * newer than the program. "" where there is none.
 * Returns as db_run. */
MUST_USE enum err schema_newer(struct db *db, const struct scripts *scripts, char *out,
                               size_t size);

#endif
