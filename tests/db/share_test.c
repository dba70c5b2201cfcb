/* Handles that share a connection: whose answer is whose, what one's failure does to the others, and
 * that nobody gets into a transaction of somebody else. Fibers take turns as in a worker. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "fcgi/server/fiber.h"
#include "identity/api_key.h"
#include "identity/rights.h"
#include "tests/db/db.h"

#define LANES 6

struct lane {
    struct fiber *fiber;
    struct db *db;
    void (*work)(struct lane *lane);
    int64_t number; /* what it asks for, and what it gets */
    int64_t got;
    enum err rc;
    bool ended;
};

static struct lane lanes[LANES];
static int order[LANES], ended;

static int64_t ask(struct lane *lane, const char *sql)
{
    struct db_rows rows = {0};
    int64_t number = -1;
    lane->rc = db_run(lane->db, sql, DB_ARGS(db_i64(lane->number)), &rows);
    if (lane->rc == ERR_OK && db_next(&rows))
        number = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return number;
}

static void run_lane(void *arg)
{
    struct lane *lane = arg;
    lane->work(lane);
    lane->ended = true;
    order[ended++] = (int)(lane - lanes);
}

/* Starts all lanes, and goes on with those that wait in the order in which they began to. */
static void run_lanes(void (*work)(struct lane *lane))
{
    struct lane *waiting[LANES];
    size_t count = 0;

    ended = 0;
    for (size_t i = 0; i < LANES; i++) {
        lanes[i].number = (int64_t)i * 10;
        lanes[i].got = -2;
        lanes[i].ended = false;
        if (lanes[i].work == NULL)
            lanes[i].work = work;
        if (fiber_start(lanes[i].fiber, run_lane, &lanes[i]))
            waiting[count++] = &lanes[i];
    }
    while (count > 0) {
        struct lane *lane = waiting[0];
        memmove(waiting, waiting + 1, --count * sizeof(struct lane *));
        if (fiber_resume(lane->fiber))
            waiting[count++] = lane;
    }
    for (size_t i = 0; i < LANES; i++) {
        DB_CHECK(lanes[i].ended);
        lanes[i].work = NULL;
    }
}

static bool wait_turn(enum wait_event event, int fd, int timeout_ms)
{
    DB_CHECK((event == WAIT_TIME || fd >= 0) && timeout_ms >= 0);
    fiber_wait();
    return true;
}

static void open_lanes(void)
{
    DB_GIVES(db_open_config(&test_config, false, &lanes[0].db), ERR_OK);
    for (size_t i = 0; i < LANES; i++) {
        if (i > 0)
            DB_GIVES(db_share(lanes[0].db, &lanes[i].db), ERR_OK);
        DB_GIVES(fiber_open(&lanes[i].fiber), ERR_OK);
    }
    DB_GIVES(db_run(lanes[0].db, "DO 0", DB_NO_ARGS, NULL), ERR_OK);
    wait_by(wait_turn);
}

static void close_lanes(void)
{
    wait_by(NULL);
    for (size_t i = 0; i < LANES; i++) {
        fiber_close(lanes[i].fiber);
        db_close(lanes[i].db);
        lanes[i] = (struct lane){0};
    }
}

static void ask_twice(struct lane *lane)
{
    lane->got = ask(lane, "SELECT 1 + ?");
    lane->number = lane->got;
    lane->got = ask(lane, "SELECT 1 + ? FROM (SELECT SLEEP(0.01)) AS a");
}

static void test_answers(void)
{
    open_lanes();
    run_lanes(ask_twice);
    for (size_t i = 0; i < LANES; i++) {
        DB_GIVES(lanes[i].rc, ERR_OK);
        DB_CHECK(lanes[i].got == (int64_t)i * 10 + 2);
        DB_CHECK(order[i] == (int)i);
    }
    close_lanes();
}

static void fail(struct lane *lane)
{
    lane->rc = db_run(lane->db, "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds'",
                      DB_NO_ARGS, NULL);
}

