/* The audit: everything recomputed from the entries. */
#include "ledger/audit.h"

#include "ledger/ledger.h"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    "SELECT CONCAT('journal ', e.journal_id, ' is off by ', SUM(e.amount), ' in ', c.code) "
    "FROM entry AS e JOIN account AS a ON a.id = e.account_id JOIN currency AS c ON c.id = "
    "a.currency_id "
    "GROUP BY e.journal_id, a.currency_id HAVING SUM(e.amount) <> 0",

    "SELECT CONCAT('journal ', j.id, ' (', j.kind, ') has no entry') "
    "FROM journal AS j LEFT JOIN entry AS e ON e.journal_id = j.id WHERE e.journal_id IS NULL",

    "SELECT CONCAT('account ', a.id, ' holds ', a.balance, ', its entries make ', "
    "COALESCE(s.total, 0)) "
    "FROM account AS a LEFT JOIN (SELECT account_id, SUM(amount) AS total FROM entry GROUP BY "
    "account_id) AS s "
    "ON s.account_id = a.id WHERE a.balance <> COALESCE(s.total, 0)",

    "SELECT CONCAT('account ', a.id, ' counts ', a.entries, ' entries and has ', COALESCE(s.n, 0), "
    "', the last one numbered ', COALESCE(s.last, 0)) "
    "FROM account AS a LEFT JOIN (SELECT account_id, COUNT(*) AS n, MAX(seq) AS last FROM entry "
    "GROUP BY account_id) AS s "
    "ON s.account_id = a.id WHERE a.entries <> COALESCE(s.n, 0) OR a.entries <> COALESCE(s.last, "
    "0)",

    "SELECT CONCAT('entry ', seq, ' of account ', account_id, ' says ', balance, ' where the sum "
    "is ', total) FROM "
    "(SELECT account_id, seq, balance, SUM(amount) OVER (PARTITION BY account_id ORDER BY seq) AS "
    "total FROM entry) AS chain "
    "WHERE balance <> total",

    "SELECT CONCAT('account ', id, ' is overdrawn: ', balance) FROM account "
    "WHERE balance < 0 AND NOT (may_overdraw AND purpose IN ('external', "
    "'profit', 'affiliate'))",

    /* what is held is what open holds promise, whoever holds it */
    "SELECT CONCAT('account ', a.id, ' (', a.purpose, ') has ', a.balance, ', its open holds make "
    "', "
    "COALESCE(h.amount, 0)) FROM account AS a LEFT JOIN (SELECT account_id, SUM(amount) AS amount "
    "FROM hold WHERE state = 'open' GROUP BY account_id) AS h ON h.account_id = a.id "
    "WHERE COALESCE(h.amount, 0) <> IF(a.purpose = 'held', a.balance, 0)",

    /* what limits count is what was used and not given back */
    "SELECT CONCAT('user ', c.user_id, ' counts ', c.day_amount, ' on ', c.day, ' and ', "
    "c.month_amount, ' in its month of ', c.scope, ', its uses make ', COALESCE(SUM(IF(u.day = "
    "c.day, u.amount, 0)), 0), ' and ', COALESCE(SUM(u.amount), 0), ' in currency ', "
    "c.currency_id) "
    "FROM limit_count AS c LEFT JOIN limit_use AS u ON u.user_id = c.user_id AND u.scope = c.scope "
    "AND u.currency_id = c.currency_id AND u.by_value = c.by_value AND NOT u.given_back "
    "AND u.day BETWEEN c.day - INTERVAL DAY(c.day) - 1 DAY AND LAST_DAY(c.day) "
    "GROUP BY c.user_id, c.scope, c.currency_id, c.by_value "
    "HAVING MAX(c.day_amount) <> COALESCE(SUM(IF(u.day = c.day, u.amount, 0)), 0) "
    "OR MAX(c.month_amount) <> COALESCE(SUM(u.amount), 0)",
};

struct run {
    const char *const *checks;
    size_t count;
    void (*difference)(void *arg, const char *words);
    void *arg;
    uint64_t *differences;
};

static enum err run_check(struct db *db, const char *sql, struct run *run)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, sql, DB_NO_ARGS, &rows);
    while (rc == ERR_OK && db_next(&rows)) {
        run->difference(run->arg, db_get_text(&rows, 0));
        (*run->differences)++;
    }
    db_rows_free(&rows);
    return rc;
}

static enum err run_all(struct db *db, void *arg)
{
    struct run *run = arg;
    enum err rc = ERR_OK;
    *run->differences = 0;
    for (size_t i = 0; rc == ERR_OK && i < run->count; i++)
        rc = run_check(db, run->checks[i], run);
    return rc;
}

enum err audit_run(struct db *db, const char *const *checks_to_run, size_t count,
                   void (*difference)(void *arg, const char *words), void *arg,
                   uint64_t *differences)
{
    struct run run = {checks_to_run, count, difference, arg, differences};
    enum err rc = db_run(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", DB_NO_ARGS, NULL);
    return rc == ERR_OK ? db_txn(db, run_all, &run, NULL) : rc;
}

enum err ledger_audit(struct db *db, void (*difference)(void *arg, const char *words), void *arg,
                      struct ledger_audit *out)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db,
                         "SELECT (SELECT COUNT(*) FROM journal), (SELECT COUNT(*) FROM entry), "
                         "(SELECT COUNT(*) FROM account)",
                         DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *out = (struct ledger_audit){.journals = db_get_u64(&rows, 0),
                                     .entries = db_get_u64(&rows, 1),
                                     .accounts = db_get_u64(&rows, 2)};
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    return audit_run(db, checks, sizeof(checks) / sizeof(checks[0]), difference, arg,
                     &out->differences);
}
