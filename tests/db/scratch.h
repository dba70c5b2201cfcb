/* A database of a test's own, on the server of the stack: made as its administrator, so that a test
 * may do there what no program of ours can. */
#ifndef TESTS_DB_SCRATCH_H
#define TESTS_DB_SCRATCH_H

#include "base/text.h"
#include "tests/db/db.h"

struct scratch {
    char name[DB_TEST_NAME_SIZE]; /* of the database and of its application user */
    const char *schema;           /* directory of the schema under test */
    struct db *owner;             /* may do everything */
    struct db *app;               /* the application's user: what migrate_run granted */
};

/* Makes the database and its user; scratch_drop ends both. False (noted as a failure) where that
 * cannot be done. */
bool scratch_make(struct scratch *scratch);

/* One more connection of the application's user. The caller closes it. */
enum err scratch_connect(const struct scratch *scratch, struct db **out);

/* One more of the owner's. The caller closes it. */
enum err scratch_connect_owner(const struct scratch *scratch, struct db **out);

/* Applies a schema.
 * directory  NULL for the one under test
 * applied    out, how many files were; may be NULL
 * problem    out; may be NULL */
enum err scratch_migrate(const struct scratch *scratch, const char *directory, size_t *applied,
                         struct text *problem);

/* Runs a statement that must succeed. */
void scratch_run(struct db *db, const char *sql);

/* The number in the first column of the first row. */
int64_t scratch_number(struct db *db, const char *sql);

/* Runs a statement that the server must refuse with `words` in what it says. */
void scratch_refused(struct db *db, const char *sql, const char *words);

/* Closes both connections, removes the database and its user. */
void scratch_drop(struct scratch *scratch);

#endif
