/* teller-ipn, the retrier: delivers the outbox. Any number of copies may run; each delivery is made
 * by one of them. Mails have a process of their own, so that a slow relay delays no shop. SIGTERM
 * finishes what is in flight. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/master_key.h"
#include "db/canary.h"
#include "desk/bid.h"
#include "tools/ipn/ipn.h"

#define FOR_DEFAULT_S 55 /* as cron starts it, each minute */

static const char usage_text[] =
    "usage: teller-ipn [--config FILE] [--once | --for SECONDS]\n"
    "\n"
    "Delivers notifications to shops, and mails, until they are acknowledged.\n"
    "  --once         until nothing is due\n"
    "  --for SECONDS  as long as that, taking up what is added (the default, 55)\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

static enum job_status tell(const char *what, enum err rc, uint64_t tried, uint64_t done,
                            int64_t start_us)
{
    log_line(LOG_LEVEL_INFO, what,
             "tried=%" PRIu64 " acknowledged=%" PRIu64 " ms=%" PRId64 " result=%s", tried, done,
             (clock_mono_us() - start_us) / 1000, err_id(rc));
    return rc == ERR_OK || job_passes(rc) ? JOB_DONE : JOB_FAILED;
}

/* The child: ends when its parent does. */
static enum job_status run_mail(const struct ipn *ipn, pid_t parent)
{
    uint64_t tried = 0, sent = 0;
    int64_t start_us = clock_mono_us();

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        return JOB_FAILED;
    enum err rc = mail_run(ipn, &tried, &sent);
    return tell("mailed", rc, tried, sent, start_us);
}

static enum job_status run(const struct ipn *ipn)
{
    uint64_t tried = 0, acknowledged = 0;
    int64_t start_us = clock_mono_us();
    pid_t parent = getpid(), child = fork();
    int mailed = 0;

    if (child < 0)
        return JOB_FAILED;
    if (child == 0)
        return run_mail(ipn, parent);
    enum err rc = deliver_run(ipn, &tried, &acknowledged);
    enum job_status status = tell("delivered", rc, tried, acknowledged, start_us);
    if (job_stopping() || status != JOB_DONE)
        kill(child, SIGTERM);
    while (waitpid(child, &mailed, 0) < 0 && errno == EINTR)
        kill(child, SIGTERM);
    return status != JOB_DONE || !WIFEXITED(mailed) || WEXITSTATUS(mailed) != JOB_DONE ? JOB_FAILED
                                                                                       : JOB_DONE;
}

/* Loads the key, which has to be the database's: it opens what signs the notifications. */
static enum job_status load_key(const struct job *job, uint8_t key[SEAL_KEY_SIZE])
{
    struct text problem = TEXT(1024);
    enum job_status status = JOB_DONE;
    enum err rc = master_key_load(&job->config, key);

    if (rc != ERR_OK)
        master_key_problem(&job->config, &problem);
    else
        rc = canary_refuses(&job->config, key, &problem);
    if (rc != ERR_OK)
        status = job_misconfigured(job, "%s", text_string(&problem));
    text_free(&problem);
    return status;
}

/* Reads the templates, where there is a relay to send anything through. */
static enum job_status read_templates(struct ipn *ipn)
{
    struct text problem = TEXT(1024);
    enum job_status status = JOB_DONE;

    if (ipn->mail.relay[0] != '\0' &&
        mail_templates_read(&ipn->job->config, ipn->templates, &problem) != ERR_OK)
        status = job_misconfigured(ipn->job, "templates in [mail]: %s", text_string(&problem));
    text_free(&problem);
    return status;
}

static enum job_status work(const struct job *job, void *arg)
{
    const struct config *config = &job->config;
    struct ipn *ipn = arg;
    enum job_status status = load_key(job, ipn->master_key);

    ipn->job = job;
    if (status == JOB_DONE && desk_start() != ERR_OK)
        status = JOB_FAILED;
    if (status == JOB_DONE && mail_configure(config, &ipn->mail) != ERR_OK)
        status = job_misconfigured(job, "relay, user or password_file in [mail] cannot be used");
    else if (status == JOB_DONE && config->ipn_lease_seconds * 1000 <= config->ipn_timeout_ms)
        status = job_misconfigured(job, "lease_seconds in [ipn] must be longer than timeout_ms");
    else if (status == JOB_DONE && (status = read_templates(ipn)) == JOB_DONE)
        status = run(ipn);
    for (size_t i = 0; i < MAIL_KINDS; i++)
        text_free(&ipn->templates[i]);
    crypto_wipe(ipn->master_key, sizeof(ipn->master_key));
    crypto_wipe(ipn->mail.password, sizeof(ipn->mail.password));
    return status;
}

int main(int argc, char **argv)
{
    const struct job_program program = {
        .name = "teller-ipn", .usage = usage_text, .for_s = FOR_DEFAULT_S};
    struct ipn ipn = {0};

    return job_main(argc, argv, &program, work, &ipn);
}
