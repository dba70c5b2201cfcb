-- A time of traffic for tests/bench/growth, made with SQL so that the audit accepts it. Everything follows from the
-- number of blocks, @B@ (a multiple of 5), spread over @DAYS@ days up to now. A block is 25 trades, 28 payments, a
-- ticket that is made and settled, 20 orders of the checkout (6 paid once, 2 paid 11 times, 8 cancelled, 4 closed)
-- and 12 of the market (5 bids and an ask that traded, 6 that were cancelled). 50,000 blocks are 9.8 million entries.
-- User K is 1000 + K with accounts 1000 + 4K (dollars), + 1 (bitcoins), + 2 (held). Four have much of one thing each:
-- the trader buys in a quarter of all trades, the merchant gets half of the orders, the customer makes a fifth of the
-- tickets, the partner settles all of them.

SET SESSION foreign_key_checks = 0, unique_checks = 0, sort_buffer_size = 256 << 20, tmp_memory_table_size = 256 << 20,
    max_heap_table_size = 256 << 20, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';
SET @t0 = UNIX_TIMESTAMP() - @DAYS@ * 86400, @step = @DAYS@ * 86400 / (55 * @B@), @dep = 4 * @B@ + @B@ DIV 5 * 4 + 2;
SET @usd = (SELECT id FROM currency WHERE code = 'USD'), @btc = (SELECT id FROM currency WHERE code = 'BTC');
SELECT id, currency_fee_account INTO @market, @fee FROM market WHERE item_id = @btc AND currency_id = @usd;

INSERT INTO user (id, uuid, login, email, level)
SELECT 1000 + seq, UNHEX(MD5(CONCAT('user', seq))), CONCAT('user', seq), CONCAT('user', seq, '@example.org'), 'full' FROM seq_1_to_@USERS@;
INSERT INTO user (id, uuid, login, email, level) VALUES
    (101, UNHEX(MD5('trader')), 'trader', 'trader@example.org', 'full'), (102, UNHEX(MD5('merchant')), 'merchant', 'merchant@example.org', 'full'),
    (103, UNHEX(MD5('customer')), 'customer', 'customer@example.org', 'full'), (104, UNHEX(MD5('partner')), 'partner', 'partner@example.org', 'full');
INSERT INTO partner (id, user_id, name) VALUES ('big', 104, 'Big');
INSERT INTO api_key (id, public_key, user_id, face, rights, secret_sealed) VALUES (1, UNHEX(MD5('key')), 102, 'v1', 0, '');

-- The legs of all postings, in any order; seq and balance follow from it.
CREATE TABLE growth_leg (journal_id BIGINT NOT NULL, n TINYINT NOT NULL, account_id BIGINT NOT NULL, amount BIGINT NOT NULL, type VARCHAR(8) NULL)
    ENGINE = Aria TRANSACTIONAL = 0;

-- Deposits: everybody's dollars, the sellers' bitcoins, what the trader and the customer spend.
INSERT INTO journal (id, kind, at, user_id, request_key) SELECT seq, 'credit', FROM_UNIXTIME(@t0), 1, CONCAT('credit:', seq) FROM seq_1_to_@DEPOSITS@;
INSERT INTO growth_leg SELECT seq, 1, 1000 + 4 * seq, 1000000000, 'deposit' FROM seq_1_to_@USERS@
UNION ALL SELECT seq, 2, 910, -1000000000, NULL FROM seq_1_to_@USERS@
UNION ALL SELECT 4 * @B@ + seq, 1, 1001 + 20 * seq, 1000000000, 'deposit' FROM seq_1_to_@SELLERS@
UNION ALL SELECT 4 * @B@ + seq, 2, 911, -1000000000, NULL FROM seq_1_to_@SELLERS@
UNION ALL SELECT @dep - 1, 1, 900, 100000000000000, 'deposit' UNION ALL SELECT @dep - 1, 2, 910, -100000000000000, NULL
UNION ALL SELECT @dep, 1, 904, 100000000000000, 'deposit' UNION ALL SELECT @dep, 2, 910, -100000000000000, NULL;

