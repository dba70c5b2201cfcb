/* Packets of several statements and the transactions that they make: what is aborted from outside is
 * done wholly or not at all, wherever it is hit. A second connection does the aborting, while the first
 * one waits at a lock between two statements. */
#include "db/packet.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wait.h"
#include "tests/db/scratch.h"

#define STATEMENTS 5 /* of the packet that is hit at each boundary */

static struct scratch scratch;
static struct db *other; /* holds the lock, and kills */

/* What is to happen while the packet is underway. */
static struct {
    const char *kill; /* "KILL QUERY", "KILL CONNECTION"; NULL for nothing */
    int64_t thread;
    int hits;
} hit;

static int64_t sum_of_rows(void)
{
    return scratch_number(scratch.owner, "SELECT SUM(n) FROM part");
}

static bool open_all(void)
{
    const struct passwd *self = getpwuid(geteuid());

    if (!scratch_make(&scratch))
        return false;
    scratch_run(scratch.owner, "CREATE TABLE part (id INT PRIMARY KEY, n INT NOT NULL, "
                               "word VARCHAR(3) NOT NULL DEFAULT '')");
    scratch_run(scratch.owner, "INSERT INTO part (id, n) SELECT seq, 0 FROM seq_0_to_9");
    DB_GIVES(db_open(&(struct db_params){.socket = test_config.database_socket,
                                         .name = scratch.name,
                                         .user = self->pw_name,
                                         .password = ""},
                     &other),
             ERR_OK);
    return true;
}

static void close_all(void)
{
    db_close(other);
    scratch_drop(&scratch);
}

/* Waits until the first connection stands at the lock, kills, and lets the lock go. */
static bool kill_at_lock(enum wait_event event, int fd, int timeout_ms)
{
    char sql[160];
    int64_t waits = 0;

    (void)event;
    (void)fd;
    (void)timeout_ms;
    if (hit.kill == NULL)
        return true;
    wait_by(NULL);
    while (waits == 0)
        waits = scratch_number(other, "SELECT variable_value FROM information_schema.global_status "
                                      "WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'");
    snprintf(sql, sizeof(sql), "%s %lld", hit.kill, (long long)hit.thread);
    scratch_run(other, sql);
    scratch_run(other, "ROLLBACK");
    hit.kill = NULL;
    hit.hits++;
    return true;
}

/* A transaction of one packet. */
struct one {
    int boundary; /* behind which statement the lock is */
    bool commits; /* the packet does */
};

/* Adds 1 to each of the rows. */
static enum err add_to_all(struct db *db, void *arg)
{
    struct db_packet packet = DB_PACKET(4096);
    const struct one *one = arg;

    for (int i = 0; i < STATEMENTS; i++) {
        db_packet_add(&packet, "UPDATE part SET n = n + 1 WHERE id = ?", DB_ARGS(db_i64(i)));
        if (i == one->boundary)
            db_packet_add(&packet, "UPDATE part SET n = 0 WHERE id = 9", DB_NO_ARGS);
    }
    return one->commits ? db_packet_commit(db, &packet, NULL, 0)
                        : db_packet_run(db, &packet, NULL, 0);
}

/* Hits the packet behind a statement. Gives what the runner says. */
static enum err hit_once(const char *kill, struct one one, bool *resent)
{
    scratch_run(scratch.owner, "UPDATE part SET n = 0");
    hit.thread = scratch_number(scratch.owner, "SELECT CONNECTION_ID()");
    hit.kill = kill;
    hit.hits = 0;
    scratch_run(other, "START TRANSACTION");
    scratch_run(other, "UPDATE part SET n = 1 WHERE id = 9");
    wait_by(kill_at_lock);
    enum err rc = db_txn(scratch.owner, add_to_all, &one, resent);
    wait_by(NULL);
    DB_CHECK(hit.hits == 1);
    DB_CHECK(!db_in_txn(scratch.owner));
    return rc;
}

