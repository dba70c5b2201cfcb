/* The schema: documented, applied once, frozen, and what it refuses to whom. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/canary.h"
#include "db/migrate.h"
#include "db/schema_check.h"
#include "ledger/post.h"
#include "ledger/slip.h"
#include "market/market.h"
#include "tests/db/scratch.h"

#define PATH_SIZE 512
#define COPY_SIZE 64

static void test_comments(void)
{
    DB_CHECK(db_test_number("SELECT COUNT(*) FROM information_schema.tables "
                            "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
                            DB_NO_ARGS) > 10);
    struct db_rows rows = {0};
    DB_GIVES(db_run(test_db,
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = "
                    "DATABASE() AND table_type = 'BASE TABLE' AND table_comment = '' UNION ALL "
                    "SELECT CONCAT(c.table_name, '.', c.column_name) "
                    "FROM information_schema.columns AS c JOIN information_schema.tables AS t "
                    "ON t.table_schema = c.table_schema AND t.table_name = c.table_name "
                    "WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' "
                    "AND c.column_comment = ''",
                    DB_NO_ARGS, &rows),
             ERR_OK);
    while (db_next(&rows)) {
        char message[160];
        snprintf(message, sizeof(message), "%s has a comment", db_get_text(&rows, 0));
        db_test_check(false, message, __FILE__, __LINE__);
    }
    db_rows_free(&rows);
}

/* On a cluster rows are told apart by their primary key. */
static void test_keys(void)
{
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK)
        DB_CHECK(scratch_number(
                     scratch.owner,
                     "SELECT COUNT(*) FROM information_schema.tables AS t WHERE t.table_schema = "
                     "DATABASE() AND t.table_type = 'BASE TABLE' AND NOT EXISTS (SELECT 1 FROM "
                     "information_schema.table_constraints AS k WHERE k.table_schema = "
                     "t.table_schema AND k.table_name = t.table_name AND "
                     "k.constraint_type = 'PRIMARY KEY')") == 0);
    scratch_drop(&scratch);
}

static bool put_file(const char *directory, const char *name, const char *text)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    (void)unlink(path);
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0)
        written = false;
    return written;
}

/* Links the files of one directory into another. */
static bool link_files(const char *from, const char *to)
{
    char source[PATH_SIZE], target[PATH_SIZE];
    DIR *dir = opendir(from);
    bool linked = dir != NULL;
    for (struct dirent *item; linked && (item = readdir(dir)) != NULL;) {
        if (strstr(item->d_name, ".sql") == NULL)
            continue;
        snprintf(source, sizeof(source), "%s/%s", from, item->d_name);
        snprintf(target, sizeof(target), "%s/%s", to, item->d_name);
        linked = symlink(source, target) == 0;
    }
    if (dir != NULL)
        closedir(dir);
    return linked;
}

/* A directory of the schema's files that a test may change. */
static bool copy_schema(const char *schema, char copy[COPY_SIZE])
{
    char from[PATH_SIZE], to[PATH_SIZE], *real = realpath(schema, NULL);
    snprintf(copy, COPY_SIZE, "/tmp/teller-schema-XXXXXX");
    bool made = real != NULL && mkdtemp(copy) != NULL && link_files(real, copy);
    snprintf(from, sizeof(from), "%s/procedures", real == NULL ? "" : real);
    snprintf(to, sizeof(to), "%s/procedures", copy);
    made = made && mkdir(to, 0700) == 0 && link_files(from, to);
    free(real);
    return made;
}

static void remove_directory(const char *path)
{
    char file[PATH_SIZE + 260];
    DIR *dir = opendir(path);
    for (struct dirent *item; dir != NULL && (item = readdir(dir)) != NULL;) {
        snprintf(file, sizeof(file), "%s/%s", path, item->d_name);
        if (item->d_name[0] != '.' && unlink(file) != 0)
            remove_directory(file);
    }
    if (dir != NULL)
        closedir(dir);
    (void)rmdir(path);
}

