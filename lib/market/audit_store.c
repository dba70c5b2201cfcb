/* The market's part of the audit: orders against holds, book, queues and trades; trades against
 * postings, candles and volumes. */
#include "ledger/sql.h"
#include "market/market.h"

#define ORDER "CONCAT('order ', LOWER(HEX(o.oid)), ' (', o.side, ', ', o.status, ')"
#define TRADE "CONCAT('trade ', t.tid, "

/* A trade with both its orders and its market. */
#define TRADES                                                                          \
    "trade AS t JOIN market AS m ON m.id = t.market_id JOIN market_order AS b ON b.id " \
    "= t.bid_id JOIN market_order AS a ON a.id = t.ask_id "

/* The entries that a trade's journal has, each with a bit of its own, as the figures of the trade make them.
 * An account has at most one of a type in it. */
#define LEG_NAMES                                                                            \
    "'spent', 'fee of the bid in the currency', 'in', 'fee of the bid in the item', 'out', " \
    "'earned', 'fee of the ask', 'fee of the item', 'fee of the currency', 'rounding', 'others'"
#define CURRENCY_FEE "(IF(b.fiat_fee, t.buyer_fee, 0) + t.seller_fee)"
#define LEG_OF_ENTRY                                                                            \
    "CASE WHEN e.account_id = b.pay_account AND e.type = 'spent' AND e.amount = -t.spent "      \
    "THEN 1 WHEN e.account_id = b.pay_account AND e.type = 'fee' AND b.fiat_fee AND e.amount "  \
    "= -t.buyer_fee THEN 2 WHEN e.account_id = b.gain_account AND e.type = 'in' AND e.amount "  \
    "= t.amount THEN 4 WHEN e.account_id = b.gain_account AND e.type = 'fee' AND NOT "          \
    "b.fiat_fee AND e.amount = -t.buyer_fee THEN 8 WHEN e.account_id = a.pay_account AND "      \
    "e.type = 'out' AND e.amount = -t.amount THEN 16 WHEN e.account_id = a.gain_account AND "   \
    "e.type = 'earned' AND e.amount = t.earned THEN 32 WHEN e.account_id = a.gain_account AND " \
    "e.type = 'fee' AND e.amount = -t.seller_fee THEN 64 WHEN e.account_id = "                  \
    "m.item_fee_account AND e.type = 'fee' AND NOT b.fiat_fee AND e.amount = t.buyer_fee THEN " \
    "128 WHEN e.account_id = m.currency_fee_account AND e.type = 'fee' AND e.amount "           \
    "= " CURRENCY_FEE " THEN 256 WHEN e.account_id = m.rounding_account AND e.type IS NULL "    \
    "AND e.amount = t.spent - t.earned THEN 512 ELSE 1024 END"
#define LEGS_OF_TRADE                                                                        \
    "1 + 4 + 16 + 32 + IF(t.buyer_fee = 0, 0, IF(b.fiat_fee, 2, 8 + 128)) + IF(t.seller_fee" \
    " = 0, 0, 64) + IF(" CURRENCY_FEE " = 0, 0, 256) + IF(t.spent = t.earned, 0, 512)"

/* Trades of one span of candles summed up. */
#define SPAN(seconds)                                                                         \
    "SELECT market_id, " seconds " AS span_s, tid DIV 1000000 DIV " seconds " * " seconds     \
    " AS at, MIN(tid) AS first_tid, MAX(tid) AS last_tid, MAX(price) AS high, MIN(price) AS " \
    "low, SUM(amount) AS volume, SUM(amount * price) AS turnover, SUM(price) AS price_sum, "  \
    "COUNT(*) AS trades FROM trade WHERE voided_at IS NULL GROUP BY market_id, at "

