/* Bringing the schema up to date. Tables come from numbered files, each applied once and frozen
 * from then on; stored procedures are code, applied again whenever their file changed. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"

/* The application's user. */
struct migrate_user {
    const char *user;
    const char *hosts; /* from which it connects, as the server knows it: "localhost, 10.0.0.7" */
};

/* Applies what is missing, in order; makes routines and triggers anew that are not as they were made, drops
 * routines that no file makes any more, and grants the application's user exactly what it needs. What the server must
 * be like is looked at first (migrate_look).
 * owner      connection of the schema's owner
 * directory  holds NNNN_slug.sql and procedures/
 * app        who gets rights on rows and none on tables; NULL where there is one user for both, and
 *            nothing is granted
 * said       called with each file applied, by its name below `directory`; may be NULL
 * arg        passed to it
 * problem    out, what went wrong: a changed frozen file, a newer schema, or the server's words
 * Returns ERR_CONFIG where the files or the server are not usable, ERR_DB or ERR_DB_AWAY. */
MUST_USE enum err migrate_run(struct db *owner, const char *directory,
                              const struct migrate_user *app,
                              void (*said)(void *arg, const char *file), void *arg,
                              struct text *problem);

/* Gives the database the default under which everything in it is to be made, whatever the server's is;
 * migrate_run does that first. For what makes tables without it: a restore.
 * Returns as db_run. */
MUST_USE enum err migrate_set_collation(struct db *owner);

/* Looks whether migrate_run can succeed: binary log, cluster, the owner's rights.
 * grants   whether the owner has to grant
 * problem  out, all that is not as it must be, and how to mend it
 * Returns ERR_CONFIG where something is not, ERR_DB or ERR_DB_AWAY. */
MUST_USE enum err migrate_look(struct db *owner, bool grants, struct text *problem);

/* Counts the files that migrate_run would apply. Works as the application's user too.
 * directory  as for migrate_run
 * count      out
 * problem    out, what went wrong
 * Returns as migrate_run. */
MUST_USE enum err migrate_pending(struct db *db, const char *directory, size_t *count,
                                  struct text *problem);

#endif
