/* The audit of the wallet. */
#include "ledger/sql.h"
#include "wallet/wallet.h"

/* The transfers of new journals. */
#define TOUCHED "(SELECT since.ref FROM " LEDGER_SQL_JOURNALS " AS since WHERE since.id >= ?)"

static const char *const checks[] = {
    /* each transfer is one journal that moves its amount between the two accounts of its user */
    "SELECT CONCAT('transfer ', t.guid, ' of user ', t.user_id, ' moved ', COALESCE(moved.units, "
    "0), "
    "' instead of ', t.amount) FROM wallet_transfer AS t LEFT JOIN (SELECT j.ref, SUM(e.amount) AS "
    "units, a.owner_id, a.purpose, a.currency_id FROM " LEDGER_SQL_JOURNALS
    " AS j JOIN " LEDGER_SQL_ENTRIES_OF_JOURNAL
    " AS e ON e.journal_id = j.id JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = e.account_id WHERE j.kind = 'wallet_transfer' AND e.amount > 0 [AND j.id >= "
    "?] GROUP BY j.ref, "
    "a.id) AS moved ON moved.ref = t.uuid AND moved.owner_id = t.user_id AND moved.currency_id = "
    "t.currency_id AND moved.purpose = IF(t.target = 'FUND', 'fund', 'available') "
    "WHERE NOT moved.units <=> t.amount [AND t.uuid IN " TOUCHED "]",

    /* and there is no other journal of that kind */
    "SELECT CONCAT('journal ', j.id, ' is of no transfer') FROM " LEDGER_SQL_JOURNALS
    " AS j WHERE j.kind = 'wallet_transfer' AND NOT EXISTS (SELECT 1 FROM wallet_transfer AS t "
    "WHERE t.uuid = j.ref) [AND j.id >= ?]",
};

const struct audit wallet_audit = {
    .counts = {{"transfers", "SELECT COUNT(*) FROM wallet_transfer"}},
    AUDIT_CHECKS(checks),
};
