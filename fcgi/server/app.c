/* Starting a worker process: key, files, database, and what it gives back at its end. */
#include "fcgi/server/app.h"

#include <string.h>

#include "base/log.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "ledger/ledger.h"
#include "market/change.h"
#include "market/order.h"

static enum err load_key(const struct config *config, uint8_t key[SEAL_KEY_SIZE],
                         struct text *problem)
{
    enum err rc = master_key_load(config, key);
    if (rc != ERR_OK)
        master_key_problem(config, problem);
    return rc == ERR_OK ? canary_refuses(config, key, problem) : rc;
}

/* What is read at start: the configuration, with its log level, and the key. */
static enum err read_files(const char *config_path, struct config *config, enum log_level *level,
                           uint8_t key[SEAL_KEY_SIZE], struct text *problem)
{
    enum err rc = config_load(config_path, config, problem);
    if (rc != ERR_OK)
        return rc;
    if (!log_level_parse(config->log_level, level)) {
        text_addf(problem, "log.level: %s is not debug, info, warning or bug", config->log_level);
        return ERR_CONFIG;
    }
    return load_key(config, key, problem);
}

enum err app_check(const char *config_path, struct text *problem)
{
    struct config config;
    enum log_level level;
    uint8_t key[SEAL_KEY_SIZE];

    enum err rc = read_files(config_path, &config, &level, key, problem);
    crypto_wipe(key, sizeof(key));
    config_free(&config);
    return rc;
}

enum err app_start(struct app *app, size_t connections, const char *config_path,
                   struct text *problem)
{
    enum log_level level;
    *app = (struct app){.connections = connections};
    enum err rc = crypto_start();
    if (rc != ERR_OK) {
        text_puts(problem, "the cryptographic library cannot be used");
        return rc;
    }
    rc = read_files(config_path, &app->config, &level, app->master_key, problem);
    if (rc != ERR_OK)
        return rc;
    log_set_level(level);
    market_orders_limit(app->config.market_orders_max);
    for (size_t i = 0; i < APP_SLOTS && rc == ERR_OK; i++)
        rc = matcher_client_open(app->config.market_matcher, &app->matcher[i]);
    if (rc != ERR_OK)
        text_addf(problem, "market.matcher: %s is too long for a socket",
                  app->config.market_matcher);
    return rc;
}

static void close_db(struct app *app)
{
    for (size_t i = 0; i < APP_SLOTS; i++) {
        db_close(app->db[i]);
        db_close(app->reader[i]);
        app->db[i] = app->reader[i] = NULL;
    }
}

static enum err open_db(struct app *app)
{
    enum err rc = ERR_OK;
    for (size_t i = 0; i < APP_SLOTS && rc == ERR_OK; i++)
        rc = i < app->connections ? db_open_config(&app->config, false, &app->db[i])
                                  : db_share(app->db[i - app->connections], &app->db[i]);
    if (rc == ERR_OK)
        rc = db_open_reader(&app->config, &app->reader[0]);
    for (size_t i = 1; i < APP_SLOTS && rc == ERR_OK && app->reader[0] != NULL; i++)
        rc = db_share(app->reader[0], &app->reader[i]);
    if (rc != ERR_OK)
        close_db(app);
    return rc;
}

enum err app_ready(struct app *app, size_t slot)
{
    enum err rc = app->db[0] == NULL ? open_db(app) : ERR_OK;
    if (rc == ERR_OK && !app->loaded) {
        rc = ledger_load(app->db[slot]);
        app->loaded = rc == ERR_OK;
    }
    return rc;
}

void app_stop(struct app *app)
{
    close_db(app);
    for (size_t i = 0; i < APP_SLOTS; i++)
        matcher_client_close(app->matcher[i]);
    crypto_wipe(app->master_key, sizeof(app->master_key));
    config_free(&app->config);
}
