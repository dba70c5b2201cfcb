/* Opening a connection to the server, with its options, and opening it again. */
#include "db/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"

#define CONNECT_TIMEOUT_S 2
#define RETURN_PAUSE_MS 50 /* between attempts to reach a server that went away */
/* An attempt that took longer than SLOW_US has kept everybody in this process waiting: for BACK_OFF_US
 * after it there is none, and who asks is told at once. */
#define SLOW_US 100000
#define BACK_OFF_US 2000000

static char *copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

enum err connection_new(const struct db_params *params, struct connection **out)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return ERR_NO_MEMORY;
    connection->handles = 1;
    connection->params = (struct db_params){.socket = copy(params->socket),
                                            .host = copy(params->host),
                                            .port = params->port,
                                            .ca_file = copy(params->ca_file),
                                            .sync_wait = params->sync_wait,
                                            .name = copy(params->name),
                                            .user = copy(params->user),
                                            .password = copy(params->password)};
    *out = connection;
    return ERR_OK;
}

void connection_release(struct connection *connection)
{
    if (--connection->handles > 0)
        return;
    connection_close(connection);
    free((char *)connection->params.socket);
    free((char *)connection->params.host);
    free((char *)connection->params.ca_file);
    free((char *)connection->params.name);
    free((char *)connection->params.user);
    if (connection->params.password != NULL)
        explicit_bzero((char *)connection->params.password, strlen(connection->params.password));
    free((char *)connection->params.password);
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
    unsigned connect_s = CONNECT_TIMEOUT_S, read_s = CONNECTION_READ_TIMEOUT_S;
    my_bool yes = 1;
    MYSQL *mysql = &connection->mysql;

    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, settings);
    if (params->sync_wait)
        mysql_options(mysql, MYSQL_INIT_COMMAND, "SET SESSION wsrep_sync_wait = 1");
    if (given(params->ca_file)) {
        mysql_ssl_set(mysql, NULL, NULL, params->ca_file, NULL, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
        mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
}

/* One attempt. False where the server was not reached, or refused. */
static bool reach(struct connection *connection)
{
    const struct db_params *params = &connection->params;
    bool tcp = given(params->host);

    set_options(connection);
    return mysql_real_connect(&connection->mysql, tcp ? params->host : NULL, params->user,
                              params->password, params->name, tcp ? (unsigned)params->port : 0,
                              tcp ? NULL : params->socket, CLIENT_MULTI_STATEMENTS) != NULL;
}

/* Asks where the server's files lie, which is on this machine where its socket is. */
static void find_data(struct connection *connection)
{
    static const char sql[] = "SELECT @@datadir";
    MYSQL_RES *result;
    MYSQL_ROW row;

    connection->data_directory[0] = '\0';
    if (given(connection->params.host) ||
        mysql_real_query(&connection->mysql, sql, strlen(sql)) != 0 ||
        (result = mysql_store_result(&connection->mysql)) == NULL)
        return;
    if ((row = mysql_fetch_row(result)) != NULL)
        text_copy(connection->data_directory, sizeof(connection->data_directory), row[0]);
    mysql_free_result(result);
}

enum err connection_open(struct connection *connection, struct text *problem)
{
    static _Atomic int64_t not_before_us;
    int64_t start_us = clock_mono_us();

    text_clear(problem);
    if (start_us < not_before_us) {
        text_puts(problem, "the server did not answer a moment ago");
        return ERR_DB_AWAY;
    }
    if (mysql_init(&connection->mysql) == NULL)
        return ERR_NO_MEMORY;
    if (reach(connection)) {
        connection->open = true;
        find_data(connection);
        return ERR_OK;
    }
    text_addf(problem, "%u %s", mysql_errno(&connection->mysql), mysql_error(&connection->mysql));
    log_line(LOG_LEVEL_WARNING, "db_away", "problem=\"%s\"", text_string(problem));
    mysql_close(&connection->mysql);
    if (clock_mono_us() - start_us > SLOW_US)
        not_before_us = clock_mono_us() + BACK_OFF_US;
    return ERR_DB_AWAY;
}

enum err connection_open_again(struct connection *connection, struct text *problem)
{
    /* When somebody last waited in vain: the requests that were lost together wait once together, not
     * one after the other. */
    static _Atomic int64_t gave_up_us;
    const int64_t patience_us = DB_RETURN_MS * INT64_C(1000), start_us = clock_mono_us();
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

void connection_close(struct connection *connection)
{
    if (!connection->open)
        return;
    mysql_close(&connection->mysql);
    connection->open = false;
    connection->session++;
    connection->underway = 0;
}
