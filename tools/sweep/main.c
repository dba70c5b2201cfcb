/* teller-sweep: releases expired tickets, closes orders past their expiry and clears away what nobody
 * needs any more. Any number of copies may run; each is ended once. SIGTERM ends it after the batch in
 * hand. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "checkout/checkout.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/sweep.h"
#include "ticket/ticket.h"

#define BATCH_DEFAULT 100
#define BATCH_MAX 10000
#define FOR_MAX_S 86400
#define IDLE_MS 150   /* least rest before the next look; the clock's digits add ... */
#define JITTER_MS 100 /* ... up to this, so that copies do not march in step */
#define CLEAR_ROWS 1000
#define CLEAR_EVERY_US 5000000

enum { DONE = 0, FAILED = 1, MISCONFIGURED = 2 };

static const char usage_text[] =
    "usage: teller-sweep [--config FILE] [--once | --for SECONDS] [--batch N]\n"
    "\n"
    "Releases the money of expired tickets, closes orders past their expiry and clears old rows\n"
    "away.\n"
    "  --once         until nothing is due (the default)\n"
    "  --for SECONDS  as long as that, looking again as they fall due\n"
    "  --batch N      tickets or orders in one transaction, 100\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct sweep {
    const char *config_path;
    int64_t for_s; /* 0: --once */
    int64_t batch;
    struct db *db;
    int64_t next_clear_us;
    uint64_t released; /* tickets */
    uint64_t closed;   /* orders */
    uint64_t cleared;  /* old rows */
};

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void catch_term(void)
{
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* Reads a whole number between 1 and `max`. */
static bool read_number(const char *text, int64_t max, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > max)
        return false;
    *out = value;
    return true;
}

/* False where the command line is wrong; *help where only help is asked for. */
static bool read_options(struct sweep *sweep, int argc, char **argv, bool *help)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"once", no_argument, NULL, 'o'},
        {"for", required_argument, NULL, 'f'},    {"batch", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    bool once = false;
    int found;

    while ((found = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (found) {
        case 'c':
            sweep->config_path = optarg;
            break;
        case 'o':
            once = true;
            break;
        case 'f':
            if (!read_number(optarg, FOR_MAX_S, &sweep->for_s))
                return false;
            break;
        case 'b':
            if (!read_number(optarg, BATCH_MAX, &sweep->batch))
                return false;
            break;
        case 'h':
            *help = true;
            return true;
        default:
            return false;
        }
    }
    return optind == argc && !(once && sweep->for_s != 0);
}

/* Two copies that lock each other's accounts are told to try again: that is no failure. */
static bool passes(enum err rc)
{
    return rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED;
}

/* Ends batches by `end` until nothing is due. `what` names them in the log. */
static enum err end_due(struct sweep *sweep, enum err (*end)(struct db *, int, int64_t *),
                        const char *what, uint64_t *total)
{
    int64_t count = 1;
    enum err rc = ERR_OK;

    while (!stopping && rc == ERR_OK && count > 0) {
        rc = end(sweep->db, (int)sweep->batch, &count);
        if (rc == ERR_OK)
            *total += (uint64_t)count;
        if (rc == ERR_OK && count > 0)
            log_line(LOG_LEVEL_DEBUG, "batch", "%s=%" PRId64, what, count);
    }
    return rc;
}

/* Deletes old rows in small portions, so that nobody waits long for a table. */
static enum err clear_old(struct sweep *sweep)
{
    int64_t removed = CLEAR_ROWS;
    enum err rc = ERR_OK;

    if (clock_mono_us() < sweep->next_clear_us)
        return ERR_OK;
    while (!stopping && rc == ERR_OK && removed >= CLEAR_ROWS) {
        rc = identity_sweep(sweep->db, CLEAR_ROWS, &removed);
        if (rc == ERR_OK)
            sweep->cleared += (uint64_t)removed;
    }
    if (rc == ERR_OK)
        sweep->next_clear_us = clock_mono_us() + CLEAR_EVERY_US;
    return rc;
}

static enum err work(struct sweep *sweep)
{
    enum err rc = end_due(sweep, ticket_expire_due, "released", &sweep->released);
    if (rc == ERR_OK)
        rc = end_due(sweep, checkout_close_due, "closed", &sweep->closed);
    return rc == ERR_OK ? clear_old(sweep) : rc;
}

static void rest(void)
{
    int64_t ms = IDLE_MS + clock_now_us() % JITTER_MS;
    struct timespec pause = {.tv_nsec = (long)ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* Works until the time is over, or until idle. The result is that of the last round: a database
 * that went away and came back is no failure. */
static enum err run(struct sweep *sweep)
{
    int64_t until_us = clock_mono_us() + sweep->for_s * 1000000;
    enum err rc = work(sweep);

    for (int tries = 1; sweep->for_s == 0 && rc == ERR_DB_CONTENDED && tries < 100 && !stopping;
         tries++)
        rc = work(sweep);
    while (sweep->for_s != 0 && !stopping && (rc == ERR_OK || passes(rc)) &&
           clock_mono_us() < until_us) {
        rest();
        if (!stopping)
            rc = work(sweep);
    }
    return rc;
}

static int sweep_and_tell(struct sweep *sweep)
{
    int64_t start_us = clock_mono_us();
    enum err rc = run(sweep);

    log_line(LOG_LEVEL_INFO, "swept",
             "released=%" PRIu64 " closed=%" PRIu64 " cleared=%" PRIu64 " ms=%" PRId64 " result=%s",
             sweep->released, sweep->closed, sweep->cleared, (clock_mono_us() - start_us) / 1000,
             err_id(rc));
    return rc == ERR_OK ? DONE : FAILED;
}

static int start(struct sweep *sweep, struct config *config)
{
    struct text problem = TEXT(4096);
    enum log_level level;
    int status = MISCONFIGURED;

    if (config_load(sweep->config_path, config, &problem) != ERR_OK)
        fprintf(stderr, "teller-sweep: %s\n", text_string(&problem));
    else if (!log_level_parse(config->log_level, &level))
        fprintf(stderr, "teller-sweep: level in [log] is not one\n");
    else if (db_open_config(config, false, &sweep->db) != ERR_OK)
        fprintf(stderr, "teller-sweep: %s cannot be used\n", config->database_password_file);
    else {
        log_set_level(level);
        status = sweep_and_tell(sweep);
    }
    text_free(&problem);
    return status;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {.batch = BATCH_DEFAULT};
    struct config config = {0};
    bool help = false;

    log_set_program("teller-sweep");
    if (!read_options(&sweep, argc, argv, &help) || help) {
        fputs(usage_text, help ? stdout : stderr);
        return help ? DONE : MISCONFIGURED;
    }
    catch_term();
    int status = crypto_start() == ERR_OK ? start(&sweep, &config) : FAILED;
    db_close(sweep.db);
    config_free(&config);
    return status;
}
