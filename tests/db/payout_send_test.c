/* Sending payouts: a rail whose world outside is memory that survives a kill, so that every payment that was
 * made is counted. Doubt, pauses, leases, kills at each point, and senders that race. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "ledger/ledger.h"
#include "ledger/slip.h"
#include "payout/send.h"
#include "stream/outbox.h"
#include "tests/db/payout_place.h"
#include "tests/db/scratch.h"

#define FLOW "pay"
#define POINTS_LEAST 8 /* begin, fence, broadcast, record: before and after each */
#define POINTS_MOST 80
#define AUDIT_EACH 6 /* points */
#define IDS 4096

/* How the world takes what is sent. */
enum mood {
    WORLD_GOOD,
    WORLD_LOSES_ANSWERS,  /* it has it, and nobody is told */
    WORLD_LOSES_MESSAGES, /* it was committed, and never arrived */
    WORLD_AWAY,           /* nothing was committed */
    WORLD_REFUSES,
    WORLD_LIES /* it says that it was never sent */
};

/* Beside the processes. */
struct world {
    enum mood mood;
    bool confirms;
    uint32_t paid[IDS]; /* by payout.id: a bit for each attempt that paid */
};

static struct world *world;
static struct scratch scratch;
static struct db *stack_db;

static enum err check_nothing(struct db *db, const struct currency *currency, const char *address,
                              const char *memo, char out[RAIL_ADDRESS_MAX + 1])
{
    (void)db, (void)currency, (void)memo;
    snprintf(out, RAIL_ADDRESS_MAX + 1, "%s", address);
    return ERR_OK;
}

static void broadcast(const struct payout *payout, uint64_t attempt)
{
    failpoint();
    world->paid[payout->id % IDS] |= UINT32_C(1) << attempt;
    failpoint();
}

/* What a rail commits before it sends. */
static enum err commit_in(struct db *db, void *arg)
{
    const struct payout *payout = arg;
    struct db_packet packet = DB_PACKET(4096);

    payout_fence(&packet, payout);
    db_packet_add(&packet, "INSERT INTO test_rail (payout_id, attempt) VALUES (?, ?)",
                  DB_ARGS(db_i64(payout->id), db_u64(payout->attempt)));
    return db_packet_commit(db, &packet, NULL, 0);
}

static void say_sent(const struct payout *payout, struct rail_outcome *outcome)
{
    outcome->answer = world->confirms ? RAIL_CONFIRMED : RAIL_SENT;
    snprintf(outcome->reference, sizeof(outcome->reference), "tx-%lld", (long long)payout->id);
}

static enum err send_one(struct db *db, const struct payout *payout, struct rail_outcome *outcome)
{
    struct payout copy = *payout;
    bool resent = false;

    if (world->mood == WORLD_AWAY || world->mood == WORLD_REFUSES) {
        outcome->answer = world->mood == WORLD_AWAY ? RAIL_LATER : RAIL_REFUSED;
        outcome->retry_s = 60;
        snprintf(outcome->words, sizeof(outcome->words), "any \xff bytes\n");
        return ERR_OK;
    }
    enum err rc = db_txn(db, commit_in, &copy, &resent);
    if (rc != ERR_OK)
        return rc == ERR_PAYOUT_STATE ? ERR_OK : rc;
    if (world->mood != WORLD_LOSES_MESSAGES)
        broadcast(payout, payout->attempt);
    if (world->mood == WORLD_GOOD)
        say_sent(payout, outcome);
    if (world->mood == WORLD_LIES)
        outcome->answer = RAIL_LATER;
    return ERR_OK;
}

static enum err send_all(void *self, struct db *db, const struct payout *payouts, size_t count,
                         struct rail_outcome *outcomes)
{
    enum err rc = ERR_OK;

    (void)self;
    for (size_t i = 0; rc == ERR_OK && i < count; i++)
        rc = send_one(db, &payouts[i], &outcomes[i]);
    return rc;
}

static enum err ask_all(void *self, struct db *db, const struct payout *payouts, size_t count,
                        struct rail_outcome *outcomes)
{
    struct db_rows rows = {0};
    enum err rc = ERR_OK;

