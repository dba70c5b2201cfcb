/* teller-ipn, the retrier: delivers the outbox. Any number of copies may run; each delivery is made
 * by one of them. Mails have a process of their own, so that a slow relay delays no shop. SIGTERM
 * finishes what is in flight. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/master_key.h"
#include "tools/ipn/ipn.h"

#define FOR_DEFAULT_S 55 /* as cron starts it, each minute */
#define FOR_MAX_S 86400

enum { DONE = 0, FAILED = 1, MISCONFIGURED = 2 };

static const char usage_text[] =
    "usage: teller-ipn [--config FILE] [--once | --for SECONDS]\n"
    "\n"
    "Delivers notifications to shops, and mails, until they are acknowledged.\n"
    "  --once         until nothing is due\n"
    "  --for SECONDS  as long as that, taking up what is added (the default, 55)\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

volatile sig_atomic_t ipn_stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    ipn_stopping = 1;
}

bool ipn_over(const struct ipn *ipn)
{
    return ipn_stopping || (ipn->until_us != 0 && clock_mono_us() >= ipn->until_us);
}

bool ipn_passes(enum err rc)
{
    return rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED;
}

void ipn_rest_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&rest, NULL);
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

struct options {
    const char *config_path;
    bool once, help;
    int64_t for_s; /* 0: not given */
};

/* False where the command line is wrong. */
static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"once", no_argument, NULL, 'o'},
        {"for", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int found;

    while ((found = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (found) {
        case 'c':
            options->config_path = optarg;
            break;
        case 'o':
            options->once = true;
            break;
        case 'f':
            if (!read_number(optarg, FOR_MAX_S, &options->for_s))
                return false;
            break;
        case 'h':
            options->help = true;
            return true;
        default:
            return false;
        }
    }
    return optind == argc && !(options->once && options->for_s != 0);
}

static int tell(const char *what, enum err rc, uint64_t tried, uint64_t done, int64_t start_us)
{
    log_line(LOG_LEVEL_INFO, what,
             "tried=%" PRIu64 " acknowledged=%" PRIu64 " ms=%" PRId64 " result=%s", tried, done,
             (clock_mono_us() - start_us) / 1000, err_id(rc));
    return rc == ERR_OK || ipn_passes(rc) ? DONE : FAILED;
}

/* The child: ends when its parent does. */
static int run_mail(const struct ipn *ipn, pid_t parent)
{
    uint64_t tried = 0, sent = 0;
    int64_t start_us = clock_mono_us();

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        return FAILED;
    enum err rc = mail_run(ipn, &tried, &sent);
    return tell("mailed", rc, tried, sent, start_us);
}

static int run(const struct ipn *ipn)
{
    uint64_t tried = 0, acknowledged = 0;
    int64_t start_us = clock_mono_us();
    pid_t parent = getpid(), child = fork();
    int mailed = 0;

    if (child < 0)
        return FAILED;
    if (child == 0)
        return run_mail(ipn, parent);
    enum err rc = deliver_run(ipn, &tried, &acknowledged);
    int status = tell("delivered", rc, tried, acknowledged, start_us);
    if (ipn_stopping || status != DONE)
        kill(child, SIGTERM);
    while (waitpid(child, &mailed, 0) < 0 && errno == EINTR)
        kill(child, SIGTERM);
    return status != DONE || !WIFEXITED(mailed) || WEXITSTATUS(mailed) != DONE ? FAILED : DONE;
}

static int start(struct ipn *ipn, const struct options *options)
{
    struct text problem = TEXT(4096);
    enum log_level level;
    int status = MISCONFIGURED;

    if (config_load(options->config_path, &ipn->config, &problem) != ERR_OK)
        fprintf(stderr, "teller-ipn: %s\n", text_string(&problem));
    else if (!log_level_parse(ipn->config.log_level, &level))
        fprintf(stderr, "teller-ipn: level in [log] is not one\n");
    else if (master_key_load(&ipn->config, ipn->master_key) != ERR_OK)
        fprintf(stderr, "teller-ipn: %s cannot be used\n", ipn->config.security_key_file);
    else if (ipn->config.ipn_lease_seconds * 1000 <= ipn->config.ipn_timeout_ms)
        fprintf(stderr, "teller-ipn: lease_seconds in [ipn] must be longer than timeout_ms\n");
    else {
        log_set_level(level);
        if (!options->once)
            ipn->until_us =
                clock_mono_us() + (options->for_s == 0 ? FOR_DEFAULT_S : options->for_s) * 1000000;
        status = run(ipn);
    }
    text_free(&problem);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct ipn ipn = {0};

    log_set_program("teller-ipn");
    if (!read_options(&options, argc, argv) || options.help) {
        fputs(usage_text, options.help ? stdout : stderr);
        return options.help ? DONE : MISCONFIGURED;
    }
    catch_term();
    int status = crypto_start() == ERR_OK ? start(&ipn, &options) : FAILED;
    crypto_wipe(ipn.master_key, sizeof(ipn.master_key));
    config_free(&ipn.config);
    return status;
}
