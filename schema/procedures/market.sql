-- The market. Whatever changes a book first locks the market's row: one change of a book at a time, so that price and time alone
-- decide who trades. The lock is let go before the commit reaches the disk, so that waiting for the disk is shared.
--
--   placed -> open | invalid | stop | done        stop -> pending (a trade at its price) -> as placed
--   invalid -> open (money came)                  open -> invalid (its funded part is used up), done
--   open | invalid | stop | pending -> cancelled
--
-- A fill of amount a at the maker's price p, u being one smallest unit of the item: the seller earns FLOOR(a * p * u); the buyer
-- spends CEIL(a * p * u), but never more than the fill takes off what a bid holds at its own price, CEIL(funded * price * u); what
-- lies between goes to rounding. Fees are rounded down, from what each side receives; a bid with fiat_fee pays its fee on top.
-- Locks are taken in the order market, accounts.

-- The percentage that the user's orders in a market pay from now on: by what they traded of the item in the last 30 days (UTC). A
-- placement does the same in statements of its own, which take half the time of a function.
CREATE OR REPLACE FUNCTION market_fee(p_user BIGINT, p_item SMALLINT UNSIGNED, p_schedule TINYINT UNSIGNED) RETURNS DECIMAL(6, 3)
    SQL SECURITY INVOKER READS SQL DATA
    RETURN (SELECT MIN(percent) FROM trade_fee
            WHERE market_id = p_schedule
              AND min_volume <= (SELECT COALESCE(SUM(volume), 0) FROM trader_volume
                                 WHERE user_id = p_user AND item_id = p_item AND day > UTC_DATE() - INTERVAL 30 DAY));

-- How much of the item p_money buys at p_price, a fee of p_percent on top included. What is divided is divisible, since a decimal
-- division would round.
CREATE OR REPLACE FUNCTION market_affordable(
    p_money DECIMAL(38, 0), p_price DECIMAL(38, 0), p_unit DECIMAL(19, 18), p_percent DECIMAL(6, 3)) RETURNS DECIMAL(38, 0)
    SQL SECURITY INVOKER NO SQL
BEGIN
    DECLARE v_parts DECIMAL(38, 0) DEFAULT 100000 + p_percent * 1000;
    -- The fee is rounded down, so that spending s takes FLOOR(s * v_parts / 100000): the most is less than this divided by v_parts.
    DECLARE v_spend DECIMAL(60, 0) DEFAULT (p_money + 1) * 100000 - 1;

    SET v_spend = (v_spend - MOD(v_spend, v_parts)) / v_parts * ROUND(1 / p_unit);
    RETURN (v_spend - MOD(v_spend, p_price)) / p_price;
END;

-- What a bid for p_amount at p_price holds, a fee of p_percent on top included.
CREATE OR REPLACE FUNCTION market_bid_hold(
    p_amount DECIMAL(38, 0), p_price DECIMAL(38, 0), p_unit DECIMAL(19, 18), p_percent DECIMAL(6, 3)) RETURNS DECIMAL(38, 0)
    SQL SECURITY INVOKER NO SQL
BEGIN
    DECLARE v_spend DECIMAL(38, 0) DEFAULT CEIL(p_amount * p_price * p_unit);
    RETURN v_spend + FLOOR(v_spend * p_percent * 0.01);
END;

