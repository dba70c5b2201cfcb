/* teller-rates: keeps the desk's rates: those that follow our market within a second, and those of feeds
 * as often as each says. Any number of copies may run; each feed is fetched by one. SIGTERM ends it after
 * the round in hand. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/beat.h"
#include "desk/rate.h"
#include "ledger/ledger.h"
#include "market/convert.h"
#include "market/market.h"
#include "market/ticker.h"
#include "net/provider.h"
#include "tools/job/job.h"

#define IDLE_MS 300 /* before the next look: market rates follow within a second */
#define FEEDS_MAX 8 /* taken at once */
#define LEASE_S 60
#define CONNECT_MS 5000
#define FETCH_MS 20000
#define MARKET_RATES_MAX 200
#define PATH_SIZE 32

static const char usage_text[] = "usage: teller-rates [--config FILE] [--once | --for SECONDS]\n"
                                 "\n"
                                 "Keeps the exchange desk's rates by our market and by feeds.\n"
                                 "  --once         one round (the default)\n"
                                 "  --for SECONDS  as long as that, looking again every 300 ms\n"
                                 "  --config FILE  the configuration, in place of TELLER_CONFIG\n"
                                 "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

/* A rate that follows the market. */
struct follower {
    int64_t id;
    char path[PATH_SIZE];
};

struct rates {
    struct db *db;
    struct provider_client *client;
    bool loaded;              /* the currencies */
    uint64_t fetched, failed; /* feeds */
    uint64_t set;             /* rates */
    struct follower followers[MARKET_RATES_MAX];
    size_t count;
};

static void keep_follower(void *arg, int64_t id, const char *path)
{
    struct rates *rates = arg;

    if (rates->count == MARKET_RATES_MAX)
        return;
    struct follower *follower = &rates->followers[rates->count++];
    follower->id = id;
    text_copy(follower->path, sizeof(follower->path), path);
}

/* The best price of the side that the desk would deal with: what is given is sold at the highest bid, or
 * what is got is bought at the lowest ask. ERR_NO_LIQUIDITY where there is none. */
static enum err price_of(struct db *db, const char *path, struct desk_worth *out)
{
    const char *slash = strchr(path, '/');
    const struct currency *give =
        slash == NULL ? NULL : currency_by_code(path, (size_t)(slash - path));
    const struct currency *get =
        slash == NULL ? NULL : currency_by_code(slash + 1, strlen(slash + 1));
    struct market market;
    struct market_prices prices;
    struct rate one = {.coefficient = 1};

    if (give == NULL || get == NULL)
        return ERR_CURRENCY_UNKNOWN;
    enum err rc = market_of_item(db, give, get, &market);
    bool sells = rc == ERR_OK;
    if (rc == ERR_MARKET_UNKNOWN)
        rc = market_of_item(db, get, give, &market);
    if (rc == ERR_OK)
        rc = market_prices(db, &market, &prices);
    if (rc != ERR_OK)
        return rc;
    struct amount price = sells ? prices.buy : prices.sell;
    if (price.currency == NULL || price.units <= 0)
        return ERR_NO_LIQUIDITY;
    struct rate rate = {.coefficient = price.units, .scale = price.currency->decimals};
    *out = sells ? (struct desk_worth){.give = one, .get = rate}
                 : (struct desk_worth){.give = rate, .get = one};
    return ERR_OK;
}

/* A market that has no price, or is gone, leaves its rate to grow old. */
static enum err follow_markets(struct rates *rates)
{
    struct desk_worth worth;

    rates->count = 0;
    enum err rc = desk_rate_markets(rates->db, keep_follower, rates);
    for (size_t i = 0; rc == ERR_OK && i < rates->count; i++) {
        const struct follower *follower = &rates->followers[i];
        rc = price_of(rates->db, follower->path, &worth);
        if (rc == ERR_OK) {
            rc = desk_rate_take(rates->db, follower->id, &worth, NULL);
            rates->set += rc == ERR_OK;
        }
        if (rc == ERR_NO_LIQUIDITY || rc == ERR_MARKET_UNKNOWN || rc == ERR_CURRENCY_UNKNOWN ||
            rc == ERR_NOT_FOUND || rc == ERR_OUT_OF_RANGE)
            rc = ERR_OK;
    }
    return rc;
}

