/* Closes: what was closed is proven by its hashes, and every row that was altered, taken away or moved is
 * named. */
#include "ledger/close.h"

#include <stdio.h>
#include <string.h>

#include "identity/user.h"
#include "ledger/slip.h"
#include "tests/db/scratch.h"

#define PEOPLE 3

/* A database of its own, with what was booked in three months. */
static struct scratch scratch;

static void open_guards(void)
{
    scratch_run(scratch.owner, "DROP TRIGGER journal_is_final");
    scratch_run(scratch.owner, "DROP TRIGGER journal_stays");
    scratch_run(scratch.owner, "DROP TRIGGER entry_is_final");
    scratch_run(scratch.owner, "DROP TRIGGER entry_stays");
    scratch_run(scratch.owner, "SET foreign_key_checks = OFF");
}

/* 1100 journals from March to May 2021: the first person is credited by more than a row of fingerprints has, the
 * second by the last ten. Account 100 gives, 101 and 102 are theirs. */
static void book_months(void)
{
    scratch_run(scratch.owner,
                "INSERT INTO account (id, owner_id, currency_id, purpose, rail, may_overdraw) "
                "VALUES (100, 1, 2, 'external', 'bank', TRUE)");
    for (int i = 1; i <= PEOPLE; i++) {
        int64_t id;
        char login[16], email[32];
        snprintf(login, sizeof(login), "person%d", i);
        snprintf(email, sizeof(email), "%s@example.org", login);
        DB_GIVES(user_add(scratch.app, login, email, NULL, "full", &id), ERR_OK);
        DB_GIVES(db_run(scratch.owner,
                        "INSERT INTO account (id, owner_id, currency_id, purpose) VALUES (?, ?, 2, "
                        "'available')",
                        DB_ARGS(db_i64(100 + i), db_i64(id)), NULL),
                 ERR_OK);
    }
    scratch_run(scratch.owner,
                "INSERT INTO journal (id, kind, at, user_id, request_key) SELECT seq, 'credit', "
                "'2021-03-05' + INTERVAL seq * 110 MINUTE, 1, CONCAT('booked:', seq) FROM "
                "seq_1_to_1100");
    scratch_run(scratch.owner,
                "INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info) "
                "SELECT IF(seq <= 1090, 101, 102), IF(seq <= 1090, seq, seq - 1090), seq, 10, 10 * "
                "IF(seq <= 1090, seq, seq - 1090), 'deposit', CONCAT('Credit ', seq) FROM "
                "seq_1_to_1100 UNION ALL SELECT 100, seq, seq, -10, CAST(seq AS SIGNED) * -10, "
                "NULL, NULL FROM "
                "seq_1_to_1100");
    scratch_run(scratch.owner,
                "UPDATE account AS a JOIN (SELECT account_id, COUNT(*) AS entries, SUM(amount) AS "
                "balance FROM entry GROUP BY account_id) AS e ON e.account_id = a.id SET "
                "a.balance = e.balance, a.entries = e.entries");
}

static void start(void)
{
    if (!scratch_make(&scratch))
        return;
    DB_GIVES(scratch_migrate(&scratch, NULL, NULL, NULL), ERR_OK);
    open_guards();
    book_months();
}

static void end(void)
{
    scratch_drop(&scratch);
}

struct findings {
    unsigned count;
    char first[256];
};

static void see(void *arg, const char *words)
{
    struct findings *findings = arg;

    if (findings->count++ == 0)
        snprintf(findings->first, sizeof(findings->first), "%s", words);
}

static struct findings check(struct ledger_close *last)
{
    struct findings findings = {.count = 0};
    struct audit_report report = {.difference = see, .arg = &findings};

    DB_GIVES(ledger_close_check(scratch.app, &report, last), ERR_OK);
    DB_CHECK(report.differences == findings.count);
    return findings;
}

static struct ledger_close close_month(struct findings *findings)
{
    struct audit_report report = {.difference = see, .arg = findings};
    struct ledger_close made;
    int64_t ends_s;

    DB_GIVES(ledger_close_due(scratch.app, &ends_s), ERR_OK);
    DB_GIVES(ledger_close(scratch.app, ends_s, &report, &made), ERR_OK);
    return made;
}

/* What does not follow is not closed, and nothing of it stays. */
static void test_broken(void)
{
    struct findings findings = {.count = 0};

    scratch_run(scratch.owner, "UPDATE entry SET balance = 7 WHERE account_id = 101 AND seq = 300");
    struct ledger_close made = close_month(&findings);
    DB_CHECK(made.id == 0 && findings.count > 0);
    DB_CHECK(strcmp(findings.first,
                    "entry 300 of account 101 does not continue the balance of the one before") ==
             0);
    DB_CHECK(scratch_number(scratch.owner, "SELECT COUNT(*) FROM ledger_close_account") == 0);
    scratch_run(scratch.owner,
                "UPDATE entry SET balance = 3000 WHERE account_id = 101 AND seq = 300");
}