-- Holds as much as p_free, what is free in the locked account, pays for: all that remains of an order, or a part of at least the
-- market's least amount, or nothing. A bid without a price holds nothing: it is matched in the same transaction, as far as the
-- money goes. Gives what is still free.
CREATE OR REPLACE PROCEDURE market_fund(
    IN p_side VARCHAR(3), IN p_price DECIMAL(38, 0), IN p_remaining DECIMAL(38, 0), IN p_percent DECIMAL(6, 3), IN p_account BIGINT,
    IN p_unit DECIMAL(19, 18), IN p_step DECIMAL(38, 0), IN p_least DECIMAL(38, 0),
    INOUT p_funded DECIMAL(38, 0), INOUT p_hold DECIMAL(38, 0), INOUT p_free DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_money DECIMAL(38, 0) DEFAULT p_hold + p_free;
    DECLARE v_funded DECIMAL(38, 0) DEFAULT CASE WHEN p_side = 'ask' THEN v_money
                                                 WHEN p_price IS NULL THEN IF(p_free > 0, p_remaining, 0)
                                                 ELSE market_affordable(v_money, p_price, p_unit, p_percent) END;
    DECLARE v_hold DECIMAL(38, 0);

    SET v_funded = IF(v_funded >= p_remaining, p_remaining, v_funded - MOD(v_funded, p_step));
    IF v_funded > p_funded AND (v_funded = p_remaining OR v_funded >= p_least) THEN
        SET v_hold = CASE WHEN p_side = 'ask' THEN v_funded
                          WHEN p_price IS NULL THEN 0
                          ELSE market_bid_hold(v_funded, p_price, p_unit, p_percent) END;
        UPDATE account SET reserved = reserved + v_hold - p_hold WHERE id = p_account;
        SET p_free = v_money - v_hold, p_funded = v_funded, p_hold = v_hold;
    END IF;
END;

-- Adds p_change to a price's level of the book; gives what the level holds then. p_order is the order that comes, or the one that
-- was just the first to trade, or 0.
CREATE OR REPLACE PROCEDURE market_level_change(
    IN p_market TINYINT UNSIGNED, IN p_side VARCHAR(3), IN p_price DECIMAL(38, 0), IN p_change DECIMAL(38, 0), IN p_order BIGINT,
    OUT p_total DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    SET @level_total = p_change;
    INSERT INTO market_level (market_id, side, price, amount, head, changed_at)
    VALUES (p_market, p_side, p_price, p_change, p_order, NOW(6))
    ON DUPLICATE KEY UPDATE amount = (@level_total := amount + p_change),
                            head = IF(p_change > 0, LEAST(head, p_order), GREATEST(head, p_order)), changed_at = NOW(6);
    SET p_total = @level_total;
    IF p_total = 0 THEN
        DELETE FROM market_level WHERE market_id = p_market AND side = p_side AND price = p_price;
    END IF;
END;

-- One fill: postings, trade, candles, volumes, the maker, its level, and what the stream tells of it. p_level is what the level
-- held before; p_funded and p_hold are the taker's, which is written once it is matched.
CREATE OR REPLACE PROCEDURE market_fill(
    IN p_market TINYINT UNSIGNED, IN p_tid BIGINT, IN p_side VARCHAR(3), IN p_taker BIGINT, IN p_maker BIGINT,
    IN p_price DECIMAL(38, 0), IN p_level DECIMAL(38, 0), IN p_amount DECIMAL(38, 0), IN p_trace VARCHAR(64),
    INOUT p_funded DECIMAL(38, 0), INOUT p_hold DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);
    DECLARE v_second BIGINT DEFAULT p_tid DIV 1000000;
    DECLARE v_taker_bids BOOLEAN DEFAULT p_side = 'bid';
    DECLARE v_bid BIGINT DEFAULT IF(v_taker_bids, p_taker, p_maker);
    DECLARE v_ask BIGINT DEFAULT IF(v_taker_bids, p_maker, p_taker);
    DECLARE v_maker_side VARCHAR(3) DEFAULT IF(v_taker_bids, 'ask', 'bid');
    DECLARE v_journal BIGINT;
    DECLARE v_unit DECIMAL(19, 18);
    DECLARE v_item SMALLINT UNSIGNED;
    DECLARE v_item_fee_account, v_fee_account, v_rounding_account BIGINT;
    DECLARE v_buyer, v_buyer_pays, v_buyer_gets, v_seller, v_seller_pays, v_seller_gets BIGINT;
    DECLARE v_limit, v_left, v_spent, v_earned, v_release, v_maker_remaining, v_maker_funded, v_maker_hold DECIMAL(38, 0);
    DECLARE v_item_fee, v_top_fee, v_fee, v_seller_fee, v_total DECIMAL(38, 0);
    DECLARE v_buyer_percent, v_seller_percent DECIMAL(6, 3);
    DECLARE v_fiat_fee, v_at_market BOOLEAN;
    DECLARE v_oid BINARY(16);

    SELECT m.item_id, m.item_unit, m.item_fee_account, m.currency_fee_account, m.rounding_account,
           b.user_id, b.pay_account, b.gain_account, b.price, b.fee_percent, b.fiat_fee,
           a.user_id, a.pay_account, a.gain_account, a.fee_percent,
           IF(v_taker_bids, b.oid, a.oid), IF(v_taker_bids, b.price, a.price) IS NULL,
           IF(v_taker_bids, a.remaining, b.remaining), IF(v_taker_bids, a.funded, b.funded), IF(v_taker_bids, a.hold, b.hold)
    INTO v_item, v_unit, v_item_fee_account, v_fee_account, v_rounding_account,
         v_buyer, v_buyer_pays, v_buyer_gets, v_limit, v_buyer_percent, v_fiat_fee,
         v_seller, v_seller_pays, v_seller_gets, v_seller_percent,
         v_oid, v_at_market, v_maker_remaining, v_maker_funded, v_maker_hold
    FROM market AS m JOIN market_order AS b ON b.id = v_bid JOIN market_order AS a ON a.id = v_ask
    WHERE m.id = p_market;

    SET v_earned = FLOOR(p_amount * p_price * v_unit), v_spent = CEIL(p_amount * p_price * v_unit), v_release = 0;
    IF v_limit IS NOT NULL THEN
        SET v_total = IF(v_taker_bids, p_funded, v_maker_funded);
        SET v_left = CEIL((v_total - p_amount) * v_limit * v_unit);
        SET v_spent = LEAST(v_spent, CEIL(v_total * v_limit * v_unit) - v_left),
            v_release = IF(v_taker_bids, p_hold, v_maker_hold) - v_left - IF(v_fiat_fee, FLOOR(v_left * v_buyer_percent * 0.01), 0);
    END IF;
    SET v_item_fee = IF(v_fiat_fee, 0, FLOOR(p_amount * v_buyer_percent * 0.01)),
        v_top_fee = IF(v_fiat_fee, FLOOR(v_spent * v_buyer_percent * 0.01), 0),
        v_seller_fee = FLOOR(v_earned * v_seller_percent * 0.01),
        v_fee = v_top_fee + v_seller_fee,
        p_funded = p_funded - p_amount, p_hold = p_hold - IF(v_taker_bids, v_release, p_amount),
        v_maker_remaining = v_maker_remaining - p_amount, v_maker_funded = v_maker_funded - p_amount,
        v_maker_hold = v_maker_hold - IF(v_taker_bids, p_amount, v_release);

    INSERT INTO journal (kind, at, user_id, request_key, trace, ref)
    VALUES ('trade', v_now, IF(v_taker_bids, v_buyer, v_seller), CONCAT('trade:', p_tid), p_trace, v_oid);
    SET v_journal = LAST_INSERT_ID();
    -- User variables carry the new balances and line numbers to the entries: half the time of reading the rows again.
    UPDATE account
    SET balance = CASE id WHEN v_buyer_pays THEN @buyer_paid := balance - v_spent - v_top_fee
                          WHEN v_buyer_gets THEN @buyer_got := balance + p_amount - v_item_fee
                          WHEN v_seller_pays THEN @seller_paid := balance - p_amount
                          WHEN v_seller_gets THEN @seller_got := balance + v_earned - v_seller_fee
                          WHEN v_item_fee_account THEN @item_fees := balance + v_item_fee
                          WHEN v_fee_account THEN @fees := balance + v_fee
                          ELSE @rounded := balance + v_spent - v_earned END,
        reserved = reserved - CASE id WHEN v_buyer_pays THEN v_release WHEN v_seller_pays THEN p_amount ELSE 0 END,
        entries = CASE id WHEN v_buyer_pays THEN @buyer_paid_seq := entries + 1 + (v_top_fee > 0)
                          WHEN v_buyer_gets THEN @buyer_got_seq := entries + 1 + (v_item_fee > 0)
                          WHEN v_seller_pays THEN @seller_paid_seq := entries + 1
                          WHEN v_seller_gets THEN @seller_got_seq := entries + 1 + (v_seller_fee > 0)
                          WHEN v_item_fee_account THEN @item_fees_seq := entries + 1
                          WHEN v_fee_account THEN @fees_seq := entries + 1
                          ELSE @rounded_seq := entries + 1 END
    WHERE id IN (v_buyer_pays, v_buyer_gets, v_seller_pays, v_seller_gets, IF(v_item_fee > 0, v_item_fee_account, 0),
                 IF(v_fee > 0, v_fee_account, 0), IF(v_spent > v_earned, v_rounding_account, 0));
    INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
    VALUES (v_buyer_pays, @buyer_paid_seq - (v_top_fee > 0), v_journal, -v_spent, @buyer_paid + v_top_fee, 'spent'),
           (v_buyer_gets, @buyer_got_seq - (v_item_fee > 0), v_journal, p_amount, @buyer_got + v_item_fee, 'in'),
           (v_seller_pays, @seller_paid_seq, v_journal, -p_amount, @seller_paid, 'out'),
           (v_seller_gets, @seller_got_seq - (v_seller_fee > 0), v_journal, v_earned, @seller_got + v_seller_fee, 'earned');
    IF v_item_fee > 0 THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
        VALUES (v_buyer_gets, @buyer_got_seq, v_journal, -v_item_fee, @buyer_got, 'fee'),
               (v_item_fee_account, @item_fees_seq, v_journal, v_item_fee, @item_fees, 'fee');
    END IF;
    IF v_top_fee > 0 THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
        VALUES (v_buyer_pays, @buyer_paid_seq, v_journal, -v_top_fee, @buyer_paid, 'fee');
    END IF;
    IF v_seller_fee > 0 THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
        VALUES (v_seller_gets, @seller_got_seq, v_journal, -v_seller_fee, @seller_got, 'fee');
    END IF;
    IF v_fee > 0 THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance, type)
        VALUES (v_fee_account, @fees_seq, v_journal, v_fee, @fees, 'fee');
    END IF;
    IF v_spent > v_earned THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance)
        VALUES (v_rounding_account, @rounded_seq, v_journal, v_spent - v_earned, @rounded);
    END IF;

    INSERT INTO trade (market_id, tid, journal_id, bid_id, ask_id, buyer_id, seller_id, taker, at_market, price, amount, spent, earned,
                       buyer_fee, seller_fee)
    VALUES (p_market, p_tid, v_journal, v_bid, v_ask, v_buyer, v_seller, p_side, v_at_market, p_price, p_amount, v_spent, v_earned,
            v_item_fee + v_top_fee, v_seller_fee);
    INSERT INTO market_candle (market_id, span_s, at, open, high, low, close, volume, turnover, price_sum, trades)
    VALUES (p_market, 60, v_second - v_second MOD 60, p_price, p_price, p_price, p_price, p_amount, p_amount * p_price, p_price, 1),
           (p_market, 3600, v_second - v_second MOD 3600, p_price, p_price, p_price, p_price, p_amount, p_amount * p_price, p_price, 1)
    ON DUPLICATE KEY UPDATE high = GREATEST(high, p_price), low = LEAST(low, p_price), close = p_price, volume = volume + p_amount,
                            turnover = turnover + p_amount * p_price, price_sum = price_sum + p_price, trades = trades + 1;
    INSERT INTO trader_volume (user_id, item_id, day, volume)
    VALUES (v_buyer, v_item, DATE(v_now), p_amount), (v_seller, v_item, DATE(v_now), p_amount)
    ON DUPLICATE KEY UPDATE volume = volume + p_amount;

    UPDATE market_order
    SET remaining = v_maker_remaining, funded = v_maker_funded, hold = v_maker_hold,
        status = CASE WHEN v_maker_funded > 0 THEN 'open' WHEN v_maker_remaining > 0 THEN 'invalid' ELSE 'done' END,
        ended_at = IF(v_maker_remaining > 0, NULL, v_now), book_rank = IF(v_maker_funded > 0, book_rank, NULL)
    WHERE id = p_maker;
    IF p_level = p_amount THEN
        DELETE FROM market_level WHERE market_id = p_market AND side = v_maker_side AND price = p_price;
    ELSE
        UPDATE market_level SET amount = p_level - p_amount, head = p_maker, changed_at = v_now
        WHERE market_id = p_market AND side = v_maker_side AND price = p_price;
    END IF;
    INSERT INTO stream_event (kind, journal_id, market_id, side, price, amount, total, order_id, word)
    VALUES ('journal', v_journal, p_market, NULL, NULL, NULL, NULL, NULL, NULL),
           ('depth', NULL, p_market, v_maker_side, p_price, -p_amount, p_level - p_amount, NULL, NULL),
           (IF(v_maker_remaining > 0, 'order', 'removed'), NULL, p_market, NULL, NULL, v_maker_remaining, v_maker_funded, p_maker,
            CASE WHEN v_maker_funded > 0 THEN 'open' WHEN v_maker_remaining > 0 THEN 'invalid' ELSE 'completed_passive' END);
