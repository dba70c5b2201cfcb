/* Handles of a connection, and the way of one packet: what is sent, what comes back, what an error means.
 * Transactions and retries are in txn.c, packets of several statements in packet.c. */
#include "db/db.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/wait.h"
#include "db/handle.h"
#include "db/statement.h"

#include <ma_pvio.h> /* which needs mysql.h in front of it */

#define PACKET_MAX (4 << 20) /* bytes of one packet of statements */
#define WSREP_NOT_READY 1047 /* ER_UNKNOWN_COM_ERROR, as a cluster node without quorum answers */

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

/* Opens one with the password of its user; `params` has everything else. */
static enum err open_with(struct db_params params, const char *password_file, struct db **out)
{
    char password[256];
    enum err rc = config_secret(password_file, password, sizeof(password));

    if (rc != ERR_OK)
        return rc;
    params.password = password;
    rc = db_open(&params, out);
    explicit_bzero(password, sizeof(password));
    return rc;
}

enum err db_open_config(const struct config *config, bool owner, struct db **out)
{
    const struct db_params params = {.socket = config->database_socket,
                                     .host = config->database_host,
                                     .port = config->database_port,
                                     .ca_file = config->database_ca_file,
                                     .sync_wait = config->database_sync_wait,
                                     .name = config->database_name,
                                     .user = owner ? config->database_owner_user
                                                   : config->database_user};

    return open_with(
        params, owner ? config->database_owner_password_file : config->database_password_file, out);
}

enum err db_open_reader(const struct config *config, struct db **out)
{
    const struct db_params params = {.host = config->database_read_host,
                                     .port = config->database_read_port,
                                     .ca_file = config->database_ca_file,
                                     .spare = true,
                                     .name = config->database_name,
                                     .user = config->database_user};

    *out = NULL;
    return config->database_read_host[0] == '\0'
               ? ERR_OK
               : open_with(params, config->database_password_file, out);
}

void db_disconnect(struct db *db)
{
    connection_close(db->connection);
    db->txn = TXN_NONE;
    handle_disclaim(db);
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
    return db->connection->mysql;
}

static void note_problem(struct db *db)
{
    text_clear(&db->problem);
    text_addf(&db->problem, "%u %s", mysql_errno(mysql_of(db)), mysql_error(mysql_of(db)));
}

static struct outcome connection_lost(const struct sending *sending)
{
    return (struct outcome){
        .rc = ERR_DB_AWAY, .lost = true, .sent = true, .doubtful = sending->commits};
}

static struct outcome contended(void)
{
    return (struct outcome){.rc = ERR_DB_CONTENDED, .retry = true};
}

/* What the server's error means. */
static struct outcome failed(struct db *db, const struct sending *sending)
{
    struct outcome outcome = {.rc = ERR_DB};

    note_problem(db);
    switch (mysql_errno(mysql_of(db))) {
    case CR_SERVER_GONE_ERROR: /* found out while sending */
        return (struct outcome){.rc = ERR_DB_AWAY, .lost = true};
    case CR_SERVER_LOST:
    case CR_SSL_CONNECTION_ERROR: /* what a server over TLS that goes away looks like */
    case CR_MALFORMED_PACKET:
    case CR_CONNECTION_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
        return connection_lost(sending);
    case ER_QUERY_INTERRUPTED:   /* by an operator, or by a cluster for a write that was first */
    case ER_ERROR_DURING_COMMIT: /* of a node that lost the others: they may have it nevertheless */
        outcome = contended();
        outcome.doubtful = sending->commits;
        return outcome;
    case ER_RECORD_FILE_FULL:
    case ER_DISK_FULL:
        log_line(LOG_LEVEL_WARNING, "db_full", "problem=\"%s\"", text_string(&db->problem));
        outcome.rc = ERR_DB_FULL;
        return outcome;
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
    case WSREP_NOT_READY:
        return contended();
    case ER_STATEMENT_TIMEOUT:
        outcome.rc = ERR_TOO_SLOW;
        return outcome;
    default:
        if (strcmp(mysql_sqlstate(mysql_of(db)), "45000") == 0)
            outcome.rc = err_from_id(mysql_error(mysql_of(db)));
        if (err_is_bug(outcome.rc))
            log_line(LOG_LEVEL_BUG, "db_error", "problem=\"%s\"", text_string(&db->problem));
        return outcome;
    }
}

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

/* Waits for an answer behind the first one, which may wait for a lock that another request of this
 * process holds: it has to go on meanwhile. Not on a shared connection, where those whose answers come
 * behind ours would be woken first. What was read ahead never makes the socket readable. */
static void wait_for_more(const struct db *db)
{
    const MARIADB_PVIO *pvio = mysql_of(db)->net.pvio;
    bool read_ahead = pvio->cache_pos < pvio->cache + pvio->cache_size;

    bool shared = db->connection->handles > 1 && db->connection->owner != db;
    if (!shared && mysql_more_results(mysql_of(db)) && !read_ahead)
        (void)wait_readable(mysql_get_socket(mysql_of(db)), (int)db->connection->read_s * 1000);
}

