/* Brings the schema up to date: files, routines, triggers, rights. */
#include "db/migrate.h"

#include <stdio.h>
#include <string.h>

#include "db/schema_check.h"

#define HOST_SIZE 256
#define TRIGGER_MAX 65536 /* bytes of one */

enum state { STATE_NEW, STATE_SAME, STATE_CHANGED };

static enum err state_of(struct db *db, const struct script *script, enum state *state)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT sha256 FROM schema_migration WHERE name = ?",
                         DB_ARGS(db_text(script->name)), &rows);
    if (rc != ERR_OK)
        return rc;
    size_t len;
    if (!db_next(&rows))
        *state = STATE_NEW;
    else
        *state = memcmp(db_get_blob(&rows, 0, &len), script->sha256, SHA256_SIZE) == 0
                     ? STATE_SAME
                     : STATE_CHANGED;
    db_rows_free(&rows);
    return ERR_OK;
}

static enum err apply(struct db *owner, const struct script *script, struct text *problem)
{
    enum err rc = db_run_script(owner, text_string(&script->sql), script->sql.len, problem);
    if (rc != ERR_OK) {
        text_addf(problem, " (in %s)", script->name);
        return rc;
    }
    return db_run(owner, "REPLACE INTO schema_migration (name, sha256) VALUES (?, ?)",
                  DB_ARGS(db_text(script->name), db_blob(script->sha256, SHA256_SIZE)), NULL);
}

static enum err make_register(struct db *owner)
{
    return db_run(owner,
                  "CREATE TABLE IF NOT EXISTS schema_migration ("
                  "name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY "
                  "COMMENT 'file below schema/',"
                  "sha256 BINARY(32) NOT NULL COMMENT 'of the file as applied',"
                  "applied_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC'"
                  ") ENGINE = InnoDB COMMENT = 'which files of the schema were applied'",
                  DB_NO_ARGS, NULL);
}

/* Rows may be read and added everywhere; journals and entries never change, and the register is the
 * owner's. */
static enum err grant_table(struct db *owner, const struct migrate_user *app, const char *host,
                            const char *table)
{
    struct text sql = TEXT(1024);
    bool reads_only =
        strcmp(table, "schema_migration") == 0 || strcmp(table, "schema_routine") == 0;
    bool adds_only = strcmp(table, "journal") == 0 || strcmp(table, "entry") == 0;
    text_addf(&sql, "GRANT %s ON `%s` TO `%s`@'%s'",
              reads_only  ? "SELECT"
              : adds_only ? "SELECT, INSERT"
                          : "SELECT, INSERT, UPDATE, DELETE",
              table, app->user, host);
    enum err rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    text_free(&sql);
    return rc;
}

static enum err grant_procedures(struct db *owner, const struct migrate_user *app, const char *host)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(1024);
    enum err rc = db_run(owner,
                         "SELECT routine_type, routine_name FROM information_schema.routines WHERE "
                         "routine_schema = DATABASE()",
                         DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        text_clear(&sql);
        text_addf(&sql, "GRANT EXECUTE ON %s `%s` TO `%s`@'%s'", db_get_text(&rows, 0),
                  db_get_text(&rows, 1), app->user, host);
        rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static enum err grant_host(struct db *owner, const struct migrate_user *app, const char *host)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        owner, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
        DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows))
        rc = grant_table(owner, app, host, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc == ERR_OK ? grant_procedures(owner, app, host) : rc;
}

/* Grants to the user from each of its hosts, which may all be there already. */
static enum err grant_all(struct db *owner, const struct migrate_user *app)
{
    const char *at = app->hosts;
    enum err rc = ERR_OK;

    while (rc == ERR_OK && at != NULL && *at != '\0') {
        char host[HOST_SIZE];
        size_t len = strcspn(at, ", ");
        if (len >= sizeof(host) || memchr(at, '\'', len) != NULL || memchr(at, '\\', len) != NULL)
            return ERR_CONFIG;
        memcpy(host, at, len);
        host[len] = '\0';
        if (len > 0)
            rc = grant_host(owner, app, host);
        at += len + strspn(at + len, ", ");
    }
    return rc;
}

/* What the server must be like, each as a question that gives 1 where it is. They come before the first
 * statement that changes something, so that nothing is left half done. */
