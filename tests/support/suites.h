/* What the C test programs share: suites of CUnit, their asserts, and the closing line that
 * tests/run counts. */
#ifndef TESTS_SUPPORT_SUITES_H
#define TESTS_SUPPORT_SUITES_H

#include <stdbool.h>
#include <stddef.h>

struct test_case {
    const char *name; /* NULL ends the list */
    void (*run)(void);
};

struct test_suite {
    const char *name;
    const struct test_case *cases;
    void (*start)(void); /* makes what the cases share, or NULL */
    void (*end)(void);   /* takes it away again, or NULL */
};

/* Runs the suites in their order, or those that the program's arguments name, and prints for each
 * "took: SECONDS NAME", and last "tests: P passed, F failed".
 * argc, argv  of main
 * Gives the exit status of the program: 0 where all hold, 1 otherwise, 2 for a name of no suite. */
int suites_run(const struct test_suite *const *suites, size_t count, int argc, char **argv);

/* Records an assert: whether it holds, and what is printed where it does not. */
void suites_assert(bool holds, const char *message, const char *file, unsigned line);

/* Prints the asserts that did not hold so far; gives their number. For a process that a test forks,
 * whose asserts its parent does not see. */
unsigned suites_failures(void);

/* Number of rows of a table. */
#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
