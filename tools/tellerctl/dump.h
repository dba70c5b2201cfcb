/* The database's own client programs, mariadb-dump and mariadb, run as the schema's owner. */
#ifndef TELLERCTL_DUMP_H
#define TELLERCTL_DUMP_H

#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"

/* Writes the whole database, as it is at one moment: tables, routines, triggers.
 * file     open for writing, empty
 * problem  out, what the program said
 * Returns ERR_CONFIG where the program or the password is not there, ERR_IO where it failed. */
MUST_USE enum err dump_write(const struct config *config, int file, struct text *problem);

/* Makes what the dump holds, as the schema's owner: whoever owned it where it was written, and what
 * that database was called, is left out.
 * dump     `len` bytes, as dump_write wrote them
 * problem  out, what the program said
 * Returns as dump_write. Where it failed a part of the dump may be there. */
MUST_USE enum err dump_load(const struct config *config, const char *dump, size_t len,
                            struct text *problem);

#endif