static void hit_everywhere(const char *kill)
{
    bool resent;

    for (int boundary = 0; boundary < STATEMENTS; boundary++) {
        /* The commit was not on its way: nothing is kept, and it is done again. */
        DB_GIVES(hit_once(kill, (struct one){.boundary = boundary}, NULL), ERR_OK);
        DB_CHECK(sum_of_rows() == STATEMENTS);
        /* It was: nobody can know, unless the work knows itself again. */
        DB_GIVES(hit_once(kill, (struct one){.boundary = boundary, .commits = true}, NULL),
                 ERR_DB_UNKNOWN);
        DB_CHECK(sum_of_rows() == 0);
        DB_GIVES(hit_once(kill, (struct one){.boundary = boundary, .commits = true}, &resent),
                 ERR_OK);
        DB_CHECK(resent && sum_of_rows() == STATEMENTS);
    }
}

static void test_killed(void)
{
    if (open_all()) {
        hit_everywhere("KILL QUERY");
        hit_everywhere("KILL CONNECTION");
    }
    close_all();
}

/* A transaction of several packets that the server ends by itself, which it tells by a flag alone. */
struct several {
    int boundary; /* behind which packet */
    int hits;     /* how often */
    int tries, sent;
    bool overlooks; /* what the packets give */
};

static enum err add_one_by_one(struct db *db, void *arg)
{
    struct several *several = arg;
    enum err rc = ERR_OK;

    several->tries++;
    for (int i = 0; i < STATEMENTS && rc == ERR_OK; i++) {
        rc = db_run(db, "UPDATE part SET n = n + 1 WHERE id = ?", DB_ARGS(db_i64(i)), NULL);
        several->sent += rc == ERR_OK;
        if (i == several->boundary && several->hits-- > 0)
            rc = db_run(db, "ROLLBACK", DB_NO_ARGS, NULL);
        if (several->overlooks)
            rc = ERR_OK;
    }
    return rc;
}

static void test_ended(void)
{
    if (open_all())
        for (int i = 0; i < 2 * STATEMENTS; i++) {
            struct several several = {.boundary = i / 2, .hits = 1, .overlooks = i % 2 != 0};
            scratch_run(scratch.owner, "UPDATE part SET n = 0");
            DB_GIVES(db_txn(scratch.owner, add_one_by_one, &several, NULL), ERR_OK);
            DB_CHECK(several.tries == 2 && several.sent == several.boundary + 1 + STATEMENTS);
            DB_CHECK(sum_of_rows() == STATEMENTS);
            several = (struct several){.boundary = i / 2, .hits = DB_TXN_TRIES};
            DB_GIVES(db_txn(scratch.owner, add_one_by_one, &several, NULL), ERR_DB_CONTENDED);
            DB_CHECK(several.tries == DB_TXN_TRIES && sum_of_rows() == STATEMENTS);
        }
    close_all();
}

/* Sends the statement between two that change a row. */
static enum err run_between(struct db *db, void *arg)
{
    struct db_packet packet = DB_PACKET(4096);
    const char *const *sql = arg;

    db_packet_add(&packet, "UPDATE part SET n = n + 1 WHERE id = 1", DB_NO_ARGS);
    db_packet_add(&packet, *sql, DB_NO_ARGS);
    db_packet_add(&packet, "UPDATE part SET n = n + 1 WHERE id = 2", DB_NO_ARGS);
    return db_packet_run(db, &packet, NULL, 0);
}

/* A packet is refused as a whole; a warning is no less than an error. */
static void test_failures(void)
{
    static const struct {
        const char *sql;
        enum err rc;
    } rows[] = {
        {"SELECT 1", ERR_OK},
        {"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds'", ERR_INSUFFICIENT_FUNDS},
        {"UPDATE part SET word = 'four' WHERE id = 3", ERR_DB},
        {"DO CAST('x' AS SIGNED)", ERR_DB},
        {"INSERT INTO part (id, n) VALUES (1, 1)", ERR_DB},
    };

    if (open_all())
        for (size_t i = 0; i < TEST_COUNT(rows); i++) {
            int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
            scratch_run(scratch.owner, "UPDATE part SET n = 0");
            (void)dup2(nowhere, STDERR_FILENO); /* where such errors are our fault */
            enum err rc = db_txn(scratch.owner, run_between, (void *)&rows[i].sql, NULL);
            (void)dup2(kept, STDERR_FILENO);
            close(kept);
            close(nowhere);
            DB_GIVES(rc, rows[i].rc);
            DB_CHECK(sum_of_rows() == (rc == ERR_OK ? 2 : 0));
        }
    close_all();
}

