/* The race for the last of a reserve. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "tests/db/desk_place.h"
#include "tests/model/desk_model.h"

#define CLIENTS_MAX 128

/* What one client does, again and again: makes a bid for a fifth of the reserve; then it is paid, cancelled,
 * left to expire, or done by an operator, at the same time as another tries the same with it. */
static int compete(const struct desk_place *shared, unsigned number, unsigned rounds)
{
    struct desk_place place = *shared;
    static const enum desk_status ends[] = {DESK_STATUS_cancel, DESK_STATUS_payed,
                                            DESK_STATUS_delete, DESK_STATUS_success};
    int bad = 0;

    for (unsigned round = 0; round < rounds; round++) {
        struct desk_wish wish = desk_place_wish(&place, "400");
        enum err rc = desk_bid_create(test_db, &wish, "", &place.problems, &place.bid);
        bad += rc != ERR_OK && rc != ERR_DESK_RESERVE && rc != ERR_DB_CONTENDED;
        if (rc != ERR_OK)
            continue;
        enum desk_status to = ends[(number + round) % TEST_COUNT(ends)];
        int64_t expired;
        if ((number + round) % 5 == 4) {
            struct db_rows rows = {0};
            rc = db_run(test_db,
                        "UPDATE desk_bid SET expires_at = NOW(6) WHERE id = ? AND stage = 'held'",
                        DB_ARGS(db_i64(place.bid.id)), &rows);
            db_rows_free(&rows);
            if (rc == ERR_OK)
                rc = desk_bid_expire_due(test_db, 10, &expired);
            bad += rc != ERR_OK && rc != ERR_DB_CONTENDED;
        }
        struct desk_move move = {.name = {.id = place.bid.id - (int64_t)(round % 2)},
                                 .who = DESK_OPERATOR,
                                 .by = DESK_WHO,
                                 .to = to,
                                 .trace = ""};
        rc = desk_bid_move(test_db, &move, &place.bid);
        bad += rc != ERR_OK && rc != ERR_DESK_RESERVE && rc != ERR_DESK_BID &&
               rc != ERR_INSUFFICIENT_FUNDS && rc != ERR_DB_CONTENDED;
    }
    return bad == 0 ? 0 : 1;
}

static void say(void *arg, const char *words)
{
    (void)arg;
    db_test_check(false, words, __FILE__, __LINE__);
}

/* What there is, is what came in: nothing was made or lost, and nothing was promised twice. */
static void see(void *arg, const struct desk_reserve *reserve)
{
    const struct desk_place *place = arg;
    __int128 sold;

    if (strcmp(reserve->code, place->get) != 0)
        return;
    sold = -reserve->outside.units; /* what is left of what was filled in */
    DB_CHECK(reserve->available.units >= 0 && reserve->held.units >= 0);
    DB_CHECK(reserve->available.units + reserve->held.units <= sold);
    DB_CHECK(sold >= 0 && sold <= 1000 * 100000);
}

static void count_bids(void *arg, const char *name, uint64_t count)
{
    if (strcmp(name, "bids") == 0)
        *(uint64_t *)arg = count;
}

void desk_race(unsigned clients, unsigned rounds)
{
    struct desk_place place;
    pid_t pids[CLIENTS_MAX];

    desk_place_make(&place, "hand", "hand");
    fflush(stdout);
    for (unsigned i = 0; i < clients && i < CLIENTS_MAX; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            /* the parent's connection is the parent's */
            if (db_open_config(&test_config, false, &test_db) != ERR_OK)
                _exit(2);
            _exit(compete(&place, i, rounds));
        }
    }
    for (unsigned i = 0; i < clients && i < CLIENTS_MAX; i++) {
        int status = -1;
        DB_CHECK(pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    }
    DB_GIVES(desk_reserves(test_db, see, &place), ERR_OK);
    uint64_t checked = 0;
    struct audit_report report = {.difference = say, .counted = count_bids, .arg = &checked};
    DB_GIVES(audit_run(test_db, &ledger_audit, &report), ERR_OK);
    DB_GIVES(audit_run(test_db, &desk_audit, &report), ERR_OK);
    DB_CHECK(checked >= clients / 2);
}
