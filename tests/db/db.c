/* What database tests share: checks, names, users, the connection. */
#include "tests/db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/master_key.h"
#include "desk/bid.h"
#include "house/house.h"
#include "identity/user.h"
#include "ledger/ledger.h"

struct config test_config;
struct db *test_db;
uint8_t test_master[SEAL_KEY_SIZE];

void db_test_check(bool holds, const char *condition, const char *file, unsigned line)
{
    suites_assert(holds, condition, file, line);
}

void db_test_gives(enum err got, enum err expected, const char *call, const char *file,
                   unsigned line)
{
    char message[512];
    snprintf(message, sizeof(message), "%s gave %s, expected %s", call, err_id(got),
             err_id(expected));
    suites_assert(got == expected, message, file, line);
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
    struct text problem = TEXT(1024);
    enum err rc = config_load(NULL, &test_config, &problem);

    if (rc == ERR_OK)
        rc = master_key_load(&test_config, test_master);
    if (rc == ERR_OK)
        rc = db_open_config(&test_config, false, &test_db);
    if (rc == ERR_OK)
        rc = ledger_load(test_db);
    if (rc == ERR_OK)
        rc = desk_start();
    if (rc != ERR_OK)
        fprintf(stderr, "TELLER_CONFIG: %s %s\n", err_id(rc), text_string(&problem));
    text_free(&problem);
    return rc == ERR_OK;
}

char db_test_crash_file[64];

bool db_test_start(void)
{
    /* Looked up once, so that it has to be there before the first point; nothing dies at a file that is
     * not there. */
    snprintf(db_test_crash_file, sizeof(db_test_crash_file), P_tmpdir "/crash.%ld", (long)getpid());
    setenv("TELLER_CRASH_AT", db_test_crash_file, 1);
    house_register();
    return crypto_start() == ERR_OK && connect_stack();
}

void db_test_end(void)
{
    db_close(test_db);
    config_free(&test_config);
}

struct actor db_test_actor(int64_t user_id)
{
    static char names[DB_TEST_ACTORS][2 + UUID_TEXT_SIZE];
    static size_t next;
    char *name = names[next++ % DB_TEST_ACTORS];
    struct uuid id = crypto_uuid4();

    name[0] = 'r';
    name[1] = ':';
    uuid_format(&id, name + 2);
    return (struct actor){.user_id = user_id, .request_key = name, .trace = "test"};
}