/* What is asked of the rows of a packet. */
struct condition {
    int64_t id;
    uint64_t rows;
    int64_t insert;
};

static enum err run_conditions(struct db *db, void *arg)
{
    struct db_packet packet = DB_PACKET(4096);
    const struct condition *condition = arg;
    struct db_rows rows[2] = {0};
    int64_t found = 0;

    db_packet_add(&packet, "UPDATE part SET n = n + 1 WHERE id >= ?",
                  DB_ARGS(db_i64(condition->id)));
    db_packet_expect(&packet, condition->rows, ERR_INSUFFICIENT_FUNDS);
    db_packet_add(&packet, "SELECT 7", DB_NO_ARGS);
    db_packet_add_once(&packet, "INSERT INTO part (id, n) VALUES (?, 1) RETURNING id",
                       DB_ARGS(db_i64(condition->insert)), ERR_REPLAYED);
    enum err rc = db_packet_commit(db, &packet, rows, 2);
    if (rc == ERR_OK && db_next(&rows[0]) && db_next(&rows[1]))
        found = db_get_i64(&rows[0], 0) + db_get_i64(&rows[1], 0);
    if (rc == ERR_OK)
        DB_CHECK(found == 7 + condition->insert);
    db_rows_free(&rows[0]);
    db_rows_free(&rows[1]);
    return rc;
}

static void test_conditions(void)
{
    struct condition row = {.id = 8, .rows = 2, .insert = 20};

    if (open_all()) {
        DB_GIVES(db_txn(scratch.owner, run_conditions, &row, NULL), ERR_OK);
        DB_CHECK(sum_of_rows() == 3);
        DB_GIVES(db_txn(scratch.owner, run_conditions, &row, NULL), ERR_INSUFFICIENT_FUNDS);
        row.rows = 3;
        DB_GIVES(db_txn(scratch.owner, run_conditions, &row, NULL), ERR_REPLAYED);
        DB_CHECK(sum_of_rows() == 3);
    }
    close_all();
}

static enum err overlook(struct db *db, void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++)
        if (db_run(db, "UPDATE part SET n = 9 WHERE id = 1", DB_NO_ARGS, NULL) == ERR_OK)
            return ERR_INTERNAL;
    return ERR_OK;
}

/* What is queued in front, say a nonce, decides whether anything is done, whatever the work makes of
 * it; and it is no part of the transaction. */
static void test_queued(void)
{
    if (open_all()) {
        db_defer(scratch.owner, "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'user_disabled'",
                 DB_NO_ARGS);
        DB_GIVES(db_txn(scratch.owner, overlook, NULL, NULL), ERR_USER_DISABLED);
        DB_CHECK(sum_of_rows() == 0);
        const char *refused = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds'";
        db_defer(scratch.owner, "UPDATE part SET n = 5 WHERE id = 5", DB_NO_ARGS);
        DB_GIVES(db_txn(scratch.owner, run_between, &refused, NULL), ERR_INSUFFICIENT_FUNDS);
        DB_CHECK(db_deferred_done(scratch.owner) && sum_of_rows() == 5);
    }
    close_all();
}

/* Two statements with a semicolon between them are a mistake that a program does not survive. */
static void test_semicolon(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(db_run(test_db, "SELECT ';'; SELECT 1", DB_NO_ARGS, NULL) == ERR_OK ? 0 : 1);
    }
    DB_CHECK(child > 0 && waitpid(child, &status, 0) == child);
    DB_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static const struct test_case cases[] = {
    {"killed behind each statement", test_killed},
    {"ended by the server behind each packet", test_ended},
    {"failures and warnings", test_failures},
    {"conditions", test_conditions},
    {"what is queued in front", test_queued},
    {"two statements in one are refused", test_semicolon},
    {NULL, NULL},
};

const struct test_suite suite_packet = {.name = "packet", .cases = cases};
