/* Database tests: the libraries against the database of TELLER_CONFIG, as the application's user.
 * What a test makes has names of its own, so that suites may run on any data and again.
 *
 * To add a suite: write tests/db/<module>_test.c that ends with
 *     static const struct test_case cases[] = {{"what it checks", function}, {NULL, NULL}};
 *     const struct test_suite suite_<module> = {.name = "<module>", .cases = cases};
 * and name it in the table of tests/db/main.c. */
#ifndef TESTS_DB_DB_H
#define TESTS_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/actor.h"
#include "base/config.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "tests/support/suites.h"

/* The configuration, a connection and the master key of the stack under test. */
extern struct config test_config;
extern struct db *test_db;
extern uint8_t test_master[SEAL_KEY_SIZE];

/* Where a test says at which point a process that it forks is to die (base/failpoint.h). */
extern char db_test_crash_file[64];

/* Connects to the stack that TELLER_CONFIG names, and fills the three above. False, said on standard
 * error, where that fails. */
bool db_test_start(void);
void db_test_end(void);

/* Asserts a condition, and that a call gives an outcome: both outcomes are printed where it does
 * not. */
#define DB_CHECK(condition) db_test_check((condition), #condition, __FILE__, __LINE__)
#define DB_GIVES(call, expected) db_test_gives((call), (expected), #call, __FILE__, __LINE__)

void db_test_check(bool holds, const char *condition, const char *file, unsigned line);
void db_test_gives(enum err got, enum err expected, const char *call, const char *file,
                   unsigned line);

/* Runs a statement that must succeed; gives the number in the first column of its first row, or the
 * number of rows changed where it has none. */
int64_t db_test_number(const char *sql, struct db_args args);

/* A name that was never used before, "<prefix>-<random>". */
#define DB_TEST_NAME_SIZE 64
void db_test_name(const char *prefix, char out[DB_TEST_NAME_SIZE]);

/* A new user with that password (NULL for none) and no verification; login may be NULL. */
int64_t db_test_user(const char *password, char login[DB_TEST_NAME_SIZE]);

/* The user as somebody who asks, under a name that no other request bears. Valid until DB_TEST_ACTORS more
 * were made. */
#define DB_TEST_ACTORS 8
struct actor db_test_actor(int64_t user_id);

#endif
