#include "db/db.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wait.h"
#include "db/connection.h"
#include "db/statement.h"

#define PACKET_MAX (4 << 20) /* bytes of one packet of statements */
#define RETRY_PAUSE_MAX_US 4000
#define WSREP_NOT_READY 1047 /* ER_UNKNOWN_COM_ERROR, as a cluster node without quorum answers */

struct db {
    struct connection *connection;
    unsigned session; /* of the connection: the one that the last packet was sent in */
    bool alone;       /* nobody else may send */
    bool in_txn;
    bool deferred_done;
    bool deferred_doubtful; /* another process may have sent it */
    struct text deferred;   /* the queued statement, empty where there is none */
    struct text packet;
    struct text problem;
};

/* What became of one packet. */
struct outcome {
    enum err rc;
    bool lost;     /* the connection broke */
    bool sent;     /* ... after the server may have begun */
    bool retry;    /* deadlock and the like */
    bool deferred; /* it was the deferred statement that failed */
};

/* A handle of its own for a connection that already counts it. */
static enum err new_handle(struct connection *connection, struct db **out)
{
    struct db *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        connection_release(connection);
        return ERR_NO_MEMORY;
    }
    db->connection = connection;
    db->deferred = TEXT(PACKET_MAX);
    db->packet = TEXT(PACKET_MAX);
    db->problem = TEXT(4096);
    *out = db;
    return ERR_OK;
}

enum err db_open(const struct db_params *params, struct db **out)
{
    struct connection *connection;
    enum err rc = connection_new(params, &connection);
    return rc == ERR_OK ? new_handle(connection, out) : rc;
}

enum err db_share(struct db *db, struct db **out)
{
    db->connection->handles++;
    return new_handle(db->connection, out);
}

enum err db_open_config(const struct config *config, bool owner, struct db **out)
{
    char password[256];
    enum err rc =
        config_secret(owner ? config->database_owner_password_file : config->database_password_file,
                      password, sizeof(password));
    if (rc != ERR_OK)
        return rc;
    struct db_params params = {.socket = config->database_socket,
                               .name = config->database_name,
                               .user = owner ? config->database_owner_user : config->database_user,
                               .password = password};
    rc = db_open(&params, out);
    explicit_bzero(password, sizeof(password));
    return rc;
}

void db_disconnect(struct db *db)
{
    connection_close(db->connection);
    db->in_txn = db->alone = false;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    connection_release(db->connection);
    text_free(&db->deferred);
    text_free(&db->packet);
    text_free(&db->problem);
    free(db);
}

static MYSQL *mysql_of(const struct db *db)
{
    return &db->connection->mysql;
}

static void note_problem(struct db *db)
{
    text_clear(&db->problem);
    text_addf(&db->problem, "%u %s", mysql_errno(mysql_of(db)), mysql_error(mysql_of(db)));
}

static struct outcome failed(struct db *db)
{
    struct outcome outcome = {.rc = ERR_DB};
    unsigned code = mysql_errno(mysql_of(db));

    note_problem(db);
    switch (code) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_CONNECTION_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
        outcome.rc = ERR_DB_AWAY;
        outcome.lost = true;
        outcome.sent = code != CR_SERVER_GONE_ERROR;
        break;
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
    case WSREP_NOT_READY:
        outcome.rc = ERR_DB_CONTENDED;
        outcome.retry = true;
        break;
    default:
        if (strcmp(mysql_sqlstate(mysql_of(db)), "45000") == 0)
            outcome.rc = err_from_id(mysql_error(mysql_of(db)));
        if (err_is_bug(outcome.rc))
            log_line(LOG_LEVEL_BUG, "db_error", "problem=\"%s\"", text_string(&db->problem));
    }
    return outcome;
}

/* Where the result sets of a packet go: one after the other, those past the last one into it. */
struct places {
    struct db_rows *rows;
    size_t count, filled;
};

/* Reads one result set, or that there is none. False where that fails. */
static bool keep_rows(struct db *db, struct places *places)
{
    MYSQL_RES *result = mysql_store_result(mysql_of(db));
    if (result == NULL && mysql_field_count(mysql_of(db)) != 0)
        return false;
    if (places->count == 0) {
        mysql_free_result(result);
        return true;
    }
    size_t place = places->filled < places->count ? places->filled : places->count - 1;
    struct db_rows *rows = &places->rows[place];
    if (result != NULL) {
        db_rows_free(rows);
        rows->result = result;
        rows->count = mysql_num_rows(result);
        places->filled++;
    } else {
        rows->affected = mysql_affected_rows(mysql_of(db));
    }
    return true;
}

/* Waits until every answer is read that is due before ours. Others may send meanwhile. False where
 * none will come: the connection was closed, or the server does not answer. */
static bool wait_for_turn(struct db *db)
{
    struct connection *connection = db->connection;

    if (db->alone)
        return true;
    connection->underway++;
    bool answered = wait_readable(mysql_get_socket(mysql_of(db)), CONNECTION_READ_TIMEOUT_S * 1000);
    if (connection->session != db->session)
        return false;
    connection->underway--;
    return answered;
}

