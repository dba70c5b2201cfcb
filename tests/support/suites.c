/* Suites of CUnit, run by name or all of them, each timed. */
#include "tests/support/suites.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void suites_assert(bool holds, const char *message, const char *file, unsigned line)
{
    CU_assertImplementation(holds, line, message, file, "", CU_FALSE);
}

unsigned suites_failures(void)
{
    for (CU_pFailureRecord record = CU_get_failure_list(); record != NULL; record = record->pNext)
        printf("%s:%u: %s\n", record->strFileName, record->uiLineNumber, record->strCondition);
    return CU_get_number_of_failure_records();
}

static bool add_suite(const struct test_suite *suite)
{
    CU_pSuite registered = CU_add_suite(suite->name, NULL, NULL);

    for (const struct test_case *test = suite->cases; registered != NULL && test->name != NULL;
         test++)
        if (CU_add_test(registered, test->name, test->run) == NULL)
            return false;
    return registered != NULL;
}

/* What suites ran, each in a registry of its own: CUnit forgets its counts with the next run. */
struct suites_result {
    unsigned passed, failed;
    bool ran;
};

/* The hooks run inside CUnit's first and last case, where their asserts count. */
static const struct test_suite *suites_now;
static void suites_start(void)
{
    if (suites_now->start != NULL)
        suites_now->start();
}
static void suites_end(void)
{
    if (suites_now->end != NULL)
        suites_now->end();
}

static bool add_all(const struct test_suite *suite)
{
    static const struct test_case first[] = {{"before all", suites_start}, {NULL, NULL}};
    static const struct test_case last[] = {{"after all", suites_end}, {NULL, NULL}};
    const struct test_suite before = {.name = "start", .cases = first};
    const struct test_suite after = {.name = "end", .cases = last};

    return (suite->start == NULL || add_suite(&before)) && add_suite(suite) &&
           (suite->end == NULL || add_suite(&after));
}

static void run_suite(const struct test_suite *suite, struct suites_result *result)
{
    int64_t start_us = clock_mono_us();

    suites_now = suite;
    bool ran = CU_initialize_registry() == CUE_SUCCESS && add_all(suite);
    if (ran) {
        CU_basic_set_mode(CU_BRM_NORMAL);
        ran = CU_basic_run_tests() == CUE_SUCCESS;
    } else {
        fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
    }
    result->failed += CU_get_number_of_failure_records();
    result->passed += CU_get_number_of_successes();
    result->ran = result->ran && ran;
    CU_cleanup_registry();
    printf("took: %.3f %s\n", (double)(clock_mono_us() - start_us) / 1e6, suite->name);
}

static const struct test_suite *find_suite(const struct test_suite *const *suites, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(suites[i]->name, name) == 0)
            return suites[i];
    fprintf(stderr, "no such suite: %s\n", name);
    return NULL;
}

int suites_run(const struct test_suite *const *suites, size_t count, int argc, char **argv)
{
    struct suites_result result = {.ran = true};

    for (int i = 1; i < argc; i++) {
        const struct test_suite *suite = find_suite(suites, count, argv[i]);
        if (suite == NULL)
            return 2;
        run_suite(suite, &result);
    }
    for (size_t i = 0; argc <= 1 && i < count; i++)
        run_suite(suites[i], &result);
    printf("tests: %u passed, %u failed\n", result.passed, result.failed);
    return result.ran && result.failed == 0 && result.passed > 0 ? 0 : 1;
}
