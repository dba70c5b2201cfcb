/* The race at one price. */
#include "tests/model/race.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/model/exchange.h"

#define CONNECTIONS 32
#define PRICE 10000000
#define LEAST 1000000
#define FUNDS INT64_C(1000000000000000)

/* A process with a connection of its own. */
struct placer {
    pid_t pid;
    int line; /* a byte to it starts a round, a byte from it ends it: 0 where it was refused */
};

/* Places an order whenever told to. Its trader has a neighbour's too: the odd ones buy, the even ones
 * sell. Ends with the line. */
static void place_when_told(struct exchange *exchange, unsigned number, int line)
{
    int64_t round = 0;
    char told;

    /* Requests of two connections of one trader are never the same. */
    exchange->requests = (uint64_t)number << 32;
    while (read(line, &told, 1) == 1) {
        struct uuid oid;
        /* Amounts of many digits that differ, so that most fills are partial. */
        __int128 amount = LEAST + (round++ * 7919 + number * 104729) % 9000001;
        enum err rc =
            exchange_place(exchange,
                           &(struct ref_placement){.user = 1 + number / 2,
                                                   .side = number % 2 == 1 ? REF_BID : REF_ASK,
                                                   .amount = amount,
                                                   .price = PRICE},
                           &oid);
        if (rc != ERR_OK)
            fprintf(stderr, "connection %u: %s\n", number, err_id(rc));
        told = rc == ERR_OK;
        if (write(line, &told, 1) != 1)
            break;
    }
    _exit(0);
}

static bool start_placer(struct exchange *exchange, unsigned number, struct placer *placers)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return false;
    placers[number].pid = fork();
    if (placers[number].pid == 0) {
        for (unsigned i = 0; i < number; i++)
            close(placers[i].line);
        close(ends[0]);
        /* The parent's connections are the parent's. */
        if (scratch_connect(&exchange->scratch, &exchange->db) == ERR_OK)
            place_when_told(exchange, number, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    placers[number].line = ends[0];
    return placers[number].pid > 0;
}

static bool round_of_all(const struct placer *placers)
{
    char done = 1;
    bool all = true;

    for (unsigned i = 0; i < CONNECTIONS; i++)
        all = write(placers[i].line, &done, 1) == 1 && all;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        all = read(placers[i].line, &done, 1) == 1 && done && all;
    return all;
}

/* What must be none after a round: levels that cross, orders of the round whose trades are not what
 * they lost, levels that are not their orders, and money that came or went. */
static bool round_holds(struct db *db, int64_t *last_order)
{
    struct text sql = TEXT(4096);

    text_addf(&sql,
              "SELECT (SELECT COUNT(*) FROM market_level AS b JOIN market_level AS a ON "
              "a.market_id = b.market_id AND a.side = 'ask' AND a.price <= b.price "
              "WHERE b.side = 'bid') + "
              "(SELECT COUNT(*) FROM (SELECT o.amount - o.remaining AS gone, "
              "(SELECT COALESCE(SUM(amount), 0) FROM trade WHERE bid_id = o.id) + "
              "(SELECT COALESCE(SUM(amount), 0) FROM trade WHERE ask_id = o.id) AS traded "
              "FROM market_order AS o WHERE o.id > %" PRId64 ") AS sums WHERE gone <> traded) + "
              "(SELECT COUNT(*) FROM market_level AS l WHERE amount <> (SELECT SUM(funded) FROM "
              "market_order AS o WHERE o.market_id = l.market_id AND o.side = l.side AND "
              "o.book_rank = IF(l.side = 'bid', -l.price, l.price))) + "
              "(SELECT COUNT(*) FROM (SELECT SUM(balance) AS total FROM account GROUP BY "
              "currency_id) AS totals WHERE total <> 0)",
              *last_order);
    bool holds = scratch_number(db, text_string(&sql)) == 0;
    text_free(&sql);
    *last_order = scratch_number(db, "SELECT MAX(id) FROM market_order");
    return holds;
}

static void run_race(struct exchange *exchange, int rounds)
{
    struct placer placers[CONNECTIONS];
    unsigned started = 0;
    int64_t last_order = 0;
    int round = 0;

    while (started < CONNECTIONS && start_placer(exchange, started, placers))
        started++;
    DB_CHECK(started == CONNECTIONS);
    while (started == CONNECTIONS && round < rounds && round_of_all(placers) &&
           round_holds(exchange->scratch.owner, &last_order))
        round++;
    if (round < rounds)
        printf("round %d does not hold\n", round);
    DB_CHECK(round == rounds);
    for (unsigned i = 0; i < started; i++) {
        int status = -1;
        close(placers[i].line);
        DB_CHECK(waitpid(placers[i].pid, &status, 0) == placers[i].pid && status == 0);
    }
}

static void endow(struct exchange *exchange)
{
    for (unsigned user = 1; user < REF_PARTNER; user++)
        for (unsigned currency = 0; currency < 2; currency++)
            DB_GIVES(exchange_credit(exchange, user, currency, FUNDS), ERR_OK);
}

void race_test(int rounds)
{
    struct ref rules = {.markets = {{.amount_step = 1, .price_step = 1, .min_amount = LEAST},
                                    {.amount_step = 1, .price_step = 1, .min_amount = LEAST}}};
    struct exchange exchange;

    if (exchange_open(&exchange, &rules)) {
        struct db *owner = exchange.scratch.owner;
        endow(&exchange);
        fflush(stdout);
        run_race(&exchange, rounds);
        DB_CHECK(scratch_number(owner, "SELECT COUNT(*) FROM trade") > rounds);
        DB_CHECK(scratch_number(owner, "SELECT COUNT(*) FROM market_order") ==
                 rounds * CONNECTIONS);
        DB_CHECK(exchange_audit(&exchange) == 0);
    }
    exchange_close(&exchange);
}
