/* The checkout's part of the audit: orders against payments, postings and events. */
#include "checkout/checkout.h"
#include "ledger/sql.h"
#include "notify/sql.h"

#define ORDER "CONCAT('order ', LOWER(HEX(o.id)), ' (', o.status, ')"

/* The orders of new journals. */
#define TOUCHED "(SELECT since.ref FROM " LEDGER_SQL_JOURNALS " AS since WHERE since.id >= ?)"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* escrow is exactly what orders paid in part were paid */
    "SELECT CONCAT('merchant ', owner_id, ' has ', SUM(escrow), ' in escrow, partly paid orders "
    "make ', SUM(waiting), ' in currency ', currency_id) FROM ("
    "SELECT owner_id, currency_id, balance AS escrow, 0 AS waiting FROM " LEDGER_SQL_ACCOUNTS
    " AS account "
    "WHERE purpose = 'escrow' UNION ALL "
    "SELECT merchant_id, currency_id, 0, paid FROM checkout_order WHERE status = 'partial') AS "
    "both_sides "
    "GROUP BY owner_id, currency_id HAVING SUM(escrow) <> SUM(waiting)",

    /* an order is the sum of its payments */
    "SELECT " ORDER ": paid ', o.paid, ', refunded ', o.refunded, '; its payments make ', "
    "COALESCE(p.paid, 0), ' and ', COALESCE(p.refunded, 0)) FROM checkout_order AS o LEFT JOIN ("
    "SELECT order_id, SUM(amount) AS paid, SUM(refunded) AS refunded FROM checkout_payment "
    "GROUP BY order_id) AS p ON p.order_id = o.id "
    "WHERE o.paid <> COALESCE(p.paid, 0) OR o.refunded <> COALESCE(p.refunded, 0)",

    /* the state is what the sums say */
    "SELECT " ORDER ": asks ', o.amount, ', paid ', o.paid, ', refunded ', o.refunded) "
    "FROM checkout_order AS o WHERE NOT CASE "
    "WHEN o.multipay THEN o.status IN ('open', 'cancelled', 'closed') AND o.paid MOD o.amount = 0 "
    "WHEN o.status = 'open' THEN o.paid = 0 "
    "WHEN o.status = 'partial' THEN o.paid > 0 AND o.paid < o.amount AND o.refunded = 0 "
    "WHEN o.status = 'paid' THEN o.paid = o.amount AND o.refunded = 0 "
    "WHEN o.status = 'partly_refunded' THEN o.paid = o.amount AND o.refunded > 0 "
    "AND o.refunded < o.paid "
    "WHEN o.status = 'refunded' THEN o.paid = o.amount AND o.refunded = o.paid "
    "ELSE o.paid < o.amount AND o.refunded = o.paid END "
    "OR (o.ended_at IS NOT NULL) <> (o.status IN ('cancelled', 'closed')) "
    "OR (o.paid_at IS NOT NULL) <> IF(o.multipay, o.paid > 0, o.status IN ('paid', "
    "'partly_refunded', 'refunded'))",

    /* each payment was posted: its journal took it from its payer */
    "SELECT CONCAT('payment ', LOWER(HEX(p.id)), ' of ', p.amount, ': its journal ', j.id, ' (', "
    "j.kind, ') took ', COALESCE(-e.amount, 0), ' from its payer') FROM checkout_payment AS p "
    "JOIN checkout_order AS o ON o.id = p.order_id JOIN " LEDGER_SQL_JOURNALS
    " AS j ON j.id = p.journal_id "
    "LEFT JOIN " LEDGER_SQL_ACCOUNTS " AS a ON a.owner_id = p.payer_id AND a.purpose = 'available' "
    "AND a.currency_id = o.currency_id "
    "LEFT JOIN " LEDGER_SQL_ENTRIES_OF_JOURNAL
    " AS e ON e.journal_id = j.id AND e.account_id = a.id "
    "WHERE (j.kind <> 'checkout_pay' OR j.ref <> p.order_id OR j.user_id <> p.payer_id "
    "OR COALESCE(e.amount, 0) <> -p.amount) [AND j.id >= ?]",

    /* the journals of an order and their money: what was earned, what went back */
    "SELECT " ORDER ": ', COALESCE(s.payments, 0), ' payments posted, ', COALESCE(s.ends, 0), "
    "' ends; earned ', COALESCE(s.earned, 0), ', went back ', COALESCE(s.back, 0)) "
    "FROM checkout_order AS o LEFT JOIN (SELECT j.ref, "
    "COUNT(DISTINCT IF(j.kind = 'checkout_pay', j.id, NULL)) AS payments, "
    "COUNT(DISTINCT IF(j.kind IN ('checkout_cancel', 'checkout_close'), j.id, NULL)) AS ends, "
    "SUM(IF(e.type = 'earned', e.amount, 0)) AS earned, "
    "SUM(IF(e.type = 'deposit', e.amount, 0)) AS back "
    "FROM " LEDGER_SQL_JOURNALS " AS j JOIN " LEDGER_SQL_ENTRIES_OF_JOURNAL
    " AS e ON e.journal_id = j.id WHERE j.kind LIKE 'checkout\\_%' "
    "[AND j.ref IN " TOUCHED "] GROUP BY j.ref) AS s ON s.ref = o.id "
    "WHERE (COALESCE(s.payments, 0) <> (SELECT COUNT(*) FROM checkout_payment AS p WHERE "
    "p.order_id = o.id) "
    "OR COALESCE(s.ends, 0) <> (o.status IN ('cancelled', 'closed') AND NOT o.multipay "
    "AND o.paid > 0) "
    "OR COALESCE(s.earned, 0) <> IF(o.paid_at IS NULL, 0, o.paid) "
    "OR COALESCE(s.back, 0) <> o.refunded) [AND o.id IN " TOUCHED "]",

    /* what was changed at the market for a payment is enough for it, and no more than was earned */
    "SELECT CONCAT('payment ', LOWER(HEX(p.id)), ' of ', p.amount, ': its ', x.party, ' gave ', "
    "x.given, ' and gained ', x.gained) FROM checkout_exchange AS x "
    "JOIN checkout_payment AS p ON p.id = x.payment_id "
    "JOIN checkout_order AS o ON o.id = p.order_id "
    "WHERE x.currency_id = o.currency_id OR NOT IF(x.party = 'payer', "
    "x.gained >= p.amount AND x.quote_id IS NOT NULL, "
    "o.autosell AND o.paid_at IS NOT NULL AND x.quote_id IS NULL "
    "AND x.given <= IF(o.multipay, p.amount, o.amount))",

    /* what autosell kept and what it sold are no more than was earned, by an order that wants it */
    "SELECT CONCAT('payment ', LOWER(HEX(p.id)), ' of ', p.amount, ': autosell kept ', k.amount, "
    "' and sold ', COALESCE(x.given, 0)) FROM checkout_kept AS k "
    "JOIN checkout_payment AS p ON p.id = k.payment_id "
    "JOIN checkout_order AS o ON o.id = p.order_id "
    "LEFT JOIN checkout_exchange AS x ON x.payment_id = p.id AND x.party = 'merchant' "
    "WHERE NOT o.autosell OR o.paid_at IS NULL OR k.merchant_id <> o.merchant_id "
    "OR k.amount + COALESCE(x.given, 0) > IF(o.multipay, p.amount, o.amount)",

    /* no money moved for an order that is not there */
    "SELECT CONCAT('journal ', j.id, ' is about an order that does not exist') "
    "FROM " LEDGER_SQL_JOURNALS " AS j "
    "LEFT JOIN checkout_order AS o ON o.id = j.ref WHERE j.kind LIKE 'checkout\\_%' AND o.id IS "
    "NULL [AND j.id >= ?]",

    /* each change was told, once */
    "SELECT " ORDER ": told of ', COALESCE(e.payments, 0), ' payments, ', COALESCE(e.refunds, 0), "
    "' refunds, ', COALESCE(e.ends, 0), ' ends') FROM checkout_order AS o LEFT JOIN ("
    "SELECT subject, SUM(kind IN ('paid', 'partial')) AS payments, "
    "SUM(kind = 'refunded') AS refunds, SUM(kind IN ('cancelled', 'closed')) AS ends "
    "FROM " NOTIFY_SQL_EVENTS
    " AS event WHERE topic = 'checkout' GROUP BY subject) AS e ON e.subject = o.id "
    "LEFT JOIN (SELECT ref, COUNT(*) AS refunds FROM " LEDGER_SQL_JOURNALS
    " AS journal WHERE kind = 'checkout_refund' "
    "GROUP BY ref) AS j ON j.ref = o.id "
    "WHERE COALESCE(e.payments, 0) <> (SELECT COUNT(*) FROM checkout_payment AS p WHERE "
    "p.order_id = o.id) "
    "OR COALESCE(e.refunds, 0) <> COALESCE(j.refunds, 0) "
    "OR COALESCE(e.ends, 0) <> (o.ended_at IS NOT NULL)",

    /* nobody was told of what did not happen */
    "SELECT CONCAT('event ', e.id, ' (', e.kind, ') tells of no payment or no order') "
    "FROM " NOTIFY_SQL_EVENTS " AS e LEFT JOIN checkout_order AS o ON o.id = e.subject "
    "LEFT JOIN checkout_payment AS p ON p.id = e.ref "
    "WHERE e.topic = 'checkout' AND e.kind <> 'test' AND (o.id IS NULL OR o.merchant_id <> "
    "e.owner_id "
    "OR (e.kind IN ('paid', 'partial') AND (p.id IS NULL OR p.order_id <> o.id)))",
};

const struct audit checkout_audit = {
    .counts = {{"orders", "SELECT COUNT(*) FROM checkout_order"}},
    AUDIT_CHECKS(checks),
};
