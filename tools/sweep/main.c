/* teller-sweep: releases expired tickets, closes orders and deletes bids past their expiry and clears away what nobody
 * needs any more. Any number of copies may run; each is ended once. SIGTERM ends it after the batch in
 * hand. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "checkout/checkout.h"
#include "checkout/quote.h"
#include "db/beat.h"
#include "desk/bid.h"
#include "desk/key.h"
#include "desk/partner.h"
#include "identity/sweep.h"
#include "ledger/ledger.h"
#include "provider/guard.h"
#include "stream/outbox.h"
#include "ticket/ticket.h"
#include "tools/job/job.h"

#define BATCH_DEFAULT 100
#define BATCH_MAX 10000
#define IDLE_MS 150 /* before the next look */
#define CLEAR_ROWS 1000
#define CLEAR_EVERY_US 5000000

static const char usage_text[] =
    "usage: teller-sweep [--config FILE] [--once | --for SECONDS] [--batch N]\n"
    "\n"
    "Releases the money of expired tickets, closes orders and deletes bids past their expiry and\n"
    "clears old rows away.\n"
    "  --once         until nothing is due (the default)\n"
    "  --for SECONDS  as long as that, looking again as they fall due\n"
    "  --batch N      tickets or orders in one transaction, 100\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct sweep {
    int64_t batch;
    struct db *db;
    int64_t next_clear_us;
    uint64_t released; /* tickets */
    uint64_t closed;   /* orders */
    uint64_t deleted;  /* bids */
    bool loaded;       /* the currencies */
    uint64_t cleared;  /* old rows */
};

/* Ends batches by `end` until nothing is due. `what` names them in the log. */
static enum err end_due(struct sweep *sweep, enum err (*end)(struct db *, int, int64_t *),
                        const char *what, uint64_t *total)
{
    int64_t count = 1;
    enum err rc = ERR_OK;

    while (!job_stopping() && rc == ERR_OK && count > 0) {
        rc = end(sweep->db, (int)sweep->batch, &count);
        if (rc == ERR_OK)
            *total += (uint64_t)count;
        if (rc == ERR_OK && count > 0)
            log_line(LOG_LEVEL_DEBUG, "batch", "%s=%" PRId64, what, count);
    }
    return rc;
}

/* Deletes old rows by `remove` in small portions, so that nobody waits long for a table. */
static enum err clear(struct sweep *sweep, enum err (*remove)(struct db *, int64_t, int64_t *))
{
    int64_t removed = CLEAR_ROWS;
    enum err rc = ERR_OK;

    while (!job_stopping() && rc == ERR_OK && removed >= CLEAR_ROWS) {
        rc = remove(sweep->db, CLEAR_ROWS, &removed);
        if (rc == ERR_OK)
            sweep->cleared += (uint64_t)removed;
    }
    return rc;
}

static enum err clear_old(struct sweep *sweep)
{
    if (clock_mono_us() < sweep->next_clear_us)
        return ERR_OK;
    enum err rc = clear(sweep, identity_sweep);
    if (rc == ERR_OK)
        rc = clear(sweep, checkout_quote_sweep);
    if (rc == ERR_OK)
        rc = clear(sweep, stream_clear);
    if (rc == ERR_OK)
        rc = clear(sweep, desk_call_sweep);
    if (rc == ERR_OK)
        rc = clear(sweep, desk_visit_sweep);
    if (rc == ERR_OK)
        rc = clear(sweep, provider_calls_sweep);
    if (rc == ERR_OK)
        sweep->next_clear_us = clock_mono_us() + CLEAR_EVERY_US;
    return rc;
}

static enum err do_round(void *arg)
{
    struct sweep *sweep = arg;
    enum err rc = sweep->loaded ? ERR_OK : ledger_load(sweep->db);
    sweep->loaded = rc == ERR_OK;
    if (rc == ERR_OK)
        rc = end_due(sweep, ticket_expire_due, "released", &sweep->released);
    if (rc == ERR_OK)
        rc = end_due(sweep, checkout_close_due, "closed", &sweep->closed);
    if (rc == ERR_OK)
        rc = end_due(sweep, desk_bid_expire_due, "deleted", &sweep->deleted);
    if (rc == ERR_OK)
        rc = clear_old(sweep);
    if (rc == ERR_OK)
        beat_note(sweep->db, "teller-sweep");
    return rc;
}

static enum job_status work(const struct job *job, void *arg)
{
    struct sweep *sweep = arg;
    int64_t start_us = clock_mono_us();
    enum job_status status = job_database(job, &sweep->db);

    if (desk_start() != ERR_OK)
        status = JOB_FAILED;
    if (status == JOB_DONE) {
        enum err rc = job_rounds(job, IDLE_MS, do_round, sweep);
        log_line(LOG_LEVEL_INFO, "swept",
                 "released=%" PRIu64 " closed=%" PRIu64 " deleted=%" PRIu64 " cleared=%" PRIu64
                 " ms=%" PRId64 " result=%s",
                 sweep->released, sweep->closed, sweep->deleted, sweep->cleared,
                 (clock_mono_us() - start_us) / 1000, err_id(rc));
        status = rc == ERR_OK ? JOB_DONE : JOB_FAILED;
    }
    db_close(sweep->db);
    return status;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {.batch = BATCH_DEFAULT};
    const struct job_number numbers[] = {{"batch", BATCH_MAX, &sweep.batch}, {0}};
    const struct job_program program = {
        .name = "teller-sweep", .usage = usage_text, .numbers = numbers};

    return job_main(argc, argv, &program, work, &sweep);
}
