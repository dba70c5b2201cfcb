/* The delivery loop: look for queues, take what there is room for, keep it in flight, record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/beat.h"
#include "ledger/ledger.h"
#include "net/http.h"
#include "notify/delivery.h"
#include "tools/ipn/delivery_queue.h"
#include "tools/ipn/ipn.h"

#define CONNECT_TIMEOUT_MS 10000
#define FRESH_US 50000       /* between looks at what was just added */
#define LOOK_US 1000000      /* least time between looks at everything that is due */
#define LOOK_SHARE 20        /* ... and it takes at most this part of the time */
#define CLAIM_US 10000       /* least time between claims, unless there is plenty of room */
#define CLAIM_ROOM 32        /* plenty */
#define RECORD_US 10000      /* how long an outcome waits for others */
#define RECORD_COUNT 64      /* how many wait at most */
#define AWAY_REST_MS 200     /* before the database is asked again */
#define AWAY_END_US 10000000 /* at the end outcomes wait that long for the database */
#define PROBLEM_SIZE 256

/* One delivery, from its claim until its outcome is recorded. */
struct flight {
    struct flight *next; /* in the list of free ones, or of those to be recorded */
    struct run *run;
    struct queue *queue;
    bool on_probation;
    int64_t delivery_id, since; /* since: made, or replayed */
    struct delivery delivery;
    struct outbox_outcome outcome;
    char address[HTTP_ADDRESS_SIZE], problem[PROBLEM_SIZE];
    char answer[NOTIFY_ANSWER_KEPT];
};

struct run {
    const struct ipn *ipn;
    struct db *db;
    struct http_client *http;
    struct queues queues;
    struct delivery_cache cache;
    struct flight *flights; /* owned */
    struct flight *free, *ended;
    size_t free_count, ended_count;
    int64_t first_ended_us, next_fresh_us, next_look_us, next_claim_us;
    bool looked_empty; /* the last look at everything found nothing */
    enum err rc;       /* of a callback */
    uint64_t tried, acknowledged;
};

static void push_free(struct run *run, struct flight *flight)
{
    flight->next = run->free;
    run->free = flight;
    run->free_count++;
}

static void push_ended(struct run *run, struct flight *flight)
{
    if (run->ended_count++ == 0)
        run->first_ended_us = clock_mono_us();
    flight->next = run->ended;
    run->ended = flight;
}

/* The transport's words may quote what a stranger sent. */
static void copy_words(char *out, size_t size, const char *words)
{
    size_t i = 0;
    for (; words[i] != '\0' && i + 1 < size; i++)
        out[i] = words[i] < ' ' || words[i] > '~' ? '?' : words[i];
    out[i] = '\0';
}

/* When a try that is not acknowledged is followed by the next. A format that this program does not
 * know waits as the configuration says: another one may know it. */
static int64_t retry_s(const struct flight *flight)
{
    static const struct format_schedule plain = {.first_s = 0};
    const struct format *format = flight->delivery.format;
    return format_retry_s(format == NULL ? &plain : &format->schedule,
                          clock_now_us() / 1000000 - flight->since,
                          flight->run->ipn->job->config.ipn_retry_seconds);
}

static void fill_outcome(struct flight *flight, const struct http_outcome *http)
{
    bool answered = http->result == HTTP_ANSWERED;
    bool acknowledged = answered && flight->delivery.format->acknowledges(
                                        http->status, http->answer, http->answer_len);
    size_t len =
        http->answer_len < sizeof(flight->answer) ? http->answer_len : sizeof(flight->answer);

    memcpy(flight->answer, http->answer, len);
    delivery_redact(&flight->delivery, flight->answer, len);
    copy_words(flight->address, sizeof(flight->address), http->address);
    copy_words(flight->problem, sizeof(flight->problem), http->problem);
    flight->outcome = (struct outbox_outcome){
        .delivery_id = flight->delivery_id,
        .attempt = flight->outcome.attempt,
        .acknowledged = acknowledged,
        .retry_s = retry_s(flight),
        .result = acknowledged ? "acknowledged"
                  : answered   ? "refused"
                               : http_result_name(http->result),
        .address = flight->address,
        .problem = flight->problem,
        .status = http->status,
        .latency_us = http->latency_us,
        .answer = flight->answer,
        .answer_len = len,
    };
}

static void on_done(void *tag, const struct http_outcome *http)
{
    struct flight *flight = tag;
    struct run *run = flight->run;

    fill_outcome(flight, http);
    run->tried++;
    run->acknowledged += flight->outcome.acknowledged;
    queues_ended(&run->queues, flight->queue, flight->on_probation, http->result == HTTP_ANSWERED);
    push_ended(run, flight);
}

