#include "db/connection.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

#define CONNECT_TIMEOUT_S 2
#define RETURN_PAUSE_MS 50 /* between attempts to reach a server that went away */

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
    free((char *)connection->params.name);
    free((char *)connection->params.user);
    if (connection->params.password != NULL)
        explicit_bzero((char *)connection->params.password, strlen(connection->params.password));
    free((char *)connection->params.password);
    free(connection);
}

enum err connection_open(struct connection *connection, struct text *problem)
{
    static const char settings[] = "SET SESSION time_zone = '+00:00', tx_isolation = "
                                   "'READ-COMMITTED', innodb_lock_wait_timeout = 5, sql_notes = 0, "
                                   "sql_mode = "
                                   "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_"
                                   "DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
    unsigned connect_s = CONNECT_TIMEOUT_S, read_s = CONNECTION_READ_TIMEOUT_S;

    if (mysql_init(&connection->mysql) == NULL)
        return ERR_NO_MEMORY;
    mysql_options(&connection->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(&connection->mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
    mysql_options(&connection->mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
    mysql_options(&connection->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(&connection->mysql, MYSQL_INIT_COMMAND, settings);
    if (mysql_real_connect(&connection->mysql, NULL, connection->params.user,
                           connection->params.password, connection->params.name, 0,
                           connection->params.socket, CLIENT_MULTI_STATEMENTS) == NULL) {
        text_clear(problem);
        text_addf(problem, "%u %s", mysql_errno(&connection->mysql),
                  mysql_error(&connection->mysql));
        log_line(LOG_LEVEL_WARNING, "db_away", "problem=\"%s\"", text_string(problem));
        mysql_close(&connection->mysql);
        return ERR_DB_AWAY;
    }
    connection->open = true;
    return ERR_OK;
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
        struct timespec pause = {.tv_nsec = RETURN_PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
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
