-- The market's rules and corrections. What changes a book is lib/market/match.c; whatever does so first locks the market's row.

-- The percentage that the user's orders in a market pay from now on: by what they traded of the item in the last 30 days (UTC). A
-- placement goes by the same rule (book_percent).
CREATE OR REPLACE FUNCTION market_fee(p_user BIGINT, p_item SMALLINT UNSIGNED, p_schedule TINYINT UNSIGNED) RETURNS DECIMAL(6, 3)
    SQL SECURITY INVOKER READS SQL DATA
    RETURN (SELECT MIN(percent) FROM trade_fee
            WHERE market_id = p_schedule
              AND min_volume <= (SELECT COALESCE(SUM(volume), 0) FROM trader_volume
                                 WHERE user_id = p_user AND item_id = p_item AND day > UTC_DATE() - INTERVAL 30 DAY));

-- What a bid for p_amount at p_price holds, a fee of p_percent on top included: reckon_hold, for the audit.
CREATE OR REPLACE FUNCTION market_bid_hold(
    p_amount DECIMAL(38, 0), p_price DECIMAL(38, 0), p_unit DECIMAL(19, 18), p_percent DECIMAL(6, 3)) RETURNS DECIMAL(38, 0)
    SQL SECURITY INVOKER NO SQL
BEGIN
    DECLARE v_spend DECIMAL(38, 0) DEFAULT CEIL(p_amount * p_price * p_unit);
    RETURN v_spend + FLOOR(v_spend * p_percent * 0.01);
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
