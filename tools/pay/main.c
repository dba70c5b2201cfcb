/* teller-pay: sends approved payouts on the rails that programs of ours work, and asks what became of those
 * that are under way. Any number of copies may run: on each rail one of them sends at a time. SIGTERM ends it
 * after the round in hand. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "db/beat.h"
#include "house/house.h"
#include "ledger/ledger.h"
#include "payout/send.h"
#include "tools/job/job.h"

#define BATCH_DEFAULT 50
#define IDLE_MS 500 /* before the next look */

static const char usage_text[] =
    "usage: teller-pay [--config FILE] [--once | --for SECONDS] [--batch N]\n"
    "\n"
    "Sends approved payouts, and asks what became of those that were sent.\n"
    "  --once         until nothing is due (the default)\n"
    "  --for SECONDS  as long as that, looking again every half second\n"
    "  --batch N      payouts of a rail in hand at a time, 50\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

/* The rails that are configured. */
struct pay {
    int64_t batch;
    struct db *db;
    bool loaded; /* the currencies */
    struct payout_sender senders[RAILS_MAX];
    size_t count;
    uint64_t begun, moved; /* payouts that began to be sent; changes of state */
};

/* Opens the rails that the configuration has. */
static enum job_status open_rails(const struct job *job, struct pay *pay)
{
    const struct payout_rail *rail;
    const struct uuid run = crypto_uuid4();

    for (size_t i = 0; (rail = payout_rail_at(i)) != NULL; i++) {
        struct payout_sender *sender = &pay->senders[pay->count];
        *sender = (struct payout_sender){.rail = rail, .run = run, .batch = (size_t)pay->batch};
        if (rail->open == NULL)
            continue; /* nothing is sent on it */
        enum err rc = rail->open(&job->config, &sender->self);
        if (rc == ERR_OK)
            pay->count++;
        else if (rc != ERR_NOT_FOUND)
            return job_misconfigured(job, "%s: %s", rail->name, err_text(rc));
    }
    return JOB_DONE;
}

/* Gives the leases back, so that the next need not wait for their end. */
static void close_rails(struct pay *pay)
{
    for (size_t i = 0; i < pay->count; i++) {
        struct payout_sender *sender = &pay->senders[i];
        if (pay->loaded && payout_send_end(pay->db, sender) != ERR_OK)
            log_line(LOG_LEVEL_WARNING, "lease", "rail=%s stays until its end", sender->rail->name);
        sender->rail->close(sender->self);
    }
}

/* Does on one rail what is due. */
static enum err work_rail(struct pay *pay, const struct payout_sender *sender)
{
    struct payout_round round = {.moved = 1};
    enum err rc = ERR_OK;

    while (!job_stopping() && rc == ERR_OK && round.moved > 0) {
        rc = payout_send_round(pay->db, sender, &round);
        pay->begun += round.begun;
        pay->moved += round.moved;
    }
    return rc;
}

static enum err do_round(void *arg)
{
    struct pay *pay = arg;
    enum err rc = pay->loaded ? ERR_OK : ledger_load(pay->db);

    pay->loaded = rc == ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < pay->count; i++)
        rc = work_rail(pay, &pay->senders[i]);
    if (rc == ERR_OK)
        beat_note(pay->db, "teller-pay");
    return rc;
}

static enum job_status work(const struct job *job, void *arg)
{
    struct pay *pay = arg;
    int64_t start_us = clock_mono_us();

    house_register();
    enum job_status status = job_database(job, &pay->db);
    if (status == JOB_DONE)
        status = open_rails(job, pay);
    if (status == JOB_DONE) {
        enum err rc = job_rounds(job, IDLE_MS, do_round, pay);
        log_line(LOG_LEVEL_INFO, "paid",
                 "rails=%zu begun=%" PRIu64 " moved=%" PRIu64 " ms=%" PRId64 " result=%s",
                 pay->count, pay->begun, pay->moved, (clock_mono_us() - start_us) / 1000,
                 err_id(rc));
        status = rc == ERR_OK ? JOB_DONE : JOB_FAILED;
    }
    close_rails(pay);
    db_close(pay->db);
    return status;
}

int main(int argc, char **argv)
{
    struct pay pay = {.batch = BATCH_DEFAULT};
    const struct job_number numbers[] = {{"batch", RAIL_BATCH_MAX, &pay.batch}, {0}};
    const struct job_program program = {
        .name = "teller-pay", .usage = usage_text, .numbers = numbers};

    return job_main(argc, argv, &program, work, &pay);
}