    (void)self;
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        rc = db_run(db, "SELECT MAX(attempt) FROM test_rail WHERE payout_id = ?",
                    DB_ARGS(db_i64(payouts[i].id)), &rows);
        if (rc != ERR_OK || !db_next(&rows))
            break;
        if (db_is_null(&rows, 0) || world->mood == WORLD_LIES) {
            outcomes[i].answer = RAIL_LATER;
            continue;
        }
        broadcast(&payouts[i], db_get_u64(&rows, 0)); /* the same bytes */
        say_sent(&payouts[i], &outcomes[i]);
    }
    db_rows_free(&rows);
    return rc;
}

static struct payout_rail test_rail = {
    .name = "World", .check = check_nothing, .send = send_all, .ask = ask_all};

static void start(void)
{
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stack_db = test_db;
    payout_rail_register(&test_rail);
    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        scratch_run(scratch.owner, "CREATE TABLE test_rail (payout_id BIGINT PRIMARY KEY, attempt "
                                   "INT NOT NULL)");
        char grant[160];
        snprintf(grant, sizeof(grant), "GRANT SELECT, INSERT ON test_rail TO `%s`@localhost",
                 scratch.name);
        scratch_run(scratch.owner, grant);
        test_db = scratch.app;
        (void)db_test_number("INSERT INTO rail (name, kind, outside) VALUES ('World', 'on_chain', "
                             "'world')",
                             DB_NO_ARGS);
        (void)db_test_number(
            "INSERT INTO rail_asset (rail, currency_id, guid, decimals, fee) VALUES "
            "('World', 2, REPEAT('g', 16), 5, 200000)",
            DB_NO_ARGS);
    }
}

static void end(void)
{
    payout_place_audit(__FILE__);
    test_db = stack_db;
    scratch_drop(&scratch);
    munmap(world, sizeof(*world));
}

static struct payout_sender new_sender(void)
{
    return (struct payout_sender){.rail = &test_rail, .run = crypto_uuid4(), .batch = 20};
}

/* A customer with payouts that wait; the world is as good as can be. */
static void make_waiting(struct payout_place *place, unsigned count)
{
    (void)db_test_number("DELETE FROM rail_lease", DB_NO_ARGS);
    world->mood = WORLD_GOOD;
    world->confirms = true;
    payout_place_make(place);
    snprintf(place->rail, sizeof(place->rail), "World");
    for (unsigned i = 0; i < count; i++)
        DB_GIVES(payout_place_ask(place, 100), ERR_OK);
}

static int64_t count_of(const struct payout_place *place, const char *state)
{
    return db_test_number("SELECT COUNT(*) FROM payout WHERE user_id = ? AND state = ?",
                          DB_ARGS(db_i64(place->user), db_text(state)));
}

/* What the world has paid of a user's payouts; -1 where one was paid twice. */
static int64_t paid_to(const struct payout_place *place)
{
    struct db_rows rows = {0};
    int64_t paid = 0;

    DB_GIVES(db_run(test_db, "SELECT id FROM payout WHERE user_id = ?",
                    DB_ARGS(db_i64(place->user)), &rows),
             ERR_OK);
    while (paid >= 0 && db_next(&rows)) {
        int times = __builtin_popcount(world->paid[db_get_i64(&rows, 0) % IDS]);
        paid = times > 1 ? -1 : paid + times;
    }
    db_rows_free(&rows);
    return paid;
}

static void make_due(void)
{
    (void)db_test_number("UPDATE payout SET next_at = NOW(6) - INTERVAL 1 SECOND WHERE state IN "
                         "('approved', 'unknown', 'sent') AND next_at > NOW(6)",
                         DB_NO_ARGS);
}

static struct payout_round do_round(const struct payout_sender *sender)
{
    struct payout_round round;

    make_due();
    DB_GIVES(payout_send_round(test_db, sender, &round), ERR_OK);
    return round;
}

