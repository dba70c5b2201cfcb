/* What the programs have in common that cron starts: the command line, the configuration, the time
 * that they may take, SIGTERM and SIGHUP.
 *
 *     --once         until nothing is due
 *     --for SECONDS  as long as that, taking up what falls due
 *     --config FILE  the configuration, in place of TELLER_CONFIG
 *     --help
 *
 * A program describes itself (struct job_program), has one function that works, and its main is a
 * call of job_main. What outlives a call of that function is for its arg. */
#ifndef TOOLS_JOB_JOB_H
#define TOOLS_JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "db/db.h"

enum job_status { JOB_DONE = 0, JOB_FAILED = 1, JOB_MISCONFIGURED = 2 }; /* exit statuses */

/* An option of the program's own that takes a whole number: --name N, from 1 to `most`. */
struct job_number {
    const char *name; /* NULL ends a list */
    int64_t most;
    int64_t *out; /* keeps what it holds where the option is not given */
};

struct job_program {
    const char *name;  /* "teller-sweep" */
    const char *usage; /* what --help prints */
    int64_t for_s;     /* without --once and --for: seconds to work; 0: as with --once */
    const struct job_number *numbers; /* NULL: none */
};

/* One run. */
struct job {
    const struct job_program *program;
    const char *config_path; /* as given; NULL: not */
    struct config config;    /* loaded */
    int64_t until_us;        /* of clock_mono_us; 0: until nothing is due */
};

/* The whole of a main: reads the command line and the configuration, sets the log's program and
 * level, starts the cryptography, catches SIGTERM, SIGINT and SIGHUP, and has `work` do what there is to do.
 * work  gives the exit status; arg is passed on to it
 * Returns the exit status; wrong usage and a configuration that cannot be read are told on standard
 * error. */
int job_main(int argc, char **argv, const struct job_program *program,
             enum job_status (*work)(const struct job *job, void *arg), void *arg);

/* SIGTERM or SIGINT came: what is in hand is finished, nothing new is begun. */
bool job_stopping(void);

/* True once nothing new is to be begun: told to stop, the time is over, or SIGHUP came and the
 * configuration of now can be used: who keeps the job running starts it again. */
bool job_over(const struct job *job);

/* The database is away, contended or full, or was lost at a commit: that passes. Rounds begin with a look at what
 * is due, so that what was done in spite of it is not done again. */
bool job_passes(enum err rc);

/* Rests; a signal ends it early. */
void job_rest_ms(int64_t ms);

/* Has `round` do everything that is due: once, or again and again until the time is over, with
 * rests of idle_ms and a little more, so that copies do not march in step.
 * Returns the error of the last round: a database that went away and came back is no failure. Any
 * error that does not pass ends it. */
MUST_USE enum err job_rounds(const struct job *job, int64_t idle_ms, enum err (*round)(void *arg),
                             void *arg);

/* Says on standard error what is wrong with the configuration. Returns JOB_MISCONFIGURED. */
enum job_status job_misconfigured(const struct job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the workers' database connection; it connects when it is first used.
 * db  out, to be closed by the caller, also where it fails
 * Returns JOB_DONE, or JOB_MISCONFIGURED where the password cannot be read: that has been told. */
enum job_status job_database(const struct job *job, struct db **db);

#endif
