/* The payouts' part of the audit: what they hold and count, recomputed. */
#include "ledger/sql.h"
#include "payout/payout.h"

/* The payouts of new journals. */
#define TOUCHED "(SELECT since.ref FROM " LEDGER_SQL_JOURNALS " AS since WHERE since.id >= ?)"

#define GAVE_BACK "('rejected', 'failed', 'returned', 'cancelled')"
#define OUTSIDE(payout) \
    "EXISTS (SELECT 1 FROM rail AS r WHERE r.name = " payout ".rail AND r.kind <> 'internal')"

/* How many journals of each kind a payout has. */
#define OF_KIND(kind, name) "COUNT(IF(kind = '" kind "', 1, NULL)) AS " name
#define STORIES                                                                             \
    "(SELECT ref, " OF_KIND("payout_hold", "held, ") OF_KIND("payout_done", "done, ")       \
        OF_KIND("payout_back", "back, ") OF_KIND("payout_return", "returned, ")             \
            OF_KIND("payout_inside", "inside ") "FROM " LEDGER_SQL_JOURNALS                 \
                                                " AS journal WHERE kind LIKE 'payout\\_%' " \
                                                "[AND ref IN " TOUCHED "] GROUP BY ref)"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* each open payout has its hold, each that ended none, and nothing else has one of a payout */
    "SELECT CONCAT('payout ', p.id, ' of ', p.amount + p.fee, ' is ', p.state, ', its hold of ', "
    "COALESCE(h.amount, 'nothing'), ' is ', COALESCE(h.state, 'not there')) FROM payout AS p "
    "LEFT JOIN " LEDGER_SQL_HOLDS
    " AS h ON h.kind = 'payout' AND h.ref = p.uuid LEFT JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = h.account_id LEFT JOIN " LEDGER_SQL_ACCOUNTS
    " AS f ON f.id = p.account_id WHERE NOT IF(" OUTSIDE(
        "p") ", h.amount <=> p.amount + p.fee AND "
             "CASE WHEN p.state = 'confirmed' THEN h.state <=> 'captured' WHEN p.state = "
             "'returned' THEN "
             "h.state IN ('captured', 'released') WHEN p.state IN " GAVE_BACK
             " THEN h.state <=> 'released' "
             "ELSE h.state <=> 'open' END AND a.owner_id <=> p.user_id AND a.currency_id <=> "
             "p.currency_id "
             "AND a.purpose <=> 'held', h.amount IS NULL AND p.state = 'confirmed' AND "
             "p.to_user_id IS NOT "
             "NULL) OR NOT (f.owner_id <=> p.user_id AND f.currency_id <=> p.currency_id)",
    "SELECT CONCAT('hold ', LOWER(HEX(h.ref)), ' is for a payout that does not exist') "
    "FROM " LEDGER_SQL_HOLDS " AS h LEFT JOIN payout AS p ON p.uuid = h.ref WHERE h.kind = "
    "'payout' AND p.id IS NULL",

    /* ... and its use of the customer's limit, given back with the money */
    "SELECT CONCAT('payout ', p.id, ' of ', p.amount + p.fee, ' is ', p.state, ', it used ', "
    "COALESCE(u.amount, 'nothing'), IF(u.given_back, ', which was given back', '')) FROM payout AS "
    "p LEFT JOIN " LEDGER_SQL_USES " AS u ON u.kind = 'payout' AND u.ref = p.uuid AND u.scope = "
    "'withdrawal' AND u.currency_id = p.currency_id AND u.by_value = FALSE WHERE NOT IF(" OUTSIDE(
        "p") ", u.amount <=> p.amount + p.fee AND u.user_id <=> p.user_id AND u.given_back <=> "
             "(p.state IN " GAVE_BACK "), u.amount IS NULL)",

    /* the journals that tell its story are there, each once: nothing is paid, or given back, twice */
    "SELECT CONCAT('payout ', p.id, ' is ', p.state, ' with ', COALESCE(j.held, 0), ' holding, ', "
    "COALESCE(j.done, 0), ' paying, ', COALESCE(j.back, 0), ' releasing, ', COALESCE(j.returned, "
    "0), ' returning and ', COALESCE(j.inside, 0), ' inside journals') FROM payout AS p LEFT "
    "JOIN " STORIES " AS j ON j.ref = p.uuid WHERE NOT COALESCE(IF(" OUTSIDE(
        "p") ", j.held = 1 AND "
             "j.inside = 0 AND j.done = (p.state = 'confirmed') + j.returned AND j.back + "
             "j.returned = "
             "(p.state IN " GAVE_BACK
             ") AND j.returned <= (p.state = 'returned'), j.inside = 1 AND j.held "
             "+ j.done + j.back + j.returned = 0), FALSE) [AND p.uuid IN " TOUCHED "]",

    /* its history is whole, and ends with what it is */
    "SELECT CONCAT('payout ', p.id, ' has ', p.turn, ' states up to ', p.state, ', its history ', "
    "COALESCE(h.turns, 0)) FROM payout AS p LEFT JOIN (SELECT payout_id, COUNT(*) AS turns, "
    "MAX(turn) AS last FROM payout_history GROUP BY payout_id) AS h ON h.payout_id = p.id LEFT "
    "JOIN payout_history AS l ON l.payout_id = p.id AND l.turn = p.turn WHERE NOT (h.turns <=> "
    "p.turn AND h.last <=> p.turn AND l.state <=> p.state)",

    /* what waited for operators was approved by as many as it needed, none of whom asked for it */
    "SELECT CONCAT('payout ', p.id, ' is ', p.state, ' with ', COUNT(y.user_id), ' of ', p.needed, "
    "' approvals') FROM payout AS p LEFT JOIN payout_approval AS y ON y.payout_id = p.id GROUP BY "
    "p.id HAVING (COUNT(y.user_id) < MAX(p.needed) AND MAX(p.state IN ('approved', 'sending', "
    "'unknown', 'sent', 'confirmed', 'failed', 'returned'))) OR COUNT(IF(y.user_id = p.user_id, 1, "
    "NULL)) > 0",

    /* no money moved for a payout that is not there */
    "SELECT CONCAT('journal ', j.id, ' is about a payout that does not exist') "
    "FROM " LEDGER_SQL_JOURNALS " AS j LEFT JOIN payout AS p ON p.uuid = j.ref WHERE j.kind LIKE "
    "'payout\\_%' AND p.id IS NULL [AND j.id >= ?]",
};

const struct audit payout_audit = {
    .counts = {{"payouts", "SELECT COUNT(*) FROM payout"}},
    AUDIT_CHECKS(checks),
};