static const struct {
    const char *good, *mend;
} needs[] = {
    {"SELECT NOT (@@global.log_bin OR COALESCE(@@session.wsrep_on, 0)) OR "
     "@@global.log_bin_trust_function_creators OR EXISTS (SELECT 1 FROM "
     "information_schema.user_privileges WHERE privilege_type = 'SUPER')",
     "the server has log_bin on, or is a node of a cluster: set log_bin_trust_function_creators = "
     "1 "
     "in its configuration"},
    {"SELECT NOT @@global.log_bin OR @@global.binlog_format <> 'STATEMENT'",
     "the server has binlog_format = STATEMENT: set it to ROW or MIXED"},
    {"SELECT NOT COALESCE(@@session.wsrep_on, 0) OR EXISTS (SELECT 1 FROM "
     "information_schema.global_status WHERE variable_name = 'WSREP_READY' AND "
     "variable_value = 'ON')",
     "this node of the cluster is not ready: see wsrep_ready"},
    {"SELECT COUNT(DISTINCT privilege_type) = 12 FROM (SELECT privilege_type FROM "
     "information_schema.schema_privileges WHERE DATABASE() LIKE table_schema UNION SELECT "
     "privilege_type FROM information_schema.user_privileges) AS rights_held WHERE privilege_type "
     "IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'TRIGGER', "
     "'CREATE ROUTINE', 'ALTER ROUTINE', 'EXECUTE')",
     "the schema's owner lacks rights: GRANT ALL ON the schema's database to owner_user"},
    {"SELECT COUNT(*) > 0 FROM (SELECT is_grantable FROM information_schema.schema_privileges "
     "WHERE "
     "DATABASE() LIKE table_schema UNION ALL SELECT is_grantable FROM "
     "information_schema.user_privileges) AS rights_held WHERE is_grantable = 'YES'",
     "the schema's owner may not grant: give it the rights WITH GRANT OPTION, or use one user for "
     "both (user = owner_user)"},
};

enum err migrate_look(struct db *owner, bool grants, struct text *problem)
{
    size_t count = sizeof(needs) / sizeof(needs[0]) - !grants; /* the last one is about that */
    enum err rc = ERR_OK;

    text_clear(problem);
    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        struct db_rows rows = {0};
        rc = db_run(owner, needs[i].good, DB_NO_ARGS, &rows);
        if (rc == ERR_OK && (!db_next(&rows) || db_get_i64(&rows, 0) != 1))
            text_addf(problem, "%s%s", problem->len > 0 ? "; " : "", needs[i].mend);
        db_rows_free(&rows);
    }
    if (rc != ERR_OK) {
        text_clear(problem);
        text_puts(problem, db_problem(owner));
    }
    return rc == ERR_OK && problem->len > 0 ? ERR_CONFIG : rc;
}

/* A plain restore makes a database with the server's default, and a routine made in it would compare
 * words by other rules than the tables. */
enum err migrate_set_collation(struct db *owner)
{
    struct db_rows rows = {0};
    enum err rc =
        db_run(owner, "SELECT @@collation_database = ?", DB_ARGS(db_text(SCHEMA_COLLATION)), &rows);
    bool right = rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) == 1;

    db_rows_free(&rows);
    return rc != ERR_OK || right
               ? rc
               : db_run(owner, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE " SCHEMA_COLLATION,
                        DB_NO_ARGS, NULL);
}

/* One run. */
struct migration {
    struct db *owner;
    struct scripts scripts;
    void (*said)(void *arg, const char *file);
    void *arg;
    struct text *problem;
};

static enum err apply_and_say(const struct migration *run, const struct script *script)
{
    enum err rc = apply(run->owner, script, run->problem);

    if (rc == ERR_OK && run->said != NULL)
        run->said(run->arg, script->name);
    return rc;
}

/* All numbered files are looked at before the first is applied. */
static enum err apply_tables(const struct migration *run)
{
    enum state state;
    enum err rc = ERR_OK;

    for (int applying = 0; applying < 2; applying++)
        for (size_t i = 0; rc == ERR_OK && i < run->scripts.count; i++) {
            const struct script *script = &run->scripts.list[i];
            if (script_is_code(script))
                continue;
            rc = state_of(run->owner, script, &state);
            if (rc == ERR_OK && state == STATE_CHANGED) {
                text_addf(run->problem,
                          "%s was changed after it was applied: add a new file instead",
                          script->name);
                rc = ERR_CONFIG;
            }
            if (rc == ERR_OK && state == STATE_NEW && applying == 1)
                rc = apply_and_say(run, script);
        }
    return rc;
}