/* A delivery that cannot even be sent: recorded as a try, so that it shows and comes again. */
static void fail_unsent(struct run *run, struct flight *flight, enum err rc)
{
    copy_words(flight->problem, sizeof(flight->problem),
               rc == ERR_NOT_FOUND ? "the API key that signs is gone" : err_text(rc));
    flight->outcome = (struct outbox_outcome){.delivery_id = flight->delivery_id,
                                              .attempt = flight->outcome.attempt,
                                              .retry_s = retry_s(flight),
                                              .result = "unsigned",
                                              .address = "",
                                              .problem = flight->problem};
    run->tried++;
    push_ended(run, flight);
}

/* Puts a claimed event in flight. */
static void on_claimed(void *arg, const struct notify_event *event)
{
    struct run *run = arg;
    struct flight *flight = run->free;

    if (flight == NULL || run->rc != ERR_OK)
        return; /* its lease brings it back */
    run->free = flight->next;
    run->free_count--;
    flight->delivery_id = event->id;
    flight->since = event->since;
    flight->outcome.attempt = event->attempts;
    flight->queue = queues_find(&run->queues, event->owner_id, event->endpoint);
    enum err rc = flight->queue == NULL ? ERR_NO_MEMORY : ERR_OK;
    if (rc == ERR_OK)
        rc = delivery_prepare(run->db, run->ipn->master_key, &run->cache, event,
                              clock_now_us() / 1000000, &flight->delivery);
    if (rc == ERR_OK) {
        struct http_request request = {.url = event->url,
                                       .headers = flight->delivery.headers,
                                       .body = text_string(&flight->delivery.body),
                                       .body_len = flight->delivery.body.len,
                                       .tag = flight};
        rc = http_send(run->http, &request, on_done);
    }
    if (rc == ERR_OK) {
        flight->on_probation = queues_begun(&run->queues, flight->queue);
    } else if (job_passes(rc) || rc == ERR_NO_MEMORY) {
        run->rc = rc;
        push_free(run, flight);
    } else {
        fail_unsent(run, flight, rc);
    }
}

static void on_queue(void *arg, const struct delivery_queue *queue)
{
    struct run *run = arg;
    if (run->rc == ERR_OK)
        run->rc = queues_add(&run->queues, queue);
}

/* Takes over the error of a callback. */
static enum err callback_error(struct run *run, enum err rc)
{
    if (rc == ERR_OK)
        rc = run->rc;
    run->rc = ERR_OK;
    return rc;
}

/* Everything that is due, now and then; what was just added, often. */
static enum err look(struct run *run)
{
    int64_t now_us = clock_mono_us();
    enum err rc = ERR_OK;

    if (now_us >= run->next_look_us) {
        queues_clear(&run->queues);
        rc = callback_error(run, outbox_queues(run->db, "post", on_queue, run));
        int64_t took_us = clock_mono_us() - now_us;
        int64_t rest_us = LOOK_SHARE * took_us > LOOK_US ? LOOK_SHARE * took_us : LOOK_US;
        run->next_look_us = now_us + rest_us;
        run->next_fresh_us = now_us + FRESH_US;
        run->looked_empty = run->queues.count == 0;
    } else if (now_us >= run->next_fresh_us) {
        rc = callback_error(run, outbox_fresh(run->db, "post", on_queue, run));
        run->next_fresh_us = now_us + FRESH_US;
    }
    return rc;
}

static enum err claim(struct run *run)
{
    const struct config *config = &run->ipn->job->config;
    struct outbox_want wants[OUTBOX_CLAIM_MAX];
    int64_t now_us = clock_mono_us();
    unsigned limit =
        run->free_count < OUTBOX_CLAIM_MAX ? (unsigned)run->free_count : OUTBOX_CLAIM_MAX;

    if (limit == 0 || (now_us < run->next_claim_us && limit < CLAIM_ROOM))
        return ERR_OK;
    struct shares shares =
        shares_of((unsigned)config->ipn_in_flight, (unsigned)config->ipn_per_endpoint);
    size_t count = queues_choose(&run->queues, limit, &shares, wants);
    if (count == 0)
        return ERR_OK;
    enum err rc =
        outbox_claim(run->db, "post", wants, count, config->ipn_lease_seconds, on_claimed, run);
    queues_settle(&run->queues, wants, rc == ERR_OK ? count : 0);
    run->next_claim_us = now_us + CLAIM_US;
    return callback_error(run, rc);
}

/* Records what has ended, in batches. */
static enum err record(struct run *run)
{
    static struct outbox_outcome batch[OUTBOX_RECORD_MAX];

    while (run->ended != NULL) {
        struct flight *flight = run->ended;
        size_t count = 0;
        for (; flight != NULL && count < OUTBOX_RECORD_MAX; flight = flight->next)
            batch[count++] = flight->outcome;
        enum err rc = outbox_record(run->db, batch, count);
        if (rc != ERR_OK)
            return rc;
        for (; count > 0; count--) {
            flight = run->ended;
            run->ended = flight->next;
            run->ended_count--;
            push_free(run, flight);
        }
    }
    return ERR_OK;
}

