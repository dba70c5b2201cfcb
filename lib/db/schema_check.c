/* Compares the files of the schema with what the database has of them. */
#include "db/schema_check.h"

#include <stdlib.h>
#include <string.h>

#include "db/migrate.h"

/* The text as the server keeps it, with what decides how it runs. */
#define ROUTINE_SHA256                                                                             \
    "UNHEX(SHA2(CONCAT_WS('|', r.routine_type, r.routine_definition, r.security_type, r.sql_mode)" \
    ", 256))"

enum err routines_read(struct db *db, struct routines *routines)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT r.routine_name, r.routine_type = 'FUNCTION', r.database_collation = ?, "
        "COALESCE(r.routine_definition IS NOT NULL AND k.sha256 <> " ROUTINE_SHA256 ", FALSE) "
        "FROM information_schema.routines AS r LEFT JOIN schema_routine AS k "
        "ON k.name = r.routine_name WHERE r.routine_schema = DATABASE()",
        DB_ARGS(db_text(SCHEMA_COLLATION)), &rows);

    if (rc == ERR_OK && (routines->list = calloc(rows.count + 1, sizeof(*routines->list))) == NULL)
        rc = ERR_NO_MEMORY;
    while (rc == ERR_OK && db_next(&rows)) {
        struct routine *routine = &routines->list[routines->count++];
        text_copy(routine->name.name, sizeof(routine->name.name), db_get_text(&rows, 0));
        routine->name.function = db_get_u64(&rows, 1) != 0;
        routine->collation_right = db_get_u64(&rows, 2) != 0;
        routine->text_changed = db_get_u64(&rows, 3) != 0;
    }
    db_rows_free(&rows);
    return rc;
}

void routines_free(struct routines *routines)
{
    free(routines->list);
    *routines = (struct routines){0};
}

enum err routines_register(struct db *owner)
{
    return db_run(
        owner,
        "REPLACE INTO schema_routine (name, sha256) SELECT r.routine_name, " ROUTINE_SHA256
        " FROM information_schema.routines AS r WHERE r.routine_schema = DATABASE() AND "
        "r.routine_definition IS NOT NULL",
        DB_NO_ARGS, NULL);
}

/* Whether the routine is the one, or one of those, that a file names. */
static bool is_named(const struct routine *routine, const struct routine_name *name)
{
    size_t len = strlen(name->name);

    if (routine->name.function != name->function)
        return false;
    if (!name->family)
        return strcmp(routine->name.name, name->name) == 0;
    const char *number = routine->name.name + len;
    return strncmp(routine->name.name, name->name, len) == 0 &&
           number[strspn(number, "0123456789")] == '\0';
}

/* What is wrong with those that the file names so; NULL for nothing. */
static const char *find_fault(struct routines *routines, const struct routine_name *name)
{
    const char *fault = NULL;
    bool found = false;

    for (size_t i = 0; i < routines->count; i++) {
        struct routine *routine = &routines->list[i];
        if (!is_named(routine, name))
            continue;
        routine->belongs = found = true;
        if (!routine->collation_right)
            fault = "has another collation";
        else if (routine->text_changed && fault == NULL)
            fault = "was changed";
    }
    return found ? fault : "is missing";
}

bool routines_match(struct routines *routines, const struct script *script, struct text *words)
{
    const char *at = text_string(&script->sql);
    struct routine_name name;
    bool all = true;

    while (script_next_routine(&at, &name)) {
        const char *fault = find_fault(routines, &name);
        if (fault != NULL && words != NULL && words->len == 0)
            text_addf(words, "%s %s %s", name.function ? "function" : "procedure", name.name,
                      fault);
        all = all && fault == NULL;
    }
    return all;
}

enum err schema_newer(struct db *db, const struct scripts *scripts, char *out, size_t size)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db, "SELECT name FROM schema_migration WHERE name NOT LIKE 'procedures/%' ORDER BY name",
        DB_NO_ARGS, &rows);

    out[0] = '\0';
    while (rc == ERR_OK && out[0] == '\0' && db_next(&rows)) {
        size_t i = 0;
        while (i < scripts->count && strcmp(scripts->list[i].name, db_get_text(&rows, 0)) != 0)
            i++;
        if (i == scripts->count)
            text_copy(out, size, db_get_text(&rows, 0));
    }
    db_rows_free(&rows);
    return rc;
}