/* Each gives one row of words per difference. */
static const char *const checks[] = {
    /* what is reserved is what live orders hold */
    "SELECT CONCAT('account ', a.id, ' reserves ', a.reserved, ', its live orders hold ', "
    "COALESCE(o.hold, 0)) FROM " LEDGER_SQL_ACCOUNTS
    " AS a LEFT JOIN (SELECT pay_account, SUM(hold) AS hold "
    "FROM market_order WHERE ended_at IS NULL GROUP BY pay_account) AS o ON o.pay_account = a.id "
    "WHERE a.reserved <> COALESCE(o.hold, 0)",

    /* live orders are counted where they pay from */
    "SELECT CONCAT('account ', a.id, ' counts ', a.live_orders, ' live orders, there are ', "
    "COALESCE(o.live, 0)) FROM " LEDGER_SQL_ACCOUNTS
    " AS a LEFT JOIN (SELECT pay_account, COUNT(*) AS live "
    "FROM market_order WHERE ended_at IS NULL GROUP BY pay_account) AS o ON o.pay_account = a.id "
    "WHERE a.live_orders <> COALESCE(o.live, 0)",

    /* an order holds what its funded part costs */
    "SELECT " ORDER ": holds ', o.hold, ' for ', o.funded) FROM market_order AS o "
    "JOIN market AS m ON m.id = o.market_id WHERE o.hold <> CASE WHEN o.side = 'ask' THEN o.funded "
    "WHEN o.price IS NULL THEN 0 ELSE market_bid_hold(o.funded, o.price, m.item_unit, "
    "IF(o.fiat_fee, o.fee_percent, 0)) END",

    /* it takes from and adds to its owner's accounts */
    "SELECT " ORDER ": its accounts are not its owner''s') FROM market_order AS o "
    "JOIN market AS m ON m.id = o.market_id "
    "LEFT JOIN " LEDGER_SQL_ACCOUNTS " AS p ON p.id = o.pay_account AND p.owner_id = o.user_id "
    "AND p.purpose = 'available' AND p.currency_id = IF(o.side = 'bid', m.currency_id, m.item_id) "
    "LEFT JOIN " LEDGER_SQL_ACCOUNTS " AS g ON g.id = o.gain_account AND g.owner_id = o.user_id "
    "AND g.purpose = 'available' AND g.currency_id = IF(o.side = 'bid', m.item_id, m.currency_id) "
    "WHERE p.id IS NULL OR g.id IS NULL",

    /* the state is what the figures say, and only open orders are in the book */
    "SELECT " ORDER ": remaining ', o.remaining, ', funded ', o.funded, ', in the book ', "
    "COALESCE(o.book_rank, 'not'), ', ended ', COALESCE(o.ended_at, 'not')) "
    "FROM market_order AS o WHERE NOT CASE o.status "
    "WHEN 'open' THEN o.funded > 0 AND o.price IS NOT NULL "
    "WHEN 'done' THEN o.remaining = 0 "
    "WHEN 'cancelled' THEN o.remaining > 0 AND o.funded = 0 "
    "ELSE o.remaining > 0 AND o.funded = 0 END "
    "OR (o.ended_at IS NOT NULL) <> (o.status IN ('done', 'cancelled')) "
    "OR NOT (o.book_rank <=> CASE WHEN o.status <> 'open' THEN NULL "
    "WHEN o.side = 'bid' THEN -o.price ELSE o.price END)",

    /* what was archived is nothing but cancelled orders without a fill, and is nowhere else */
    "SELECT " ORDER ": in the archive', IF(b.id IS NULL, '', ' and not'), ', ', o.remaining, ' of "
    "', o.amount, ' remain') FROM market_order_archive AS o LEFT JOIN market_order AS b ON "
    "b.id = o.id OR b.oid = o.oid WHERE o.status <> 'cancelled' OR o.remaining <> o.amount "
    "OR o.hold <> 0 OR o.ended_at IS NULL OR b.id IS NOT NULL "
    "OR EXISTS (SELECT 1 FROM trade AS t WHERE t.bid_id = o.id) "
    "OR EXISTS (SELECT 1 FROM trade AS t WHERE t.ask_id = o.id)",

    /* the book by price is the sum of its orders */
    "SELECT CONCAT('market ', market_id, ': ', side, ' level ', price, ' shows ', SUM(level), "
    "', its orders make ', SUM(funded)) FROM (SELECT market_id, side, price, amount AS level, 0 AS "
    "funded FROM market_level UNION ALL SELECT market_id, side, price, 0, funded FROM market_order "
    "WHERE book_rank IS NOT NULL) AS both_sides GROUP BY market_id, side, price "
    "HAVING SUM(level) <> SUM(funded)",

    /* the search for a level's first order does not begin behind it */
    "SELECT CONCAT('market ', l.market_id, ': ', l.side, ' level ', l.price, ' begins at order ', "
    "l.head, ', its first is ', o.id) FROM market_level AS l JOIN (SELECT market_id, side, price, "
    "MIN(id) AS id FROM market_order WHERE book_rank IS NOT NULL GROUP BY market_id, side, price) "
    "AS o ON o.market_id = l.market_id AND o.side = l.side AND o.price = l.price "
    "WHERE l.head > o.id",

    /* nobody who would trade stands in the book */
    "SELECT CONCAT('market ', b.market_id, ': a bid at ', b.price, ' above an ask at ', a.price) "
    "FROM (SELECT market_id, MAX(price) AS price FROM market_level WHERE side = 'bid' "
    "GROUP BY market_id) AS b JOIN (SELECT market_id, MIN(price) AS price FROM market_level "
    "WHERE side = 'ask' GROUP BY market_id) AS a ON a.market_id = b.market_id "
    "WHERE b.price >= a.price",

    /* exactly those without money for all that remains wait */
    "SELECT " ORDER ": funded ', o.funded, ' of ', o.remaining, ', waits: ', w.order_id IS NOT "
    "NULL) FROM market_order AS o LEFT JOIN market_wait AS w ON w.order_id = o.id "
    "AND w.market_id = o.market_id AND w.account_id = o.pay_account "
    "WHERE (w.order_id IS NOT NULL) <> (o.ended_at IS NULL AND o.status <> 'stop' "
    "AND o.funded < o.remaining)",
    "SELECT CONCAT('order ', w.order_id, ' waits and is none, or for another account') "
    "FROM market_wait AS w LEFT JOIN market_order AS o ON o.id = w.order_id "
    "AND o.market_id = w.market_id AND o.pay_account = w.account_id WHERE o.id IS NULL",

    /* exactly the stop orders wait for their price, and are counted */
    "SELECT " ORDER ": waits for a price: ', s.order_id IS NOT NULL) FROM market_order AS o "
    "LEFT JOIN market_stop AS s ON s.order_id = o.id AND s.market_id = o.market_id "
    "AND s.side = o.side AND s.price = o.stop_price "
    "WHERE (s.order_id IS NOT NULL) <> (o.status = 'stop')",
    "SELECT CONCAT('market ', m.id, ' counts ', m.stops, ' stop orders, there are ', "
    "COALESCE(s.count, 0)) FROM market AS m LEFT JOIN (SELECT market_id, COUNT(*) AS count "
    "FROM market_stop GROUP BY market_id) AS s ON s.market_id = m.id "
    "WHERE m.stops <> COALESCE(s.count, 0)",

    /* an order's trades make what is no longer there of it */
    "SELECT " ORDER ": ', o.remaining, ' of ', o.amount, ' remain, its trades make ', "
    "COALESCE(t.amount, 0)) FROM market_order AS o LEFT JOIN (SELECT order_id, SUM(amount) AS "
    "amount FROM (SELECT bid_id AS order_id, amount FROM trade UNION ALL SELECT ask_id, amount "
    "FROM trade) AS sides GROUP BY order_id) AS t ON t.order_id = o.id "
    "WHERE o.amount - o.remaining <> COALESCE(t.amount, 0)",

    /* a trade is between a bid and an ask of two users, at a price that both agreed to */
    "SELECT " TRADE "'at ', t.price, ': its orders do not make it') FROM " TRADES
    "WHERE b.side <> 'bid' OR a.side <> 'ask' OR b.market_id <> t.market_id "
    "OR a.market_id <> t.market_id OR b.user_id <> t.buyer_id OR a.user_id <> t.seller_id "
    "OR t.buyer_id = t.seller_id OR b.price < t.price OR a.price > t.price "
    "OR t.at_market <> (IF(t.taker = 'bid', b.price, a.price) IS NULL) "
    "OR t.tid MOD 100 <> t.market_id",

    /* its figures are what amount and price make */
    "SELECT " TRADE "'of ', t.amount, ' at ', t.price, ': spent ', t.spent, ', earned ', t.earned, "
    "', fees ', t.buyer_fee, ' and ', t.seller_fee) FROM " TRADES
    "WHERE t.earned <> FLOOR(t.amount * t.price * m.item_unit) "
    "OR t.spent < t.earned OR t.spent > CEIL(t.amount * t.price * m.item_unit) "
    "OR t.buyer_fee <> FLOOR(IF(b.fiat_fee, t.spent, t.amount) * b.fee_percent * 0.01) "
    "OR t.seller_fee <> FLOOR(t.earned * a.fee_percent * 0.01)",

    /* and are what was posted, no less and no more */
    "SELECT CONCAT('trade ', tid, ': its journal ', journal_id, ' has ', found DIV 4096, "
    "' entries, its figures make ', BIT_COUNT(made), "
    "', not there: ', MAKE_SET(made & ~found, " LEG_NAMES
    "), ', not made: ', MAKE_SET(found & 4095 & "
    "~made, " LEG_NAMES ")) FROM (SELECT t.tid, t.journal_id, " LEGS_OF_TRADE " AS made, "
    "(SELECT COUNT(*) * 4096 + BIT_OR(" LEG_OF_ENTRY ") FROM " LEDGER_SQL_ENTRIES_OF_JOURNAL
    " AS e WHERE e.journal_id = t.journal_id) AS found FROM " TRADES
    "[WHERE t.journal_id >= ?]) AS legs WHERE found <> BIT_COUNT(made) * 4096 + made",
    "SELECT CONCAT('journal ', j.id, ' (', j.kind, ') is ', IF(t.tid IS NULL, 'of no trade', "
    "'that of a trade')) FROM " LEDGER_SQL_JOURNALS " AS j LEFT JOIN trade AS t "
    "ON t.journal_id = j.id WHERE (j.kind = 'trade') <> (t.tid IS NOT NULL) [AND j.id >= ?]",

    /* what was taken back is what had moved, once */
    "SELECT CONCAT('trade ', t.tid, ' (', IF(t.voided_at IS NULL, 'stands', 'taken back'), "
    "'): account ', e.account_id, ' keeps ', SUM(e.amount)) FROM trade AS t "
    "JOIN " LEDGER_SQL_JOURNALS
    " AS v ON v.user_id = 1 AND v.request_key = CONCAT('trade_void:', t.tid) "
    "JOIN " LEDGER_SQL_ENTRIES " AS e ON e.journal_id IN (t.journal_id, v.id) "
    "GROUP BY t.market_id, t.tid, e.account_id HAVING SUM(e.amount) <> 0 OR MAX(t.voided_at) IS "
    "NULL",
    "SELECT " TRADE
    "'is marked as taken back and was not') FROM trade AS t LEFT JOIN " LEDGER_SQL_JOURNALS " AS v "
    "ON v.user_id = 1 AND v.request_key = CONCAT('trade_void:', t.tid) "
    "WHERE t.voided_at IS NOT NULL AND v.id IS NULL",

    /* the market knows its newest trade */
    "SELECT CONCAT('market ', m.id, ': last trade ', m.last_tid, ' at ', COALESCE(m.last_price, "
    "'-'), ', the newest is ', COALESCE(t.tid, '-'), ' at ', COALESCE(t.price, '-')) "
    "FROM market AS m LEFT JOIN trade AS t ON t.market_id = m.id "
    "AND t.tid = (SELECT MAX(tid) FROM trade WHERE market_id = m.id) "
    "WHERE m.last_tid <> COALESCE(t.tid, 0) OR NOT (m.last_price <=> t.price)",

    /* candles are their trades, without those that were taken back. In that order: the server would join the first
     * and the last trade of each candle before it knows which they are */
    "SELECT CONCAT('market ', market_id, ': candle of ', span_s, ' s at ', at, ' is not what its "
    "trades make') FROM (SELECT market_id, span_s, at, open, high, low, close, volume, turnover, "
    "price_sum, trades FROM market_candle UNION ALL SELECT s.market_id, s.span_s, s.at, f.price, "
    "s.high, s.low, l.price, s.volume, s.turnover, s.price_sum, s.trades FROM (" SPAN(
        "60") "UNION ALL " SPAN("3600") ") AS s STRAIGHT_JOIN trade AS f ON f.market_id = "
                                        "s.market_id AND f.tid = s.first_tid "
                                        "STRAIGHT_JOIN trade AS l ON l.market_id = s.market_id AND "
                                        "l.tid = s.last_tid) AS both_sides "
                                        "GROUP BY market_id, span_s, at, open, high, low, close, "
                                        "volume, turnover, price_sum, trades "
                                        "HAVING COUNT(*) <> 2",

    /* the volumes that fees go by are the trades of the day */
    "SELECT CONCAT('user ', user_id, ': volume ', SUM(kept), ' on ', day, ' in item ', item_id, ', "
    "trades make ', SUM(traded)) FROM (SELECT user_id, item_id, day, volume AS kept, 0 AS traded "
    "FROM trader_volume UNION ALL SELECT t.buyer_id, m.item_id, DATE(j.at), 0, t.amount "
    "FROM trade AS t JOIN market AS m ON m.id = t.market_id JOIN " LEDGER_SQL_JOURNALS
    " AS j ON j.id = "
    "t.journal_id UNION ALL SELECT t.seller_id, m.item_id, DATE(j.at), 0, t.amount FROM trade AS t "
    "JOIN market AS m ON m.id = t.market_id JOIN " LEDGER_SQL_JOURNALS
    " AS j ON j.id = t.journal_id) AS "
    "both_sides GROUP BY user_id, item_id, day HAVING SUM(kept) <> SUM(traded)",
};

const struct audit market_audit = {
    .counts = {{"trades", "SELECT COUNT(*) FROM trade"}},
    AUDIT_CHECKS(checks),
};