/* Removes routines that no file makes any more. */
static enum err drop_strangers(struct db *owner, const struct routines *routines)
{
    struct text sql = TEXT(256);
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < routines->count; i++) {
        const struct routine *routine = &routines->list[i];
        if (routine->belongs)
            continue;
        text_clear(&sql);
        text_addf(&sql, "DROP %s IF EXISTS `%s`", routine->name.function ? "FUNCTION" : "PROCEDURE",
                  routine->name.name);
        rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    }
    text_free(&sql);
    return rc;
}

/* Applies each file of code that changed, or whose routines are not in the database as it made them:
 * a restore may have lost them, or made them under another collation. */
static enum err apply_code(const struct migration *run)
{
    struct routines routines = {0};
    enum state state;
    enum err rc = routines_read(run->owner, &routines);

    for (size_t i = 0; rc == ERR_OK && i < run->scripts.count; i++) {
        const struct script *script = &run->scripts.list[i];
        if (!script_is_code(script) || (rc = state_of(run->owner, script, &state)) != ERR_OK)
            continue;
        if (!routines_match(&routines, script, NULL) || state != STATE_SAME)
            rc = apply_and_say(run, script);
    }
    if (rc == ERR_OK)
        rc = drop_strangers(run->owner, &routines);
    if (rc == ERR_OK)
        rc = routines_register(run->owner);
    routines_free(&routines);
    return rc;
}

/* Makes each trigger of a numbered file anew that a restore has lost or made under another collation. */
static enum err mend_triggers(const struct migration *run)
{
    struct text sql = TEXT(TRIGGER_MAX);
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < run->scripts.count; i++) {
        const char *at = text_string(&run->scripts.list[i].sql), *fault;
        struct trigger_text trigger;
        while (rc == ERR_OK && script_next_trigger(&at, &trigger)) {
            if (scripts_drop_trigger(&run->scripts, i, trigger.name))
                continue;
            rc = trigger_fault(run->owner, trigger.name, &fault);
            if (rc != ERR_OK || fault == NULL)
                continue;
            text_clear(&sql);
            text_puts(&sql, "CREATE OR REPLACE ");
            text_add(&sql, trigger.body, trigger.len);
            rc = db_run_script(run->owner, text_string(&sql), sql.len, run->problem);
            if (rc == ERR_OK && run->said != NULL)
                run->said(run->arg, trigger.name);
        }
    }
    text_free(&sql);
    return rc;
}

static enum err apply_all(const struct migration *run)
{
    char newer[128] = "";
    enum err rc = make_register(run->owner);

    if (rc == ERR_OK)
        rc = schema_newer(run->owner, &run->scripts, newer, sizeof(newer));
    if (rc == ERR_OK && newer[0] != '\0') {
        text_addf(run->problem, "the schema is newer than this program, which has no %s", newer);
        rc = ERR_CONFIG;
    }
    if (rc == ERR_OK)
        rc = migrate_set_collation(run->owner);
    if (rc == ERR_OK)
        rc = apply_tables(run);
    if (rc == ERR_OK)
        rc = apply_code(run);
    return rc == ERR_OK ? mend_triggers(run) : rc;
}

enum err migrate_run(struct db *owner, const char *directory, const struct migrate_user *app,
                     void (*said)(void *arg, const char *file), void *arg, struct text *problem)
{
    struct migration run = {.owner = owner, .said = said, .arg = arg, .problem = problem};
    enum err rc = scripts_read(&run.scripts, directory, problem);

    if (rc == ERR_OK)
        rc = migrate_look(owner, app != NULL, problem);
    if (rc == ERR_OK)
        rc = apply_all(&run);
    if (rc == ERR_OK && app != NULL)
        rc = grant_all(owner, app);
    if (rc != ERR_OK && problem->len == 0)
        text_puts(problem, db_problem(owner));
    scripts_free(&run.scripts);
    return rc;
}

enum err migrate_pending(struct db *db, const char *directory, size_t *count, struct text *problem)
{
    struct scripts scripts = {0};
    enum state state;
    enum err rc = scripts_read(&scripts, directory, problem);

    *count = 0;
    for (size_t i = 0; rc == ERR_OK && i < scripts.count; i++) {
        rc = state_of(db, &scripts.list[i], &state);
        if (rc == ERR_OK && state != STATE_SAME)
            (*count)++;
    }
    if (rc != ERR_OK && problem->len == 0)
        text_puts(problem, db_problem(db));
    scripts_free(&scripts);
    return rc;
}
