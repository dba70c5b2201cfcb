/* teller-deposits: follows the chains on which users have addresses, credits what was paid to them and takes
 * back what a chain has lost. Any number of copies may run. SIGTERM ends it after the block in hand. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/beat.h"
#include "deposit/deposit.h"
#include "ledger/ledger.h"
#include "rail/bitcoin_watch.h"
#include "rail/watch.h"
#include "tools/job/job.h"

#define IDLE_MS 300     /* before the next look */
#define TOLD_EVERY_S 60 /* that a node is away */
#define WATCHERS_MAX 8

static const char usage_text[] =
    "usage: teller-deposits [--config FILE] [--once | --for SECONDS]\n"
    "\n"
    "Follows the chains whose nodes the configuration names, and credits deposits.\n"
    "  --once         to the chains' ends (the default)\n"
    "  --for SECONDS  as long as that, looking again every 300 ms\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

static const struct rail_watcher *const watchers[] = {&ethereum_watcher, &bitcoin_watcher};

#define WATCHERS (sizeof(watchers) / sizeof(watchers[0]))
_Static_assert(WATCHERS <= WATCHERS_MAX, "room for each");

/* A watcher that the configuration has a node for. */
struct chain {
    const struct rail_watcher *watcher;
    void *self;
    int64_t told_us; /* when it was last said that something is wrong */
};

struct deposits {
    struct db *db;
    bool loaded; /* the currencies */
    struct chain chains[WATCHERS_MAX];
    size_t count;
    struct rail_followed done;
};

/* What ends nothing but this look at one chain. */
static bool chain_waits(enum err rc)
{
    return rc == ERR_NO_ANSWER || rc == ERR_DEPOSIT_RAIL || rc == ERR_DEPOSIT_DEEP ||
           rc == ERR_DEPOSIT_MOVED || rc == ERR_RAIL_UNKNOWN || rc == ERR_CONFIG;
}

static void say_waiting(struct chain *chain, enum err rc)
{
    int64_t now_us = clock_mono_us();

    if (rc == ERR_DEPOSIT_MOVED ||
        (chain->told_us != 0 && now_us - chain->told_us < TOLD_EVERY_S * INT64_C(1000000)))
        return;
    chain->told_us = now_us;
    log_line(LOG_LEVEL_WARNING, "chain_waits", "rail=%s problem=%s", chain->watcher->name,
             err_id(rc));
}

static enum err do_round(void *arg)
{
    struct deposits *deposits = arg;
    bool all = true;
    enum err rc = deposits->loaded ? ERR_OK : ledger_load(deposits->db);

    deposits->loaded = rc == ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < deposits->count && !job_stopping(); i++) {
        struct chain *chain = &deposits->chains[i];
        rc = chain->watcher->follow(chain->self, deposits->db, job_stopping, &deposits->done);
        if (chain_waits(rc)) {
            say_waiting(chain, rc);
            all = all && (rc == ERR_DEPOSIT_MOVED || rc == ERR_DEPOSIT_RAIL);
            rc = ERR_OK;
        } else {
            chain->told_us = 0;
        }
    }
    if (rc == ERR_OK && all)
        beat_note(deposits->db, "teller-deposits");
    return rc;
}

/* Opens the chains that the configuration has nodes for. */
static enum job_status open_chains(const struct job *job, struct deposits *deposits)
{
    struct text problem = TEXT(1024);
    enum job_status status = JOB_DONE;

    for (size_t i = 0; status == JOB_DONE && i < WATCHERS; i++) {
        struct chain *chain = &deposits->chains[deposits->count];
        *chain = (struct chain){.watcher = watchers[i]};
        enum err rc = watchers[i]->open(&job->config, &problem, &chain->self);
        if (rc == ERR_OK) {
            deposits->count++;
            continue;
        }
        watchers[i]->close(chain->self);
        if (rc != ERR_NOT_FOUND)
            status = job_misconfigured(job, "[provider.%s]: %s %s", watchers[i]->name, err_id(rc),
                                       text_string(&problem));
    }
    text_free(&problem);
    return status;
}

static void close_chains(struct deposits *deposits)
{
    for (size_t i = 0; i < deposits->count; i++)
        deposits->chains[i].watcher->close(deposits->chains[i].self);
}

static enum job_status work(const struct job *job, void *arg)
{
    struct deposits *deposits = arg;
    int64_t start_us = clock_mono_us();
    enum job_status status = job_database(job, &deposits->db);

    if (status == JOB_DONE)
        status = open_chains(job, deposits);
    if (status == JOB_DONE) {
        const struct rail_followed *done = &deposits->done;
        enum err rc = job_rounds(job, IDLE_MS, do_round, deposits);
        log_line(LOG_LEVEL_INFO, "deposits",
                 "blocks=%" PRIu64 " given_back=%" PRIu64 " seen=%" PRIu64 " credited=%" PRIu64
                 " taken_back=%" PRIu64 " ms=%" PRId64 " result=%s",
                 done->blocks, done->given_back, done->seen, done->credited, done->taken_back,
                 (clock_mono_us() - start_us) / 1000, err_id(rc));
        status = rc == ERR_OK ? JOB_DONE : JOB_FAILED;
    }
    close_chains(deposits);
    db_close(deposits->db);
    return status;
}

int main(int argc, char **argv)
{
    static struct deposits deposits;
    const struct job_program program = {.name = "teller-deposits", .usage = usage_text};

    return job_main(argc, argv, &program, work, &deposits);
}