-- Trades: 5 fill one bid, 25 one ask.
CREATE TABLE growth_trade ENGINE = Aria TRANSACTIONAL = 0 AS
SELECT seq AS i, b, q, @dep + (b - 1) * 55 + (seq - 1) MOD 25 + 1 AS journal_id, FROM_UNIXTIME(@t0 + (b * 55 + (seq - 1) MOD 25) * @step) AS at,
    IF(q MOD 4 = 0, 101, 1000 + buyer) AS buyer_id, IF(q MOD 4 = 0, 900, 1000 + 4 * buyer) AS buyer_usd, 1000 + seller AS seller_id,
    1000 + 4 * seller AS seller_usd, amount, price, amount * price DIV 100000000 AS earned, IF(b MOD 2 = 0, 0.4, 0) AS percent,
    IF(b MOD 2 = 0, (amount * price DIV 100000000) * 4 DIV 1000, 0) AS fee
FROM (SELECT seq, (seq - 1) DIV 25 + 1 AS b, (seq - 1) DIV 5 AS q, 5 * ((seq - 1) DIV 5 * 7919 MOD (@B@ DIV 5 * 4)) + 1 + (seq - 1) DIV 5 MOD 4 AS buyer,
          5 * ((seq - 1) DIV 25 MOD (@B@ DIV 5 * 4) + 1) AS seller, 1000000 + seq MOD 1000 * 1000 AS amount, 50000000 + seq * 37 MOD 100 * 100000 AS price
      FROM seq_1_to_@TRADES@) AS t;
INSERT INTO growth_leg SELECT journal_id, 1, buyer_usd, -earned, 'spent' FROM growth_trade
UNION ALL SELECT journal_id, 2, buyer_usd + 1, amount, 'in' FROM growth_trade
UNION ALL SELECT journal_id, 3, seller_usd + 1, -amount, 'out' FROM growth_trade
UNION ALL SELECT journal_id, 4, seller_usd, earned, 'earned' FROM growth_trade
UNION ALL SELECT journal_id, 5, seller_usd, -fee, 'fee' FROM growth_trade WHERE fee > 0
UNION ALL SELECT journal_id, 6, @fee, fee, 'fee' FROM growth_trade WHERE fee > 0;
INSERT INTO market_order (id, oid, market_id, user_id, side, status, price, amount, remaining, funded, hold, fee_percent, fiat_fee, pay_account, gain_account,
    created_at, ended_at)
SELECT b, UNHEX(MD5(CONCAT('ask', b))), @market, MIN(seller_id), 'ask', 'done', 40000000, SUM(amount), 0, 0, 0, MIN(percent), FALSE, MIN(seller_usd) + 1,
    MIN(seller_usd), MIN(at), MAX(at) FROM growth_trade GROUP BY b
UNION ALL SELECT @B@ + 1 + q, UNHEX(MD5(CONCAT('bid', q))), @market, MIN(buyer_id), 'bid', 'done', 70000000, SUM(amount), 0, 0, 0, 0, FALSE, MIN(buyer_usd),
    MIN(buyer_usd) + 1, MIN(at), MAX(at) FROM growth_trade GROUP BY q
UNION ALL SELECT 6 * @B@ + seq, UNHEX(MD5(CONCAT('off', seq))), @market, 1000 + k, 'bid', 'cancelled', 1000000, 1000000, 1000000, 0, 0, 0.6, FALSE,
    1000 + 4 * k, 1001 + 4 * k, FROM_UNIXTIME(@t0 + seq DIV 6 * 55 * @step), FROM_UNIXTIME(@t0 + seq DIV 6 * 55 * @step + 60)
FROM (SELECT seq, 1 + seq * 31 MOD (4 * @B@) AS k FROM seq_1_to_@CANCELLED@) AS c;
INSERT INTO trade (market_id, tid, journal_id, bid_id, ask_id, buyer_id, seller_id, taker, at_market, price, amount, spent, earned, buyer_fee, seller_fee)
SELECT @market, CAST(UNIX_TIMESTAMP(at) * 1000000 AS SIGNED) DIV 100 * 100 + @market, journal_id, @B@ + 1 + q, b, buyer_id, seller_id, 'bid', FALSE, price,
    amount, earned, earned, 0, fee FROM growth_trade;