static void test_sent(void)
{
    struct payout_sender sender = new_sender();
    struct payout_place place;

    make_waiting(&place, 5);
    world->confirms = false;
    struct payout_round round = do_round(&sender);
    DB_CHECK(round.led && round.begun == 5 && count_of(&place, "sent") == 5);
    (void)do_round(&sender);
    DB_CHECK(count_of(&place, "sent") == 5);
    world->confirms = true;
    (void)do_round(&sender);
    DB_CHECK(count_of(&place, "confirmed") == 5 && paid_to(&place) == 5);
    DB_GIVES(payout_by_id(test_db, 0, place.payout.id, &place.payout), ERR_OK);
    char reference[32];
    snprintf(reference, sizeof(reference), "tx-%lld", (long long)place.payout.id);
    DB_CHECK(strcmp(place.payout.reference, reference) == 0);
}

/* Each mood, what becomes of a payout in it, and once the world is good again. */
static void test_doubt(void)
{
    static const struct {
        enum mood mood;
        const char *state, *asked, *later;
        uint64_t attempts;
        int64_t paid;
    } rows[] = {
        {WORLD_LOSES_ANSWERS, "unknown", "confirmed", "confirmed", 1, 1},
        {WORLD_LOSES_MESSAGES, "unknown", "confirmed", "confirmed", 1, 1},
        {WORLD_AWAY, "approved", "confirmed", "confirmed", 2, 1},
        {WORLD_REFUSES, "failed", "failed", "failed", 1, 0},
        {WORLD_LIES, "unknown", "confirmed", "confirmed", 1, 1},
    };
    struct payout_sender sender = new_sender();
    struct payout_place place;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        make_waiting(&place, 1);
        world->mood = rows[i].mood;
        (void)do_round(&sender);
        DB_CHECK(count_of(&place, rows[i].state) == 1);
        if (rows[i].mood == WORLD_LIES) {
            (void)do_round(&sender); /* asked, it lies again */
            DB_CHECK(count_of(&place, "unknown") == 1);
        }
        world->mood = WORLD_GOOD;
        (void)do_round(&sender);
        DB_CHECK(count_of(&place, rows[i].asked) == 1);
        DB_GIVES(payout_by_id(test_db, 0, place.payout.id, &place.payout), ERR_OK);
        DB_CHECK(place.payout.attempt == rows[i].attempts && paid_to(&place) == rows[i].paid);
        DB_CHECK(payout_place_held(&place) == 0);
        DB_CHECK(rows[i].mood != WORLD_REFUSES || strcmp(place.payout.why, "any ? bytes?") == 0);
    }
}

/* Put off, it waits for its time. */
static void test_later(void)
{
    struct payout_sender sender = new_sender();
    struct payout_place place;
    struct payout_round round;

    make_waiting(&place, 1);
    world->mood = WORLD_AWAY;
    (void)do_round(&sender);
    world->mood = WORLD_GOOD;
    DB_GIVES(payout_send_round(test_db, &sender, &round), ERR_OK);
    DB_CHECK(round.begun == 0 && count_of(&place, "approved") == 1);
    (void)do_round(&sender);
    DB_CHECK(count_of(&place, "confirmed") == 1);
}

static void test_paused(void)
{
    struct payout_sender sender = new_sender();
    struct payout_place place;

    make_waiting(&place, 3);
    world->confirms = false;
    sender.batch = 1;
    (void)do_round(&sender);
    DB_GIVES(rail_pause(test_db, "test", "World", true), ERR_OK);
    /* at the next statement, whoever has found it waiting before */
    DB_GIVES(payout_place_move(&place, PAYOUT_STATE_SENDING), ERR_RAIL_PAUSED);
    struct payout_round round = do_round(&sender);
    DB_CHECK(round.begun == 0 && count_of(&place, "approved") == 2);
    /* what was sent goes on */
    world->confirms = true;
    (void)do_round(&sender);
    DB_CHECK(count_of(&place, "confirmed") == 1);
    DB_GIVES(rail_pause(test_db, "test", "World", false), ERR_OK);
    sender.batch = 20;
    (void)do_round(&sender);
    DB_CHECK(count_of(&place, "confirmed") == 3 && paid_to(&place) == 3);
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM payout_change WHERE what = 'rail' AND subject = "
                            "'World' AND JSON_VALUE(was, '$.paused') <> JSON_VALUE(became, "
                            "'$.paused')",
                            DB_NO_ARGS) == 2);
}