/* Sends the packet and reads the first answer. */
static struct outcome send_packet(struct db *db)
{
    db->session = db->connection->session;
    if (mysql_send_query(mysql_of(db), text_string(&db->packet), db->packet.len) != 0)
        return failed(db);
    if (!wait_for_turn(db))
        return (struct outcome){.rc = ERR_DB_AWAY, .lost = true, .sent = true};
    if (mysql_read_query_result(mysql_of(db)) != 0)
        return failed(db);
    return (struct outcome){.rc = ERR_OK};
}

/* Sends the packet and reads every answer. The first one belongs to the deferred statement where
 * there is one. */
static struct outcome exchange(struct db *db, bool deferred, struct places places)
{
    if (db->packet.full)
        return (struct outcome){.rc = ERR_TOO_LARGE};
    struct outcome outcome = send_packet(db);
    if (outcome.rc != ERR_OK) {
        outcome.deferred = deferred;
        return outcome;
    }
    if (deferred)
        db->deferred_done = true;
    for (;;) {
        if (!keep_rows(db, &places))
            return failed(db);
        if (mysql_warning_count(mysql_of(db)) != 0)
            log_line(LOG_LEVEL_BUG, "db_warning", "count=%u packet=\"%.200s\"",
                     mysql_warning_count(mysql_of(db)), text_string(&db->packet));
        int next = mysql_next_result(mysql_of(db));
        if (next < 0)
            return (struct outcome){.rc = ERR_OK};
        if (next > 0)
            return failed(db);
    }
}

/* One packet: the deferred statement and the others, which may be "". A connection that turns out
 * to be closed is opened again; one that breaks underway is reported. A nonce that is refused is
 * taken as ours where another process may have used it for us. */
static struct outcome run_packet(struct db *db, const char *sql, struct db_args args,
                                 struct places places)
{
    struct outcome outcome = {.rc = ERR_OK};
    bool deferred = db->deferred.len > 0;
    bool in_txn = db->in_txn;

    if (!deferred && *sql == '\0')
        return outcome;
    for (int tries = 0; tries < 2; tries++) {
        bool fresh = !db->connection->open;
        if (fresh && (outcome.rc = connection_open(db->connection, &db->problem)) != ERR_OK)
            return outcome;
        text_clear(&db->packet);
        if (deferred)
            text_add(&db->packet, db->deferred.data, db->deferred.len);
        if (deferred && *sql != '\0')
            text_puts(&db->packet, ";");
        statement_add(&db->packet, sql, args);
        outcome = exchange(db, deferred, places);
        if (outcome.lost && db->session == db->connection->session)
            connection_close(db->connection);
        if (!outcome.lost || outcome.sent || fresh || in_txn)
            break;
    }
    if (!outcome.deferred || !outcome.lost)
        text_clear(&db->deferred);
    if (outcome.deferred && outcome.rc == ERR_NONCE_INVALID && db->deferred_doubtful)
        return run_packet(db, sql, args, places);
    return outcome;
}

/* Sends a packet whose outcome became unknown once more, as soon as the server is back. A nonce
 * that is refused now was taken by the attempt that was lost; a write among the rest is still
 * refused by its request key. */
static struct outcome run_again(struct db *db, const char *sql, struct db_args args,
                                struct places places)
{
    struct outcome outcome = {.rc = connection_open_again(db->connection, &db->problem)};

    db->deferred_doubtful = true;
    return outcome.rc == ERR_OK ? run_packet(db, sql, args, places) : outcome;
}

static struct places one_place(struct db_rows *rows)
{
    return (struct places){.rows = rows, .count = rows != NULL};
}

enum err db_run(struct db *db, const char *sql, struct db_args args, struct db_rows *rows)
{
    bool was_in_txn = db->in_txn;
    struct outcome outcome = run_packet(db, sql, args, one_place(rows));
    if (outcome.lost && outcome.sent && !was_in_txn)
        outcome = run_again(db, sql, args, one_place(rows));
    return outcome.rc;
}

enum err db_run_packet(struct db *db, const char *sql, struct db_rows rows[], size_t count)
{
    if (!db->in_txn)
        abort(); /* our bug: whether it was done would be unknown when the connection is lost */
    return run_packet(db, sql, DB_NO_ARGS, (struct places){.rows = rows, .count = count}).rc;
}

void db_defer(struct db *db, const char *sql, struct db_args args)
{
    text_clear(&db->deferred);
    statement_add(&db->deferred, sql, args);
    db->deferred_done = db->deferred_doubtful = false;
}

enum err db_flush_deferred(struct db *db)
{
    return db->deferred.len == 0 ? ERR_OK : db_run(db, "", DB_NO_ARGS, NULL);
}

const char *db_deferred(const struct db *db)
{
    return text_string(&db->deferred);
}

void db_deferred_sent(struct db *db, bool certain)
{
    db->deferred_doubtful = !certain;
    if (certain) {
        text_clear(&db->deferred);
        db->deferred_done = true;
    }
}

