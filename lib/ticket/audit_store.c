/* The tickets' part of the audit: what they hold and count, recomputed. */
#include "ledger/audit.h"
#include "ticket/ticket.h"

#define COUNTED "status NOT IN ('refunded', 'cancelled', 'rejected', 'expired')"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* held money is exactly what open tickets promise */
    "SELECT CONCAT('user ', owner_id, ' holds ', SUM(held), ', open tickets make ', SUM(promised), "
    "' in currency ', currency_id) FROM ("
    "SELECT owner_id, currency_id, balance AS held, 0 AS promised FROM account "
    "WHERE purpose = 'held' UNION ALL "
    "SELECT customer_id, currency_id, 0, amount FROM ticket WHERE status = 'open') AS both_sides "
    "GROUP BY owner_id, currency_id HAVING SUM(held) <> SUM(promised)",

    /* what the limits count is what was withdrawn and not given back */
    "SELECT CONCAT('user ', w.user_id, ' counts ', w.day_amount, ' on ', w.day, ' and ', "
    "w.month_amount, ' in its month, tickets make ', COALESCE(SUM(IF(DATE(t.created_at) = w.day, "
    "t.amount, 0)), 0), ' and ', COALESCE(SUM(t.amount), 0), ' in currency ', w.currency_id) "
    "FROM withdrawal_usage AS w LEFT JOIN ticket AS t ON t.customer_id = w.user_id "
    "AND t.currency_id = w.currency_id AND t." COUNTED " "
    "AND LAST_DAY(t.created_at) = LAST_DAY(w.day) "
    "GROUP BY w.user_id, w.currency_id "
    "HAVING MAX(w.day_amount) <> COALESCE(SUM(IF(DATE(t.created_at) = w.day, t.amount, 0)), 0) "
    "OR MAX(w.month_amount) <> COALESCE(SUM(t.amount), 0)",

    /* the journals that tell a ticket's story are there, each once */
    "SELECT CONCAT('ticket ', LOWER(HEX(t.id)), ' is ', t.status, ' with ', "
    "COALESCE(j.created, 0), ' creating, ', COALESCE(j.settled, 0), ' settling, ', "
    "COALESCE(j.released, 0), ' releasing and ', COALESCE(j.refunded, 0), ' refunding journals') "
    "FROM ticket AS t LEFT JOIN (SELECT ref, SUM(kind = 'ticket_create') AS created, "
    "SUM(kind = 'ticket_settle') AS settled, "
    "SUM(kind IN ('ticket_cancel', 'ticket_reject', 'ticket_expire')) AS released, "
    "SUM(kind = 'ticket_refund') AS refunded FROM journal GROUP BY ref) AS j ON j.ref = t.id "
    "WHERE NOT (COALESCE(j.created, 0) = 1 AND j.settled = (t.settled_at IS NOT NULL) "
    "AND j.released = (t.status IN ('cancelled', 'rejected', 'expired')) "
    "AND j.refunded = (t.status = 'refunded'))",

    /* no money moved for a ticket that is not there */
    ("SELECT CONCAT('journal ', j.id, ' is about a ticket that does not exist') FROM journal AS j "
     "LEFT JOIN ticket AS t ON t.id = j.ref WHERE j.kind LIKE 'ticket\\_%' AND t.id IS NULL"),
};

enum err ticket_audit(struct db *db, void (*difference)(void *arg, const char *words), void *arg,
                      uint64_t *checked, uint64_t *differences)
{
    struct db_rows rows = {0};
    enum err rc = db_run(db, "SELECT COUNT(*) FROM ticket", DB_NO_ARGS, &rows);
    if (rc == ERR_OK && db_next(&rows))
        *checked = db_get_u64(&rows, 0);
    db_rows_free(&rows);
    if (rc != ERR_OK)
        return rc;
    return audit_run(db, checks, sizeof(checks) / sizeof(checks[0]), difference, arg, differences);
}
