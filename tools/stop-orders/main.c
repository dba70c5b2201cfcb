/* teller-stop-orders: matches the stop orders that trades have set off, and funds the orders that waited
 * for money once it is there. Any number of copies may run; each order is tried once for each reason.
 * SIGTERM ends it after the batch in hand. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/beat.h"
#include "ledger/ledger.h"
#include "market/order.h"
#include "tools/job/job.h"

#define BATCH_DEFAULT 100
#define BATCH_MAX 10000
#define IDLE_MS 100 /* before the next look: a trader waits for it */

static const char usage_text[] =
    "usage: teller-stop-orders [--config FILE] [--once | --for SECONDS] [--batch N]\n"
    "\n"
    "Matches the stop orders that trades have set off, and the orders whose money has come.\n"
    "  --once         until none has a reason to be tried (the default)\n"
    "  --for SECONDS  as long as that, looking again every 100 ms\n"
    "  --batch N      orders looked up at a time, 100\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct trigger {
    int64_t batch;
    struct db *db;
    bool loaded;    /* the currencies */
    uint64_t tried; /* orders */
};

static enum err do_round(void *arg)
{
    struct trigger *trigger = arg;
    int64_t tried = 1;
    enum err rc = trigger->loaded ? ERR_OK : ledger_load(trigger->db);

    trigger->loaded = rc == ERR_OK;
    while (!job_stopping() && rc == ERR_OK && tried > 0) {
        rc = market_wake(trigger->db, (int)trigger->batch, &tried);
        if (rc == ERR_OK)
            trigger->tried += (uint64_t)tried;
        if (rc == ERR_OK && tried > 0)
            log_line(LOG_LEVEL_DEBUG, "batch", "tried=%" PRId64, tried);
    }
    if (rc == ERR_OK)
        beat_note(trigger->db, "teller-stop-orders");
    return rc;
}

static enum job_status work(const struct job *job, void *arg)
{
    struct trigger *trigger = arg;
    int64_t start_us = clock_mono_us();
    enum job_status status = job_database(job, &trigger->db);

    if (status == JOB_DONE) {
        enum err rc = job_rounds(job, IDLE_MS, do_round, trigger);
        log_line(LOG_LEVEL_INFO, "triggered", "tried=%" PRIu64 " ms=%" PRId64 " result=%s",
                 trigger->tried, (clock_mono_us() - start_us) / 1000, err_id(rc));
        status = rc == ERR_OK ? JOB_DONE : JOB_FAILED;
    }
    db_close(trigger->db);
    return status;
}

int main(int argc, char **argv)
{
    struct trigger trigger = {.batch = BATCH_DEFAULT};
    const struct job_number numbers[] = {{"batch", BATCH_MAX, &trigger.batch}, {0}};
    const struct job_program program = {
        .name = "teller-stop-orders", .usage = usage_text, .numbers = numbers};

    return job_main(argc, argv, &program, work, &trigger);
}
