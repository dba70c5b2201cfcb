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
