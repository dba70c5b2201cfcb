/* The model test: random operations on the market, and on the desk, and on plain references, compared at
 * each step.
 *   MODEL_OPS=N      how many operations in all (default 200000), in MODEL_RUNS runs (default 4) that
 *                    go on side by side, each with a seed, a database and a reference of its own
 *   MODEL_SECONDS=N  a run ends after so long even where it is not through, so that a run of all tests
 *                    stays short (default 20); 0 = never
 *   MODEL_SEED=N     the first run's seed, the others' are the next ones (default: another every day)
 *   MODEL_CHECK=N    looks at the whole book every N steps (default 1000): 1 finds the step at which
 *                    something changed that the step had nothing to do with
 *   MODEL_RACES=N    rounds of the race (default 100)
 *   DESK_OPS=N       operations on the exchange desk (default 400)
 *   DESK_RACES=N     rounds of each of 64 clients for the last of a reserve (default 3)
 * Exit 0 where nothing differs, 1 otherwise. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/db/db.h"
#include "tests/model/desk_model.h"
#include "tests/model/driver.h"
#include "tests/model/race.h"

#define REPEATED_STEPS 3000
#define RUNS_MAX 16
#define SECONDS_OF_DAY 86400
#define DESK_CLIENTS 64

/* What a run that went on in a process of its own tells. */
struct result {
    bool same;
    uint64_t steps, traded;
    uint8_t trades[SHA256_SIZE];
};

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* A run, told to the other end of `out`. Ends the process. */
static void run_here(struct driver_run *run, int out)
{
    struct text trades = TEXT(256 << 20);
    struct result result = {0};

    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    result.same = driver_run(run, &trades) && suites_failures() == 0;
    crypto_sha256(trades.data, trades.len, result.trades);
    result.steps = run->steps;
    result.traded = run->traded;
    fflush(stdout);
    _exit(write(out, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

/* Lets runs go on side by side, each in a process of its own, and waits for them. */
static void run_all(struct driver_run *runs, struct result *results, size_t count)
{
    int ends[RUNS_MAX][2];
    pid_t pids[RUNS_MAX];

    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        DB_CHECK(pipe(ends[i]) == 0);
        pids[i] = fork();
        if (pids[i] == 0)
            run_here(&runs[i], ends[i][1]);
        close(ends[i][1]);
    }
    for (size_t i = 0; i < count; i++) {
        int status = -1;
        results[i] = (struct result){0};
        DB_CHECK(read(ends[i][0], &results[i], sizeof(results[i])) == (ssize_t)sizeof(results[i]));
        close(ends[i][0]);
        DB_CHECK(pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0);
        DB_CHECK(results[i].same);
        DB_CHECK(results[i].traded > results[i].steps / 100);
    }
}

static void test_same_seed(void)
{
    struct driver_run runs[2];
    struct result results[2];

    for (size_t i = 0; i < TEST_COUNT(runs); i++)
        runs[i] = (struct driver_run){.seed = setting("MODEL_SEED", 1),
                                      .steps = REPEATED_STEPS,
                                      .check_every = setting("MODEL_CHECK", 1000)};
    run_all(runs, results, TEST_COUNT(runs));
    DB_CHECK(memcmp(results[0].trades, results[1].trades, sizeof(results[0].trades)) == 0);
}

static void test_model(void)
{
    struct driver_run runs[RUNS_MAX];
    struct result results[RUNS_MAX];
    uint64_t count = setting("MODEL_RUNS", 4), steps = setting("MODEL_OPS", 200000), done = 0;
    uint64_t seed = setting("MODEL_SEED", (uint64_t)time(NULL) / SECONDS_OF_DAY * RUNS_MAX);

    if (count == 0 || count > RUNS_MAX)
        count = RUNS_MAX;
    for (size_t i = 0; i < count; i++)
        runs[i] = (struct driver_run){.seed = seed + i,
                                      .steps = steps / count + (i < steps % count),
                                      .seconds = setting("MODEL_SECONDS", 20),
                                      .check_every = setting("MODEL_CHECK", 1000)};
    run_all(runs, results, count);
    for (size_t i = 0; i < count; i++)
        done += results[i].steps;
    printf("%" PRIu64 " of %" PRIu64 " operations done, seeds from %" PRIu64 "\n", done, steps,
           seed);
    DB_CHECK(done > 0);
}

static void test_race(void)
{
    race_test((int)setting("MODEL_RACES", 100));
}

static const struct test_case tests[] = {
    {"the same seed gives the same trades", test_same_seed},
    {"the market does as the reference", test_model},
    {"32 connections at one price", test_race},
    {NULL, NULL},
};
static const struct test_suite suite_model = {.name = "model", .cases = tests};

static void test_desk(void)
{
    desk_model(setting("MODEL_SEED", (uint64_t)time(NULL) / SECONDS_OF_DAY),
               setting("DESK_OPS", 400));
}

static void test_desk_race(void)
{
    desk_race(DESK_CLIENTS, (unsigned)setting("DESK_RACES", 3));
}

static const struct test_case desk_tests[] = {
    {"the desk does as fractions say", test_desk},
    {"64 clients for the last of a reserve", test_desk_race},
    {NULL, NULL},
};
static const struct test_suite suite_desk_model = {.name = "desk", .cases = desk_tests};
static const struct test_suite *const suites[] = {&suite_model, &suite_desk_model};

int main(int argc, char **argv)
{
    if (!db_test_start())
        return 1;
    int status = suites_run(suites, TEST_COUNT(suites), argc, argv);
    db_test_end();
    return status;
}