/* An error is its own lane's, also that of a statement queued in front. */
static void test_refusal(void)
{
    struct api_key key;
    char secret[API_KEY_SECRET_TEXT_SIZE], nonce[24];
    const char *field;

    DB_GIVES(api_key_add(test_db, test_master, db_test_user(NULL, NULL), "v1", RIGHT_GET_INFO, "",
                         &key, secret, &field),
             ERR_OK);
    snprintf(nonce, sizeof(nonce), "%lld", (long long)clock_now_us());
    open_lanes();
    for (size_t i = 0; i < LANES; i++) /* the first one uses it up */
        if (i != 2 && i != 5)
            api_key_use_nonce(lanes[i].db, key.id, key.version, nonce);
    lanes[4].work = lanes[5].work = fail;
    run_lanes(ask_twice);
    DB_GIVES(lanes[4].rc, ERR_NONCE_INVALID); /* what is queued in front comes first */
    DB_GIVES(lanes[5].rc, ERR_INSUFFICIENT_FUNDS);
    for (size_t i = 0; i < 4; i++)
        DB_CHECK((lanes[i].got == (int64_t)i * 10 + 2) == (i == 0 || i == 2));
    close_lanes();
}

static void kill_it(struct lane *lane)
{
    lane->rc = db_txn_call_once(lane->db, "KILL CONNECTION_ID()", DB_NO_ARGS, NULL);
}

/* What was underway when the connection broke is asked again. */
static void test_lost(void)
{
    for (size_t killer = 0; killer < LANES; killer++) {
        open_lanes();
        lanes[killer].work = kill_it;
        run_lanes(ask_twice);
        for (size_t i = 0; i < LANES; i++) {
            if (i == killer)
                continue;
            DB_GIVES(lanes[i].rc, ERR_OK);
            DB_CHECK(lanes[i].got == (int64_t)i * 10 + 2);
        }
        close_lanes();
    }
}

static enum err look_around(struct db *db, void *arg)
{
    struct lane *lane = arg;
    enum err rc = ERR_OK;
    (void)db;
    lane->got = 0;
    for (int i = 0; i < 3 && rc == ERR_OK; i++) {
        lane->got += ask(lane, "SELECT @@in_transaction AND ? IS NOT NULL");
        rc = lane->rc;
    }
    return rc;
}

static void transact(struct lane *lane)
{
    lane->rc = db_txn(lane->db, look_around, lane, NULL);
}

static void look_outside(struct lane *lane)
{
    lane->got = ask(lane, "SELECT @@in_transaction + 0 * ?");
    lane->got += ask(lane, "SELECT @@in_transaction + 0 * ?");
}

static void test_transactions(void)
{
    open_lanes();
    lanes[1].work = lanes[4].work = transact;
    run_lanes(look_outside);
    for (size_t i = 0; i < LANES; i++) {
        DB_GIVES(lanes[i].rc, ERR_OK);
        DB_CHECK(lanes[i].got == (i == 1 || i == 4 ? 3 : 0));
        DB_CHECK(!db_in_txn(lanes[i].db));
    }
    close_lanes();
}

static void disconnect(struct lane *lane)
{
    (void)ask(lane, "SELECT ?");
    db_disconnect(lane->db);
    lane->got = ask(lane, "SELECT 2 + ?");
}

static void test_disconnected(void)
{
    open_lanes();
    lanes[2].work = disconnect;
    run_lanes(ask_twice);
    for (size_t i = 0; i < LANES; i++) {
        DB_GIVES(lanes[i].rc, ERR_OK);
        DB_CHECK(lanes[i].got == (int64_t)i * 10 + 2);
    }
    close_lanes();
}

/* An answer may take as long as the patience: longer is a server that is away, asked once more. */
static void test_patience(void)
{
    struct db *db = NULL;
    int64_t begin_us = clock_mono_us();

    DB_GIVES(db_open_config(&test_config, false, &db), ERR_OK);
    db_patience(db, 1);
    DB_GIVES(db_run(db, "SELECT SLEEP(10)", DB_NO_ARGS, NULL), ERR_DB_AWAY);
    DB_CHECK(clock_mono_us() - begin_us < 9000000);
    db_patience(db, 60);
    DB_GIVES(db_run(db, "SELECT SLEEP(1.5)", DB_NO_ARGS, NULL), ERR_OK);
    db_close(db);
}

static const struct test_case cases[] = {
    {"each gets its own answers", test_answers},
    {"a refusal is one lane's own", test_refusal},
    {"a connection that breaks underway", test_lost},
    {"a transaction has the connection for itself", test_transactions},
    {"one closes it under the others", test_disconnected},
    {"patience", test_patience},
    {NULL, NULL},
};

const struct test_suite suite_share = {.name = "share", .cases = cases};
