/* Copies of what a connection is made with. For connection.c and reach.c. */
#ifndef DB_PARAMS_H
#define DB_PARAMS_H

#include "db/db.h"

/* Copies it all.
 * out  out, the caller's: params_free, also where there was not enough memory
 * Returns ERR_NO_MEMORY. */
MUST_USE enum err params_copy(struct db_params *out, const struct db_params *params);

/* Gives copies back; the password is wiped. */
void params_free(struct db_params *params);

#endif
