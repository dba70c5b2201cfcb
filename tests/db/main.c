/* Runs every database suite. Exit 0 where all hold, 1 otherwise. */
#include "tests/db/db.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/master_key.h"
#include "identity/user.h"
#include "ledger/ledger.h"

/* The suites, in the order in which they run: one line for each. */
#define SUITES(X) X(identity) X(api_key) X(notify) X(checkout)

#define X(name) extern const struct db_suite suite_##name;
SUITES(X)
#undef X

static const struct db_suite *const suites[] = {
#define X(name) &suite_##name,
    SUITES(X)
#undef X
};

struct db *test_db;
uint8_t test_master[SEAL_KEY_SIZE];

void db_test_check(bool holds, const char *condition, const char *file, unsigned line)
{
    CU_assertImplementation(holds, line, condition, file, "", CU_FALSE);
}

void db_test_gives(enum err got, enum err expected, const char *call, const char *file,
                   unsigned line)
{
    char message[512];
    snprintf(message, sizeof(message), "%s gave %s, expected %s", call, err_id(got),
             err_id(expected));
    CU_assertImplementation(got == expected, line, message, file, "", CU_FALSE);
}

int64_t db_test_number(const char *sql, struct db_args args)
{
    struct db_rows rows = {0};
    enum err rc = db_run(test_db, sql, args, &rows);
    int64_t number = rows.result == NULL ? (int64_t)rows.affected : 0;

    DB_GIVES(rc, ERR_OK);
    if (rc == ERR_OK && db_next(&rows))
        number = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return number;
}

void db_test_name(const char *prefix, char out[DB_TEST_NAME_SIZE])
{
    uint8_t random[8];
    char hex[HEX_SIZE(sizeof(random))];

    crypto_random(random, sizeof(random));
    hex_encode(random, sizeof(random), hex);
    snprintf(out, DB_TEST_NAME_SIZE, "%s-%s", prefix, hex);
}

int64_t db_test_user(const char *password, char login[DB_TEST_NAME_SIZE])
{
    char own[DB_TEST_NAME_SIZE], email[DB_TEST_NAME_SIZE + 16];
    int64_t id = 0;

    if (login == NULL)
        login = own;
    db_test_name("test", login);
    snprintf(email, sizeof(email), "%s@example.org", login);
    DB_GIVES(user_add(test_db, login, email, password, "none", &id), ERR_OK);
    return id;
}

/* The stack that TELLER_CONFIG names. */
static bool connect_stack(void)
{
    struct config config;
    struct text problem = TEXT(1024);
    enum err rc = config_load(NULL, &config, &problem);

    if (rc == ERR_OK)
        rc = master_key_load(&config, test_master);
    if (rc == ERR_OK)
        rc = db_open_config(&config, false, &test_db);
    if (rc == ERR_OK)
        rc = ledger_load_currencies(test_db);
    if (rc != ERR_OK)
        fprintf(stderr, "TELLER_CONFIG: %s %s\n", err_id(rc), text_string(&problem));
    config_free(&config);
    text_free(&problem);
    return rc == ERR_OK;
}

static bool register_suites(void)
{
    for (size_t i = 0; i < DB_TEST_COUNT(suites); i++) {
        CU_pSuite suite = CU_add_suite(suites[i]->name, NULL, NULL);
        if (suite == NULL)
            return false;
        for (const struct db_test *test = suites[i]->tests; test->name != NULL; test++)
            if (CU_add_test(suite, test->name, test->run) == NULL)
                return false;
    }
    return true;
}

int main(void)
{
    if (crypto_start() != ERR_OK || !connect_stack() || CU_initialize_registry() != CUE_SUCCESS)
        return 1;
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
    db_close(test_db);
    printf("tests: %u passed, %u failed\n", passed, failed);
    return ran && failed == 0 && passed > 0 ? 0 : 1;
}
