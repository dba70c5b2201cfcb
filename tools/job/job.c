/* The command line, the rounds and the signals of a job. */
#include "tools/job/job.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "house/house.h"

#define FOR_MAX_S 86400
#define NUMBERS_MAX 8
#define JITTER_MS 100     /* added to a rest; the clock's digits say how much of it */
#define CONTENDED_MAX 100 /* rounds that --once gives to copies that lock each other out */

enum { OPTION_CONFIG, OPTION_ONCE, OPTION_FOR, OPTION_HELP, OPTION_NUMBER };

struct options {
    const char *config_path;
    bool once, help;
    int64_t for_s; /* 0: not given */
};

static volatile sig_atomic_t stopping, reload_asked;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void on_hangup(int signal_number)
{
    (void)signal_number;
    reload_asked = 1;
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_term}, reload = {.sa_handler = on_hangup};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &reload, NULL);
}

/* After SIGHUP: ends, so that whoever keeps the job running starts it with the configuration of now.
 * Where that cannot be used it goes on: it would not come back. */
static void end_for_reload(const struct job *job)
{
    struct config config;
    struct text problem = TEXT(4096);

    reload_asked = 0;
    if (config_load(job->config_path, &config, &problem) == ERR_OK)
        stopping = 1;
    else
        log_line(LOG_LEVEL_WARNING, "reload", "problem=\"%s\"", text_string(&problem));
    config_free(&config);
    text_free(&problem);
}

bool job_stopping(void)
{
    return stopping != 0;
}

bool job_over(const struct job *job)
{
    if (reload_asked)
        end_for_reload(job);
    return stopping || (job->until_us != 0 && clock_mono_us() >= job->until_us);
}

bool job_passes(enum err rc)
{
    return rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED || rc == ERR_DB_UNKNOWN || rc == ERR_DB_FULL;
}

void job_rest_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&rest, NULL);
}

enum err job_rounds(const struct job *job, int64_t idle_ms, enum err (*round)(void *arg), void *arg)
{
    enum err rc = round(arg);

    if (job->until_us == 0) {
        for (int i = 1;
             (rc == ERR_DB_CONTENDED || rc == ERR_DB_UNKNOWN) && i < CONTENDED_MAX && !stopping;
             i++)
            rc = round(arg);
        return rc;
    }
    while (!job_over(job) && (rc == ERR_OK || job_passes(rc))) {
        job_rest_ms(idle_ms + clock_now_us() % JITTER_MS);
        if (!stopping)
            rc = round(arg);
    }
    return rc;
}

enum job_status job_misconfigured(const struct job *job, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", job->program->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return JOB_MISCONFIGURED;
}

enum job_status job_database(const struct job *job, struct db **db)
{
    if (db_open_config(&job->config, false, db) == ERR_OK)
        return JOB_DONE;
    struct text problem = TEXT(1024);
    config_secret_problem(job->config.database_password_file, &problem);
    enum job_status status = job_misconfigured(job, "%s", text_string(&problem));
    text_free(&problem);
    return status;
}

/* Writes the table of getopt_long: the common options, then the program's own. */
static void list_options(const struct job_program *program,
                         struct option known[OPTION_NUMBER + NUMBERS_MAX + 1])
{
    const struct job_number *number = program->numbers;
    int next = OPTION_NUMBER;

    known[OPTION_CONFIG] = (struct option){"config", required_argument, NULL, OPTION_CONFIG};
    known[OPTION_ONCE] = (struct option){"once", no_argument, NULL, OPTION_ONCE};
    known[OPTION_FOR] = (struct option){"for", required_argument, NULL, OPTION_FOR};
    known[OPTION_HELP] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    for (; number != NULL && number->name != NULL && next < OPTION_NUMBER + NUMBERS_MAX; number++) {
        known[next] = (struct option){number->name, required_argument, NULL, next};
        next++;
    }
    known[next] = (struct option){0};
}

/* False where the command line is wrong. */
static bool read_options(const struct job_program *program, int argc, char **argv,
                         struct options *options)
{
    struct option known[OPTION_NUMBER + NUMBERS_MAX + 1];
    int found;

    list_options(program, known);
    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        bool right = true;
        switch (found) {
        case OPTION_CONFIG:
            options->config_path = optarg;
            break;
        case OPTION_ONCE:
            options->once = true;
            break;
        case OPTION_FOR:
            right = text_to_number(optarg, 1, FOR_MAX_S, &options->for_s);
            break;
        case OPTION_HELP:
            options->help = true;
            return true;
        case '?':
            return false;
        default: {
            const struct job_number *number = &program->numbers[found - OPTION_NUMBER];
            right = text_to_number(optarg, 1, number->most, number->out);
        }
        }
        if (!right)
            return false;
    }
    return optind == argc && !(options->once && options->for_s != 0);
}

/* Loads the configuration and puts its log level in force. */
static enum job_status configure(struct job *job, const char *path)
{
    struct text problem = TEXT(4096);
    enum log_level level;
    enum job_status status = JOB_DONE;

    if (config_load(path, &job->config, &problem) != ERR_OK)
        status = job_misconfigured(job, "%s", text_string(&problem));
    else if (!log_level_parse(job->config.log_level, &level))
        status = job_misconfigured(job, "level in [log] is not one");
    else
        log_set_level(level);
    text_free(&problem);
    return status;
}

int job_main(int argc, char **argv, const struct job_program *program,
             enum job_status (*work)(const struct job *job, void *arg), void *arg)
{
    struct options options = {0};
    struct job job = {.program = program};

    log_set_program(program->name);
    if (!read_options(program, argc, argv, &options) || options.help) {
        fputs(program->usage, options.help ? stdout : stderr);
        return options.help ? JOB_DONE : JOB_MISCONFIGURED;
    }
    catch_signals();
    house_register();
    failpoint_flow(program->name);
    job.config_path = options.config_path;
    enum job_status status =
        crypto_start() == ERR_OK ? configure(&job, options.config_path) : JOB_FAILED;
    if (status == JOB_DONE) {
        int64_t for_s = options.for_s != 0 ? options.for_s : program->for_s;
        if (!options.once && for_s != 0)
            job.until_us = clock_mono_us() + for_s * 1000000;
        status = work(&job, arg);
    }
    config_free(&job.config);
    return (int)status;
}
