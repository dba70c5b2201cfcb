/* Archives: what moves is nothing that anybody misses, and whoever is killed on the way has lost nothing. */
#include "db/archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "notify/feed.h"
#include "tests/db/place.h"

#define FLOW "archive"
#define LONG_AGO_S INT64_C(1600000000)
#define POINTS_MAX 40

/* A trader's orders: long ago cancelled; cancelled after a fill; done; cancelled just now; open. */
struct orders {
    struct place place;
    struct uuid old[3], filled, done, fresh, live;
};

static void end_long_ago(const struct uuid *oid)
{
    DB_GIVES(db_run(place_scratch.owner,
                    "UPDATE market_order SET created_at = FROM_UNIXTIME(?) - INTERVAL 1 DAY, "
                    "ended_at = FROM_UNIXTIME(?) - INTERVAL 1 DAY WHERE oid = ?",
                    DB_ARGS(db_i64(LONG_AGO_S), db_i64(LONG_AGO_S), db_uuid(oid)), NULL),
             ERR_OK);
}

static void cancel(struct orders *orders, const struct uuid *oid)
{
    DB_GIVES(market_cancel(place_scratch.app, NULL, orders->place.alice, oid), ERR_OK);
}

static void add_old(struct orders *orders)
{
    for (size_t i = 0; i < TEST_COUNT(orders->old); i++) {
        orders->old[i] = place_order(&orders->place, orders->place.alice, place_bid(BTC, 5));
        cancel(orders, &orders->old[i]);
        end_long_ago(&orders->old[i]);
    }
}

static void make_orders(struct orders *orders, const char *currency)
{
    struct place *place = &orders->place;

    place_open(place, currency, 1, 1);
    place_give(place->alice, place_money(place, 1000000 * USD));
    place_give(place->bob, place_items(place, 100 * BTC));
    orders->filled = place_order(place, place->alice, place_bid(2 * BTC, 10));
    orders->done = place_order(place, place->bob, place_ask(BTC, 10));
    cancel(orders, &orders->filled);
    end_long_ago(&orders->filled);
    end_long_ago(&orders->done);
    add_old(orders);
    orders->fresh = place_order(place, place->alice, place_bid(BTC, 5));
    cancel(orders, &orders->fresh);
    orders->live = place_order(place, place->alice, place_bid(BTC, 5));
}

/* All steps; gives how many rows moved. */
static uint64_t archive(void)
{
    struct archive_step step = {.before_s = LONG_AGO_S, .more = true};

    while (step.more)
        DB_GIVES(archive_step(place_scratch.owner, &market_archive, &step), ERR_OK);
    return step.moved;
}

static int64_t rows_of(const char *table, const struct uuid *oid)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s WHERE oid = ?", table);
    return place_number(sql, DB_ARGS(db_uuid(oid)));
}

static bool is_archived(const struct uuid *oid)
{
    int64_t there = rows_of("market_order", oid), archived = rows_of("market_order_archive", oid);

    DB_CHECK(there + archived == 1);
    return archived == 1;
}

static void test_orders(void)
{
    struct orders orders;

    make_orders(&orders, "SEK");
    DB_CHECK(archive() == 3);
    DB_CHECK(archive() == 0);
    for (size_t i = 0; i < TEST_COUNT(orders.old); i++) {
        DB_CHECK(is_archived(&orders.old[i]));
        /* shown as before */
        DB_CHECK(
            place_stands(&orders.place, orders.place.alice, orders.old[i], "cancelled", BTC, 0));
        DB_GIVES(market_order_view(place_scratch.app, orders.place.bob, &orders.old[i],
                                   &orders.place.order),
                 ERR_ORDER_UNKNOWN);
    }
    DB_CHECK(!is_archived(&orders.filled) && !is_archived(&orders.done) &&
             !is_archived(&orders.fresh) && !is_archived(&orders.live));
}

static void see_try(void *arg, const struct feed_attempt *attempt)
{
    snprintf((char *)arg + strlen(arg), 16, "%u:%d ", attempt->n, attempt->status);
}

/* The tries of a delivery as they are shown. */
static void check_tries(int64_t delivery_id, const char *wanted)
{
    char tries[128] = "";

    DB_GIVES(feed_attempts(place_scratch.app, delivery_id, see_try, tries), ERR_OK);
    db_test_check(strcmp(tries, wanted) == 0, tries, __FILE__, __LINE__);
}

/* One delivery was acknowledged long ago, one just now, one is not yet; all have two tries. One is tried again
 * afterwards. */