/* One sends at a time; who takes over sends nothing again, and the one before nothing more. */
static void test_lease(void)
{
    struct payout_sender first = new_sender(), second = new_sender();
    struct payout_place place;
    struct payout_round round;

    make_waiting(&place, 0);
    (void)do_round(&first);
    DB_CHECK(!do_round(&second).led);
    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    /* the first begins to send, and is slow */
    DB_GIVES(payout_place_move(&place, PAYOUT_STATE_SENDING), ERR_OK);
    struct payout slow = place.payout;
    (void)db_test_number("UPDATE rail_lease SET until = NOW(6)", DB_NO_ARGS);
    DB_GIVES(payout_send_round(test_db, &second, &round), ERR_OK);
    DB_CHECK(round.led && round.moved > 0);
    bool resent = false;
    DB_GIVES(db_txn(test_db, commit_in, &slow, &resent), ERR_PAYOUT_STATE);
    DB_CHECK(!do_round(&first).led);
    (void)do_round(&second);
    DB_CHECK(count_of(&place, "confirmed") == 1 && paid_to(&place) == 1);
    DB_GIVES(payout_send_end(test_db, &second), ERR_OK);
    DB_CHECK(do_round(&first).led);
    /* without the lease nothing begins, even if it was found before */
    DB_GIVES(payout_place_ask(&place, 100), ERR_OK);
    struct payout_move move = {.id = place.payout.id,
                               .to = PAYOUT_STATE_SENDING,
                               .who = PAYOUT_BY_JOB,
                               .lease = &second.run};
    DB_GIVES(payout_move(test_db, &move), ERR_RAIL_PAUSED);
    (void)do_round(&first);
}

/* Rounds in a process of its own, until nothing is left to do: 0, or it dies. */
static int work_alone(void)
{
    struct payout_sender sender = new_sender();
    struct payout_round round = {.moved = 1};
    enum err rc = scratch_connect(&scratch, &test_db);

    failpoint_flow(FLOW);
    while (rc == ERR_OK && round.moved > 0)
        rc = payout_send_round(test_db, &sender, &round);
    return rc == ERR_OK && payout_send_end(test_db, &sender) == ERR_OK ? 0 : 1;
}

/* Whether the process died at that point. */
static bool work_and_die(unsigned point)
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
    if (pid == 0)
        _exit(work_alone());
    DB_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    (void)unlink(db_test_crash_file);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    DB_CHECK(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return killed;
}

static void test_killed(void)
{
    struct payout_place place;
    unsigned point = 0;

    for (bool killed = true; killed && point < POINTS_MOST;) {
        point++;
        make_waiting(&place, 1);
        killed = work_and_die(point);
        if (!killed)
            break;
        if (point % AUDIT_EACH == 0)
            payout_place_audit(__FILE__);
        (void)db_test_number("DELETE FROM rail_lease", DB_NO_ARGS); /* its time is over */
        struct payout_sender sender = new_sender();
        for (int i = 0; i < 2; i++)
            (void)do_round(&sender);
        DB_CHECK(count_of(&place, "confirmed") == 1 && paid_to(&place) == 1);
        DB_CHECK(payout_place_held(&place) == 0);
    }
    DB_CHECK(point > POINTS_LEAST && point < POINTS_MOST);
}

#define SENDERS 4
#define KILLS 3

/* Senders at once; some of the customer's payouts are cancelled meanwhile, then (kill) they die where they are. */
static void race_senders(const struct payout_place *place, int64_t cancel_from, bool kill_them)
{
    pid_t senders[SENDERS];
    struct payout payout;

    fflush(stdout);
    for (int i = 0; i < SENDERS; i++)
        if ((senders[i] = fork()) == 0)
            _exit(work_alone());
    for (int64_t id = cancel_from; id > cancel_from - 6; id--) {
        enum err rc = payout_cancel(test_db, place->user, id, "", &payout);
        DB_CHECK(rc == ERR_OK || rc == ERR_PAYOUT_SENT || rc == ERR_PAYOUT_ENDED);
    }
    for (int i = 0; i < SENDERS; i++) {
        if (kill_them)
            (void)kill(senders[i], SIGKILL);
        DB_CHECK(waitpid(senders[i], NULL, 0) == senders[i]);
    }
    (void)db_test_number("DELETE FROM rail_lease", DB_NO_ARGS); /* its time is over */
    make_due();
}