/* Sends the packet and reads the first answer. */
static struct outcome send_packet(struct db *db, const struct sending *sending)
{
    db->session = db->connection->session;
    failpoint();
    if (mysql_send_query(mysql_of(db), text_string(&db->packet), db->packet.len) != 0)
        return failed(db, sending);
    if (!handle_await_turn(db, db->deferred.len > 0))
        return connection_lost(sending);
    if (mysql_read_query_result(mysql_of(db)) != 0)
        return failed(db, sending);
    failpoint();
    return (struct outcome){.rc = ERR_OK};
}

static bool server_in_txn(const struct db *db)
{
    return (mysql_of(db)->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

/* Every answer was read, and none was an error. Where a transaction should be open and is not, the
 * server has ended it without telling: what was done is undone, and the same again may succeed. */
static struct outcome answered(struct db *db, const struct sending *sending)
{
    bool open = (db->txn == TXN_WANTED && *sending->sql != '\0') || db->txn == TXN_OPEN;

    if (!open || sending->commits || server_in_txn(db))
        return (struct outcome){.rc = ERR_OK};
    text_clear(&db->problem);
    text_puts(&db->problem, "the server ended the transaction");
    return contended();
}

/* Sends the packet and reads every answer. The first one belongs to the deferred statement where
 * there is one. */
static struct outcome exchange(struct db *db, const struct sending *sending, bool deferred,
                               struct places places)
{
    if (db->packet.full)
        return (struct outcome){.rc = ERR_TOO_LARGE};
    struct outcome outcome = send_packet(db, sending);
    if (outcome.rc != ERR_OK) {
        outcome.deferred = deferred;
        return outcome;
    }
    if (deferred)
        db->deferred_done = true;
    for (;;) {
        if (!keep_rows(db, &places))
            return failed(db, sending);
        if (mysql_warning_count(mysql_of(db)) != 0)
            log_line(LOG_LEVEL_BUG, "db_warning", "count=%u packet=\"%.200s\"",
                     mysql_warning_count(mysql_of(db)), text_string(&db->packet));
        wait_for_more(db);
        int next = mysql_next_result(mysql_of(db));
        if (next < 0)
            return answered(db, sending);
        if (next > 0)
            return failed(db, sending);
    }
}

/* Writes the packet: the deferred statement, which stands for itself, and then ONE statement. Several
 * are made one here, the only place that does so; packet.h says why. A warning in the middle of a
 * compound statement never reaches us, hence its handler. */
static void write_packet(struct db *db, const struct sending *sending)
{
    static const char compound[] =
        "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLWARNING RESIGNAL SQLSTATE '45001'; ";
    bool begins = db->txn == TXN_WANTED;

    text_clear(&db->packet);
    text_add(&db->packet, text_string(&db->deferred), db->deferred.len);
    if (*sending->sql == '\0')
        return;
    if (db->deferred.len > 0)
        text_puts(&db->packet, ";");
    if (!sending->compound && !begins && !sending->ends) {
        if (db->limit_ms != 0 && strncmp(sending->sql, "SELECT ", strlen("SELECT ")) == 0)
            text_addf(&db->packet, "SET STATEMENT max_statement_time = %d.%03d FOR ",
                      db->limit_ms / 1000, db->limit_ms % 1000);
        statement_add(&db->packet, sending->sql, sending->args);
        return;
    }
    text_puts(&db->packet, compound);
    if (begins)
        text_puts(&db->packet, "START TRANSACTION; ");
    statement_add(&db->packet, sending->sql, sending->args);
    text_puts(&db->packet, sending->ends ? "; COMMIT; END" : "; END");
}

bool handle_command(struct db *db, const char *sql)
{
    db->session = db->connection->session;
    return mysql_send_query(mysql_of(db), sql, strlen(sql)) == 0 && handle_await_turn(db, false) &&
           mysql_read_query_result(mysql_of(db)) == 0;
}

/* Sends the packet, after a connection that turns out to be closed was opened again. One that breaks
 * underway, or that somebody else has closed in the middle of our transaction, is reported. */
static struct outcome send_once(struct db *db, const struct sending *sending, struct places places)
{
    bool deferred = db->deferred.len > 0, in_txn = db->txn == TXN_OPEN;
    struct outcome outcome = {.rc = ERR_OK};

    if (in_txn && (!db->connection->open || db->connection->session != db->session))
        return (struct outcome){.rc = ERR_DB_AWAY, .lost = true};
    for (int tries = 0; tries < 2; tries++) {
        bool fresh = !db->connection->open;
        if ((outcome.rc = handle_ready(db)) != ERR_OK ||
            (outcome.rc = handle_refuse(db, sending)) != ERR_OK) {
            outcome.unsent = true;
            break;
        }
        write_packet(db, sending);
        outcome = exchange(db, sending, deferred, places);
        if (outcome.lost && db->session == db->connection->session)
            connection_close(db->connection);
        if (!outcome.lost || outcome.sent || fresh || in_txn)
            break;
    }
    return outcome;
}

/* What the packet made of the transaction that it was sent in. */
static void note_txn(struct db *db, const struct sending *sending, const struct outcome *outcome)
{
    enum err rc = outcome->rc;

    db->txn_lost = db->txn_lost || outcome->lost;
    if (db->txn == TXN_NONE)
        return;
    if (outcome->lost || outcome->retry || outcome->unsent || rc == ERR_DB_FULL ||
        rc == ERR_TOO_LARGE) {
        db->txn = TXN_ABORTED;
    } else if (outcome->deferred) {
        db->txn = TXN_REFUSED;
        db->txn_refusal = rc;
    } else if (err_is_bug(rc)) {
        db->txn = TXN_ABORTED;
    } else if (*sending->sql != '\0') {
        db->txn = rc == ERR_OK && sending->commits ? TXN_ENDED : TXN_OPEN;
    }
}

struct outcome handle_send(struct db *db, const struct sending *sending, struct places places)
{
    if (db->txn == TXN_ENDED)
        abort(); /* our bug: it would be done outside of the transaction */
    if (db->txn == TXN_ABORTED)
        return contended();
    if (db->txn == TXN_REFUSED)
        return (struct outcome){.rc = db->txn_refusal};
    if (db->deferred.len == 0 && *sending->sql == '\0')
        return (struct outcome){.rc = ERR_OK};

    struct outcome outcome = send_once(db, sending, places);
    if (outcome.deferred && outcome.lost) {
        db->deferred_doubtful = db->deferred_doubtful || outcome.sent;
    } else if (!outcome.unsent) {
        text_clear(&db->deferred);
        /* A nonce that is refused was taken by the attempt whose answer was lost. */
        if (outcome.deferred && outcome.rc == ERR_NONCE_INVALID && db->deferred_doubtful)
            return handle_send(db, sending, places);
    }
    db->commits += sending->commits && (outcome.rc == ERR_OK || outcome.doubtful);
    note_txn(db, sending, &outcome);
    return outcome;
}

struct places handle_one_place(struct db_rows *rows)
{
    return (struct places){.rows = rows, .count = rows != NULL};
}

enum err handle_reopen(struct db *db)
{
    return connection_open_again(db->connection, &db->problem);
}

/* Outside of a transaction: once more where the connection is lost. */
static enum err run_alone(struct db *db, const struct sending *sending, struct places places)
{
    struct outcome outcome = handle_send(db, sending, places);

    if (!outcome.lost || !outcome.sent)
        return outcome.rc;
    enum err rc = handle_reopen(db);
    return rc == ERR_OK ? handle_send(db, sending, places).rc : rc;
}

enum err db_run(struct db *db, const char *sql, struct db_args args, struct db_rows *rows)
{
    const struct sending sending = {.sql = sql, .args = args};

    statement_check(sql);
    return db->txn != TXN_NONE ? handle_send(db, &sending, handle_one_place(rows)).rc
                               : run_alone(db, &sending, handle_one_place(rows));
}

enum err handle_packet(struct db *db, const char *sql, bool compound, bool ends,
                       struct places places)
{
    const struct sending sending = {
        .sql = sql, .args = DB_NO_ARGS, .compound = compound, .ends = ends, .commits = ends};

    if (db->txn == TXN_NONE)
        abort(); /* our bug: whether it was done would be unknown when the connection is lost */
    if (*sql == '\0')
        return ERR_OK; /* the runner commits */
    struct outcome outcome = handle_send(db, &sending, places);
    return outcome.doubtful ? ERR_DB_UNKNOWN : outcome.rc;
}

enum err handle_read(struct db *db, const char *sql, bool compound, struct places places)
{
    const struct sending sending = {.sql = sql, .args = DB_NO_ARGS, .compound = compound};

    if (db->txn != TXN_NONE)
        abort(); /* our bug: db_packet_run is for that */
    return run_alone(db, &sending, places);
}

bool db_in_txn(const struct db *db)
{
    return db->txn != TXN_NONE ||
           (db->connection->open && !handle_is_taken(db) && server_in_txn(db));
}

enum err db_run_script(struct db *db, const char *script, size_t len, struct text *problem)
{
    static const struct sending sending = {.sql = ""};
    struct outcome outcome;

    if (!db->connection->open &&
        (outcome.rc = connection_open(db->connection, &db->problem)) != ERR_OK) {
        text_puts(problem, db_problem(db));
        return outcome.rc;
    }
    text_clear(&db->packet);
    text_add(&db->packet, script, len);
    outcome = exchange(db, &sending, false, handle_one_place(NULL));
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

const char *db_data_directory(const struct db *db)
{
    return db->connection->data_directory;
}
