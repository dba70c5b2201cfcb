/* Bringing the schema up to date. Tables come from numbered files, each applied once and frozen
 * from then on; stored procedures are code, applied again whenever their file changed. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "db/db.h"

/* Applies what is missing, in order, and grants the application's user exactly what it needs.
 * owner      connection of the schema's owner
 * directory  holds NNNN_slug.sql and procedures/
 * app_user   who gets rights on rows and none on tables
 * said       called with each file applied, by its name below `directory`; may be NULL
 * arg        passed to it
 * problem    out, what went wrong: a changed frozen file, or the server's words
 * Returns ERR_CONFIG where the files are not usable, ERR_DB or ERR_DB_AWAY. */
MUST_USE enum err migrate_run(struct db *owner, const char *directory, const char *app_user,
                              void (*said)(void *arg, const char *file), void *arg,
                              struct text *problem);

/* Counts the files that migrate_run would apply. Works as the application's user too.
 * directory  as for migrate_run
 * count      out
 * problem    out, what went wrong
 * Returns as migrate_run. */
MUST_USE enum err migrate_pending(struct db *db, const char *directory, size_t *count,
                                  struct text *problem);

#endif