END;

-- Takes a live order off the book and gives its hold back. Locks the market, where the caller has not. Signals order_not_found
-- where the order is not live any more.
CREATE OR REPLACE PROCEDURE market_remove(IN p_market TINYINT UNSIGNED, IN p_order BIGINT, IN p_word VARCHAR(20))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_side, v_status VARCHAR(9);
    DECLARE v_price, v_stop, v_remaining, v_funded, v_hold, v_rank, v_total DECIMAL(38, 0);
    DECLARE v_account BIGINT;

    SELECT o.side, o.status, o.price, o.stop_price, o.remaining, o.funded, o.hold, o.book_rank, o.pay_account
    INTO v_side, v_status, v_price, v_stop, v_remaining, v_funded, v_hold, v_rank, v_account
    FROM market AS m STRAIGHT_JOIN market_order AS o WHERE m.id = p_market AND o.id = p_order FOR UPDATE;
    IF v_status IN ('done', 'cancelled') THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_found';
    END IF;
    UPDATE market_order
    SET status = 'cancelled', funded = 0, hold = 0, book_rank = NULL, ended_at = NOW(6)
    WHERE id = p_order;
    IF v_hold > 0 THEN
        UPDATE account SET reserved = reserved - v_hold WHERE id = v_account;
    END IF;
    IF v_status = 'stop' THEN
        DELETE FROM market_stop WHERE market_id = p_market AND side = v_side AND price = v_stop AND order_id = p_order;
        UPDATE market SET stops = stops - 1 WHERE id = p_market;
    ELSEIF v_funded < v_remaining THEN
        DELETE FROM market_wait WHERE order_id = p_order;
    END IF;
    IF v_rank IS NOT NULL THEN
        CALL market_level_change(p_market, v_side, v_price, -v_funded, 0, v_total);
        INSERT INTO stream_event (kind, market_id, side, price, amount, total, order_id, word)
        VALUES ('depth', p_market, v_side, v_price, -v_funded, v_total, NULL, NULL),
               ('removed', p_market, NULL, NULL, NULL, NULL, p_order, p_word);
    ELSE
        INSERT INTO stream_event (kind, market_id, order_id, word) VALUES ('removed', p_market, p_order, p_word);
    END IF;
