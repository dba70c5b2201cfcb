/* teller-stream: tells the live stream what has happened. It reads the outbox (table stream_event),
 * posts a message per piece of news to nchan, in order, and deletes what was told. Any number of
 * copies may run: a lease lets one publish at a time. A copy that is killed between telling and
 * deleting has its batch told again by the next one, with the same ids. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "db/beat.h"
#include "ledger/ledger.h"
#include "market/order.h"
#include "market/ticker.h"
#include "tools/job/job.h"
#include "tools/stream/batch.h"

#define BATCH_DEFAULT 250
#define BATCH_MAX 1000
#define IDLE_MS 40 /* before the next look */
#define LEASE_S 4
#define RENEW_US 1500000 /* the lease is renewed when so much of it is used */
#define PUBLISH_MS 1000  /* for one batch; twice, with RENEW_US, is within the lease */
#define WAIT_MS 100      /* before another look at whose turn it is */
#define AWAY_MS 1000     /* before another try where nchan is away */
#define FULL_MS 200      /* before another try where nchan has no room */
#define FULL_MESSAGES 16 /* sent at once from then on, to the end of the batch */
#define FULL_US 90000000 /* so long without any progress is no passing lack of room */
#define TICKER_US 250000 /* least time between two tickers of a market */
#define TICKER_TEXT_MAX (8 << 10)
#define LAG_US 1000000 /* between two messages of the lag, while there is one */
#define DAY_US (STREAM_DAY_S * INT64_C(1000000))

static const char usage_text[] =
    "usage: teller-stream [--config FILE] [--once | --for SECONDS] [--batch N]\n"
    "\n"
    "Publishes what has happened in the markets and wallets to the live stream.\n"
    "  --once         until all is told (the default)\n"
    "  --for SECONDS  as long as that, telling it as it happens\n"
    "  --batch N      events at a time, 250\n"
    "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

/* The ticker of one market, as it was last told. */
struct ticker {
    bool changed; /* something happened that may have changed it */
    int64_t told_us;
    struct text told; /* as JSON with 0 as its `now`; another text is news */
};

struct publisher {
    const struct job *job;
    struct db *db;
    struct pipeline *pipeline;
    bool loaded;     /* currencies and markets */
    struct uuid run; /* names this run */
    int64_t turn_us; /* when the turn was taken or renewed; 0: it is not ours */
    int64_t batch_limit;
    struct stream_market markets[STREAM_MARKETS_MAX];
    size_t market_count;
    struct ticker tickers[STREAM_MARKETS_MAX]; /* of markets[i] */
    int64_t lag_told_us;
    bool lagged; /* the last lag told was not 0 */
    struct batch batch;
    struct text read; /* ids of the batch's rows */
    bool away;        /* nchan was, at the last try */
    bool full;        /* nchan had no room for some of the last batch */
    uint64_t messages, stale;
};

/* --- tickers and lag ---------------------------------------------------------------------------- */

static void ticker_changed(struct publisher *publisher, const struct stream_market *market)
{
    publisher->tickers[market - publisher->markets].changed = true;
}

static enum err read_ticker(struct publisher *publisher, const struct stream_market *market,
                            const struct market **pair, struct market_ticker *out)
{
    enum err rc = market_by_id(publisher->db, market->id, pair);
    return rc == ERR_OK ? market_ticker(publisher->db, *pair, out) : rc;
}

/* Whether it differs from what was told last, but for its time; keeps it for the next comparison. */
static bool is_news(struct ticker *ticker, const struct ticker_row *row)
{
    struct market_ticker timeless = *row->ticker;
    const struct ticker_row bare = {.market = row->market, .ticker = &timeless};
    struct text now = TEXT(TICKER_TEXT_MAX);
    struct writer json = {.out = &now};

    timeless.prices.now_us = 0;
    message_ticker(&json, &bare);
    bool news = now.full || strcmp(text_string(&now), text_string(&ticker->told)) != 0;
    text_free(&ticker->told);
    ticker->told = now;
    return news;
}

/* Adds the tickers that have changed to the batch.
 * all  those as well that were told a moment ago */
static enum err add_tickers(struct publisher *publisher, bool all)
{
    char id[MESSAGE_ID_SIZE];
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < publisher->market_count; i++) {
        const struct stream_market *market = &publisher->markets[i];
        struct ticker *ticker = &publisher->tickers[i];
        const struct market *pair;
        struct market_ticker now;
        if (!ticker->changed || (!all && clock_mono_us() - ticker->told_us < TICKER_US))
            continue;
        rc = read_ticker(publisher, market, &pair, &now);
        if (rc != ERR_OK)
            break;
        ticker->changed = false;
        ticker->told_us = clock_mono_us();
        snprintf(id, sizeof(id), "%" PRId64 "-ticker", now.prices.now_us);
        const struct ticker_row row = {.market = pair, .ticker = &now};
        if (is_news(ticker, &row))
            batch_add_public(&publisher->batch, market, STREAM_TICKER, id, now.prices.now_us,
                             message_ticker, &row);
    }
    return rc;
}

