#include "tests/support/suites.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>

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

int suites_run(const struct test_suite *const *suites, size_t count)
{
    bool ran = CU_initialize_registry() == CUE_SUCCESS;

    for (size_t i = 0; ran && i < count; i++)
        ran = add_suite(suites[i]);
    if (ran) {
        CU_basic_set_mode(CU_BRM_NORMAL);
        ran = CU_basic_run_tests() == CUE_SUCCESS;
    } else {
        fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
    }
    unsigned failed = CU_get_number_of_failure_records();
    unsigned passed = CU_get_number_of_successes();
    CU_cleanup_registry();
    printf("tests: %u passed, %u failed\n", passed, failed);
    return ran && failed == 0 && passed > 0 ? 0 : 1;
}