static enum err check_routines(struct db *db, const struct scripts *scripts, struct text *wrong)
{
    struct routines routines = {0};
    enum err rc = routines_read(db, &routines);

    for (size_t i = 0; rc == ERR_OK && i < scripts->count; i++)
        if (script_is_code(&scripts->list[i]))
            (void)routines_match(&routines, &scripts->list[i], wrong);
    for (size_t i = 0; rc == ERR_OK && i < routines.count; i++)
        if (!routines.list[i].belongs && wrong->len == 0)
            text_addf(wrong, "%s belongs to no version of the schema any more",
                      routines.list[i].name.name);
    routines_free(&routines);
    return rc;
}

enum err trigger_fault(struct db *db, const char *name, const char **fault)
{
    struct db_rows rows = {0};
    enum err rc = db_run(
        db,
        "SELECT EXISTS (SELECT 1 FROM information_schema.schema_privileges WHERE DATABASE() LIKE "
        "table_schema AND privilege_type = 'TRIGGER' UNION ALL SELECT 1 FROM "
        "information_schema.user_privileges WHERE privilege_type = 'TRIGGER'), (SELECT "
        "database_collation = ? FROM information_schema.triggers WHERE trigger_schema = DATABASE() "
        "AND trigger_name = ?)",
        DB_ARGS(db_text(SCHEMA_COLLATION), db_text(name)), &rows);

    *fault = NULL;
    if (rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) != 0)
        *fault = db_is_null(&rows, 1)        ? "is missing"
                 : db_get_u64(&rows, 1) == 0 ? "has another collation"
                                             : NULL;
    db_rows_free(&rows);
    return rc;
}

static enum err check_triggers(struct db *db, const struct scripts *scripts, struct text *wrong)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < scripts->count; i++) {
        const char *at = text_string(&scripts->list[i].sql), *fault;
        struct trigger_text trigger;
        while (rc == ERR_OK && script_next_trigger(&at, &trigger)) {
            if (scripts_drop_trigger(scripts, i, trigger.name))
                continue;
            rc = trigger_fault(db, trigger.name, &fault);
            if (rc == ERR_OK && fault != NULL && wrong->len == 0)
                text_addf(wrong, "trigger %s %s", trigger.name, fault);
        }
    }
    return rc;
}

/* Whether anything was ever applied. */
static enum err is_empty(struct db *db, bool *empty)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
                         "DATABASE() AND table_name = 'schema_migration'",
                         DB_NO_ARGS, &rows);

    *empty = rc == ERR_OK && db_next(&rows) && db_get_u64(&rows, 0) == 0;
    db_rows_free(&rows);
    return rc;
}

enum err schema_check(struct db *db, const char *directory, struct text *wrong,
                      struct text *problem)
{
    struct scripts scripts = {0};
    char newer[128] = "";
    size_t pending = 0;
    bool empty = false;

    enum err rc = is_empty(db, &empty);
    if (rc == ERR_OK && empty) {
        text_puts(wrong, "the database has no tables yet");
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = migrate_pending(db, directory, &pending, problem);
    if (rc == ERR_OK)
        rc = scripts_read(&scripts, directory, problem);
    if (rc == ERR_OK)
        rc = schema_newer(db, &scripts, newer, sizeof(newer));
    if (rc == ERR_OK && newer[0] != '\0')
        text_addf(wrong, "the schema is newer than this program, which has no %s", newer);
    else if (rc == ERR_OK && pending > 0)
        text_addf(wrong, "%zu files are not applied", pending);
    else if (rc == ERR_OK)
        rc = check_routines(db, &scripts, wrong);
    if (rc == ERR_OK && wrong->len == 0)
        rc = check_triggers(db, &scripts, wrong);
    if (rc != ERR_OK && problem->len == 0)
        text_puts(problem, db_problem(db));
    scripts_free(&scripts);
    return rc;
}