/* March to May are over; each is closed once, up to the last journal of its month. */
static void test_months(void)
{
    struct findings findings = {.count = 0};
    struct audit_report report = {.difference = see, .arg = &findings};
    struct ledger_close made, last;
    uint64_t entries = 0;
    static const char *const ends[] = {"2021-04-01", "2021-05-01", "2021-06-01"};

    for (size_t i = 0; i < TEST_COUNT(ends); i++) {
        made = close_month(&findings);
        DB_CHECK(made.id == (int64_t)i + 1 && findings.count == 0);
        int64_t end = 0;
        struct db_rows rows = {0};
        DB_GIVES(
            db_run(scratch.app,
                   "SELECT UNIX_TIMESTAMP(?) DIV 1, (SELECT MAX(id) FROM journal WHERE at < ?)",
                   DB_ARGS(db_text(ends[i]), db_text(ends[i])), &rows),
            ERR_OK);
        DB_CHECK(db_next(&rows) && (end = db_get_i64(&rows, 0)) == made.ends_s &&
                 db_get_i64(&rows, 1) == made.last_journal);
        db_rows_free(&rows);
        entries += made.entries;
        DB_GIVES(ledger_close(scratch.app, end, &report, &made), ERR_INVALID);
    }
    DB_CHECK(entries == 2200);
    DB_GIVES(ledger_close_last(scratch.app, &last), ERR_OK);
    DB_CHECK(last.id == 3 && last.last_journal == 1100);
    findings = check(&made);
    DB_CHECK(findings.count == 0 && memcmp(made.hash, last.hash, SHA256_SIZE) == 0);
}

/* A moment that journals under way may still fall before is refused. */
static void test_too_early(void)
{
    struct findings findings = {.count = 0};
    struct audit_report report = {.difference = see, .arg = &findings};
    struct ledger_close made;

    DB_GIVES(ledger_close(scratch.app, clock_now_us() / 1000000, &report, &made), ERR_INVALID);
    DB_CHECK(made.id == 0);
}

/* A statement that tampers with what is closed, one that takes it back, and how it is named. */
static const struct {
    const char *plant, *undo, *words;
    unsigned count;
} plants[] = {
    {"UPDATE entry SET amount = 11 WHERE account_id = 101 AND seq = 5",
     "UPDATE entry SET amount = 10 WHERE account_id = 101 AND seq = 5",
     "entry 5 of account 101 or its journal 5 is not what was closed", 1},
    {"UPDATE entry SET info = 'Credit' WHERE account_id = 101 AND seq = 1030",
     "UPDATE entry SET info = 'Credit 1030' WHERE account_id = 101 AND seq = 1030",
     "entry 1030 of account 101 or its journal 1030 is not what was closed", 1},
    {"UPDATE entry SET type = NULL WHERE account_id = 102 AND seq = 3",
     "UPDATE entry SET type = 'deposit' WHERE account_id = 102 AND seq = 3",
     "entry 3 of account 102 or its journal 1093 is not what was closed", 1},
    {"UPDATE journal SET request_key = 'another' WHERE id = 1095",
     "UPDATE journal SET request_key = 'booked:1095' WHERE id = 1095",
     "entry 1095 of account 100 or its journal 1095 is not what was closed", 2},
    {"UPDATE journal SET at = at + INTERVAL 1 MICROSECOND WHERE id = 1",
     "UPDATE journal SET at = at - INTERVAL 1 MICROSECOND WHERE id = 1",
     "entry 1 of account 100 or its journal 1 is not what was closed", 2},
    {"UPDATE journal SET id = 5000 WHERE id = 20", "UPDATE journal SET id = 20 WHERE id = 5000",
     "entry 20 of account 100 or its journal 20 is not what was closed", 3},
    {"UPDATE entry SET account_id = 999 WHERE account_id = 102 AND seq = 4",
     "UPDATE entry SET account_id = 102 WHERE account_id = 999",
     "entry 4 of account 102 is missing", 1},
    {"UPDATE entry SET account_id = 999 WHERE account_id = 101 AND seq BETWEEN 7 AND 9",
     "UPDATE entry SET account_id = 101 WHERE account_id = 999",
     "entries 7 to 9 of account 101 are missing", 1},
    {"UPDATE entry SET account_id = 999 WHERE account_id = 102",
     "UPDATE entry SET account_id = 102 WHERE account_id = 999",
     "entries 1 to 10 of account 102 are missing", 1},
    {"UPDATE entry SET seq = CASE seq WHEN 40 THEN 5041 ELSE 5040 END WHERE account_id = 101 AND "
     "seq IN (40, 41)",
     "UPDATE entry SET seq = CASE seq WHEN 5041 THEN 40 ELSE 41 END WHERE account_id = 101 AND "
     "seq > 5000",
     "entries 40 to 41 of account 101 are missing", 1},
};