END;

-- Makes the stop orders that trades between p_low and p_high reached pending.
CREATE OR REPLACE PROCEDURE market_set_off(IN p_market TINYINT UNSIGNED, IN p_low DECIMAL(38, 0), IN p_high DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    FOR stop IN (SELECT s.side, s.price, s.order_id, o.pay_account FROM market_stop AS s JOIN market_order AS o ON o.id = s.order_id
                 WHERE s.market_id = p_market AND s.side = 'bid' AND s.price <= p_high
                 UNION ALL
                 SELECT s.side, s.price, s.order_id, o.pay_account FROM market_stop AS s JOIN market_order AS o ON o.id = s.order_id
                 WHERE s.market_id = p_market AND s.side = 'ask' AND s.price >= p_low)
    DO
        DELETE FROM market_stop WHERE market_id = p_market AND side = stop.side AND price = stop.price AND order_id = stop.order_id;
        UPDATE market SET stops = stops - 1 WHERE id = p_market;
        UPDATE market_order SET status = 'pending' WHERE id = stop.order_id;
        INSERT INTO market_wait (order_id, market_id, account_id, free, since)
        VALUES (stop.order_id, p_market, stop.pay_account, -1, NOW(6));
        INSERT INTO stream_event (kind, market_id, order_id, amount, total, word)
        SELECT 'order', p_market, id, remaining, funded, status FROM market_order WHERE id = stop.order_id;
    END FOR;
END;

-- Fills an order against the other side of the book, the best price first and the earlier order first, as far as its price, its
-- funded part and, for a bid without a price, its owner's money go. An order of the owner's that is in the way is cancelled first.
-- Then the order is done, or in the book, or waits for money; one without a price ends; and the stop orders that the trades reached
-- are set off. p_free is what was free in its account before.
CREATE OR REPLACE PROCEDURE market_match(IN p_order BIGINT, IN p_free DECIMAL(38, 0), IN p_trace VARCHAR(64))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_market TINYINT UNSIGNED;
    DECLARE v_side VARCHAR(3);
    DECLARE v_status VARCHAR(9);
    DECLARE v_user, v_account, v_head, v_maker, v_maker_user, v_tid BIGINT;
    DECLARE v_price, v_amount, v_remaining, v_funded, v_hold, v_best, v_level, v_step, v_fill, v_maker_funded, v_low, v_high, v_total DECIMAL(38, 0);
    DECLARE v_percent DECIMAL(6, 3);
    DECLARE v_unit DECIMAL(19, 18);
    DECLARE v_stops INT UNSIGNED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END; -- an empty side of the book

    SELECT o.market_id, o.side, o.user_id, o.pay_account, o.price, o.amount, o.remaining, o.funded, o.hold,
           IF(o.fiat_fee, o.fee_percent, 0), m.item_unit, m.amount_step, m.stops,
           GREATEST((FLOOR(UNIX_TIMESTAMP(NOW(6)) * 10000) - 1) * 100 + m.id, m.last_tid)
    INTO v_market, v_side, v_user, v_account, v_price, v_amount, v_remaining, v_funded, v_hold,
         v_percent, v_unit, v_step, v_stops, v_tid
    FROM market_order AS o JOIN market AS m ON m.id = o.market_id WHERE o.id = p_order;
    fills: WHILE v_funded > 0 DO
        SET v_best = NULL;
        IF v_side = 'bid' THEN
            SELECT price, amount, head INTO v_best, v_level, v_head FROM market_level
            WHERE market_id = v_market AND side = 'ask' ORDER BY price LIMIT 1;
        ELSE
            SELECT price, amount, head INTO v_best, v_level, v_head FROM market_level
            WHERE market_id = v_market AND side = 'bid' ORDER BY price DESC LIMIT 1;
        END IF;
        IF v_best IS NULL OR IF(v_side = 'bid', v_best > v_price, v_best < v_price) THEN
            LEAVE fills;
        END IF;
        SELECT id, user_id, funded INTO v_maker, v_maker_user, v_maker_funded FROM market_order FORCE INDEX (book)
        WHERE market_id = v_market AND side = IF(v_side = 'bid', 'ask', 'bid') AND book_rank = IF(v_side = 'bid', v_best, -v_best)
          AND id >= v_head
        ORDER BY id LIMIT 1;
        IF v_maker_user = v_user THEN
            CALL market_remove(v_market, v_maker, 'self_trade');
            ITERATE fills;
        END IF;
        SET v_fill = LEAST(v_funded, v_maker_funded);
        IF v_price IS NULL AND v_side = 'bid' THEN
            SET v_fill = LEAST(v_fill, market_affordable((SELECT balance - reserved FROM account WHERE id = v_account FOR UPDATE),
                                                         v_best, v_unit, v_percent));
            SET v_fill = v_fill - MOD(v_fill, v_step);
            IF v_fill = 0 THEN
                LEAVE fills;
            END IF;
        END IF;
        SET v_tid = v_tid + 100, v_remaining = v_remaining - v_fill,
            v_low = LEAST(COALESCE(v_low, v_best), v_best), v_high = GREATEST(COALESCE(v_high, v_best), v_best);
        CALL market_fill(v_market, v_tid, v_side, p_order, v_maker, v_best, v_level, v_fill, p_trace, v_funded, v_hold);
    END WHILE;

    IF v_price IS NULL AND v_remaining > 0 AND (v_funded > 0 OR v_remaining < v_amount) THEN
        SET v_status = 'cancelled';
        IF v_hold > 0 THEN
            UPDATE account SET reserved = reserved - v_hold WHERE id = v_account;
        END IF;
        SET v_funded = 0, v_hold = 0;
    ELSE
        SET v_status = CASE WHEN v_remaining = 0 THEN 'done' WHEN v_funded > 0 THEN 'open' ELSE 'invalid' END;
    END IF;
    UPDATE market_order
    SET status = v_status, remaining = v_remaining, funded = v_funded, hold = v_hold,
        ended_at = IF(v_status IN ('done', 'cancelled'), NOW(6), NULL),
        book_rank = IF(v_status = 'open', IF(v_side = 'bid', -v_price, v_price), NULL)
    WHERE id = p_order;
    IF v_status = 'open' THEN
        CALL market_level_change(v_market, v_side, v_price, v_funded, p_order, v_total);
        INSERT INTO stream_event (kind, market_id, side, price, amount, total)
        VALUES ('depth', v_market, v_side, v_price, v_funded, v_total);
    END IF;
    INSERT INTO stream_event (kind, market_id, order_id, amount, total, word)
    VALUES (IF(v_status IN ('done', 'cancelled'), 'removed', 'order'), v_market, p_order, v_remaining, v_funded,
            IF(v_status IN ('done', 'cancelled'), 'completed_active', v_status));
    IF v_status IN ('open', 'invalid') AND v_funded < v_remaining THEN
        INSERT INTO market_wait (order_id, market_id, account_id, free, since) VALUES (p_order, v_market, v_account, p_free, NOW(6));
    END IF;
    IF v_low IS NOT NULL THEN
        UPDATE market SET last_tid = v_tid, last_price = IF(v_side = 'bid', v_high, v_low) WHERE id = v_market;
        IF v_stops > 0 THEN
            CALL market_set_off(v_market, v_low, v_high);
        END IF;
    END IF;
END;

-- Places an order, inside its caller's transaction. p_price NULL: at any price; p_stop: waits for a trade at that price; p_fiat_fee:
-- a bid's fee is taken in the currency. An order that there is no money for is taken too, and waits.
-- Signals market_halted, order_amount_low, amount_step, price_step, replayed.
CREATE OR REPLACE PROCEDURE market_place_in(
    IN p_user BIGINT, IN p_oid BINARY(16), IN p_trace VARCHAR(64), IN p_market TINYINT UNSIGNED, IN p_side VARCHAR(3),
    IN p_price DECIMAL(38, 0), IN p_stop DECIMAL(38, 0), IN p_amount DECIMAL(38, 0), IN p_fiat_fee BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_item, v_currency SMALLINT UNSIGNED;
    DECLARE v_unit DECIMAL(19, 18);
    DECLARE v_amount_step, v_price_step, v_least, v_last, v_volume, v_best, v_funded, v_hold, v_free DECIMAL(38, 0) DEFAULT 0;
    DECLARE v_status VARCHAR(8) CHARACTER SET ascii;
    DECLARE v_fiat_fee BOOLEAN DEFAULT p_fiat_fee AND p_side = 'bid';
    DECLARE v_percent DECIMAL(6, 3);
    DECLARE v_schedule TINYINT UNSIGNED;
    DECLARE v_pays, v_gets, v_order BIGINT;
    DECLARE v_matches, v_waits BOOLEAN DEFAULT FALSE;
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';

    SELECT m.item_id, m.currency_id, m.item_unit, m.amount_step, m.price_step, m.min_amount, m.status, m.last_price, m.fee_schedule,
           pays.id, gets.id, pays.balance - pays.reserved
    INTO v_item, v_currency, v_unit, v_amount_step, v_price_step, v_least, v_status, v_last, v_schedule,
         v_pays, v_gets, v_free
    FROM market AS m
    LEFT JOIN account AS pays ON pays.owner_id = p_user AND pays.purpose = 'available'
                             AND pays.currency_id = IF(p_side = 'bid', m.currency_id, m.item_id)
    LEFT JOIN account AS gets ON gets.owner_id = p_user AND gets.purpose = 'available'
                             AND gets.currency_id = IF(p_side = 'bid', m.item_id, m.currency_id)
    WHERE m.id = p_market FOR UPDATE;
    CASE
        WHEN v_status <> 'open' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'market_halted';
        WHEN p_amount < v_least THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_amount_low';
        WHEN MOD(p_amount, v_amount_step) <> 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'amount_step';
        WHEN MOD(p_price, v_price_step) <> 0 OR MOD(p_stop, v_price_step) <> 0 THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'price_step';
        ELSE BEGIN END;
    END CASE;
    IF v_pays IS NULL THEN
        CALL ledger_account(p_user, IF(p_side = 'bid', v_currency, v_item), 'available', v_pays);
        SET v_free = 0;
    END IF;
    IF v_gets IS NULL THEN
        CALL ledger_account(p_user, IF(p_side = 'bid', v_item, v_currency), 'available', v_gets);
    END IF;
    SET v_volume = (SELECT COALESCE(SUM(volume), 0) FROM trader_volume
                    WHERE user_id = p_user AND item_id = v_item AND day > UTC_DATE() - INTERVAL 30 DAY);
    SET v_percent = (SELECT MIN(percent) FROM trade_fee WHERE market_id = v_schedule AND min_volume <= v_volume);
    IF p_stop IS NOT NULL THEN
        SET v_waits = NOT COALESCE(IF(p_side = 'bid', v_last >= p_stop, v_last <= p_stop), FALSE);
    END IF;
    IF NOT v_waits THEN
        SET v_hold = CASE WHEN p_side = 'ask' THEN p_amount
                          WHEN p_price IS NULL THEN 0
                          WHEN v_fiat_fee THEN market_bid_hold(p_amount, p_price, v_unit, v_percent)
                          ELSE CEIL(p_amount * p_price * v_unit) END;
        IF v_hold <= v_free AND v_free > 0 THEN
            UPDATE account SET reserved = reserved + v_hold WHERE id = v_pays;
            SET v_funded = p_amount, v_free = v_free - v_hold;
        ELSE
            SET v_hold = 0;
            CALL market_fund(p_side, p_price, p_amount, IF(v_fiat_fee, v_percent, 0), v_pays, v_unit, v_amount_step, v_least,
                             v_funded, v_hold, v_free);
        END IF;
    END IF;
    IF v_funded = 0 THEN
        SET v_status = IF(v_waits, 'stop', 'invalid');
    ELSE
        -- A statement for each side: the server prepares all tables that one names, needed or not.
        IF p_side = 'bid' THEN
            SET v_best = (SELECT MIN(price) FROM market_level WHERE market_id = p_market AND side = 'ask');
        ELSE
            SET v_best = (SELECT MAX(price) FROM market_level WHERE market_id = p_market AND side = 'bid');
        END IF;
        SET v_matches = p_price IS NULL OR COALESCE(IF(p_side = 'bid', v_best <= p_price, v_best >= p_price), FALSE);
        SET v_status = IF(v_matches, 'pending', 'open');
    END IF;
    INSERT INTO market_order (oid, market_id, user_id, side, status, price, stop_price, amount, remaining, funded, hold, fee_percent,
                              fiat_fee, pay_account, gain_account, book_rank, created_at)
    VALUES (p_oid, p_market, p_user, p_side, v_status, p_price, p_stop, p_amount, p_amount, v_funded, v_hold, v_percent, v_fiat_fee,
            v_pays, v_gets, IF(v_status = 'open', IF(p_side = 'bid', -p_price, p_price), NULL), NOW(6));
    SET v_order = LAST_INSERT_ID();
    CASE
        WHEN v_matches THEN
            CALL market_match(v_order, v_free, p_trace);
        WHEN v_status = 'open' THEN
            SET @level_total = v_funded;
            INSERT INTO market_level (market_id, side, price, amount, head, changed_at)
            VALUES (p_market, p_side, p_price, v_funded, v_order, NOW(6))
            ON DUPLICATE KEY UPDATE amount = (@level_total := amount + v_funded), changed_at = NOW(6);
            INSERT INTO stream_event (kind, market_id, side, price, amount, total, order_id, word)
            VALUES ('depth', p_market, p_side, p_price, v_funded, @level_total, NULL, NULL),
                   ('order', p_market, NULL, NULL, p_amount, v_funded, v_order, v_status);
        ELSE
            INSERT INTO stream_event (kind, market_id, amount, total, order_id, word)
            VALUES ('order', p_market, p_amount, v_funded, v_order, v_status);
    END CASE;
    IF v_waits THEN
        INSERT INTO market_stop (market_id, side, price, order_id) VALUES (p_market, p_side, p_stop, v_order);
        UPDATE market SET stops = stops + 1 WHERE id = p_market;
    ELSEIF NOT v_matches AND v_funded < p_amount THEN
        INSERT INTO market_wait (order_id, market_id, account_id, free, since) VALUES (v_order, p_market, v_pays, v_free, NOW(6));
    END IF;
END;

-- The same as a transaction of its own.
CREATE OR REPLACE PROCEDURE market_place(
    IN p_user BIGINT, IN p_oid BINARY(16), IN p_trace VARCHAR(64), IN p_market TINYINT UNSIGNED, IN p_side VARCHAR(3),
    IN p_price DECIMAL(38, 0), IN p_stop DECIMAL(38, 0), IN p_amount DECIMAL(38, 0), IN p_fiat_fee BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL market_place_in(p_user, p_oid, p_trace, p_market, p_side, p_price, p_stop, p_amount, p_fiat_fee);
    COMMIT;
END;

-- Its owner takes a live order back, inside their transaction. Signals order_not_found, also where it is done or cancelled already.
CREATE OR REPLACE PROCEDURE market_cancel_in(IN p_user BIGINT, IN p_oid BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_order BIGINT;
    DECLARE v_market TINYINT UNSIGNED;
    DECLARE EXIT HANDLER FOR NOT FOUND SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_found';

    SELECT id, market_id INTO v_order, v_market FROM market_order WHERE oid = p_oid AND user_id = p_user;
    CALL market_remove(v_market, v_order, 'requested');
END;

-- The same as a transaction of its own.
CREATE OR REPLACE PROCEDURE market_cancel(IN p_user BIGINT, IN p_oid BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL market_cancel_in(p_user, p_oid);
    COMMIT;
END;

-- One change of several that share a transaction: what is refused leaves nothing behind, and the others go on. p_told becomes "ok",
-- or why it was refused. Any other error is for the caller, and ends all of them.
CREATE OR REPLACE PROCEDURE market_try_place(
    IN p_user BIGINT, IN p_oid BINARY(16), IN p_trace VARCHAR(64), IN p_market TINYINT UNSIGNED, IN p_side VARCHAR(3),
    IN p_price DECIMAL(38, 0), IN p_stop DECIMAL(38, 0), IN p_amount DECIMAL(38, 0), IN p_fiat_fee BOOLEAN,
    OUT p_told VARCHAR(64) CHARACTER SET ascii)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLSTATE '45000'
    BEGIN
        GET DIAGNOSTICS CONDITION 1 p_told = MESSAGE_TEXT;
        ROLLBACK TO SAVEPOINT market_change;
    END;

    SAVEPOINT market_change;
    CALL market_place_in(p_user, p_oid, p_trace, p_market, p_side, p_price, p_stop, p_amount, p_fiat_fee);
    SET p_told = 'ok';
END;
CREATE OR REPLACE PROCEDURE market_try_cancel(IN p_user BIGINT, IN p_oid BINARY(16), OUT p_told VARCHAR(64) CHARACTER SET ascii)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLSTATE '45000'
    BEGIN
        GET DIAGNOSTICS CONDITION 1 p_told = MESSAGE_TEXT;
        ROLLBACK TO SAVEPOINT market_change;
    END;

    SAVEPOINT market_change;
    CALL market_cancel_in(p_user, p_oid);
    SET p_told = 'ok';
END;

-- Tries an order that waits, once more: holds what there is money for now, and matches it.
CREATE OR REPLACE PROCEDURE market_retry(IN p_order BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_market TINYINT UNSIGNED;
    DECLARE v_side, v_status VARCHAR(9);
    DECLARE v_price, v_remaining, v_funded, v_hold, v_before, v_rank, v_step, v_least, v_free, v_total DECIMAL(38, 0);
    DECLARE v_percent DECIMAL(6, 3);
    DECLARE v_unit DECIMAL(19, 18);
    DECLARE v_account BIGINT;

    SELECT o.market_id, o.side, o.price, o.remaining, o.funded, o.funded, o.hold, o.book_rank, IF(o.fiat_fee, o.fee_percent, 0),
           o.pay_account, m.item_unit, m.amount_step, m.min_amount
    INTO v_market, v_side, v_price, v_remaining, v_funded, v_before, v_hold, v_rank, v_percent,
         v_account, v_unit, v_step, v_least
    FROM market_order AS o JOIN market AS m ON m.id = o.market_id WHERE o.id = p_order;
    SET v_free = (SELECT balance - reserved FROM account WHERE id = v_account FOR UPDATE);
    CALL market_fund(v_side, v_price, v_remaining, v_percent, v_account, v_unit, v_step, v_least, v_funded, v_hold, v_free);
    UPDATE market_order SET funded = v_funded, hold = v_hold WHERE id = p_order;
    IF v_rank IS NULL THEN
        DELETE FROM market_wait WHERE order_id = p_order;
        CALL market_match(p_order, v_free, '');
    ELSE
        IF v_funded > v_before THEN
            CALL market_level_change(v_market, v_side, v_price, v_funded - v_before, p_order, v_total);
            INSERT INTO stream_event (kind, market_id, side, price, amount, total, order_id, word)
            VALUES ('depth', v_market, v_side, v_price, v_funded - v_before, v_total, NULL, NULL),
                   ('order', v_market, NULL, NULL, v_remaining, v_funded, p_order, 'open');
        END IF;
        IF v_funded = v_remaining THEN
            DELETE FROM market_wait WHERE order_id = p_order;
        ELSE
            UPDATE market_wait SET free = v_free WHERE order_id = p_order;
        END IF;
    END IF;
END;

-- The job: tries at most p_limit of the orders that wait and have a reason to, each in a transaction of its own: those that a trade
-- set off, then those whose money has come, the oldest first. Gives their number. Any number of copies may run. It looks at each
-- account once, not at each order that waits for its money.
CREATE OR REPLACE PROCEDURE market_wake(IN p_limit INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_tried INT DEFAULT 0;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    FOR due IN (SELECT w.order_id, w.market_id
                FROM (SELECT account_id, MIN(free) AS free FROM market_wait GROUP BY account_id) AS least
                JOIN account AS a ON a.id = least.account_id AND a.balance - a.reserved > least.free
                JOIN market_wait AS w ON w.account_id = a.id AND w.free < a.balance - a.reserved
                JOIN market AS m ON m.id = w.market_id AND m.status = 'open'
                ORDER BY w.free >= 0, w.order_id LIMIT p_limit)
    DO
        START TRANSACTION;
        IF (SELECT status FROM market WHERE id = due.market_id FOR UPDATE) = 'open'
           AND EXISTS (SELECT 1 FROM market_wait WHERE order_id = due.order_id) THEN
            CALL market_retry(due.order_id);
            SET v_tried = v_tried + 1;
        END IF;
        COMMIT;
    END FOR;
    SELECT v_tried;
END;

-- Makes one candle of a market anew from its trades. The caller holds the market's lock.
CREATE OR REPLACE PROCEDURE market_candle_again(IN p_market TINYINT UNSIGNED, IN p_span_s SMALLINT UNSIGNED, IN p_at INT UNSIGNED)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_first, v_last BIGINT;

    DELETE FROM market_candle WHERE market_id = p_market AND span_s = p_span_s AND at = p_at;
    SELECT MIN(tid), MAX(tid) INTO v_first, v_last FROM trade
    WHERE market_id = p_market AND tid >= p_at * 1000000 AND tid < (p_at + p_span_s) * 1000000 AND voided_at IS NULL;
    IF v_first IS NOT NULL THEN
        INSERT INTO market_candle (market_id, span_s, at, open, high, low, close, volume, turnover, price_sum, trades)
        SELECT p_market, p_span_s, p_at, MAX(IF(tid = v_first, price, 0)), MAX(price), MIN(price), MAX(IF(tid = v_last, price, 0)),
               SUM(amount), SUM(amount * price), SUM(price), COUNT(*)
        FROM trade WHERE market_id = p_market AND tid BETWEEN v_first AND v_last AND voided_at IS NULL;
    END IF;
END;

-- An operator takes a trade back: everything that its journal moved goes back in a new one, and its candles are made without it.
-- A transaction of its own.
-- Signals trade_not_found, trade_voided, insufficient_funds where somebody has spent what they got.
CREATE OR REPLACE PROCEDURE market_void(IN p_tid BIGINT, IN p_note VARCHAR(255))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_journal, v_new BIGINT;
    DECLARE v_market TINYINT UNSIGNED;
    DECLARE v_second BIGINT DEFAULT p_tid DIV 1000000;
    DECLARE v_voided DATETIME(6);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SET v_market = (SELECT id FROM market WHERE id = p_tid MOD 100 FOR UPDATE);
    SELECT journal_id, voided_at INTO v_journal, v_voided FROM trade WHERE market_id = v_market AND tid = p_tid FOR UPDATE;
    IF v_journal IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'trade_not_found';
    ELSEIF v_voided IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'trade_voided';
    END IF;
    CALL ledger_journal('trade_void', 1, CONCAT('trade_void:', p_tid), '', NULL, v_new);
    FOR leg IN (SELECT account_id, -SUM(amount) AS amount FROM entry WHERE journal_id = v_journal GROUP BY account_id ORDER BY account_id)
    DO
        CALL ledger_leg(v_new, leg.account_id, leg.amount, IF(leg.amount < 0, 'out', 'in'), CONCAT('Trade taken back: [tid:', p_tid, '] ', p_note));
    END FOR;
    UPDATE trade SET voided_at = NOW(6) WHERE market_id = v_market AND tid = p_tid;
    CALL market_candle_again(v_market, 60, v_second - v_second MOD 60);
    CALL market_candle_again(v_market, 3600, v_second - v_second MOD 3600);
    COMMIT;
END;

-- Makes a market, halted until it is resumed. A transaction of its own. Signals market_exists.
CREATE OR REPLACE PROCEDURE market_add(
    IN p_item SMALLINT UNSIGNED, IN p_currency SMALLINT UNSIGNED, IN p_amount_step DECIMAL(38, 0), IN p_price_step DECIMAL(38, 0),
    IN p_least DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_item_fee, v_currency_fee, v_rounding BIGINT;
    DECLARE EXIT HANDLER FOR 1062
    BEGIN
        ROLLBACK;
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'market_exists';
    END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL ledger_account(1, p_item, 'fee', v_item_fee);
    CALL ledger_account(1, p_currency, 'fee', v_currency_fee);
    CALL ledger_account(1, p_currency, 'rounding', v_rounding);
    INSERT INTO market (id, item_id, currency_id, amount_step, price_step, min_amount, item_unit, status, fee_schedule,
                        item_fee_account, currency_fee_account, rounding_account)
    SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM market), p_item, p_currency, p_amount_step, p_price_step, p_least,
           CAST(CONCAT('1e-', decimals) AS DECIMAL(19, 18)), 'halted', 0, v_item_fee, v_currency_fee, v_rounding
    FROM currency WHERE id = p_item;
    COMMIT;
END;

-- Sets a row of a market's own fee schedule, for orders placed from now on. A transaction of its own. The schedule begins with
-- everybody's least fee, so that there is one for every volume.
CREATE OR REPLACE PROCEDURE market_fee_set(IN p_market TINYINT UNSIGNED, IN p_volume DECIMAL(38, 0), IN p_percent DECIMAL(6, 3))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE market SET fee_schedule = id WHERE id = p_market;
    INSERT INTO trade_fee (market_id, min_volume, percent)
    SELECT p_market, 0, percent FROM trade_fee AS everybody
    WHERE everybody.market_id = 0 AND everybody.min_volume = 0
      AND NOT EXISTS (SELECT 1 FROM trade_fee AS own WHERE own.market_id = p_market);
    INSERT INTO trade_fee (market_id, min_volume, percent) VALUES (p_market, p_volume, p_percent)
    ON DUPLICATE KEY UPDATE percent = p_percent;
    COMMIT;
END;
