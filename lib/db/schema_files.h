/* The files of the schema: numbered ones with tables, and code (procedures/). For this folder. */
#ifndef DB_SCHEMA_FILES_H
#define DB_SCHEMA_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/crypto.h"

#define ROUTINE_NAME_SIZE 65 /* the server's limit, and the NUL */

/* One file. */
struct script {
    char *name;      /* "0001_ground.sql", "procedures/ticket.sql" */
    struct text sql; /* its text */
    uint8_t sha256[SHA256_SIZE];
};

struct scripts {
    struct script *list;
    size_t count;
};

/* Reads all files, in the order in which they are applied.
 * problem  out, which file is not usable
 * Returns ERR_CONFIG, ERR_NO_MEMORY. Call scripts_free in any case. */
MUST_USE enum err scripts_read(struct scripts *scripts, const char *directory,
                               struct text *problem);
void scripts_free(struct scripts *scripts);

/* Code, which may change; not a numbered file. */
bool script_is_code(const struct script *script);

/* A procedure or function that a file makes. */
struct routine_name {
    char name[ROUTINE_NAME_SIZE];
    bool function;
    bool family; /* the file makes several, by a template: their names are this one and a number */
};

/* The next one in the text of a file of code; each begins with CREATE OR REPLACE at the start of a line.
 * at  in and out: where to look on
 * Returns false behind the last. */
bool script_next_routine(const char **at, struct routine_name *out);

/* A trigger that a numbered file makes. */
struct trigger_text {
    char name[ROUTINE_NAME_SIZE];
    const char
        *body;  /* what stands behind CREATE in the file; its lines but the first are indented */
    size_t len; /* bytes of it */
};

/* The next one in the text of a numbered file; each begins with CREATE TRIGGER at the start of a line.
 * at  in and out: where to look on
 * Returns false behind the last. */
bool script_next_trigger(const char **at, struct trigger_text *out);

/* Whether a numbered file behind list[from] drops that trigger: DROP TRIGGER at the start of a line. */
bool scripts_drop_trigger(const struct scripts *scripts, size_t from, const char *name);

#endif