static void test_migrate(void)
{
    struct scratch scratch;
    size_t applied = 0, pending = 0;
    struct text problem = TEXT(1024);

    if (scratch_make(&scratch)) {
        DB_GIVES(scratch_migrate(&scratch, NULL, &applied, NULL), ERR_OK);
        DB_CHECK(applied >= 6);
        int64_t at =
            scratch_number(scratch.owner, "SELECT CAST(SUM(UNIX_TIMESTAMP(applied_at)) * 1000000 "
                                          "AS SIGNED) FROM schema_migration");
        DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM schema_migration") ==
                 (int64_t)applied);
        DB_GIVES(scratch_migrate(&scratch, NULL, &applied, NULL), ERR_OK);
        DB_CHECK(applied == 0);
        DB_CHECK(scratch_number(scratch.owner,
                                "SELECT CAST(SUM(UNIX_TIMESTAMP(applied_at)) * 1000000 "
                                "AS SIGNED) FROM schema_migration") == at);
        DB_GIVES(migrate_pending(scratch.app, scratch.schema, &pending, &problem), ERR_OK);
        DB_CHECK(pending == 0);
    }
    scratch_drop(&scratch);
    text_free(&problem);
}

static void test_frozen(void)
{
    struct scratch scratch;
    char copy[COPY_SIZE] = "";
    size_t applied = 0, pending = 0;
    struct text problem = TEXT(1024);

    bool made = scratch_make(&scratch) && copy_schema(scratch.schema, copy);
    DB_CHECK(made);
    if (made) {
        DB_GIVES(scratch_migrate(&scratch, copy, NULL, NULL), ERR_OK);
        /* Procedures are code: applied again when they change. A new file is applied once. */
        DB_CHECK(put_file(copy, "procedures/zz.sql", "CREATE OR REPLACE PROCEDURE zz() SELECT 1;"));
        DB_CHECK(put_file(copy, "9999_more.sql",
                          "CREATE TABLE more (id INT PRIMARY KEY COMMENT 'a') COMMENT = 'b';"));
        DB_GIVES(migrate_pending(scratch.app, copy, &pending, &problem), ERR_OK);
        DB_CHECK(pending == 2);
        DB_GIVES(scratch_migrate(&scratch, copy, &applied, NULL), ERR_OK);
        DB_CHECK(applied == 2);
        scratch_run(scratch.app, "INSERT INTO more VALUES (1)");
        DB_CHECK(put_file(copy, "procedures/zz.sql", "CREATE OR REPLACE PROCEDURE zz() SELECT 2;"));
        DB_GIVES(scratch_migrate(&scratch, copy, &applied, NULL), ERR_OK);
        DB_CHECK(applied == 1 && scratch_number(scratch.app, "CALL zz()") == 2);
        /* Tables are frozen: not a byte may change, and nothing else is applied then. */
        DB_CHECK(put_file(copy, "procedures/zz.sql", "CREATE OR REPLACE PROCEDURE zz() SELECT 3;"));
        DB_CHECK(put_file(copy, "9999_more.sql",
                          "CREATE TABLE more (id INT PRIMARY KEY COMMENT 'a') COMMENT = 'c';"));
        DB_GIVES(scratch_migrate(&scratch, copy, &applied, &problem), ERR_CONFIG);
        DB_CHECK(applied == 0 && strstr(text_string(&problem), "9999_more.sql was changed"));
        DB_CHECK(scratch_number(scratch.app, "CALL zz()") == 2);
    }
    remove_directory(copy);
    scratch_drop(&scratch);
    text_free(&problem);
}

/* What schema_check says, "" where all is well. */
static void check_says(struct db *db, const char *directory, const char *words)
{
    struct text wrong = TEXT(1024), problem = TEXT(1024);

    DB_GIVES(schema_check(db, directory, &wrong, &problem), ERR_OK);
    db_test_check(words[0] == '\0' ? wrong.len == 0 : strstr(text_string(&wrong), words) != NULL,
                  text_string(&wrong), __FILE__, __LINE__);
    text_free(&wrong);
    text_free(&problem);
}

/* What a plain restore leaves: a database with the server's default, where routines are made under
 * another collation, or are missing, where the dump had none. It is said, and migrate mends it. */