INSERT INTO market_candle (market_id, span_s, at, open, high, low, close, volume, turnover, price_sum, trades)
-- In that order: the server would join the first and the last trade of each before it knows which they are.
SELECT s.market_id, s.span_s, s.at, f.price, s.high, s.low, l.price, s.volume, s.turnover, s.price_sum, s.trades
FROM (SELECT market_id, 60 AS span_s, tid DIV 60000000 * 60 AS at, MIN(tid) AS first_tid, MAX(tid) AS last_tid, MAX(price) AS high, MIN(price) AS low,
          SUM(amount) AS volume, SUM(amount * price) AS turnover, SUM(price) AS price_sum, COUNT(*) AS trades FROM trade GROUP BY market_id, at
      UNION ALL SELECT market_id, 3600, tid DIV 3600000000 * 3600 AS at, MIN(tid), MAX(tid), MAX(price), MIN(price), SUM(amount), SUM(amount * price),
          SUM(price), COUNT(*) FROM trade GROUP BY market_id, at) AS s
STRAIGHT_JOIN trade AS f ON f.market_id = s.market_id AND f.tid = s.first_tid STRAIGHT_JOIN trade AS l ON l.market_id = s.market_id AND l.tid = s.last_tid;
INSERT INTO trader_volume (user_id, item_id, day, volume) SELECT user_id, @btc, day, SUM(amount)
FROM (SELECT buyer_id AS user_id, DATE(at) AS day, amount FROM growth_trade UNION ALL SELECT seller_id, DATE(at), amount FROM growth_trade) AS sides
GROUP BY user_id, day;
UPDATE market AS m JOIN trade AS t ON t.market_id = m.id AND t.tid = (SELECT MAX(tid) FROM trade WHERE market_id = @market)
SET m.last_tid = t.tid, m.last_price = t.price WHERE m.id = @market;

-- Orders of the checkout and their payments.
CREATE TABLE growth_order (PRIMARY KEY (n)) ENGINE = Aria TRANSACTIONAL = 0 AS
SELECT seq AS n, b, o, UNHEX(CONCAT(LPAD(HEX(CAST((@t0 + b * 55 * @step) * 1000 AS SIGNED) + o), 12, '0'), '7001', LPAD(HEX(seq), 16, '8'))) AS id,
    IF((b + o) MOD 2 = 0, 102, 1001 + seq MOD 50) AS merchant_id, 100000 + seq MOD 7 * 1000 AS amount,
    FROM_UNIXTIME(@t0 + b * 55 * @step) AS at, FROM_UNIXTIME(@t0 + (b * 55 + 54) * @step) AS ended
FROM (SELECT seq, (seq - 1) DIV 20 + 1 AS b, (seq - 1) MOD 20 + 1 AS o FROM seq_1_to_@ORDERS@) AS s;
INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, amount, paid, status, description, ipn_url, ipn_endpoint, wants_mail,
    autosell, instant_only, multipay, created_at, expires_at, paid_at, ended_at)
SELECT id, merchant_id, 1, CONCAT('order:', n), @usd, amount, CASE WHEN o <= 6 THEN amount WHEN o <= 8 THEN 11 * amount ELSE 0 END,
    CASE WHEN o <= 6 THEN 'paid' WHEN o <= 8 THEN 'open' WHEN o <= 16 THEN 'cancelled' ELSE 'closed' END, 'What was bought', 'https://shop.example/ipn',
    'shop.example:443', FALSE, FALSE, FALSE, o IN (7, 8), at, IF(o > 16, ended, NULL), IF(o <= 8, at, NULL), IF(o > 8, ended, NULL) FROM growth_order;
CREATE TABLE growth_payment ENGINE = Aria TRANSACTIONAL = 0 AS
SELECT p.p, @dep + (p.b - 1) * 55 + 25 + r AS journal_id, UNHEX(CONCAT(LPAD(HEX(CAST((@t0 + (p.b * 55 + 25 + r) * @step) * 1000 AS SIGNED)), 12, '0'), '7002',
    LPAD(HEX(p), 16, '8'))) AS id, o.id AS order_id, o.merchant_id, o.amount, payer, FROM_UNIXTIME(@t0 + (p.b * 55 + 25 + r) * @step) AS at
