/* The audit: everything recomputed from the entries. */
#include "ledger/audit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"

#define SQL_MAX 16384

/* The accounts that journals moved since then. */
#define MOVED "(SELECT DISTINCT account_id FROM entry WHERE journal_id >= ?)"

/* Whether any journal is off, without looking at each: where all entries of a currency, times a weight that
 * their journal has for this statement alone, do not sum to zero. What is off in some journals makes such
 * a sum zero once in 2^32 times for each of the two weights. */
#define OF_JOURNAL "CONCAT(UNIX_TIMESTAMP(NOW(6)), '/', e.journal_id)"
#define SOME_OFF                                                                         \
    "EXISTS (SELECT 1 FROM (SELECT SUM(e.amount * CRC32(" OF_JOURNAL ")) AS one, "       \
    "SUM(e.amount * CRC32C(" OF_JOURNAL ")) AS other FROM entry AS e JOIN account AS a " \
    "ON a.id = e.account_id [WHERE e.journal_id >= ?] GROUP BY a.currency_id) AS sums "  \
    "WHERE one <> 0 OR other <> 0)"

/* Each gives one row of words per difference. What an account holds is proven along the chain of its
 * entries: each says the balance of the one before and its own amount, the first begins with nothing, none
 * is missing, and the account says what the last one does. So its balance is the sum of its entries, at
 * the cost of one look at each. */
static const char *const checks[] = {
    "SELECT CONCAT('journal ', e.journal_id, ' is off by ', SUM(e.amount), ' in ', c.code) "
    "FROM entry AS e JOIN account AS a ON a.id = e.account_id JOIN currency AS c ON c.id = "
    "a.currency_id WHERE " SOME_OFF " [AND e.journal_id >= ?] "
    "GROUP BY e.journal_id, a.currency_id HAVING SUM(e.amount) <> 0",

    "SELECT CONCAT('journal ', j.id, ' (', j.kind, ') has no entry') "
    "FROM journal AS j LEFT JOIN entry AS e ON e.journal_id = j.id WHERE e.journal_id IS NULL "
    "[AND j.id >= ?]",

    "SELECT CONCAT('entry ', e.seq, ' of account ', e.account_id, ' says ', e.balance, "
    "IF(e.seq > 1 AND p.seq IS NULL, ', the one before is missing', "
    "CONCAT(', where the sum is ', COALESCE(p.balance, 0) + e.amount))) "
    "FROM entry AS e LEFT JOIN entry AS p ON p.account_id = e.account_id AND p.seq = e.seq - 1 "
    "WHERE (e.balance <> COALESCE(p.balance, 0) + e.amount OR (e.seq > 1 AND p.seq IS NULL)) "
    "[AND e.journal_id >= ?]",

    "SELECT CONCAT('account ', a.id, ' holds ', a.balance, ', its entries make ', "
    "COALESCE(e.balance, 0)) "
    "FROM account AS a LEFT JOIN entry AS e ON e.account_id = a.id AND e.seq = a.entries "
    "WHERE a.balance <> COALESCE(e.balance, 0)",

    "SELECT CONCAT('account ', id, ' counts ', entries, ' entries, the last one numbered ', last) "
    "FROM (SELECT id, entries, COALESCE((SELECT MAX(seq) FROM entry WHERE account_id = "
    "account.id), "
    "0) AS last FROM account) AS counted WHERE entries <> last",

    "SELECT CONCAT('account ', id, ' is overdrawn: ', balance) FROM account "
    "WHERE balance < 0 AND NOT (may_overdraw AND purpose IN ('external', "
    "'profit', 'cost', 'affiliate', 'owed'))",

    /* what is held is what open holds promise, whoever holds it */
    "SELECT CONCAT('account ', a.id, ' (', a.purpose, ') has ', a.balance, ', its open holds make "
    "', COALESCE(h.amount, 0)) FROM account AS a LEFT JOIN (SELECT account_id, SUM(amount) AS "
    "amount FROM hold WHERE state = 'open' [AND account_id IN " MOVED "] GROUP BY account_id) AS h "
    "ON h.account_id = a.id "
    "WHERE COALESCE(h.amount, 0) <> IF(a.purpose = 'held', a.balance, 0) [AND a.id IN " MOVED "]",

    /* what limits count is what was used and not given back */
    "SELECT CONCAT('user ', c.user_id, ' counts ', c.day_amount, ' on ', c.day, ' and ', "
    "c.month_amount, ' in its month of ', c.scope, ', its uses make ', COALESCE(SUM(IF(u.day = "
    "c.day, u.amount, 0)), 0), ' and ', COALESCE(SUM(u.amount), 0), ' in currency ', "
    "c.currency_id) "
    "FROM limit_count AS c LEFT JOIN limit_use AS u ON u.user_id = c.user_id AND u.scope = c.scope "
    "AND u.currency_id = c.currency_id AND u.by_value = c.by_value AND NOT u.given_back "
    "AND u.day BETWEEN c.day - INTERVAL DAY(c.day) - 1 DAY AND LAST_DAY(c.day) "
    "[WHERE c.user_id IN (SELECT owner_id FROM account WHERE id IN " MOVED ")] "
    "GROUP BY c.user_id, c.scope, c.currency_id, c.by_value "
    "HAVING MAX(c.day_amount) <> COALESCE(SUM(IF(u.day = c.day, u.amount, 0)), 0) "
    "OR MAX(c.month_amount) <> COALESCE(SUM(u.amount), 0)",
};