static void test_restored(void)
{
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        check_says(scratch.owner, scratch.schema, "");
        check_says(scratch.app, scratch.schema, "");
        scratch_run(scratch.owner, "ALTER DATABASE COLLATE utf8mb4_general_ci");
        scratch_run(scratch.owner, "DROP PROCEDURE stream_turn_take");
        scratch_run(scratch.owner, "CREATE PROCEDURE stream_turn_take(IN p_a INT) SELECT 1");
        check_says(scratch.owner, scratch.schema, "stream_turn_take has another collation");
        scratch_run(scratch.owner, "DROP PROCEDURE stream_turn_take");
        check_says(scratch.app, scratch.schema, "is missing");
        DB_GIVES(scratch_migrate(&scratch, NULL, NULL, NULL), ERR_OK);
        check_says(scratch.owner, scratch.schema, "");
        check_says(scratch.app, scratch.schema, "");
        DB_CHECK(scratch_number(scratch.owner,
                                "SELECT @@collation_database = '" SCHEMA_COLLATION "'") == 1);
    }
    scratch_drop(&scratch);
}

/* Somebody's hand in the database: a routine that is not as it was made, one that nobody made, rights
 * that were taken. */
static void test_mended(void)
{
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        scratch_run(scratch.owner,
                    "CREATE OR REPLACE PROCEDURE stream_turn_take(IN p INT) SELECT 1");
        check_says(scratch.owner, scratch.schema, "procedure stream_turn_take was changed");
        scratch_run(scratch.owner, "CREATE PROCEDURE left_over() SELECT 1");
        DB_GIVES(scratch_migrate(&scratch, NULL, NULL, NULL), ERR_OK);
        check_says(scratch.owner, scratch.schema, "");
        DB_CHECK(scratch_number(scratch.owner,
                                "SELECT COUNT(*) FROM information_schema.routines WHERE "
                                "routine_schema = DATABASE() AND routine_name = 'left_over'") == 0);
        scratch_run(scratch.owner, "DELETE FROM mysql.tables_priv WHERE db = DATABASE()");
        scratch_run(scratch.owner, "FLUSH PRIVILEGES");
        scratch_refused(scratch.app, "SELECT COUNT(*) FROM user", "denied");
        DB_GIVES(scratch_migrate(&scratch, NULL, NULL, NULL), ERR_OK);
        DB_CHECK(scratch_number(scratch.app, "SELECT COUNT(*) FROM user") > 0);
    }
    scratch_drop(&scratch);
}

/* A program older than the schema leaves it alone. */
static void test_newer(void)
{
    struct scratch scratch;
    struct text problem = TEXT(1024);

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        scratch_run(scratch.owner, "INSERT INTO schema_migration (name, sha256) VALUES "
                                   "('9998_later.sql', REPEAT('x', 32))");
        scratch_run(scratch.owner, "CREATE PROCEDURE later() SELECT 1");
        check_says(scratch.app, scratch.schema, "newer than this program");
        DB_GIVES(scratch_migrate(&scratch, NULL, NULL, &problem), ERR_CONFIG);
        DB_CHECK(strstr(text_string(&problem), "9998_later.sql") != NULL);
        scratch_run(scratch.owner, "CALL later()");
    }
    scratch_drop(&scratch);
    text_free(&problem);
}

/* A server that cannot take the schema is told before anything is made. */
static void test_needs(void)
{
    static const struct {
        const char *rights, *words;
    } rows[] = {
        {"SELECT, INSERT", "lacks rights"},
        {"ALL", "may not grant"},
    };
    struct scratch scratch;
    struct db *weak = NULL;

    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct text problem = TEXT(1024), sql = TEXT(256);
        if (scratch_make(&scratch)) {
            text_addf(&sql, "GRANT %s ON `%s`.* TO `%s`@localhost", rows[i].rights, scratch.name,
                      scratch.name);
            scratch_run(scratch.owner, text_string(&sql));
            DB_GIVES(scratch_connect(&scratch, &weak), ERR_OK);
            const struct migrate_user app = {.user = scratch.name, .hosts = "localhost"};
            DB_GIVES(migrate_run(weak, scratch.schema, &app, NULL, NULL, &problem), ERR_CONFIG);
            DB_CHECK(strstr(text_string(&problem), rows[i].words) != NULL);
            DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM information_schema.tables "
                                                   "WHERE table_schema = DATABASE()") == 0);
            /* One user for both grants nothing. */
            if (i == 1) {
                DB_GIVES(migrate_run(weak, scratch.schema, NULL, NULL, NULL, &problem), ERR_OK);
                check_says(weak, scratch.schema, "");
            }
            db_close(weak);
        }
        scratch_drop(&scratch);
        text_free(&problem);
        text_free(&sql);
    }
}

