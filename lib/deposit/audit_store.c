/* The deposits' part of the audit: what they say, compared with what was booked for them. */
#include "deposit/deposit.h"
#include "ledger/sql.h"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* what is completed was credited once more than taken back, all else as often */
    "SELECT CONCAT('deposit ', d.id, ' is ', d.state, ' after ', d.credits, ' credits, its "
    "journals are ', "
    "COALESCE(j.credits, 0), ' credits and ', COALESCE(j.backs, 0), ' taken back') FROM deposit AS "
    "d "
    "LEFT JOIN (SELECT ref, SUM(kind = 'deposit_credit') AS credits, SUM(kind = 'deposit_back') AS "
    "backs FROM " LEDGER_SQL_JOURNALS " AS journal WHERE kind IN ('deposit_credit', "
    "'deposit_back') GROUP BY ref) AS j ON j.ref = d.uuid "
    "WHERE NOT (COALESCE(j.credits, 0) = d.credits AND COALESCE(j.credits, 0) - COALESCE(j.backs, "
    "0) = (d.state = 'completed'))",

    /* each of its journals moved its amount over its rail's external account */
    "SELECT CONCAT('journal ', j.id, ' of deposit ', d.id, ' moved ', e.amount, ' of ', d.amount, "
    "' on "
    "', a.rail) FROM " LEDGER_SQL_JOURNALS
    " AS j JOIN deposit AS d ON d.uuid = j.ref JOIN " LEDGER_SQL_ENTRIES_OF_JOURNAL
    " AS e ON e.journal_id = j.id JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = e.account_id AND a.purpose = 'external' WHERE j.kind IN ('deposit_credit', "
    "'deposit_back') [AND j.id >= ?] AND NOT (a.rail = d.rail AND a.currency_id = d.currency_id "
    "AND "
    "e.amount = IF(j.kind = 'deposit_credit', -d.amount, d.amount))",

    /* no money moved for what is not there */
    "SELECT CONCAT('journal ', j.id, ' (', j.kind, ') is about no deposit') "
    "FROM " LEDGER_SQL_JOURNALS
    " AS j LEFT JOIN deposit AS d ON d.uuid = j.ref WHERE j.kind IN ('deposit_credit', "
    "'deposit_back') AND d.id IS NULL",

    /* who owes, owes */
    "SELECT CONCAT('account ', id, ' (owed) has ', balance) FROM " LEDGER_SQL_ACCOUNTS
    " AS a WHERE purpose = 'owed' AND balance > 0",

    /* a deposit is whose address it was paid to */
    "SELECT CONCAT('deposit ', d.id, ' is of user ', d.user_id, ', its address of ', a.user_id) "
    "FROM "
    "deposit AS d JOIN deposit_address AS a ON a.rail = d.rail AND a.path_index = d.path_index "
    "WHERE "
    "a.user_id <> d.user_id",
};

const struct audit deposit_audit = {
    .counts = {{"deposits", "SELECT COUNT(*) FROM deposit"}},
    AUDIT_CHECKS(checks),
};