/* Adds how long orders have been waiting to be matched, while any does, and once when none does any
 * more. */
static enum err add_lag(struct publisher *publisher)
{
    char id[MESSAGE_ID_SIZE];
    int64_t age_us, length, now_us = clock_now_us();

    if (publisher->market_count == 0 || clock_mono_us() - publisher->lag_told_us < LAG_US)
        return ERR_OK;
    enum err rc = market_lag(publisher->db, &age_us, &length);
    if (rc != ERR_OK)
        return rc;
    publisher->lag_told_us = clock_mono_us();
    if (length > 0 || publisher->lagged) {
        snprintf(id, sizeof(id), "%" PRId64 "-lag", now_us);
        batch_add_public(&publisher->batch, &publisher->markets[0], STREAM_LAG, id, now_us,
                         message_lag, &(struct lag){.age_us = age_us, .now_us = now_us});
    }
    publisher->lagged = length > 0;
    return ERR_OK;
}

/* --- batches ------------------------------------------------------------------------------------ */

static void take_row(void *arg, const struct stream_row *row)
{
    struct publisher *publisher = arg;

    batch_add_row(&publisher->batch, row, clock_now_us() / DAY_US);
    if (row->kind == STREAM_LEVEL || row->kind == STREAM_TRADED)
        ticker_changed(publisher, row->market);
}

/* Makes the turn ours, or keeps it. */
static enum err take_turn(struct publisher *publisher, struct stream_turn *turn)
{
    int64_t now_us = clock_mono_us();

    *turn = (struct stream_turn){.mine = publisher->turn_us != 0 &&
                                         now_us - publisher->turn_us < RENEW_US};
    if (turn->mine)
        return ERR_OK;
    enum err rc = stream_turn_take(publisher->db, &publisher->run, LEASE_S, turn);
    publisher->turn_us = turn->mine ? now_us : 0;
    /* Who was killed may have left tickers untold. */
    for (size_t i = 0; turn->over && i < publisher->market_count; i++)
        publisher->tickers[i].changed = true;
    return rc;
}

/* Reads the oldest rows into the batch. A market that is not known yet was made a moment ago. */
static enum err read_batch(struct publisher *publisher)
{
    enum err rc = ERR_NOT_FOUND;

    for (int tries = 0; rc == ERR_NOT_FOUND && tries < 2; tries++) {
        rc = tries == 0
                 ? ERR_OK
                 : stream_markets(publisher->db, publisher->markets, &publisher->market_count);
        batch_clear(&publisher->batch);
        if (rc == ERR_OK)
            rc = stream_read(publisher->db, publisher->markets, publisher->market_count,
                             publisher->batch_limit, take_row, publisher, &publisher->read);
    }
    if (rc == ERR_OK)
        batch_sort_lines(&publisher->batch);
    return rc;
}

/* nchan has no room: what it keeps for those who were away goes after a while (nchan_message_timeout). The
 * turn is kept meanwhile.
 * Returns ERR_SERVER_FULL where it is another copy's by now, or this one is to end. */
static enum err wait_for_room(struct publisher *publisher)
{
    struct stream_turn turn;

    if (!publisher->full)
        log_line(LOG_LEVEL_WARNING, "nchan_full", "socket=%s",
                 publisher->job->config.stream_socket);
    publisher->full = true;
    job_rest_ms(FULL_MS);
    enum err rc = take_turn(publisher, &turn);
    return rc != ERR_OK || (turn.mine && !job_stopping()) ? rc : ERR_SERVER_FULL;
}

/* Publishes the batch, whole. nchan may have been restarted meanwhile: what it did not take goes once
 * more. Where it has no room the rest is sent bit by bit, as it finds some: little of what follows the message
 * that was refused may then have been taken, and is told again, later than it should. */
static enum err publish(struct publisher *publisher)
{
    const struct batch *batch = &publisher->batch;
    int64_t progress_us = clock_mono_us();
    size_t from = 0;
    int failed = 0;
    bool full = false;
    enum err rc = ERR_OK;

    do {
        size_t before = from;
        rc = batch_publish(batch, publisher->pipeline, full ? FULL_MESSAGES : batch->count, &from);
        if (from > before)
            progress_us = clock_mono_us();
        failed += rc == ERR_IO;
        if (rc == ERR_SERVER_FULL && clock_mono_us() - progress_us > FULL_US)
            break;
        full = full || rc == ERR_SERVER_FULL;
        if (rc == ERR_SERVER_FULL)
            rc = wait_for_room(publisher);
    } while ((rc == ERR_OK && from < batch->count) || (rc == ERR_IO && failed < 2));
    publisher->full = full;
    publisher->messages += from;
    if (rc == ERR_IO && !publisher->away)
        log_line(LOG_LEVEL_WARNING, "nchan_away", "socket=%s",
                 publisher->job->config.stream_socket);
    publisher->away = rc == ERR_IO;
    return rc;
}

