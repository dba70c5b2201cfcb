/* GET /health/live and /health/ready: for load balancers, monitors and start scripts. GET /health/deep: for
 * operators; the web server answers it on its own machine only. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/canary.h"
#include "db/schema_check.h"
#include "db/space.h"
#include "fcgi/faces.h"
#include "fcgi/server/app.h"
#include "watch/watch.h"

/* The process answers; nothing else is looked at. */
static enum err live(struct request *request, struct reply *reply)
{
    (void)request;
    text_puts(reply->writer.out, "ok\n");
    return ERR_OK;
}

#define READY_WORDS_SIZE 160
#define LOOK_AGAIN_US (5 * INT64_C(1000000)) /* how long a current schema is taken to stay so */

/* Compares the schema with its files, which costs a query per file. */
static const char *schema_problem(struct app *app, struct db *db)
{
    struct text wrong = TEXT(1024), problem = TEXT(1024);
    const char *words = NULL;
    enum err rc = schema_check(db, app->config.schema_directory, &wrong, &problem);

    if (rc != ERR_OK)
        words = "schema cannot be read\n";
    else if (wrong.len > 0)
        words = "schema is not current: run tellerctl migrate\n";
    else if (canary_check(db, app->master_key) != ERR_OK)
        words = "the master key is not the one of this database: see key_file in [security]\n";
    if (words != NULL)
        log_line(LOG_LEVEL_WARNING, "ready", "problem=\"%s%s\"", text_string(&problem),
                 text_string(&wrong));
    text_free(&problem);
    text_free(&wrong);
    return words;
}

/* What keeps this worker from serving, or NULL. */
static const char *not_ready(const struct request *request)
{
    static int64_t current_until_us;
    struct app *app = request->app;
    if (app_ready(app, request->slot) != ERR_OK ||
        db_run(app->db[request->slot], "DO 0", DB_NO_ARGS, NULL) != ERR_OK)
        return app->db[request->slot] != NULL && db_refused(app->db[request->slot])
                   ? "database refuses the connection: see user, password_file and name in "
                     "[database]\n"
                   : "database is away\n";
    if (space_is_short(db_data_directory(app->db[request->slot])))
        return "the database's disk is full\n";
    if (db_is_stalled())
        return "the database does not take changes: is its disk full?\n";
    if (clock_mono_us() < current_until_us)
        return NULL;
    const char *words = schema_problem(app, app->db[request->slot]);
    current_until_us = words == NULL ? clock_mono_us() + LOOK_AGAIN_US : 0;
    return words;
}

static enum err ready(struct request *request, struct reply *reply)
{
    const char *problem = not_ready(request);
    text_puts(reply->writer.out, problem == NULL ? "ready\n" : problem);
    reply->status = problem == NULL ? 200 : 503;
    return ERR_OK;
}

/* What is wrong, and what was looked at. */
struct deep {
    struct text *out;
    bool wrong;
};

static void add_finding(void *arg, const struct finding *finding)
{
    struct deep *deep = arg;

    text_addf(deep->out, "%s: %s: %s%s%s%s\n", finding->good ? "ok" : "WRONG", finding->check,
              finding->found, finding->good ? "" : " (", finding->good ? "" : finding->mend,
              finding->good ? "" : ")");
    deep->wrong = deep->wrong || !finding->good;
}

static enum err look_deep(struct request *request, struct reply *reply)
{
    struct app *app = request->app;
    struct deep deep = {.out = reply->writer.out};
    const char *problem = not_ready(request);
    struct finding ready = {.check = "ready", .good = problem == NULL, .found = "yes", .mend = ""};
    char words[READY_WORDS_SIZE];

    if (problem != NULL) {
        snprintf(words, sizeof(words), "%.*s", (int)strcspn(problem, "\n"), problem);
        ready.found = words;
        ready.mend = "tellerctl doctor says more";
    }
    add_finding(&deep, &ready);
    watch_secrets(&app->config, add_finding, &deep);
    if (app->db[request->slot] != NULL)
        watch_all(app->db[request->slot], &app->config, add_finding, &deep);
    reply->status = deep.wrong ? 503 : 200;
    return ERR_OK;
}

static const struct route rows[] = {
    {.methods = METHOD_GET,
     .path = "/health/live",
     .auth = &auth_public,
     .needs_no_db = true,
     .effect = EFFECT_READS,
     .handler = live,
     .help = "The worker answers."},
    {.methods = METHOD_GET,
     .path = "/health/ready",
     .auth = &auth_public,
     .needs_no_db = true,
     .effect = EFFECT_READS,
     .handler = ready,
     .help = "The worker can serve: database reachable, schema current."},
    {.methods = METHOD_GET,
     .path = "/health/deep",
     .auth = &auth_public,
     .needs_no_db = true,
     .effect = EFFECT_READS,
     .handler = look_deep,
     .help =
         "For operators, on this machine: jobs, what waits for them, disk, clock, certificate."},
};

ROUTE_TABLE(routes_health, rows);