static void test_tampering(void)
{
    struct ledger_close last;

    for (size_t i = 0; i < TEST_COUNT(plants); i++) {
        scratch_run(scratch.owner, plants[i].plant);
        struct findings found = check(&last);
        db_test_check(found.count == plants[i].count && strcmp(found.first, plants[i].words) == 0,
                      found.count == 0 ? plants[i].plant : found.first, __FILE__, __LINE__);
        scratch_run(scratch.owner, plants[i].undo);
        found = check(&last);
        db_test_check(found.count == 0, plants[i].undo, __FILE__, __LINE__);
    }
}

/* Two entries that have changed places, in one statement each way. */
static void test_order(void)
{
    static const char swap[] =
        "UPDATE entry AS a JOIN entry AS b ON b.account_id = a.account_id AND b.seq = 53 - a.seq "
        "JOIN (SELECT seq, info, journal_id FROM entry WHERE account_id = 101 AND seq IN (26, 27)) "
        "AS o ON o.seq = b.seq SET a.info = o.info, a.journal_id = o.journal_id WHERE a.account_id "
        "= 101 AND a.seq IN (26, 27)";
    struct ledger_close last;

    scratch_run(scratch.owner, swap);
    struct findings found = check(&last);
    DB_CHECK(found.count == 2 &&
             strcmp(found.first, "entry 26 of account 101 or its journal 27 is not what was "
                                 "closed") == 0);
    scratch_run(scratch.owner, swap);
    DB_CHECK(check(&last).count == 0);
}

/* Whoever alters a close as well is found by what it was chained to. */
static void test_closes(void)
{
    static const struct {
        const char *plant, *undo, *words;
    } closes[] = {
        {"UPDATE ledger_close_account SET balance = balance + 7 WHERE account_id = 102",
         "UPDATE ledger_close_account SET balance = balance - 7 WHERE account_id = 102",
         "close 3: the entries of account 102 do not make its balance or hash"},
        {"UPDATE ledger_close SET entries = entries + 1 WHERE id = 2",
         "UPDATE ledger_close SET entries = entries - 1 WHERE id = 2",
         "the hash of close 2 is not what its accounts make"},
        {"UPDATE ledger_close SET id = 9 WHERE id = 2",
         "UPDATE ledger_close SET id = 2 WHERE id = 9", "close 2 is missing"},
        {"UPDATE ledger_close_print SET account_id = 999 WHERE account_id = 102",
         "UPDATE ledger_close_print SET account_id = 102 WHERE account_id = 999",
         "the fingerprint of entry 1 of account 102 is missing"},
    };
    struct ledger_close last;

    scratch_refused(scratch.owner, closes[0].plant, "closes are never changed");
    scratch_refused(scratch.app, "DELETE FROM ledger_close", "closes are never deleted");
    scratch_run(scratch.owner, "DROP TRIGGER close_is_final");
    scratch_run(scratch.owner, "DROP TRIGGER close_account_is_final");
    scratch_run(scratch.owner, "DROP TRIGGER close_print_is_final");
    for (size_t i = 0; i < TEST_COUNT(closes); i++) {
        scratch_run(scratch.owner, closes[i].plant);
        struct findings found = check(&last);
        db_test_check(found.count > 0 && strcmp(found.first, closes[i].words) == 0,
                      found.count == 0 ? closes[i].plant : found.first, __FILE__, __LINE__);
        scratch_run(scratch.owner, closes[i].undo);
        found = check(&last);
        db_test_check(found.count == 0, closes[i].undo, __FILE__, __LINE__);
    }
}

static const struct test_case cases[] = {
    {"what does not follow is not closed", test_broken},
    {"months, one by one", test_months},
    {"not before all has ended that was under way", test_too_early},
    {"a row that was altered, is missing or was moved is named", test_tampering},
    {"two rows that have changed places", test_order},
    {"closes that were altered", test_closes},
    {NULL, NULL},
};
const struct test_suite suite_close = {.name = "close", .cases = cases, .start = start, .end = end};
