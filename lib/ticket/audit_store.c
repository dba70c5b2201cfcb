/* The tickets' part of the audit: what they hold and count, recomputed. */
#include "ledger/sql.h"
#include "ticket/ticket.h"

/* The tickets of new journals. */
#define TOUCHED "(SELECT since.ref FROM " LEDGER_SQL_JOURNALS " AS since WHERE since.id >= ?)"

/* How many journals of each kind a ticket has. */
#define OF_KIND(kinds, name) "COUNT(IF(kind IN (" kinds "), 1, NULL)) AS " name
#define STORIES                                                                                  \
    "(SELECT ref, " OF_KIND("'ticket_create'", "created, ") OF_KIND("'ticket_settle'",           \
                                                                    "settled, ")                 \
        OF_KIND("'ticket_cancel', 'ticket_reject', 'ticket_expire'", "released, ")               \
            OF_KIND("'ticket_refund'",                                                           \
                    "refunded ") "FROM " LEDGER_SQL_JOURNALS                                     \
                                 " AS journal WHERE kind LIKE 'ticket\\_%' [AND ref IN " TOUCHED \
                                 "] GROUP BY ref)"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* each ticket has its hold, in the state that is its own, and nothing else has one of a ticket */
    "SELECT CONCAT('ticket ', LOWER(HEX(t.id)), ' of ', t.amount, ' is ', t.status, ', its hold of "
    "', "
    "COALESCE(h.amount, 'nothing'), ' is ', COALESCE(h.state, 'not there')) FROM ticket AS t "
    "LEFT JOIN " LEDGER_SQL_HOLDS " AS h ON h.kind = 'ticket' AND h.ref = t.id "
    "LEFT JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.id = h.account_id WHERE NOT (h.amount <=> t.amount "
    "AND h.state <=> IF(t.status = 'open', 'open', IF(t.settled_at IS NULL, 'released', "
    "'captured')) "
    "AND a.owner_id <=> t.customer_id AND a.currency_id <=> t.currency_id)",
    "SELECT CONCAT('hold ', LOWER(HEX(h.ref)), ' is for a ticket that does not exist') "
    "FROM " LEDGER_SQL_HOLDS
    " AS h LEFT JOIN ticket AS t ON t.id = h.ref WHERE h.kind = 'ticket' AND t.id IS NULL",

    /* ... and its use of the customer's limit, given back with the money */
    "SELECT CONCAT('ticket ', LOWER(HEX(t.id)), ' of ', t.amount, ' is ', t.status, ', it used ', "
    "COALESCE(u.amount, 'nothing'), IF(u.given_back, ', which was given back', '')) "
    "FROM ticket AS t LEFT JOIN " LEDGER_SQL_USES " AS u ON u.kind = 'ticket' AND u.ref = t.id "
    "AND u.scope = 'withdrawal' AND u.currency_id = t.currency_id AND u.by_value = FALSE "
    "WHERE NOT (u.amount <=> t.amount AND u.user_id <=> t.customer_id AND u.day <=> "
    "DATE(t.created_at) AND u.given_back <=> (t.status IN ('refunded', 'cancelled', 'rejected', "
    "'expired')))",

    /* the journals that tell a ticket's story are there, each once */
    "SELECT CONCAT('ticket ', LOWER(HEX(t.id)), ' is ', t.status, ' with ', "
    "COALESCE(j.created, 0), ' creating, ', COALESCE(j.settled, 0), ' settling, ', "
    "COALESCE(j.released, 0), ' releasing and ', COALESCE(j.refunded, 0), ' refunding journals') "
    "FROM ticket AS t LEFT JOIN " STORIES " AS j ON j.ref = t.id "
    "WHERE NOT (COALESCE(j.created, 0) = 1 AND j.settled = (t.settled_at IS NOT NULL) "
    "AND j.released = (t.status IN ('cancelled', 'rejected', 'expired')) "
    "AND j.refunded = (t.status = 'refunded')) [AND t.id IN " TOUCHED "]",

    /* no money moved for a ticket that is not there */
    ("SELECT CONCAT('journal ', j.id, ' is about a ticket that does not exist') "
     "FROM " LEDGER_SQL_JOURNALS " AS j "
     "LEFT JOIN ticket AS t ON t.id = j.ref WHERE j.kind LIKE 'ticket\\_%' AND t.id IS NULL [AND "
     "j.id >= ?]"),
};

const struct audit ticket_audit = {
    .counts = {{"tickets", "SELECT COUNT(*) FROM ticket"}},
    AUDIT_CHECKS(checks),
};