static void test_canary(void)
{
    struct scratch scratch;
    uint8_t other[SEAL_KEY_SIZE];

    crypto_random(other, sizeof(other));
    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        DB_GIVES(canary_check(scratch.app, test_master), ERR_NOT_FOUND);
        DB_GIVES(canary_write(scratch.owner, test_master), ERR_OK);
        DB_GIVES(canary_check(scratch.app, test_master), ERR_OK);
        DB_GIVES(canary_check(scratch.app, other), ERR_CRYPTO);
        DB_GIVES(canary_write(scratch.owner, other), ERR_CRYPTO);
        DB_GIVES(canary_write(scratch.owner, test_master), ERR_OK);
    }
    scratch_drop(&scratch);
}

/* The application's user works with rows; the shape of things is the owner's. */
static void test_rights(void)
{
    static const char *const refused[] = {
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TEMPORARY TABLE t (id INT PRIMARY KEY)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE TRIGGER t BEFORE INSERT ON user FOR EACH ROW SET NEW.login = ''",
        "ALTER TABLE user ADD COLUMN more INT",
        "ALTER TABLE account DROP CONSTRAINT account_covered",
        "CREATE INDEX i ON user (language)",
        "DROP TABLE user",
        "DROP TRIGGER entry_stays",
        "DROP PROCEDURE otp_use",
        "TRUNCATE TABLE journal",
        "TRUNCATE TABLE entry",
        "RENAME TABLE user TO person",
        "UPDATE journal SET kind = ''",
        "DELETE FROM journal",
        "REPLACE INTO journal (id, kind, user_id, request_key) VALUES (1, '', 1, '')",
        "UPDATE entry SET amount = 0",
        "DELETE FROM entry",
        "INSERT INTO entry SELECT * FROM entry AS old ON DUPLICATE KEY UPDATE amount = 0",
        "UPDATE schema_migration SET name = ''",
        "INSERT INTO schema_migration (name, sha256) VALUES ('x', REPEAT('x', 32))",
        "DELETE FROM schema_migration",
        "GRANT ALL ON user TO CURRENT_USER()",
        "SET GLOBAL innodb_flush_log_at_trx_commit = 0",
        "SELECT COUNT(*) FROM mysql.user",
        "SELECT 1 INTO OUTFILE '/tmp/teller-outfile'",
    };
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK)
        for (size_t i = 0; i < TEST_COUNT(refused); i++)
            scratch_refused(scratch.app, refused[i], "denied");
    scratch_drop(&scratch);
}

static struct amount five(void)
{
    return (struct amount){.units = 5, .currency = currency_by_id(2)};
}

/* What nobody may do, not even the owner. */
static void test_triggers(void)
{
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        DB_GIVES(ledger_credit(scratch.owner, LEDGER_HOUSE, five(), "n"), ERR_OK);
        DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM entry") == 2);
        scratch_refused(scratch.owner, "UPDATE journal SET kind = 'x'",
                        "journals are never changed");
        scratch_refused(scratch.owner, "DELETE FROM journal", "journals are never deleted");
        scratch_refused(scratch.owner, "UPDATE entry SET amount = 0", "entries are never changed");
        scratch_refused(scratch.owner, "DELETE FROM entry", "entries are never deleted");
        scratch_refused(scratch.owner,
                        "INSERT INTO entry SELECT * FROM entry AS old ON DUPLICATE KEY UPDATE "
                        "info = 'x'",
                        "entries are never changed");
        DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM entry AS e JOIN journal AS j "
                                               "ON j.id = e.journal_id WHERE j.kind = 'credit' AND "
                                               "ABS(e.amount) = 5") == 2);
        scratch_run(scratch.owner, "INSERT INTO payout_change (who, what, subject) VALUES ('w', "
                                   "'rail', 'r')");
        scratch_refused(scratch.owner, "UPDATE payout_change SET who = 'x'", "never changed");
        scratch_refused(scratch.owner, "DELETE FROM payout_change", "never deleted");
    }
    scratch_drop(&scratch);
}

static void make_market(struct db *db)
{
    const struct currency *item = currency_by_code("BTC", 3), *usd = currency_by_code("USD", 3);
    const struct market_rules rules = {item, usd, {1, item}, {1, usd}, {1, item}};

    DB_GIVES(market_add(db, &rules), ERR_OK);
}

