/* What a worker process holds for its whole life. */
#ifndef FCGI_SERVER_APP_H
#define FCGI_SERVER_APP_H

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/request.h"

/* Requests that a worker has in hand at once: while one waits others go on (base/wait.h). */
#define APP_SLOTS 8

struct app {
    struct config config;
    size_t connections;       /* connections to the database, which the slots share */
    struct db *db[APP_SLOTS]; /* of each slot; NULL until app_ready opens them */
    struct db
        *reader[APP_SLOTS]; /* of each slot, to where public data is read; NULL: there as well */
    bool loaded;            /* the currencies are there */
    struct matcher_client *matcher[APP_SLOTS]; /* of each slot, to the matcher if there is one */
    uint8_t master_key[SEAL_KEY_SIZE];         /* from security.key_file */
    request_finder *find_request; /* what was done under a name, in any domain; NULL: nothing is */
};

/* Reads configuration and key file. The database may be away: it is opened when first needed; where it
 * is there the key has to be the one that it was sealed with.
  * connections   connections to the database: 1 (all slots share it) to APP_SLOTS (one each)
 * config_path  NULL for the one that TELLER_CONFIG names
 * problem      out, what is wrong, for a person
 * Returns ERR_CONFIG, or ERR_CRYPTO for a key of another database. Call app_stop in any case. */
MUST_USE enum err app_start(struct app *app, size_t connections, const char *config_path,
                            struct text *problem);

/* Whether app_start would find configuration and key file in order, as they are now.
 * Returns as app_start; `problem` likewise. */
MUST_USE enum err app_check(const char *config_path, struct text *problem);

/* Makes sure that the database is open and what is loaded from it once is there. The dispatcher
 * calls it before every request that needs the database.
 * slot  whose handle loads it
 * Returns ERR_DB_AWAY, ERR_DB, ERR_CONFIG or ERR_NO_MEMORY. */
MUST_USE enum err app_ready(struct app *app, size_t slot);

/* Closes the database, wipes the key. */
void app_stop(struct app *app);

#endif