static bool record_due(const struct run *run)
{
    return run->ended_count >= RECORD_COUNT ||
           (run->ended_count > 0 &&
            (http_in_flight(run->http) == 0 || clock_mono_us() - run->first_ended_us >= RECORD_US));
}

/* How long nothing needs to be looked after. */
static int wait_ms(const struct run *run, bool over)
{
    int64_t now_us = clock_mono_us();
    int64_t until_us = over ? now_us + FRESH_US : run->next_fresh_us;

    if (run->ended_count > 0 && run->first_ended_us + RECORD_US < until_us)
        until_us = run->first_ended_us + RECORD_US;
    if (!over && run->queues.count > 0 && run->free_count > 0 && run->next_claim_us < until_us &&
        run->next_claim_us > now_us)
        until_us = run->next_claim_us;
    return until_us <= now_us ? 0 : (int)((until_us - now_us + 999) / 1000);
}

/* One round. *over_ says that nothing is left to do. */
static enum err turn(struct run *run, bool *done)
{
    bool over = job_over(run->ipn->job);
    enum err rc = ERR_OK;

    if (!over)
        rc = look(run);
    if (rc == ERR_OK && !over)
        rc = claim(run);
    enum err moved = http_turn(run->http, wait_ms(run, over));
    if (rc == ERR_OK)
        rc = moved;
    if (rc == ERR_OK && record_due(run))
        rc = record(run);
    bool idle = http_in_flight(run->http) == 0 && run->ended_count == 0;
    if (rc == ERR_OK)
        beat_note(run->db, "teller-ipn");
    *done = idle && (over || (run->ipn->job->until_us == 0 && run->looked_empty && rc == ERR_OK));
    return rc;
}

/* Goes on until all is done. While the database is away only what is in flight moves on. */
static enum err loop(struct run *run)
{
    int64_t give_up_us = 0;
    bool done = false;
    enum err rc = ERR_OK;

    while (!done) {
        rc = turn(run, &done);
        if (rc == ERR_OK) {
            give_up_us = 0;
            continue;
        }
        if (!job_passes(rc))
            break;
        if (job_over(run->ipn->job) && give_up_us == 0)
            give_up_us = clock_mono_us() + AWAY_END_US;
        if (give_up_us != 0 && clock_mono_us() >= give_up_us && http_in_flight(run->http) == 0)
            break;
        job_rest_ms(AWAY_REST_MS);
    }
    return rc;
}

static enum err start(struct run *run)
{
    const struct config *config = &run->ipn->job->config;
    struct http_config http = {
        .allow_loopback = config->net_allow_loopback,
        .connect_timeout_ms = config->ipn_timeout_ms < CONNECT_TIMEOUT_MS ? config->ipn_timeout_ms
                                                                          : CONNECT_TIMEOUT_MS,
        .timeout_ms = config->ipn_timeout_ms,
        .max_in_flight = config->ipn_in_flight,
        .user_agent = "Teller",
        .ca_file = config->net_ca_file,
    };
    run->flights = calloc((size_t)config->ipn_in_flight, sizeof(*run->flights));
    if (run->flights == NULL)
        return ERR_NO_MEMORY;
    for (int i = 0; i < config->ipn_in_flight; i++) {
        run->flights[i].run = run;
        push_free(run, &run->flights[i]);
    }
    enum err rc = db_open_config(config, false, &run->db);
    return rc == ERR_OK ? http_start(&http, &run->http) : rc;
}

/* The currencies are read once the database is there. */
static enum err load_currencies(struct run *run)
{
    enum err rc = ledger_load(run->db);
    while (job_passes(rc) && !job_over(run->ipn->job) && run->ipn->job->until_us != 0) {
        job_rest_ms(AWAY_REST_MS);
        rc = ledger_load(run->db);
    }
    return rc;
}

enum err deliver_run(const struct ipn *ipn, uint64_t *tried, uint64_t *acknowledged)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return ERR_NO_MEMORY;
    run->ipn = ipn;
    enum err rc = start(run);
    if (rc == ERR_OK)
        rc = load_currencies(run);
    if (rc == ERR_OK)
        rc = loop(run);
    *tried = run->tried;
    *acknowledged = run->acknowledged;
    http_stop(run->http);
    db_close(run->db);
    for (int i = 0; run->flights != NULL && i < ipn->job->config.ipn_in_flight; i++)
        delivery_free(&run->flights[i].delivery);
    free(run->flights);
    queues_free(&run->queues);
    crypto_wipe(&run->cache, sizeof(run->cache));
    free(run);
    return rc;
}