/* Every CHECK of the schema, each by a statement that it refuses. */
static void test_constraints(void)
{
    static const char currency[] =
        "INSERT INTO currency (id, code, name, symbol, symbol_position, decimals, "
        "display_decimals, is_virtual, ticker_channel, depth_channel) "
        "SELECT 999, 'X', 'X', 'X', 'after', ";
    static const char channels[] = ", FALSE, ticker_channel, depth_channel FROM currency LIMIT 1";
    static const char ticket[] =
        "INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, amount, "
        "key_hash, created_at, expires_at) VALUES (REPEAT('i', 16), 1, 'p', 1, 2, ";
    static const char order[] =
        "INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, "
        "amount, "
        "paid, refunded, description, wants_mail, autosell, instant_only, multipay, created_at) "
        "VALUES (REPEAT('o', 16), 1, 1, 'r', 2, ";
    static const char end_of_order[] = ", 'd', 0, 0, 0, 0, NOW())";
    static const char payment[] =
        "INSERT INTO checkout_payment (id, order_id, payer_id, amount, refunded, journal_id, "
        "created_at) VALUES (REPEAT('p', 16), REPEAT('o', 16), 1, ";
    static const char exchange[] =
        "INSERT INTO checkout_exchange VALUES (REPEAT('p', 16), 'payer', 2, ";
    static const char market_order[] =
        "INSERT INTO market_order (oid, market_id, user_id, side, status, amount, remaining, "
        "funded, hold, fee_percent, fiat_fee, pay_account, gain_account, created_at) "
        "VALUES (REPEAT('m', 16), 1, 1, 'bid', 'invalid', ";
    static const char end_of_market_order[] = ", 0, 0, 1, 1, NOW())";
    static const char rate[] = "INSERT INTO desk_rate (name, kind, give, get) VALUES ('n', ";
    static const char direction[] = "INSERT INTO desk_direction (give_id, get_id, rate_id, step, "
                                    "margin_percent, get_service, give_service_fixed) VALUES (";
    static const char bid[] =
        "INSERT INTO desk_bid (uuid, hash, direction_id, give_id, get_id, pay_in, pay_out, "
        "course_give, course_get, status, turn, account1, account2, language, ip, user_hash, "
        "created_at, changed_at, stage, hold_ref, expires_at, fields, sum1, sum1dc, sum1c, sum2, "
        "sum2dc, sum2c, rounding) VALUES (REPEAT('b', 16), REPEAT('b', 32), 1, 1, 2, 'hand', "
        "'hand', '1', '1', 'new', 1, '', '', 'en', '', '', NOW(), NOW(), ";
    static const char order_of_nobody[] =
        "INSERT INTO checkout_order (id, merchant_id, request_key, currency_id, amount, "
        "description, wants_mail, autosell, instant_only, multipay, created_at, service) VALUES "
        "(REPEAT('o', 16), 1, 'r', 2, 1, 'd', 0, 0, 0, 0, NOW(), ";
    static const char bid_by_hand[] =
        "INSERT INTO desk_bid (uuid, hash, direction_id, give_id, get_id, pay_in, pay_out, "
        "course_give, course_get, status, turn, account1, account2, language, ip, user_hash, "
        "created_at, changed_at, stage, fields, sum1, sum1dc, sum1c, sum2, sum2dc, sum2c, "
        "rounding, merchant_id) VALUES (REPEAT('b', 16), REPEAT('b', 32), 1, 1, 2, 'hand', "
        "'hand', '1', '1', 'delete', 3, '', '', 'en', '', '', NOW(), NOW(), 'none', '{}', 1, 1, "
        "1, 1, 1, 1, 0, ";
    static const char send[] =
        "INSERT INTO ethereum_send (uuid, path_index, nonce, currency_id, recipient, gas, needed, "
        "kind, payout_id, own_index, amount, state, fee) VALUES (REPEAT('e', 16), 0, 0, 2, "
        "REPEAT('r', 20), 1, 1, ";
    static const char deposit[] =
        "INSERT INTO deposit (uuid, rail, txid, output, path_index, user_id, currency_id, amount, "
        "chain_amount, needed, state, note, height) VALUES (REPEAT('d', 16), 'r', REPEAT('d', 32), "
        "0, 1, 1, 2, ";
    static const char payout[] =
        "INSERT INTO payout (uuid, service, ref, user_id, account_id, rail, currency_id, address, "
        "state, turn, created_at, changed_at, next_at, amount, fee) VALUES (REPEAT('p', 16), 's', "
        "'r', 1, 1, 'Bitcoin', 1, 'a', 'approved', 2, NOW(), NOW(), NOW(), ";
    static const char coin[] =
        "INSERT INTO bitcoin_coin (txid, output, path_index, coinbase, value, spent_by, "
        "spent_height) VALUES (REPEAT('t', 32), 0, 0, FALSE, ";
    static const char payout_rule[] = "INSERT INTO payout_rule (kind, currency_id, amount, times, "
                                      "period_s, approvals) VALUES (";
    static const char transfer[] =
        "INSERT INTO wallet_transfer (uuid, user_id, guid, currency_id, amount, source, target) "
        "VALUES (REPEAT('u', 16), 1, 'g', 2, ";
    static const struct {
        const char *start, *middle, *end, *words;
    } rows[] = {
        {currency, "19, 2", channels, "`currency`"},
        {currency, "3, 4", channels, "`currency`"},
        {"UPDATE account SET balance = ", "-1", " WHERE purpose = 'available'", "account_covered"},
        {"UPDATE account SET rail = ", "'bank'", " WHERE purpose = 'available'", "account_rail"},
        {"UPDATE account SET rail = ", "''", " WHERE purpose = 'external'", "account_rail"},
        {"INSERT INTO hold VALUES ('k', REPEAT('h', 16), 1, ", "0", ", 'open', NULL)",
         "hold_positive"},
        {transfer, "0, 'SPOT', 'FUND'", ")", "wallet_transfer_moves"},
        {transfer, "1, 'SPOT', 'SPOT'", ")", "wallet_transfer_moves"},
        {"UPDATE limit_rule SET maximum = ", "-1", "", "limit_not_negative"},
        {"INSERT INTO limit_count VALUES (1, 's', 2, 0, NOW(), ", "-1, 5", ")",
         "count_not_negative"},
        {"INSERT INTO limit_count VALUES (1, 's', 2, 0, NOW(), ", "6, 5", ")",
         "count_not_negative"},
        {"INSERT INTO limit_use VALUES ('k', REPEAT('h', 16), 's', 2, 0, 1, ", "0", ", NOW(), 0)",
         "use_positive"},
        {ticket, "0", ", REPEAT('h', 32), NOW(), NOW())", "`ticket`"},
        {ticket, "-1", ", REPEAT('h', 32), NOW(), NOW())", "`ticket`"},
        {"INSERT INTO merchant_fee VALUES (1, 2, ", "-1, 0", ")", "`merchant_fee`"},
        {"INSERT INTO merchant_fee VALUES (1, 2, ", "100, 0", ")", "`merchant_fee`"},
        {"INSERT INTO merchant_fee VALUES (1, 2, ", "0, -1", ")", "`merchant_fee`"},
        {order, "0, 0, 0", end_of_order, "`checkout_order`"},
        {order, "5, 6, 0", end_of_order, "`checkout_order`"},
        {order, "5, 0, -1", end_of_order, "`checkout_order`"},
        {order, "5, 2, 3", end_of_order, "`checkout_order`"},
        {payment, "0, 0", ", 1, NOW())", "`checkout_payment`"},
        {payment, "5, 6", ", 1, NOW())", "`checkout_payment`"},
        {payment, "5, -1", ", 1, NOW())", "`checkout_payment`"},
        {"UPDATE account SET reserved = ", "6", " WHERE purpose = 'available'", "account_covered"},
        {"UPDATE account SET reserved = ", "-1", " WHERE purpose = 'available'",
         "account_reserved"},
        {"UPDATE market SET id = ", "100", "", "`market`"},
        {"UPDATE market SET id = ", "0", "", "`market`"},
        {"UPDATE market SET amount_step = ", "0", "", "`market`"},
        {"UPDATE market SET price_step = ", "0", "", "`market`"},
        {"UPDATE market SET min_amount = ", "0", "", "`market`"},
        {market_order, "0, 0, 0, 0", end_of_market_order, "`market_order`"},
        {market_order, "5, 6, 0, 0", end_of_market_order, "`market_order`"},
        {market_order, "5, -1, 0, 0", end_of_market_order, "`market_order`"},
        {market_order, "5, 4, 5, 0", end_of_market_order, "`market_order`"},
        {market_order, "5, 5, -1, 0", end_of_market_order, "`market_order`"},
        {market_order, "5, 5, 5, -1", end_of_market_order, "`market_order`"},
        {"INSERT INTO checkout_kept VALUES (REPEAT('p', 16), 1, ", "0",
         ", 'price', NULL, NULL, NULL)", "kept_positive"},
        {"INSERT INTO merchant_autosell VALUES (1, 2, ", "101", ")", "autosell_below"},
        {exchange, "0, 1", ", NULL)", "`checkout_exchange`"},
        {exchange, "1, -1", ", NULL)", "`checkout_exchange`"},
        {"INSERT INTO event (topic, kind, owner_id, seq, subject, payload, at) "
         "VALUES ('t', 'k', 1, 1, REPEAT('s', 16), ",
         "'x'", ", NOW())", "`event`"},
        {"UPDATE currency_rate SET per_dollar = ", "0", "", "`currency_rate`"},
        {rate, "'feed', '1', '1'", ")", "`desk_rate`"},
        {rate, "'fixed', '1', NULL", ")", "`desk_rate`"},
        {direction, "2, 2, 1, NULL, 0, 0, 0", ")", "`desk_direction`"},
        {direction, "2, 1, 1, 0, 0, 0, 0", ")", "`desk_direction`"},
        {direction, "2, 1, 1, NULL, 100, 0, 0", ")", "`desk_direction`"},
        {direction, "2, 1, 1, NULL, 0, 100, 0", ")", "`desk_direction`"},
        {direction, "2, 1, 1, NULL, 0, -1, 0", ")", "`desk_direction`"},
        {direction, "2, 1, 1, NULL, 0, 0, -1", ")", "`desk_direction`"},
        {"INSERT INTO desk_tier (direction_id, from_give, margin_percent) VALUES (1, ", "0, 1", ")",
         "`desk_tier`"},
        {bid, "'none', NULL, NULL, '{}', 0, 0, 0, 1, 1, 1", ", 0)", "`desk_bid`"},
        {bid, "'none', NULL, NULL, '{}', 5, 4, 5, 1, 1, 1", ", 0)", "`desk_bid`"},
        {bid, "'none', NULL, NULL, '{}', 5, 5, 5, 1, 1, 2", ", 0)", "`desk_bid`"},
        {bid, "'none', NULL, NULL, '{}', 5, 5, 5, 1, 1, 1", ", 6)", "`desk_bid`"},
        {bid, "'held', NULL, NULL, '{}', 5, 5, 5, 1, 1, 1", ", 0)", "`desk_bid`"},
        {bid, "'none', NULL, NOW(), '{}', 5, 5, 5, 1, 1, 1", ", 0)", "`desk_bid`"},
        {bid, "'none', NULL, NULL, '{', 5, 5, 5, 1, 1, 1", ", 0)", "`desk_bid`"},
        {"INSERT INTO desk_payout (uuid, partner_id, system_id, account, currency_id, created_at, "
         "changed_at, status, original, pay) VALUES (REPEAT('p', 16), 1, 1, '', 2, NOW(), NOW(), ",
         "4, 1, 1", ")", "`desk_payout`"},
        {"INSERT INTO deposit_rail (rail, format, path, xpub, height) VALUES ('r', 'bitcoin', 'm', "
         "'x', ",
         "1", ")", "`deposit_rail`"},
        {deposit, "-1, 1, 1, 'withhold', 'n', NULL", ")", "`deposit`"},
        {deposit, "1, 0, 1, 'pending', NULL, NULL", ")", "`deposit`"},
        {deposit, "0, 1, 1, 'pending', NULL, NULL", ")", "`deposit`"},
        {deposit, "1, 1, 0, 'pending', NULL, NULL", ")", "`deposit`"},
        {deposit, "1, 1, 1, 'pending', NULL, 1", ")", "`deposit`"},
        {deposit, "1, 1, 1, 'pending', 'n', NULL", ")", "`deposit`"},
        {"INSERT INTO rail (name, kind, outside) VALUES ('r', ", "'internal', 'r'", ")", "`rail`"},
        {"INSERT INTO rail (name, kind, outside) VALUES ('r', ", "'on_chain', ''", ")", "`rail`"},
        {"UPDATE rail_asset SET fee = ", "-1", "", "`rail_asset`"},
        {payout, "0, 0", ")", "`payout`"},
        {payout, "1, -1", ")", "`payout`"},
        {payout_rule, "'all', NULL, NULL, NULL, NULL, 3", ")", "`payout_rule`"},
        {payout_rule, "'all', 2, 1, NULL, NULL, 1", ")", "`payout_rule`"},
        {payout_rule, "'amount', 2, NULL, NULL, NULL, 1", ")", "`payout_rule`"},
        {payout_rule, "'amount', NULL, 1, NULL, NULL, 1", ")", "`payout_rule`"},
        {payout_rule, "'all', NULL, NULL, NULL, 60, 1", ")", "`payout_rule`"},
        {payout_rule, "'all', NULL, NULL, 1, NULL, 1", ")", "`payout_rule`"},
        {payout_rule, "'velocity', NULL, NULL, NULL, 60, 1", ")", "`payout_rule`"},
        {coin, "0, NULL, NULL", ")", "`bitcoin_coin`"},
        {coin, "1, NULL, 5", ")", "`bitcoin_coin`"},
        {send, "'payout', NULL, NULL, 1, 'open', NULL", ")", "`ethereum_send`"},
        {send, "'sweep', NULL, NULL, 1, 'open', NULL", ")", "`ethereum_send`"},
        {send, "'sweep', NULL, 0, 0, 'open', NULL", ")", "`ethereum_send`"},
        {send, "'sweep', NULL, 0, 1, 'open', 1", ")", "`ethereum_send`"},
        {order_of_nobody, "NULL", ")", "order_maker"},
        {bid_by_hand, "1", ")", "bid_merchant"},
    };
    enum { CONSTRAINTS = 57 }; /* a new one needs a row above */
    struct scratch scratch;

    if (scratch_make(&scratch) && scratch_migrate(&scratch, NULL, NULL, NULL) == ERR_OK) {
        DB_CHECK(scratch_number(scratch.owner,
                                "SELECT COUNT(*) FROM information_schema.check_constraints "
                                "WHERE constraint_schema = DATABASE()") == CONSTRAINTS);
        DB_GIVES(ledger_credit(scratch.owner, LEDGER_HOUSE, five(), "n"), ERR_OK);
        scratch_run(scratch.owner, "INSERT INTO partner (id, user_id, name) VALUES ('p', 1, 'p')");
        make_market(scratch.owner);
        scratch_run(scratch.owner, "INSERT INTO desk_rate (name, kind) VALUES ('r', 'fixed')");
        scratch_run(scratch.owner, "INSERT INTO desk_system (code, name, currency_id, decimals, "
                                   "rail) VALUES ('A', 'a', 1, 8, 'a'), ('B', 'b', 2, 2, 'b')");
        scratch_run(scratch.owner, "INSERT INTO desk_direction (give_id, get_id, rate_id) "
                                   "VALUES (1, 2, 1)");
        scratch_run(scratch.owner, "INSERT INTO desk_partner (user_id) VALUES (1)");
        for (size_t i = 0; i < TEST_COUNT(rows); i++) {
            struct text sql = TEXT(2048);
            text_addf(&sql, "%s%s%s", rows[i].start, rows[i].middle, rows[i].end);
            scratch_refused(scratch.owner, text_string(&sql), "CONSTRAINT");
            DB_CHECK(strstr(db_problem(scratch.owner), rows[i].words) != NULL);
            text_free(&sql);
        }
        /* The outside world may owe. */
        DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM account WHERE balance < 0 "
                                               "AND purpose = 'external'") == 1);
    }
    scratch_drop(&scratch);
}

static const struct test_case tests[] = {
    {"every table and column has a comment", test_comments},
    {"every table has a primary key", test_keys},
    {"migrating twice does nothing", test_migrate},
    {"frozen files, procedures, new files", test_frozen},
    {"what a plain restore leaves", test_restored},
    {"what somebody changed is mended", test_mended},
    {"a newer schema is left alone", test_newer},
    {"what the server lacks is told first", test_needs},
    {"a wrong master key is told", test_canary},
    {"what the application's user may not", test_rights},
    {"what nobody may", test_triggers},
    {"constraints", test_constraints},
    {NULL, NULL},
};
const struct test_suite suite_schema = {.name = "schema", .cases = tests};