static enum err fetch(struct rates *rates, const struct desk_feed *feed)
{
    const struct provider_request request = {.method = "GET",
                                             .url = feed->url,
                                             .answer_max = DESK_FEED_BODY_MAX,
                                             .connect_timeout_ms = CONNECT_MS,
                                             .timeout_ms = FETCH_MS};
    struct provider_answer answer = {0};
    uint64_t set = 0;
    char problem[300];

    enum err rc = provider_call(rates->client, &request, &answer);
    bool answered = rc == ERR_OK && answer.result == HTTP_ANSWERED && answer.status == 200;
    if (answered) {
        rc = desk_feed_took(rates->db, feed, text_string(&answer.body), answer.body.len, &set);
    } else {
        snprintf(problem, sizeof(problem), "%s %d %s",
                 rc == ERR_OK ? http_result_name(answer.result) : err_id(rc), answer.status,
                 answer.problem);
        rc = desk_feed_failed(rates->db, feed, problem);
        log_line(LOG_LEVEL_WARNING, "feed", "name=%s problem=\"%s\"", feed->name, problem);
    }
    rates->fetched += answered;
    rates->failed += !answered;
    rates->set += set;
    provider_answer_free(&answer);
    return rc;
}

static enum err fetch_feeds(struct rates *rates)
{
    struct desk_feed feeds[FEEDS_MAX];
    size_t count = 1;
    enum err rc = ERR_OK;

    while (!job_stopping() && rc == ERR_OK && count > 0) {
        rc = desk_feed_take(rates->db, LEASE_S, feeds, FEEDS_MAX, &count);
        for (size_t i = 0; rc == ERR_OK && i < count; i++)
            rc = fetch(rates, &feeds[i]);
    }
    return rc;
}

static enum err do_round(void *arg)
{
    struct rates *rates = arg;
    enum err rc = rates->loaded ? ERR_OK : ledger_load(rates->db);

    rates->loaded = rc == ERR_OK;
    if (rc == ERR_OK)
        rc = follow_markets(rates);
    if (rc == ERR_OK)
        rc = fetch_feeds(rates);
    if (rc == ERR_OK)
        beat_note(rates->db, "teller-rates");
    return rc;
}

static enum job_status work(const struct job *job, void *arg)
{
    struct rates *rates = arg;
    const struct provider_config client = {
        .user_agent = "teller-rates", .ca_file = job->config.net_ca_file, .connections = FEEDS_MAX};
    int64_t start_us = clock_mono_us();
    enum job_status status = job_database(job, &rates->db);

    if (status == JOB_DONE && provider_start(&client, &rates->client) != ERR_OK)
        status = job_misconfigured(job, "ca_file in [net] cannot be used");
    if (status == JOB_DONE) {
        enum err rc = job_rounds(job, IDLE_MS, do_round, rates);
        log_line(LOG_LEVEL_INFO, "rates",
                 "fetched=%" PRIu64 " failed=%" PRIu64 " set=%" PRIu64 " ms=%" PRId64 " result=%s",
                 rates->fetched, rates->failed, rates->set, (clock_mono_us() - start_us) / 1000,
                 err_id(rc));
        status = rc == ERR_OK ? JOB_DONE : JOB_FAILED;
    }
    provider_stop(rates->client);
    db_close(rates->db);
    return status;
}

int main(int argc, char **argv)
{
    static struct rates rates;
    const struct job_program program = {.name = "teller-rates", .usage = usage_text};

    return job_main(argc, argv, &program, work, &rates);
}
