/* Opening a connection to the server, with its options, and opening it again. */
#include "db/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "db/params.h"
#include "db/reach.h"

#define CONNECT_TIMEOUT_S 2
#define RETURN_PAUSE_MS 50 /* between attempts to reach a server that went away */
#define OPENING_STEP_MS 5  /* between looks whether another request has opened it */
/* After an attempt that took longer than SLOW_US there is none for BACK_OFF_US, and who asks is told at
 * once: otherwise each request would wait as long for the same no. */
#define SLOW_US 100000
#define BACK_OFF_US 2000000

enum err connection_new(const struct db_params *params, struct connection **out)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return ERR_NO_MEMORY;
    connection->handles = 1;
    connection->read_s = CONNECTION_READ_TIMEOUT_S;
    enum err rc = params_copy(&connection->params, params);
    if (rc == ERR_OK)
        *out = connection;
    else
        connection_release(connection);
    return rc;
}

void connection_release(struct connection *connection)
{
    if (--connection->handles > 0)
        return;
    connection_close(connection);
    params_free(&connection->params);
    free(connection);
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void set_options(struct connection *connection)
{
    static const char settings[] = "SET SESSION time_zone = '+00:00', tx_isolation = "
                                   "'READ-COMMITTED', innodb_lock_wait_timeout = 5, sql_notes = 0, "
                                   "sql_mode = "
                                   "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_"
                                   "DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
    const struct db_params *params = &connection->params;
    unsigned connect_s = CONNECT_TIMEOUT_S;
    my_bool yes = 1;
    MYSQL *mysql = connection->mysql;

    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &connection->read_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &connection->read_s);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, settings);
    /* A node that takes over may not have carried out yet what the one before it has answered. */
    mysql_options(mysql, MYSQL_INIT_COMMAND,
                  params->sync_wait ? "SET SESSION wsrep_sync_wait = 1"
                                    : "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1");
    if (given(params->ca_file)) {
        mysql_ssl_set(mysql, NULL, NULL, params->ca_file, NULL, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
        mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
}

/* Waits for what the client library asks for while it connects; others go on. Returns what came. */
static int wait_for_server(MYSQL *mysql, int wanted, int64_t until_us)
{
    enum wait_event event = (wanted & MYSQL_WAIT_WRITE) != 0 ? WAIT_WRITE : WAIT_READ;
    int64_t left_ms = (until_us - clock_mono_us()) / 1000;

    if (left_ms <= 0 || !wait_ready(event, mysql_get_socket(mysql), (int)left_ms))
        return MYSQL_WAIT_TIMEOUT;
    return event == WAIT_WRITE ? MYSQL_WAIT_WRITE : MYSQL_WAIT_READ;
}

/* One attempt. False where the server was not reached, or refused. */
static bool reach(struct connection *connection)
{
    const struct db_params *params = &connection->params;
    bool tcp = given(params->host);
    int64_t until_us = clock_mono_us() + CONNECT_TIMEOUT_S * INT64_C(1000000);
    MYSQL *mysql = connection->mysql, *connected;

    set_options(connection);
    if (reach_needs_name(params))
        return reach_by_name(params, CONNECT_TIMEOUT_S * 1000, &connection->mysql);
    mysql_options(mysql, MYSQL_OPT_NONBLOCK, NULL); /* for what follows alone */
    int wanted = mysql_real_connect_start(
        &connected, mysql, tcp ? params->host : NULL, params->user, params->password, params->name,
        tcp ? (unsigned)params->port : 0, tcp ? NULL : params->socket, CLIENT_MULTI_STATEMENTS);
    while (wanted != 0)
        wanted =
            mysql_real_connect_cont(&connected, mysql, wait_for_server(mysql, wanted, until_us));
    return connected != NULL;
}

/* Asks where the server's files lie, which is on this machine where its socket is. False where it gives no
 * answer. */
static bool find_data(struct connection *connection)
{
    static const char sql[] = "SELECT @@datadir";
    MYSQL_RES *result;
    MYSQL_ROW row;

    connection->data_directory[0] = '\0';
    if (given(connection->params.host))
        return true;
    if (mysql_send_query(connection->mysql, sql, strlen(sql)) != 0 ||
        !wait_readable(mysql_get_socket(connection->mysql), CONNECT_TIMEOUT_S * 1000) ||
        mysql_read_query_result(connection->mysql) != 0 ||
        (result = mysql_store_result(connection->mysql)) == NULL)
        return false;
    if ((row = mysql_fetch_row(result)) != NULL)
        text_copy(connection->data_directory, sizeof(connection->data_directory), row[0]);
    mysql_free_result(result);
    return true;
}

static void forget(struct connection *connection)
{
    if (connection->mysql != NULL)
        mysql_close(connection->mysql);
    connection->mysql = NULL;
}

/* The attempt that everybody waits for who shares the connection. */
static enum err open_now(struct connection *connection, struct text *problem)
{
    static _Atomic int64_t not_before[2]; /* of the server that there must be, and of a spare one */
    _Atomic int64_t *not_before_us = &not_before[connection->params.spare];
    int64_t start_us = clock_mono_us();

    if (start_us < *not_before_us) {
        text_puts(problem, "the server did not answer a moment ago");
        return ERR_DB_AWAY;
    }
    if ((connection->mysql = mysql_init(NULL)) == NULL)
        return ERR_NO_MEMORY;
    connection->opening = true; /* and not open yet: others would send in the middle of it */
    bool reached = reach(connection) && find_data(connection);
    connection->opening = false;
    connection->open = reached;
    if (connection->open)
        return ERR_OK;
    if (connection->mysql != NULL && mysql_errno(connection->mysql) != 0)
        text_addf(problem, "%u %s", mysql_errno(connection->mysql), mysql_error(connection->mysql));
    else
        text_puts(problem, "no answer in time, be it of the server or for its name");
    log_line(LOG_LEVEL_WARNING, "db_away", "problem=\"%s\"", text_string(problem));
    forget(connection);
    if (clock_mono_us() - start_us > SLOW_US)
        *not_before_us = clock_mono_us() + BACK_OFF_US;
    return ERR_DB_AWAY;
}

enum err connection_open(struct connection *connection, struct text *problem)
{
    text_clear(problem);
    while (connection->opening)
        wait_ms(OPENING_STEP_MS);
    return connection->open ? ERR_OK : open_now(connection, problem);
}

enum err connection_open_again(struct connection *connection, struct text *problem)
{
    /* When somebody last waited in vain: the requests that were lost together wait once together, not
     * one after the other. */
    static _Atomic int64_t gave_up_us;
    const int64_t patience_us = DB_RETURN_MS * INT64_C(1000), start_us = clock_mono_us();

    if (connection->params.spare)
        return connection_open(connection, problem);
    bool waited = gave_up_us != 0 && start_us - gave_up_us < patience_us;
    int64_t until_us = waited ? start_us : start_us + patience_us;
    enum err rc = ERR_OK;

    while (!connection->open && (rc = connection_open(connection, problem)) == ERR_DB_AWAY &&
           clock_mono_us() < until_us) {
        wait_ms(RETURN_PAUSE_MS); /* others go on, or fail at once */
    }
    if (rc == ERR_DB_AWAY)
        gave_up_us = clock_mono_us();
    return rc;
}

bool connection_was_left(const struct connection *connection)
{
    char byte;

    if (!connection->open || connection->underway > 0)
        return false;
    ssize_t found = recv(mysql_get_socket(connection->mysql), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return found >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void connection_close(struct connection *connection)
{
    if (!connection->open)
        return;
    forget(connection);
    connection->open = false;
    connection->session++;
    connection->underway = 0;
}