/* Senders that race, are killed, and come back. */
static void test_raced(void)
{
    const char *dose = getenv("DOSE");
    unsigned count = dose != NULL && strcmp(dose, "full") == 0 ? 2000 : 60;
    struct payout_sender sender = new_sender();
    struct payout_place place;

    make_waiting(&place, 0);
    DB_GIVES(
        ledger_credit(test_db, place.user,
                      (struct amount){(int64_t)count * 10 * PAYOUT_USD, currency_by_code("USD", 3)},
                      "More"),
        ERR_OK);
    for (unsigned i = 0; i < count; i++)
        DB_GIVES(payout_place_ask(&place, 10), ERR_OK);
    for (int turn = 0; turn <= KILLS; turn++) {
        world->mood = turn == 1 ? WORLD_LOSES_ANSWERS : WORLD_GOOD;
        race_senders(&place, place.payout.id - 8 * turn, turn < KILLS);
    }
    while (do_round(&sender).moved > 0)
        continue;
    int64_t confirmed = count_of(&place, "confirmed");
    DB_CHECK(confirmed > 0 && confirmed + count_of(&place, "cancelled") == count);
    DB_CHECK(paid_to(&place) == confirmed && payout_place_held(&place) == 0);
    DB_CHECK(payout_place_free(&place) ==
             (PAYOUT_MONEY + (int64_t)count * 10 - 10 * confirmed) * PAYOUT_USD);
}

static void note_payout(void *arg, const struct stream_row *row)
{
    if (row->kind == STREAM_PAYOUT)
        text_addf(arg, "%s%s%s ", row->word, row->info[0] == '\0' ? "" : " ", row->info);
}

static void test_told(void)
{
    struct payout_sender sender = new_sender();
    struct text told = TEXT(1024), read = TEXT(65536);
    struct payout_place place;
    char expected[64];

    make_waiting(&place, 1);
    (void)db_test_number("DELETE FROM stream_event", DB_NO_ARGS);
    world->mood = WORLD_LOSES_ANSWERS;
    (void)do_round(&sender);
    DB_GIVES(stream_read(test_db, NULL, 0, 100, note_payout, &told, &read), ERR_OK);
    DB_CHECK(strcmp(text_string(&told), "sending unknown ") == 0);
    DB_GIVES(stream_delete(test_db, &read), ERR_OK);
    text_clear(&told);
    world->mood = WORLD_GOOD;
    (void)do_round(&sender);
    DB_GIVES(stream_read(test_db, NULL, 0, 100, note_payout, &told, &read), ERR_OK);
    snprintf(expected, sizeof(expected), "confirmed tx-%lld ", (long long)place.payout.id);
    DB_CHECK(strcmp(text_string(&told), expected) == 0);
    text_free(&told);
    text_free(&read);
}

static void test_overdue(void)
{
    struct payout_place place;
    int64_t age_s = -1;

    make_waiting(&place, 1);
    (void)db_test_number("UPDATE payout SET next_at = NOW(6) - INTERVAL 400 SECOND WHERE id = ?",
                         DB_ARGS(db_i64(place.payout.id)));
    DB_GIVES(payout_overdue(test_db, &age_s), ERR_OK);
    DB_CHECK(age_s >= 400 && age_s < 500);
    struct payout_sender sender = new_sender();
    (void)do_round(&sender);
    DB_GIVES(payout_overdue(test_db, &age_s), ERR_OK);
    DB_CHECK(age_s == 0);
}

static const struct test_case cases[] = {
    {"sent and confirmed", test_sent},
    {"doubt is resolved by asking", test_doubt},
    {"put off until its time", test_later},
    {"the panic switch", test_paused},
    {"one sends at a time", test_lease},
    {"what the live stream is told", test_told},
    {"what is late", test_overdue},
    {"killed at each point", test_killed},
    {"senders race and are killed", test_raced},
    {NULL, NULL},
};

const struct test_suite suite_payout_send = {
    .name = "payout_send", .cases = cases, .start = start, .end = end};
