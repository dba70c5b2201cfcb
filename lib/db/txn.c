/* The transaction runner: begins, runs, commits, and says of each failure whether it was a definite no,
 * may succeed when tried again, or leaves the outcome unknown. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/wait.h"
#include "db/handle.h"

#define RETRY_PAUSE_MAX_MS 4

/* Tries of one transaction, or of one call that is a transaction of its own. */
struct tries {
    int count;
    int64_t until_us; /* no new one is begun after that */
    bool doubtful;    /* one of them may have been done */
};

static struct tries begin_tries(void)
{
    return (struct tries){.until_us = clock_mono_us() + DB_TXN_PATIENCE_MS * INT64_C(1000)};
}

/* Waits a little, each time another time, so that those who met do not meet again; others go on. */
static void pause_for_retry(int tries)
{
    wait_ms(1 + (int)(clock_now_us() * (tries + 1) % RETRY_PAUSE_MAX_MS));
}

/* Whether to try again after a failure that allows it.
 * lost  the connection broke: the server is waited for first */
static bool try_again(struct db *db, struct tries *tries, bool lost)
{
    if (++tries->count == DB_TXN_TRIES || clock_mono_us() > tries->until_us)
        return false;
    if (lost)
        return handle_reopen(db) == ERR_OK;
    pause_for_retry(tries->count);
    return true;
}

/* What is told of a last try that failed: a no is none where an earlier try may have been done. */
static enum err last_word(const struct tries *tries, enum err rc)
{
    return tries->doubtful && (rc == ERR_DB_AWAY || rc == ERR_DB_CONTENDED) ? ERR_DB_UNKNOWN : rc;
}

enum err db_txn_call(struct db *db, const char *sql, struct db_args args, struct db_rows *rows,
                     bool *resent)
{
    const struct sending sending = {.sql = sql, .args = args, .commits = true};
    struct tries tries = begin_tries();
    struct outcome outcome;
    bool again;

    if (db->txn != TXN_NONE)
        abort(); /* our bug: transactions do not nest */
    do {
        again = tries.doubtful;
        outcome = handle_send(db, &sending, handle_one_place(rows));
        tries.doubtful = tries.doubtful || outcome.doubtful;
    } while ((outcome.retry || (outcome.lost && outcome.sent)) &&
             try_again(db, &tries, outcome.lost));
    if (resent != NULL)
        *resent = again;
    return last_word(&tries, outcome.rc);
}

enum err db_txn_call_once(struct db *db, const char *sql, struct db_args args, struct db_rows *rows)
{
    const struct sending sending = {.sql = sql, .args = args, .commits = true};
    struct outcome outcome = handle_send(db, &sending, handle_one_place(rows));

    return outcome.doubtful ? ERR_DB_UNKNOWN : outcome.rc;
}

static enum err commit(struct db *db)
{
    static const struct sending sending = {.sql = "COMMIT", .commits = true};
    struct outcome outcome = handle_send(db, &sending, handle_one_place(NULL));

    return outcome.doubtful ? ERR_DB_UNKNOWN : outcome.rc;
}

static void roll_back(struct db *db)
{
    if (db->connection->open && !handle_command(db, "ROLLBACK") &&
        db->session == db->connection->session)
        connection_close(db->connection);
}

/* One try. Whatever `work` makes of a failure inside it, what cannot be kept is not. */
static enum err try_txn(struct db *db, enum err (*work)(struct db *db, void *arg), void *arg)
{
    handle_claim(db);
    db->txn = TXN_WANTED;
    db->txn_lost = false;
    enum err rc = work(db, arg);

    if (db->txn == TXN_REFUSED)
        rc = db->txn_refusal;
    else if (rc == ERR_OK && db->txn == TXN_ABORTED)
        rc = ERR_DB_CONTENDED;
    else if (rc == ERR_OK && db->txn == TXN_OPEN)
        rc = commit(db);
    if (rc != ERR_OK && (db->txn == TXN_OPEN || db->txn == TXN_ABORTED))
        roll_back(db);
    db->txn = TXN_NONE;
    handle_disclaim(db);
    return rc;
}

enum err db_txn(struct db *db, enum err (*work)(struct db *db, void *arg), void *arg, bool *resent)
{
    struct tries tries = begin_tries();
    bool again, retry;
    enum err rc;

    if (db->txn != TXN_NONE)
        abort(); /* our bug: transactions do not nest */
    do {
        again = tries.doubtful;
        rc = try_txn(db, work, arg);
        tries.doubtful = tries.doubtful || rc == ERR_DB_UNKNOWN;
        retry = rc == ERR_DB_CONTENDED || (rc == ERR_DB_AWAY && db->txn_lost) ||
                (rc == ERR_DB_UNKNOWN && resent != NULL);
    } while (retry && try_again(db, &tries, db->txn_lost));
    if (resent != NULL)
        *resent = again;
    return last_word(&tries, rc);
}

void db_limit(struct db *db, int limit_ms)
{
    db->limit_ms = limit_ms;
}

void db_patience(struct db *db, unsigned seconds)
{
    db->connection->read_s = seconds;
    db_disconnect(db);
}

uint64_t db_commits(const struct db *db)
{
    return db->commits;
}

void db_committed_elsewhere(struct db *db)
{
    db->commits++;
}
