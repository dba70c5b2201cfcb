/* teller-worker: answers FastCGI requests on the listening socket that it is handed. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/listen.h"
#include "base/log.h"
#include "base/sanitized.h"
#include "base/version.h"
#include "desk/bid.h"
#include "fcgi/faces.h"
#include "fcgi/server/app.h"
#include "fcgi/server/dispatch.h"
#include "fcgi/server/loop.h"
#include "fcgi/server/openapi.h"
#include "fcgi/server/routes_apache.h"
#include "fcgi/server/routes_json.h"
#include "fcgi/server/routes_nginx.h"
#include "fcgi/views/request.h"
#include "house/house.h"

#define OUTPUT_MAX (8 << 20)
#define HEAP_ROOM (1 << 20)   /* bytes that the requests in hand may need together */
#define HEAP_PIECE (64 << 10) /* ... taken in such pieces; larger ones are not of the heap */

enum { EXIT_OK, EXIT_FAILED, EXIT_MISCONFIGURED };

static const char usage[] =
    "usage: teller-worker [--config FILE] [--connections N]\n"
    "       teller-worker [--config FILE] --check\n"
    "       teller-worker --routes[=openapi|json|nginx|apache] | --help | --version\n"
    "\n"
    "Answers FastCGI requests on a listening socket: descriptor 0, as spawn-fcgi and Apache's\n"
    "mod_fcgid hand it over, or what systemd passes (LISTEN_FDS):\n"
    "\n"
    "  spawn-fcgi -s /run/teller.sock -n -- teller-worker --config /etc/teller.conf\n"
    "\n"
    "  --config FILE     configuration; default: the file that TELLER_CONFIG names\n"
    "  --connections N   connections to the database, 1 (the default) to 8: several for a\n"
    "                    pool whose requests wait for locks and for the disk, one for a pool\n"
    "                    that only reads\n"
    "  --check           says whether configuration and key can be used, and ends\n"
    "  --routes          prints every route as a table\n"
    "  --routes=openapi  prints them as an OpenAPI 3.1 document\n"
    "  --routes=json     prints them as data, with the bounds of every field\n"
    "  --routes=nginx    prints them as the maps that nginx/teller.conf includes\n"
    "  --routes=apache   prints the words that apache/teller.conf includes\n"
    "\n"
    "SIGTERM finishes what is in hand, then ends. SIGHUP finishes it and begins anew as the same\n"
    "process, with the configuration and the program that are there now; where those cannot be\n"
    "used it goes on as it is and says so. Exit status 1: failed, 2: misconfigured.\n";

