/* The desk's part of the audit: what bids and payouts say, compared with what was booked for them. */
#include "desk/store.h"
#include "ledger/sql.h"

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* each bid that holds has its hold of sum2 in its system's account, and nothing else has one */
    "SELECT CONCAT('bid ', b.id, ' of ', b.sum2, ' is ', b.stage, ', its hold of ', "
    "COALESCE(h.amount, 'nothing'), ' is ', COALESCE(h.state, 'not there')) FROM desk_bid AS b "
    "JOIN desk_system AS s ON s.id = b.get_id LEFT JOIN " LEDGER_SQL_HOLDS
    " AS h ON h.kind = 'desk' "
    "AND h.ref = b.hold_ref LEFT JOIN " LEDGER_SQL_ACCOUNTS " AS a ON a.id = h.account_id "
    "WHERE b.stage IN ('held', 'paid') AND NOT (h.amount <=> b.sum2 AND h.state <=> 'open' "
    "AND a.owner_id <=> 1 AND a.purpose <=> 'held' AND a.rail <=> s.rail "
    "AND a.currency_id <=> s.currency_id)",
    "SELECT CONCAT('hold ', LOWER(HEX(h.ref)), ' of ', h.amount, ' is open for no bid') "
    "FROM " LEDGER_SQL_HOLDS " AS h LEFT JOIN desk_bid AS b ON b.hold_ref = h.ref "
    "AND b.stage IN ('held', 'paid') WHERE h.kind = 'desk' AND h.state = 'open' AND b.id IS NULL",

    /* what came in and waits is that of the bids that are paid */
    "SELECT CONCAT('account ', a.id, ' (incoming on ', a.rail, ') has ', a.balance, ', its bids "
    "make ', COALESCE(SUM(b.sum1dc), 0)) FROM " LEDGER_SQL_ACCOUNTS
    " AS a LEFT JOIN (SELECT b.sum1dc, s.rail, "
    "s.currency_id FROM desk_bid AS b JOIN desk_system AS s ON s.id = b.give_id WHERE b.stage = "
    "'paid') AS b ON b.rail = a.rail AND b.currency_id = a.currency_id WHERE a.purpose = "
    "'incoming' GROUP BY a.id HAVING MAX(a.balance) <> COALESCE(SUM(b.sum1dc), 0)",

    /* the journals of each bid's story lead to where it is */
    "SELECT CONCAT('bid ', b.id, ' is ', b.stage, ' with journals that come to ', "
    "COALESCE(j.holds, 0), ' holding, ', COALESCE(j.pays, 0), ' paying and ', COALESCE(j.ends, 0), "
    "' done') FROM desk_bid AS b LEFT JOIN (SELECT ref, "
    "SUM((kind = 'desk_hold') - (kind = 'desk_free')) AS holds, "
    "SUM((kind = 'desk_pay') - (kind = 'desk_unpay')) AS pays, "
    "SUM((kind = 'desk_done') - (kind = 'desk_undone')) AS ends FROM " LEDGER_SQL_JOURNALS
    " AS journal "
    "WHERE kind LIKE 'desk\\_%' GROUP BY ref) AS j ON j.ref = b.uuid "
    "WHERE NOT (COALESCE(j.holds, 0) = (b.stage <> 'none') AND COALESCE(j.pays, 0) = "
    "(b.stage IN ('paid', 'done')) AND COALESCE(j.ends, 0) = (b.stage = 'done'))",

    /* its history is whole, and ends with what it is */
    "SELECT CONCAT('bid ', b.id, ' has ', b.turn, ' statuses up to ', b.status, ', its history ', "
    "COALESCE(h.turns, 0)) FROM desk_bid AS b LEFT JOIN (SELECT bid_id, COUNT(*) AS turns, "
    "MAX(turn) AS last FROM desk_bid_history GROUP BY bid_id) AS h ON h.bid_id = b.id "
    "LEFT JOIN desk_bid_history AS l ON l.bid_id = b.id AND l.turn = b.turn "
    "WHERE NOT (h.turns <=> b.turn AND h.last <=> b.turn AND l.status <=> b.status)",

    /* what affiliates have is what they were credited and not yet paid */
    "SELECT CONCAT('affiliate ', p.user_id, ' has ', COALESCE(a.balance, 0), ', rewards of ', "
    "COALESCE(b.reward, 0), ' less payouts of ', COALESCE(o.original, 0)) FROM desk_partner AS p "
    "LEFT JOIN " LEDGER_SQL_ACCOUNTS
    " AS a ON a.owner_id = p.user_id AND a.purpose = 'affiliate' LEFT JOIN "
    "(SELECT partner_id, SUM(reward) AS reward FROM desk_bid GROUP BY partner_id) AS b "
    "ON b.partner_id = p.user_id LEFT JOIN (SELECT partner_id, SUM(original) AS original FROM "
    "desk_payout WHERE status IN (0, 1) GROUP BY partner_id) AS o ON o.partner_id = p.user_id "
    "WHERE COALESCE(a.balance, 0) <> COALESCE(b.reward, 0) - COALESCE(o.original, 0)",
    "SELECT CONCAT('affiliate ', p.user_id, ' has a turnover of ', p.turnover, ', its bids make ', "
    "COALESCE(SUM(b.worth), 0)) FROM desk_partner AS p LEFT JOIN desk_bid AS b ON b.partner_id = "
    "p.user_id AND b.stage = 'done' GROUP BY p.user_id HAVING MAX(p.turnover) <> "
    "COALESCE(SUM(b.worth), 0)",
    "SELECT CONCAT('bid ', b.id, ' is ', b.stage, ' and has a reward of ', b.reward) "
    "FROM desk_bid AS b WHERE b.reward <> 0 AND (b.stage <> 'done' OR b.partner_id IS NULL)",

    /* a payout that waits holds both what it takes and what it brings; one that has ended nothing */
    "SELECT CONCAT('payout ', o.id, ' has status ', o.status, ', its hold of ', o.original, ' is "
    "', "
    "COALESCE(h.state, 'not there'), ', that of ', o.pay, ' is ', COALESCE(r.state, 'not there')) "
    "FROM desk_payout AS o LEFT JOIN " LEDGER_SQL_HOLDS
    " AS h ON h.kind = 'desk_payout' AND h.ref = o.uuid "
    "LEFT JOIN " LEDGER_SQL_HOLDS " AS r ON r.kind = 'desk_payout_pay' AND r.ref = o.uuid "
    "WHERE NOT (h.amount <=> o.original AND r.amount <=> o.pay AND h.state <=> "
    "CASE o.status WHEN 0 THEN 'open' WHEN 1 THEN 'captured' ELSE 'released' END "
    "AND r.state <=> h.state)",

    /* no money moved for what is not there */
    "SELECT CONCAT('journal ', j.id, ' (', j.kind, ') is about no bid') FROM " LEDGER_SQL_JOURNALS
    " AS j "
    "LEFT JOIN desk_bid AS b ON b.uuid = j.ref WHERE j.kind IN ('desk_hold', 'desk_free', "
    "'desk_pay', 'desk_unpay', 'desk_done', 'desk_undone', 'desk_reward', 'desk_unreward') "
    "AND b.id IS NULL",
};

const struct audit desk_audit = {
    .counts = {{"bids", "SELECT COUNT(*) FROM desk_bid"}},
    AUDIT_CHECKS(checks),
};
