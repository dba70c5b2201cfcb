/* Runs every unit suite. Exit 0 where all hold, 1 otherwise. */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "tests/unit/unit.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X)  \
    X(err)         \
    X(text)        \
    X(encode)      \
    X(id)          \
    X(clock)       \
    X(log)         \
    X(config)      \
    X(decimal)     \
    X(currency)    \
    X(amount)      \
    X(display)     \
    X(rate)        \
    X(crypto)      \
    X(rights)      \
    X(otp)         \
    X(qr)          \
    X(match)       \
    X(request)     \
    X(fields)      \
    X(reply)       \
    X(networks)    \
    X(nonce)       \
    X(net_address) \
    X(net_url)     \
    X(net_mail)    \
    X(notify)

#define X(name) extern const struct unit_suite suite_##name;
SUITES(X)
#undef X

static const struct unit_suite *const suites[] = {
#define X(name) &suite_##name,
    SUITES(X)
#undef X
};

void unit_check(const char *row, bool holds, const char *condition, const char *file, unsigned line)
{
    char message[512];
    snprintf(message, sizeof(message), "[%s] %s", row, condition);
    CU_assertImplementation(holds, line, message, file, "", CU_FALSE);
}

void unit_same(const char *row, const char *got, const char *expected, const char *file,
               unsigned line)
{
    char message[1024];
    snprintf(message, sizeof(message), "[%s] got \"%s\", expected \"%s\"", row, got, expected);
    CU_assertImplementation(strcmp(got, expected) == 0, line, message, file, "", CU_FALSE);
}

static bool register_suites(void)
{
    for (size_t i = 0; i < UNIT_COUNT(suites); i++) {
        CU_pSuite suite = CU_add_suite(suites[i]->name, NULL, NULL);
        if (suite == NULL)
            return false;
        for (const struct unit_case *test = suites[i]->cases; test->name != NULL; test++)
            if (CU_add_test(suite, test->name, test->run) == NULL)
                return false;
    }
    return true;
}

int main(void)
{
    if (crypto_start() != ERR_OK || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    unit_load_currencies();
    bool ran = register_suites();
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
