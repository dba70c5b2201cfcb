/* What a worker process holds for its whole life. */
#ifndef FCGI_APP_H
#define FCGI_APP_H

#include "base/config.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "db/db.h"

struct app {
    struct config config;
    struct db *db;                     /* NULL until first needed; app_ready opens it */
    bool loaded;                       /* the currencies are there */
    struct market_line *market_line;   /* line to the matcher, where the configuration names one */
    uint8_t master_key[SEAL_KEY_SIZE]; /* from security.key_file */
};

/* Reads configuration and key file. The database may be away: it is opened when first needed.
 * config_path  NULL for the one that TELLER_CONFIG names
 * problem      out, what is wrong, for a person
 * Returns ERR_CONFIG or ERR_CRYPTO. Call app_stop in any case. */
MUST_USE enum err app_start(struct app *app, const char *config_path, struct text *problem);

/* Makes sure that the database is open and what is loaded from it once is there. The dispatcher
 * calls it before every request that needs the database. Returns ERR_DB_AWAY, ERR_DB or
 * ERR_CONFIG. */
MUST_USE enum err app_ready(struct app *app);

/* Closes the connection in whatever state it is; app_ready opens another one. */
void app_drop_db(struct app *app);

/* Closes the database, wipes the key. */
void app_stop(struct app *app);

#endif
