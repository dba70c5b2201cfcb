/* The text of statements: for db.c, and for whoever writes a packet piece by piece (db/packet.h). */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "base/text.h"
#include "db/db.h"

/* Adds `sql` with its marks (?) filled in: numbers and hexadecimal literals only. Any other
 * number of arguments than of marks is our bug and ends the process. */
void statement_add(struct text *out, const char *sql, struct db_args args);

/* A semicolon outside of quotes makes two statements of one, and only packet.c may send two. Values
 * are no danger: they travel as numbers and hexadecimal digits. Aborts where there is one. */
void statement_check(const char *sql);

#endif