const struct audit ledger_audit = {
    .counts = {{"journals", "SELECT COUNT(*) FROM journal"},
               {"entries", "SELECT COUNT(*) FROM entry"},
               {"accounts", "SELECT COUNT(*) FROM account"}},
    AUDIT_CHECKS(checks),
};

static const struct audit *registered[AUDITS_MAX];
static size_t registered_count;

void audit_register(const struct audit *audit)
{
    for (size_t i = 0; i < registered_count; i++)
        if (registered[i] == audit)
            return;
    if (registered_count == AUDITS_MAX)
        abort(); /* our bug */
    registered[registered_count++] = audit;
}

static enum err count_rows(struct db *db, const struct audit *audit, struct audit_report *report)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < AUDIT_COUNTS_MAX && audit->counts[i].name != NULL; i++) {
        struct db_rows rows = {0};
        rc = db_run(db, audit->counts[i].sql, DB_NO_ARGS, &rows);
        if (rc == ERR_OK && db_next(&rows) && report->counted != NULL)
            report->counted(report->arg, audit->counts[i].name, db_get_u64(&rows, 0));
        db_rows_free(&rows);
    }
    return rc;
}

/* A check as it runs: what stands in brackets only where older journals are taken as given, with the first
 * of the others in place of each mark. */
static void write_check(struct text *sql, const char *check, int64_t since)
{
    bool only_since = false;

    for (const char *at = check; *at != '\0'; at++) {
        if (*at == '[' || *at == ']')
            only_since = *at == '[';
        else if (only_since && since == 0)
            continue;
        else if (*at == '?')
            text_addf(sql, "%" PRId64, since);
        else
            text_putc(sql, *at);
    }
}

static enum err run_check(struct db *db, const char *check, struct audit_report *report)
{
    struct text sql = TEXT(SQL_MAX);
    struct db_rows rows = {0};

    write_check(&sql, check, report->since);
    enum err rc = db_run(db, text_string(&sql), DB_NO_ARGS, &rows);
    text_free(&sql);
    while (rc == ERR_OK && db_next(&rows)) {
        report->difference(report->arg, db_get_text(&rows, 0));
        report->differences++;
    }
    db_rows_free(&rows);
    return rc;
}

/* One audit on its way: what was reported before it is kept where it has to begin again. */
struct run {
    const struct audit *audit;
    struct audit_report *report;
    uint64_t before;
};

static enum err run_checks(struct db *db, void *arg)
{
    struct run *run = arg;
    enum err rc = ERR_OK;

    run->report->differences = run->before;
    for (size_t i = 0; rc == ERR_OK && i < run->audit->check_count; i++)
        rc = run_check(db, run->audit->checks[i], run->report);
    return rc;
}

enum err audit_run(struct db *db, const struct audit *audit, struct audit_report *report)
{
    struct run run = {.audit = audit, .report = report, .before = report->differences};

    enum err rc = count_rows(db, audit, report);
    if (rc == ERR_OK)
        rc = db_run(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", DB_NO_ARGS, NULL);
    return rc == ERR_OK ? db_txn(db, run_checks, &run, NULL) : rc;
}

enum err audit_first_since(struct db *db, int64_t unix_s, int64_t *journal_id)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT COALESCE((SELECT MIN(id) FROM journal WHERE at >= "
                         "FROM_UNIXTIME(?)), MAX(id) + 1, 1) FROM journal",
                         DB_ARGS(db_i64(unix_s)), &rows);
    if (rc == ERR_OK && db_next(&rows))
        *journal_id = db_get_i64(&rows, 0);
    db_rows_free(&rows);
    return rc;
}

enum err audit_run_all(struct db *db, struct audit_report *report)
{
    enum err rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < registered_count; i++)
        rc = audit_run(db, registered[i], report);
    return rc;
}
