/* Making and dropping a database of a test's own. */
#include "tests/db/scratch.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "db/migrate.h"

#define APP_PASSWORD "of a throw-away user"

void scratch_run(struct db *db, const char *sql)
{
    enum err rc = db_run(db, sql, DB_NO_ARGS, NULL);
    db_test_gives(rc, ERR_OK, rc == ERR_OK ? sql : db_problem(db), __FILE__, __LINE__);
}

int64_t scratch_number(struct db *db, const char *sql)
{
    struct db_rows rows = {0};
    int64_t number = -1;

    DB_GIVES(db_run(db, sql, DB_NO_ARGS, &rows), ERR_OK);
    if (db_next(&rows))
        number = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return number;
}

void scratch_refused(struct db *db, const char *sql, const char *words)
{
    char message[512];
    /* From a program such a refusal would be our fault, and is logged so; here it is wanted. */
    int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nowhere, STDERR_FILENO);
    enum err rc = db_run(db, sql, DB_NO_ARGS, NULL);
    (void)dup2(kept, STDERR_FILENO);
    close(kept);
    close(nowhere);

    bool refused = rc != ERR_OK && strstr(db_problem(db), words) != NULL;
    snprintf(message, sizeof(message), "%.200s gave %s: %.200s", sql, err_id(rc), db_problem(db));
    db_test_check(refused, message, __FILE__, __LINE__);
}

static enum err open_as(const char *name, const char *user, const char *password, struct db **out)
{
    return db_open(&(struct db_params){.socket = test_config.database_socket,
                                       .name = name,
                                       .user = user,
                                       .password = password},
                   out);
}

static void statement(struct db *db, const char *format, const char *name)
{
    struct text sql = TEXT(512);
    char *mark;

    text_puts(&sql, format);
    while ((mark = strstr(text_string(&sql), "NAME")) != NULL) {
        struct text next = TEXT(512);
        text_add(&next, text_string(&sql), (size_t)(mark - sql.data));
        text_addf(&next, "`%s`%s", name, mark + strlen("NAME"));
        text_free(&sql);
        sql = next;
    }
    scratch_run(db, text_string(&sql));
    text_free(&sql);
}

bool scratch_make(struct scratch *scratch)
{
    const struct passwd *self = getpwuid(geteuid());
    struct db *server = NULL;

    *scratch = (struct scratch){.schema = test_config.schema_directory};
    db_test_name("test", scratch->name);
    /* The stack makes who started it the administrator, known by the socket. */
    if (self == NULL || open_as(NULL, self->pw_name, "", &server) != ERR_OK)
        return false;
    statement(server, "CREATE DATABASE NAME", scratch->name);
    statement(server, "CREATE USER NAME@localhost IDENTIFIED BY '" APP_PASSWORD "'", scratch->name);
    db_close(server);
    bool made = open_as(scratch->name, self->pw_name, "", &scratch->owner) == ERR_OK &&
                open_as(scratch->name, scratch->name, APP_PASSWORD, &scratch->app) == ERR_OK;
    DB_CHECK(made);
    return made;
}

enum err scratch_connect(const struct scratch *scratch, struct db **out)
{
    return open_as(scratch->name, scratch->name, APP_PASSWORD, out);
}

enum err scratch_connect_owner(const struct scratch *scratch, struct db **out)
{
    const struct passwd *self = getpwuid(geteuid());

    return self == NULL ? ERR_DB_AWAY : open_as(scratch->name, self->pw_name, "", out);
}

static void count_file(void *arg, const char *file)
{
    (void)file;
    ++*(size_t *)arg;
}

enum err scratch_migrate(const struct scratch *scratch, const char *directory, size_t *applied,
                         struct text *problem)
{
    struct text words = TEXT(1024);
    size_t count = 0;
    const struct migrate_user app = {.user = scratch->name, .hosts = "localhost"};
    enum err rc = migrate_run(scratch->owner, directory == NULL ? scratch->schema : directory, &app,
                              count_file, &count, problem ? problem : &words);
    if (applied != NULL)
        *applied = count;
    text_free(&words);
    return rc;
}

void scratch_drop(struct scratch *scratch)
{
    db_close(scratch->app);
    if (scratch->owner != NULL) {
        statement(scratch->owner, "DROP USER NAME@localhost", scratch->name);
        statement(scratch->owner, "DROP DATABASE NAME", scratch->name);
    }
    db_close(scratch->owner);
}