static void test_tries(void)
{
    struct archive_step step = {.before_s = LONG_AGO_S};

    scratch_run(place_scratch.owner,
                "INSERT INTO event (id, topic, kind, owner_id, seq, subject, payload, at) VALUES "
                "(1, 'checkout', 'test', 1, 1, REPEAT('s', 16), '{}', '2020-01-01')");
    scratch_run(
        place_scratch.owner,
        "INSERT INTO delivery (id, uuid, event_id, channel, format, owner_id, subject, state, "
        "since, attempts, delivered_at) VALUES (1, REPEAT('1', 16), 1, 'post', 'ipn', 1, "
        "REPEAT('s', 16), 'delivered', '2020-01-01', 2, '2020-01-01'), (2, REPEAT('2', 16), 1, "
        "'post', 'ipn', 1, REPEAT('s', 16), 'delivered', '2020-01-01', 2, NOW(6)), (3, "
        "REPEAT('3', 16), 1, 'post', 'ipn', 1, REPEAT('s', 16), 'failed', '2020-01-01', 2, "
        "NULL)");
    scratch_run(
        place_scratch.owner,
        "INSERT INTO delivery_attempt (delivery_id, n, at, status) SELECT id, t.n, since, 500 "
        "- 300 * (t.n = 2) FROM delivery JOIN (SELECT 1 AS n UNION ALL SELECT 2) AS t");
    DB_GIVES(archive_step(place_scratch.owner, &notify_archive, &step), ERR_OK);
    DB_CHECK(step.more && step.moved == 2 && step.cursor == 3);
    for (int64_t id = 1; id <= 3; id++)
        check_tries(id, "1:500 2:200 ");
    scratch_run(place_scratch.owner,
                "INSERT INTO delivery_attempt (delivery_id, n, at, status) VALUES "
                "(1, 3, '2020-01-02', 204)");
    check_tries(1, "1:500 2:200 3:204 ");
    step = (struct archive_step){.before_s = LONG_AGO_S};
    DB_GIVES(archive_step(place_scratch.owner, &notify_archive, &step), ERR_OK);
    DB_CHECK(step.moved == 1);
    check_tries(1, "1:500 2:200 3:204 ");
}

/* Only whom the schema belongs to writes there, and nobody changes what is there. */
static void test_closed(void)
{
    scratch_refused(place_scratch.app,
                    "INSERT INTO market_order_archive SELECT * FROM market_order LIMIT 1",
                    "only the owner of the schema archives");
    scratch_refused(place_scratch.app, "DELETE FROM market_order_archive",
                    "archives are never changed");
    scratch_refused(place_scratch.owner, "UPDATE market_order_archive SET hold = 7",
                    "archives are never changed");
}

/* Archives in a process of its own, which is to die at a point. True where it did. */
static bool archive_and_die(unsigned point)
{
    FILE *file = fopen(db_test_crash_file, "we");
    int status = 0;

    DB_CHECK(file != NULL);
    if (file == NULL)
        return false;
    fprintf(file, "%s %u", FLOW, point);
    fclose(file);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        /* the parent's connections are the parent's */
        if (scratch_connect_owner(&place_scratch, &place_scratch.owner) != ERR_OK)
            _exit(2);
        failpoint_flow(FLOW);
        (void)archive();
        _exit(0);
    }
    DB_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    (void)unlink(db_test_crash_file);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    DB_CHECK(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return killed;
}

/* Killed at each of its points in turn, each order is in one place, and the next run moves the rest. */
static void test_killed(void)
{
    struct orders orders;
    bool killed = true;
    unsigned point = 1;

    make_orders(&orders, "NOK");
    for (; killed && point < POINTS_MAX; point++) {
        add_old(&orders);
        killed = archive_and_die(point);
        for (size_t i = 0; i < TEST_COUNT(orders.old); i++)
            (void)is_archived(&orders.old[i]);
        (void)archive();
        for (size_t i = 0; i < TEST_COUNT(orders.old); i++)
            DB_CHECK(is_archived(&orders.old[i]));
    }
    DB_CHECK(point > 4 && !killed);
}

static const struct test_case cases[] = {
    {"cancelled orders without a fill move, and are shown as before", test_orders},
    {"tries of acknowledged deliveries move, and are shown as before", test_tries},
    {"nobody else writes there", test_closed},
    {"killed at each point", test_killed},
    {NULL, NULL},
};
const struct test_suite suite_archive = {
    .name = "archive", .cases = cases, .start = place_start, .end = place_end};
