/* Reaching a server by its host's name. For connection.c alone. */
#ifndef DB_REACH_H
#define DB_REACH_H

#include <mysql.h>

#include "db/db.h"

/* True where connecting means looking a name up: the client library does that blocking. */
bool reach_needs_name(const struct db_params *params);

/* One attempt in a thread of its own, while others go on (base/wait.h). One that takes too long is left to
 * end by itself, and is closed and given back there.
 * params      copied
 * timeout_ms  how long it is waited for
 * mysql       in, as mysql_init and mysql_options have made it; out, NULL where the attempt was left
 * Returns whether the server was reached; mysql_error says why not, where there is a `mysql` left. */
bool reach_by_name(const struct db_params *params, int timeout_ms, MYSQL **mysql);

#endif
