#include "db/migrate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"

#define SCRIPT_MAX (1 << 20) /* bytes of one file */
#define PATH_MAX_LEN 1024

/* One file of the schema. */
struct script {
    char *name;      /* "0001_ground.sql", "procedures/ticket.sql" */
    struct text sql; /* its text */
    uint8_t sha256[SHA256_SIZE];
};

struct scripts {
    struct script *list;
    size_t count;
};

enum state { STATE_NEW, STATE_SAME, STATE_CHANGED };

static void scripts_free(struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        free(scripts->list[i].name);
        text_free(&scripts->list[i].sql);
    }
    free(scripts->list);
    *scripts = (struct scripts){0};
}

static bool is_procedure(const struct script *script)
{
    return strncmp(script->name, "procedures/", strlen("procedures/")) == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct script *left = a, *right = b;
    if (is_procedure(left) != is_procedure(right))
        return is_procedure(left) ? 1 : -1;
    return strcmp(left->name, right->name);
}

static enum err read_file(const char *path, struct text *out)
{
    char block[8192];
    size_t got;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return ERR_CONFIG;
    while ((got = fread(block, 1, sizeof(block), file)) > 0)
        text_add(out, block, got);
    bool broken = ferror(file) != 0;
    fclose(file);
    return broken || out->full ? ERR_CONFIG : ERR_OK;
}

static enum err add_script(struct scripts *scripts, const char *directory, const char *prefix,
                           const char *file, struct text *problem)
{
    char path[PATH_MAX_LEN], name[PATH_MAX_LEN];
    if (snprintf(path, sizeof(path), "%s/%s%s", directory, prefix, file) >= (int)sizeof(path))
        return ERR_CONFIG;
    snprintf(name, sizeof(name), "%s%s", prefix, file);

    struct script *list = realloc(scripts->list, (scripts->count + 1) * sizeof(*list));
    if (list == NULL)
        return ERR_NO_MEMORY;
    scripts->list = list;
    struct script *script = &list[scripts->count];
    *script = (struct script){.name = strdup(name), .sql = TEXT(SCRIPT_MAX)};
    if (script->name == NULL)
        return ERR_NO_MEMORY;
    scripts->count++;
    enum err rc = read_file(path, &script->sql);
    if (rc != ERR_OK)
        text_addf(problem, "cannot read %s", path);
    crypto_sha256(text_string(&script->sql), script->sql.len, script->sha256);
    return rc;
}

static enum err read_directory(struct scripts *scripts, const char *directory, const char *prefix,
                               struct text *problem)
{
    char path[PATH_MAX_LEN];
    enum err rc = ERR_OK;

    if (snprintf(path, sizeof(path), "%s/%s", directory, prefix) >= (int)sizeof(path))
        return ERR_CONFIG;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        text_addf(problem, "cannot read the directory %s", path);
        return ERR_CONFIG;
    }
    for (struct dirent *item; rc == ERR_OK && (item = readdir(dir)) != NULL;) {
        size_t len = strlen(item->d_name);
        if (len > 4 && strcmp(item->d_name + len - 4, ".sql") == 0)
            rc = add_script(scripts, directory, prefix, item->d_name, problem);
    }
    closedir(dir);
    return rc;
}

static enum err read_all(struct scripts *scripts, const char *directory, struct text *problem)
{
    enum err rc = read_directory(scripts, directory, "", problem);
    if (rc == ERR_OK)
        rc = read_directory(scripts, directory, "procedures/", problem);
    if (rc == ERR_OK && scripts->count > 0)
        qsort(scripts->list, scripts->count, sizeof(*scripts->list), by_name);
    return rc;
}

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
static enum err grant_table(struct db *owner, const char *app_user, const char *table)
{
    struct text sql = TEXT(1024);
    bool reads_only = strcmp(table, "schema_migration") == 0;
    bool adds_only = strcmp(table, "journal") == 0 || strcmp(table, "entry") == 0;
    text_addf(&sql, "GRANT %s ON `%s` TO `%s`@localhost",
              reads_only  ? "SELECT"
              : adds_only ? "SELECT, INSERT"
                          : "SELECT, INSERT, UPDATE, DELETE",
              table, app_user);
    enum err rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    text_free(&sql);
    return rc;
}

static enum err grant_procedures(struct db *owner, const char *app_user)
{
    struct db_rows rows = {0};
    struct text sql = TEXT(1024);
    enum err rc = db_run(owner,
                         "SELECT routine_type, routine_name FROM information_schema.routines WHERE "
                         "routine_schema = DATABASE()",
                         DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        text_clear(&sql);
        text_addf(&sql, "GRANT EXECUTE ON %s `%s` TO `%s`@localhost", db_get_text(&rows, 0),
                  db_get_text(&rows, 1), app_user);
        rc = db_run(owner, text_string(&sql), DB_NO_ARGS, NULL);
    }
    db_rows_free(&rows);
    text_free(&sql);
    return rc;
}

static enum err grant_all(struct db *owner, const char *app_user)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        owner, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
        DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows))
        rc = grant_table(owner, app_user, db_get_text(&rows, 0));
    db_rows_free(&rows);
    return rc == ERR_OK ? grant_procedures(owner, app_user) : rc;
}

enum err migrate_run(struct db *owner, const char *directory, const char *app_user,
                     void (*said)(void *arg, const char *file), void *arg, struct text *problem)
{
    struct scripts scripts = {0};
    size_t applied = 0;
    enum state state;
    enum err rc = read_all(&scripts, directory, problem);

    if (rc == ERR_OK)
        rc = make_register(owner);
    for (size_t i = 0; rc == ERR_OK && i < scripts.count; i++) {
        const struct script *script = &scripts.list[i];
        if ((rc = state_of(owner, script, &state)) != ERR_OK || state == STATE_SAME)
            continue;
        if (state == STATE_CHANGED && !is_procedure(script)) {
            text_addf(problem, "%s was changed after it was applied: add a new file instead",
                      script->name);
            rc = ERR_CONFIG;
            break;
        }
        if ((rc = apply(owner, script, problem)) == ERR_OK && said != NULL)
            said(arg, script->name);
        applied++;
    }
    if (rc == ERR_OK && applied > 0)
        rc = grant_all(owner, app_user);
    if (rc != ERR_OK && problem->len == 0)
        text_puts(problem, db_problem(owner));
    scripts_free(&scripts);
    return rc;
}

enum err migrate_pending(struct db *db, const char *directory, size_t *count, struct text *problem)
{
    struct scripts scripts = {0};
    enum state state;
    enum err rc = read_all(&scripts, directory, problem);

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