/* Secrets are in memory: no core dump and no debugger of the same user. */
static void protect_memory(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef SANITIZED /* the leak checker traces its own process */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Large buffers go back to the system when they are freed, also after the first one: by default
 * malloc would from then on keep them in its heap. What the requests in hand may need together is
 * touched and kept from the beginning, so that the memory of a worker does not depend on which of
 * them ever coincide. */
static void plan_memory(void)
{
    char *rooms[HEAP_ROOM / HEAP_PIECE];
    (void)mallopt(M_MMAP_THRESHOLD, 2 * HEAP_PIECE);
    (void)mallopt(M_TRIM_THRESHOLD, 2 * HEAP_ROOM);
    for (size_t i = 0; i < HEAP_ROOM / HEAP_PIECE; i++) {
        rooms[i] = malloc(HEAP_PIECE);
        if (rooms[i] != NULL)
            memset(rooms[i], 1, HEAP_PIECE);
    }
    for (size_t i = 0; i < HEAP_ROOM / HEAP_PIECE; i++)
        free(rooms[i]);
}

/* A worker that is woken waits for its turn instead of interrupting another process, which mostly is
 * the database or the web server at work for other workers: a tenth to a sixth less processor time
 * for a request, because caches stay warm. Costs nothing where a processor is free. */
static void wake_politely(void)
{
    const struct sched_param none = {.sched_priority = 0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
}

static int print_routes(const char *form)
{
    struct text out = TEXT(OUTPUT_MAX);
    int status = EXIT_OK;
    if (form == NULL) {
        openapi_table(faces, &out);
    } else if (strcmp(form, "openapi") == 0) {
        openapi_json(faces, &out);
    } else if (strcmp(form, "json") == 0) {
        routes_json(faces, &out);
    } else if (strcmp(form, "nginx") == 0) {
        routes_nginx(faces, &out);
    } else if (strcmp(form, "apache") == 0) {
        routes_apache(faces, &out);
    } else {
        fprintf(stderr,
                "teller-worker: --routes=%s is not known, only =openapi, =json, =nginx and "
                "=apache\n",
                form);
        status = EXIT_MISCONFIGURED;
    }
    if (fputs(text_string(&out), stdout) == EOF || fflush(stdout) != 0)
        status = EXIT_FAILED;
    text_free(&out);
    return status;
}

static int check(const char *config)
{
    struct text problem = TEXT(1024);
    enum err rc = crypto_start();

    if (rc == ERR_OK)
        rc = app_check(config, &problem);
    if (rc != ERR_OK)
        fprintf(stderr, "teller-worker: %s\n",
                problem.len > 0 ? text_string(&problem) : err_text(rc));
    text_free(&problem);
    return rc == ERR_OK ? EXIT_OK : EXIT_MISCONFIGURED;
}

/* Whether what is read at start could be read again: a worker that goes on with the old files serves,
 * one that ended over the new ones would not. */
static bool may_reload(void *arg)
{
    const char *const *config = arg;
    struct text problem = TEXT(1024);
    enum err rc = app_check(*config, &problem);

    if (rc == ERR_OK)
        log_line(LOG_LEVEL_INFO, "reload", "result=ok");
    else
        log_line(LOG_LEVEL_WARNING, "reload", "error=%s problem=\"%s\"", err_id(rc),
                 text_string(&problem));
    text_free(&problem);
    return rc == ERR_OK;
}

/* Serves until it is told to end; *reload says that it is to begin anew. */
static int serve(size_t connections, const char *config, bool *reload)
{
    struct app app;
    struct text problem = TEXT(1024);
    int status = EXIT_MISCONFIGURED;
    enum err rc = app_start(&app, connections, config, &problem);
    if (rc != ERR_OK) {
        log_line(LOG_LEVEL_WARNING, "start", "error=%s problem=\"%s\"", err_id(rc),
                 text_string(&problem));
        goto out;
    }
    status = EXIT_FAILED;
    app.find_request = requests_find;
    rc = desk_start();
    if (rc == ERR_OK)
        rc = dispatch_start(faces);
    if (rc == ERR_OK)
        rc = loop_run(&app, may_reload, &config, reload);
    if (rc == ERR_OK)
        status = EXIT_OK;
    else
        log_line(LOG_LEVEL_BUG, "serve", "error=%s", err_id(rc));
    dispatch_stop();
out:
    app_stop(&app);
    text_free(&problem);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"connections", required_argument, NULL, 's'},
        {"routes", optional_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {"check", no_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    const char *config = NULL;
    bool only_check = false;
    size_t connections = 1;
    int option;
    log_set_program("worker");
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 's':
            if (optarg[0] < '1' || optarg[0] > '0' + APP_SLOTS || optarg[1] != '\0') {
                fprintf(stderr, "teller-worker: --connections=%s is not 1 to %d\n", optarg,
                        APP_SLOTS);
                return EXIT_MISCONFIGURED;
            }
            connections = (size_t)(optarg[0] - '0');
            break;
        case 'k':
            only_check = true;
            break;
        case 'r':
            return print_routes(optarg);
        case 'h':
            return fputs(usage, stdout) == EOF ? EXIT_FAILED : EXIT_OK;
        case 'v':
            puts("teller-worker " TELLER_VERSION);
            return EXIT_OK;
        default:
            return EXIT_MISCONFIGURED;
        }
    }
    if (only_check && optind == argc)
        return check(config);
    if (optind < argc || !listen_take()) {
        fputs(optind < argc ? "teller-worker: takes options only\n"
                            : "teller-worker: descriptor 0 is not a listening socket, and none is "
                              "passed (LISTEN_FDS)\n",
              stderr);
        fputs(usage, stderr);
        return EXIT_MISCONFIGURED;
    }
    house_register();
    protect_memory();
    plan_memory();
    wake_politely();
    bool reload = false;
    int status = serve(connections, config, &reload);
    if (status == EXIT_OK && reload) {
        execvp(argv[0], argv); /* the same process: nobody who watches it sees an end */
        log_line(LOG_LEVEL_BUG, "reload", "program=\"%s\" errno=%d", argv[0], errno);
        status = EXIT_FAILED;
    }
    return status;
}