bool db_deferred_done(const struct db *db)
{
    return db->deferred_done;
}

static void pause_for_retry(int tries)
{
    struct timespec pause = {.tv_nsec =
                                 1000L * (clock_now_us() * (tries + 1) % RETRY_PAUSE_MAX_US)};
    nanosleep(&pause, NULL);
}

static void roll_back(struct db *db)
{
    db->in_txn = false;
    if (!db->connection->open)
        return;
    text_clear(&db->packet);
    text_puts(&db->packet, "ROLLBACK");
    if (mysql_real_query(mysql_of(db), db->packet.data, db->packet.len) != 0)
        connection_close(db->connection);
}

enum err db_txn_call(struct db *db, const char *sql, struct db_args args, struct db_rows *rows,
                     bool *resent)
{
    bool again = false;
    struct outcome outcome;

    if (db->in_txn)
        abort(); /* our bug: transactions do not nest */
    for (int tries = 0;; tries++) {
        outcome = run_packet(db, sql, args, one_place(rows));
        if (outcome.lost && outcome.sent) {
            again = true;
            outcome = run_again(db, sql, args, one_place(rows));
        }
        if (!outcome.retry || tries + 1 == DB_TXN_TRIES)
            break;
        pause_for_retry(tries);
    }
    if (resent != NULL)
        *resent = again;
    return outcome.rc;
}

enum err db_txn_call_once(struct db *db, const char *sql, struct db_args args, struct db_rows *rows)
{
    return run_packet(db, sql, args, one_place(rows)).rc;
}

/* On a shared connection, waits until nobody's packet is underway: none may come into the middle of a
 * transaction. */
static void wait_until_alone(struct db *db)
{
    while (db->connection->underway > 0)
        (void)wait_readable(mysql_get_socket(mysql_of(db)), CONNECTION_READ_TIMEOUT_S * 1000);
    db->alone = db->connection->handles > 1;
}

/* One attempt at a transaction.
 * begun  out, whether it came so far that ERR_DB_AWAY leaves its outcome unknown */
static enum err try_txn(struct db *db, enum err (*work)(struct db *db, void *arg), void *arg,
                        bool *begun)
{
    wait_until_alone(db);
    enum err rc = db_run(db, "START TRANSACTION", DB_NO_ARGS, NULL);

    *begun = rc == ERR_OK;
    if (*begun) {
        db->in_txn = true;
        if ((rc = work(db, arg)) == ERR_OK)
            rc = db_run(db, "COMMIT", DB_NO_ARGS, NULL);
        db->in_txn = false;
        if (rc != ERR_OK)
            roll_back(db);
    }
    db->alone = false;
    return rc;
}

enum err db_txn(struct db *db, enum err (*work)(struct db *db, void *arg), void *arg, bool *resent)
{
    int64_t until_us = clock_mono_us() + DB_TXN_PATIENCE_MS * INT64_C(1000);
    bool again = false, begun;
    enum err rc;

    if (db->in_txn)
        abort(); /* our bug: transactions do not nest */
    for (int tries = 0;; tries++) {
        rc = try_txn(db, work, arg, &begun);
        if (rc == ERR_DB_AWAY && begun && resent != NULL &&
            connection_open_again(db->connection, &db->problem) == ERR_OK) {
            again = true;
            rc = try_txn(db, work, arg, &begun);
        }
        if (rc != ERR_DB_CONTENDED || tries + 1 == DB_TXN_TRIES || clock_mono_us() > until_us)
            break;
        pause_for_retry(tries);
    }
    if (resent != NULL)
        *resent = again;
    return rc;
}

bool db_in_txn(const struct db *db)
{
    return db->in_txn ||
           (db->connection->open && (mysql_of(db)->server_status & SERVER_STATUS_IN_TRANS) != 0);
}

enum err db_run_script(struct db *db, const char *script, size_t len, struct text *problem)
{
    struct outcome outcome;

    if (!db->connection->open &&
        (outcome.rc = connection_open(db->connection, &db->problem)) != ERR_OK) {
        text_puts(problem, db_problem(db));
        return outcome.rc;
    }
    text_clear(&db->packet);
    text_add(&db->packet, script, len);
    outcome = exchange(db, false, one_place(NULL));
    if (outcome.rc != ERR_OK)
        text_puts(problem, db_problem(db));
    return outcome.rc;
}

const char *db_problem(const struct db *db)
{
    return text_string(&db->problem);
}

bool db_refused(const struct db *db)
{
    /* ER_DBACCESS_DENIED, ER_ACCESS_DENIED, ER_BAD_DB, ER_HOST_NOT_PRIVILEGED, ER_ACCESS_DENIED_NO_PASSWORD */
    static const char *const numbers[] = {"1044 ", "1045 ", "1049 ", "1130 ", "1698 "};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strncmp(db_problem(db), numbers[i], strlen(numbers[i])) == 0)
            return true;
    return false;
}