/* One batch: read, told, deleted.
 * more  out, false where nothing was left to read */
static enum err tell_batch(struct publisher *publisher, bool *more)
{
    enum err rc = read_batch(publisher);

    *more = rc == ERR_OK && publisher->read.len > 0;
    if (rc == ERR_OK)
        rc = add_tickers(publisher, false);
    if (rc == ERR_OK)
        rc = add_lag(publisher);
    if (rc == ERR_OK)
        rc = publish(publisher);
    if (rc == ERR_OK && *more)
        rc = stream_delete(publisher->db, &publisher->read);
    return rc;
}

/* Reads what a run needs once, as soon as the database is there. */
static enum err load(struct publisher *publisher)
{
    if (publisher->loaded)
        return ERR_OK;
    enum err rc = ledger_load(publisher->db);
    if (rc == ERR_OK)
        rc = stream_markets(publisher->db, publisher->markets, &publisher->market_count);
    publisher->loaded = rc == ERR_OK;
    return rc;
}

/* Tells everything there is. Where it is another copy's turn, --once waits until all is told, as that
 * copy may have been killed. */
static enum err do_round(void *arg)
{
    struct publisher *publisher = arg;
    bool once = publisher->job->until_us == 0, more = true;
    struct stream_turn turn;
    enum err rc = load(publisher);

    while (rc == ERR_OK && more && !job_stopping()) {
        rc = take_turn(publisher, &turn);
        if (rc == ERR_OK && turn.mine) {
            rc = tell_batch(publisher, &more);
        } else if (rc == ERR_OK) {
            more = once && turn.pending;
            job_rest_ms(WAIT_MS);
        }
    }
    if (rc == ERR_OK)
        beat_note(publisher->db, "teller-stream");
    if ((rc != ERR_IO && rc != ERR_SERVER_FULL) || once)
        return rc;
    /* nchan is away, or full: that passes. */
    job_rest_ms(AWAY_MS);
    return ERR_OK;
}

/* The tickers that wait for their time are told before the turn goes to another run. */
static void leave(struct publisher *publisher)
{
    enum err rc;

    if (publisher->turn_us == 0)
        return;
    batch_clear(&publisher->batch);
    rc = add_tickers(publisher, true);
    if (rc == ERR_OK)
        rc = publish(publisher);
    if (rc == ERR_OK)
        rc = stream_turn_leave(publisher->db, &publisher->run);
    if (rc != ERR_OK)
        log_line(LOG_LEVEL_WARNING, "turn_kept", "error=%s", err_id(rc));
}

static void free_all(struct publisher *publisher)
{
    for (size_t i = 0; i < STREAM_MARKETS_MAX; i++)
        text_free(&publisher->tickers[i].told);
    batch_free(&publisher->batch);
    text_free(&publisher->read);
    pipeline_stop(publisher->pipeline);
    db_close(publisher->db);
}

static enum err run(struct publisher *publisher)
{
    enum err rc = job_rounds(publisher->job, IDLE_MS, do_round, publisher);
    leave(publisher);
    log_line(LOG_LEVEL_INFO, "streamed", "messages=%" PRIu64 " stale=%" PRIu64 " result=%s",
             publisher->messages, publisher->batch.stale, err_id(rc));
    return rc;
}

static enum job_status work(const struct job *job, void *arg)
{
    struct publisher *publisher = arg;
    enum job_status status = job_database(job, &publisher->db);

    publisher->job = job;
    publisher->run = crypto_uuid4();
    publisher->read = TEXT(BATCH_MAX * 24);
    if (status == JOB_DONE &&
        pipeline_start(job->config.stream_socket, PUBLISH_MS, &publisher->pipeline) != ERR_OK)
        status = job_misconfigured(job, "socket in [stream] cannot be used");
    if (status == JOB_DONE)
        status = run(publisher) == ERR_OK ? JOB_DONE : JOB_FAILED;
    free_all(publisher);
    return status;
}

int main(int argc, char **argv)
{
    static struct publisher publisher = {.batch_limit = BATCH_DEFAULT};
    const struct job_number numbers[] = {{"batch", BATCH_MAX, &publisher.batch_limit}, {0}};
    const struct job_program program = {
        .name = "teller-stream", .usage = usage_text, .numbers = numbers};

    return job_main(argc, argv, &program, work, &publisher);
}