FROM (SELECT seq AS p, (seq - 1) DIV 28 + 1 AS b, (seq - 1) MOD 28 + 1 AS r, 51 + seq * 131 MOD (4 * @B@ - 50) AS payer FROM seq_1_to_@PAYMENTS@) AS p
STRAIGHT_JOIN growth_order AS o ON o.n = (p.b - 1) * 20 + CASE WHEN p.r <= 6 THEN p.r WHEN p.r <= 17 THEN 7 ELSE 8 END;
INSERT INTO checkout_payment (id, journal_id, order_id, payer_id, amount, created_at) SELECT id, journal_id, order_id, 1000 + payer, amount, at FROM growth_payment;
INSERT INTO growth_leg SELECT journal_id, 1, 1000 + 4 * payer, -amount, 'spent' FROM growth_payment
UNION ALL SELECT journal_id, 2, IF(merchant_id = 102, 902, 4 * merchant_id - 3000), amount, 'earned' FROM growth_payment;

-- Each payment and each end was told, the events of a merchant numbered without gaps; half of them were posted.
CREATE TABLE growth_event (PRIMARY KEY (id)) ENGINE = Aria TRANSACTIONAL = 0 AS
SELECT (p - 1) DIV 28 * 40 + (p - 1) MOD 28 + 1 AS id, 'paid' AS kind, merchant_id, order_id, id AS ref, amount, at FROM growth_payment
UNION ALL SELECT (b - 1) * 40 + 20 + o, IF(o <= 16, 'cancelled', 'closed'), merchant_id, id, NULL, NULL, ended FROM growth_order WHERE o > 8;
INSERT INTO event (id, topic, kind, owner_id, seq, subject, ref, payload, at)
SELECT id, 'checkout', kind, merchant_id, ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY id), order_id, ref,
    IF(amount IS NULL, '{"currency":"USD"}', CONCAT('{"currency":"USD","amount":"', amount, '"}')), at FROM growth_event;
INSERT INTO feed (owner_id, last_seq) SELECT owner_id, MAX(seq) FROM event GROUP BY owner_id;
INSERT INTO delivery (id, uuid, event_id, channel, format, owner_id, subject, api_key_id, url, endpoint, state, since, attempts, delivered_at)
SELECT id, UNHEX(CONCAT(LPAD(HEX(CAST(UNIX_TIMESTAMP(at) * 1000 AS SIGNED)), 12, '0'), '7003', LPAD(HEX(id), 16, '8'))), id, IF(id MOD 2 = 0, 'post', 'feed'), 'ipn', merchant_id,
    order_id, 1, IF(id MOD 2 = 0, 'https://shop.example/ipn', NULL), IF(id MOD 2 = 0, 'shop.example:443', ''),
    IF(id MOD 2 = 0, 'delivered', 'none'), at, id MOD 2 = 0, IF(id MOD 2 = 0, at, NULL) FROM growth_event;
INSERT INTO delivery_attempt (delivery_id, n, at, latency_us, address, status, result, answer)
SELECT id, 1, at, 20000, '192.0.2.7', 200, 'acknowledged', '[OK]' FROM growth_event WHERE id MOD 2 = 0;

-- Tickets.
CREATE TABLE growth_ticket ENGINE = Aria TRANSACTIONAL = 0 AS
SELECT seq AS b, @dep + (seq - 1) * 55 + 54 AS journal_id, UNHEX(CONCAT(LPAD(HEX(CAST((@t0 + (seq * 55 + 54) * @step) * 1000 AS SIGNED)), 12, '0'), '7004',
    LPAD(HEX(seq), 16, '8'))) AS id, IF(seq MOD 5 = 0, 103, 1000 + seq) AS customer_id, IF(seq MOD 5 = 0, 904, 1000 + 4 * seq) AS account_id,
    FROM_UNIXTIME(@t0 + (seq * 55 + 54) * @step) AS at FROM seq_1_to_@B@;
INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, amount, status, key_hash, created_at, expires_at, settled_at)
SELECT id, customer_id, 'big', 104, @usd, 50000, 'completed', REPEAT('h', 32), at, at + INTERVAL 1 DAY, at FROM growth_ticket;
INSERT INTO hold (kind, ref, account_id, amount, state) SELECT 'ticket', id, IF(account_id = 904, 905, account_id + 2), 50000, 'captured' FROM growth_ticket;
INSERT INTO limit_use (kind, ref, scope, currency_id, user_id, amount, day) SELECT 'ticket', id, 'withdrawal', @usd, customer_id, 50000, DATE(at) FROM growth_ticket;
INSERT INTO limit_count (user_id, scope, currency_id, day, day_amount, month_amount)
SELECT u.user_id, 'withdrawal', @usd, l.day, SUM(IF(u.day = l.day, u.amount, 0)), SUM(u.amount)
FROM limit_use AS u JOIN (SELECT user_id, MAX(day) AS day FROM limit_use GROUP BY user_id) AS l ON l.user_id = u.user_id
AND u.day BETWEEN l.day - INTERVAL DAY(l.day) - 1 DAY AND l.day GROUP BY u.user_id;
INSERT INTO growth_leg SELECT journal_id, 1, account_id, -50000, 'withdraw' FROM growth_ticket
UNION ALL SELECT journal_id, 2, IF(account_id = 904, 905, account_id + 2), 50000, NULL FROM growth_ticket
UNION ALL SELECT journal_id + 1, 1, IF(account_id = 904, 905, account_id + 2), -50000, NULL FROM growth_ticket
UNION ALL SELECT journal_id + 1, 2, 906, 50000, 'deposit' FROM growth_ticket;

-- Journals in the order of their ids, then all entries at once.
INSERT INTO journal (id, kind, at, user_id, request_key, ref)
SELECT id, kind, at, user_id, CONCAT('growth:', id), ref FROM (
    SELECT journal_id AS id, 'trade' AS kind, at, buyer_id AS user_id, NULL AS ref FROM growth_trade
    UNION ALL SELECT journal_id, 'checkout_pay', at, 1000 + payer, order_id FROM growth_payment
    UNION ALL SELECT journal_id, 'ticket_create', at, customer_id, id FROM growth_ticket
    UNION ALL SELECT journal_id + 1, 'ticket_settle', at, 104, id FROM growth_ticket) AS j ORDER BY id;
INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
SELECT account_id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY journal_id, n), journal_id, amount,
    SUM(amount) OVER (PARTITION BY account_id ORDER BY journal_id, n), type FROM growth_leg;
INSERT INTO account (id, owner_id, currency_id, purpose)
SELECT 1000 + 4 * seq, 1000 + seq, @usd, 'available' FROM seq_1_to_@USERS@ UNION ALL SELECT 1001 + 4 * seq, 1000 + seq, @btc, 'available' FROM seq_1_to_@USERS@
UNION ALL SELECT 1002 + 4 * seq, 1000 + seq, @usd, 'held' FROM seq_1_to_@B@;
INSERT INTO account (id, owner_id, currency_id, purpose, rail, may_overdraw) VALUES (900, 101, @usd, 'available', '', FALSE),
    (901, 101, @btc, 'available', '', FALSE), (902, 102, @usd, 'available', '', FALSE), (904, 103, @usd, 'available', '', FALSE),
    (905, 103, @usd, 'held', '', FALSE), (906, 104, @usd, 'available', '', FALSE), (910, 1, @usd, 'external', 'operator', TRUE),
    (911, 1, @btc, 'external', 'operator', TRUE);
UPDATE account AS a JOIN (SELECT account_id, MAX(seq) AS seq FROM entry GROUP BY account_id) AS l ON l.account_id = a.id
JOIN entry AS e ON e.account_id = a.id AND e.seq = l.seq SET a.balance = e.balance, a.entries = e.seq;
DROP TABLE growth_leg, growth_trade, growth_order, growth_payment, growth_event, growth_ticket;
ANALYZE TABLE user, account, journal, entry, ticket, checkout_order, checkout_payment, event, delivery, market_order, trade, hold, limit_use;
