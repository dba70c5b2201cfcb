-- Postings. A procedure runs inside its caller's transaction, unless it says that it is one.

-- The account of that owner, currency and purpose, opened where it is missing.
CREATE OR REPLACE PROCEDURE ledger_account(
    IN p_owner BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_purpose VARCHAR(16), OUT p_account BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    SET p_account = (SELECT id FROM account WHERE owner_id = p_owner AND purpose = p_purpose AND currency_id = p_currency);
    IF p_account IS NULL THEN
        INSERT INTO account (owner_id, currency_id, purpose, may_overdraw)
        VALUES (p_owner, p_currency, p_purpose, p_purpose = 'external')
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
        SET p_account = LAST_INSERT_ID();
    END IF;
END;

-- Moves an amount from one account to another, with a line of history for each and, where p_memo is given, a line
-- without money on a third. The accounts are locked in ascending order. User variables carry the new balances from the UPDATEs
-- to the INSERT: a third less time than reading the rows again. Signals replayed where the request was already processed,
-- insufficient_funds where p_from does not cover the amount.
CREATE OR REPLACE PROCEDURE ledger_transfer(
    IN p_kind VARCHAR(24), IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_ref BINARY(16),
    IN p_amount DECIMAL(38, 0),
    IN p_from BIGINT, IN p_from_type VARCHAR(16), IN p_from_info VARCHAR(512),
    IN p_to BIGINT, IN p_to_type VARCHAR(16), IN p_to_info VARCHAR(512),
    IN p_memo BIGINT, IN p_memo_type VARCHAR(16), IN p_memo_info VARCHAR(512))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_journal BIGINT;
    DECLARE v_low BIGINT DEFAULT LEAST(p_from, p_to);
    DECLARE v_high BIGINT DEFAULT GREATEST(p_from, p_to);
    DECLARE v_low_amount DECIMAL(38, 0) DEFAULT IF(p_from = v_low, -p_amount, p_amount);
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';
    DECLARE EXIT HANDLER FOR 4025 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds';

    INSERT INTO journal (kind, user_id, request_key, trace, ref) VALUES (p_kind, p_user, p_request_key, p_trace, p_ref);
    SET v_journal = LAST_INSERT_ID(), @low_seq = NULL, @high_seq = NULL, @memo_seq = NULL;
    IF p_memo < v_low THEN
        UPDATE account SET balance = (@memo_balance := balance), entries = (@memo_seq := entries + 1) WHERE id = p_memo;
    END IF;
    UPDATE account SET balance = (@low_balance := balance + v_low_amount), entries = (@low_seq := entries + 1) WHERE id = v_low;
    IF p_memo > v_low AND p_memo < v_high THEN
        UPDATE account SET balance = (@memo_balance := balance), entries = (@memo_seq := entries + 1) WHERE id = p_memo;
    END IF;
    UPDATE account SET balance = (@high_balance := balance - v_low_amount), entries = (@high_seq := entries + 1) WHERE id = v_high;
    IF p_memo > v_high THEN
        UPDATE account SET balance = (@memo_balance := balance), entries = (@memo_seq := entries + 1) WHERE id = p_memo;
    END IF;
    INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info)
    VALUES (v_low, @low_seq, v_journal, v_low_amount, @low_balance,
            IF(p_from = v_low, p_from_type, p_to_type), IF(p_from = v_low, p_from_info, p_to_info)),
           (v_high, @high_seq, v_journal, -v_low_amount, @high_balance,
            IF(p_from = v_low, p_to_type, p_from_type), IF(p_from = v_low, p_to_info, p_from_info));
    IF p_memo IS NOT NULL THEN
        INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info)
        VALUES (p_memo, @memo_seq, v_journal, 0, @memo_balance, p_memo_type, p_memo_info);
    END IF;
END;

-- Adds a line without money to an account's history, as a journal of its own. Signals replayed.
CREATE OR REPLACE PROCEDURE ledger_note(
    IN p_kind VARCHAR(24), IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_ref BINARY(16),
    IN p_account BIGINT, IN p_type VARCHAR(16), IN p_info VARCHAR(512))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_journal BIGINT;
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';

    INSERT INTO journal (kind, user_id, request_key, trace, ref) VALUES (p_kind, p_user, p_request_key, p_trace, p_ref);
    SET v_journal = LAST_INSERT_ID();
    UPDATE account SET entries = entries + 1 WHERE id = p_account;
    INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info)
    SELECT id, entries, v_journal, 0, balance, p_type, p_info FROM account WHERE id = p_account;
END;

-- A journal of any number of legs: ledger_journal, then a ledger_leg for each. Whoever posts takes the locks first, by
-- ledger_lock, so that they are taken in ascending order. ledger_journal signals replayed, ledger_leg insufficient_funds.
CREATE OR REPLACE PROCEDURE ledger_lock(IN p_a BIGINT, IN p_b BIGINT, IN p_c BIGINT, IN p_d BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
    UPDATE account SET entries = entries WHERE id IN (p_a, p_b, p_c, p_d);

CREATE OR REPLACE PROCEDURE ledger_journal(
    IN p_kind VARCHAR(24), IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_ref BINARY(16),
    OUT p_journal BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';

    INSERT INTO journal (kind, user_id, request_key, trace, ref) VALUES (p_kind, p_user, p_request_key, p_trace, p_ref);
    SET p_journal = LAST_INSERT_ID();
END;

CREATE OR REPLACE PROCEDURE ledger_leg(
    IN p_journal BIGINT, IN p_account BIGINT, IN p_amount DECIMAL(38, 0), IN p_type VARCHAR(16), IN p_info VARCHAR(512))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR 4025 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds';

    UPDATE account SET balance = balance + p_amount, entries = entries + 1 WHERE id = p_account;
    INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info)
    SELECT id, entries, p_journal, p_amount, balance, p_type, p_info FROM account WHERE id = p_account;
END;

-- An operator's credit from outside: a transaction of its own. Signals replayed.
CREATE OR REPLACE PROCEDURE ledger_credit(
    IN p_user BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0), IN p_request_key VARBINARY(96),
    IN p_note VARCHAR(255))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_outside, v_account BIGINT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL ledger_account(1, p_currency, 'external', v_outside);
    CALL ledger_account(p_user, p_currency, 'available', v_account);
    CALL ledger_transfer('credit', 1, p_request_key, '', NULL, p_amount, v_outside, NULL, NULL,
                         v_account, 'deposit', p_note, NULL, NULL, NULL);
    COMMIT;
END;

-- Counts a withdrawal against the user's limits (NULL: none). Signals over_single_limit, over_daily_limit,
-- over_monthly_limit.
CREATE OR REPLACE PROCEDURE withdrawal_count(
    IN p_user BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0),
    IN p_single DECIMAL(38, 0), IN p_daily DECIMAL(38, 0), IN p_monthly DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_day DATE DEFAULT UTC_DATE();

    IF p_amount > p_single THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'over_single_limit';
    END IF;
    SET @day_amount = p_amount, @month_amount = p_amount;
    INSERT INTO withdrawal_usage (user_id, currency_id, day, day_amount, month_amount)
    VALUES (p_user, p_currency, v_day, p_amount, p_amount)
    ON DUPLICATE KEY UPDATE
        month_amount = (@month_amount := IF(LAST_DAY(day) = LAST_DAY(v_day), month_amount, 0) + p_amount),
        day_amount = (@day_amount := IF(day = v_day, day_amount, 0) + p_amount),
        day = v_day;
    CASE
        WHEN @day_amount > p_daily THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'over_daily_limit';
        WHEN @month_amount > p_monthly THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'over_monthly_limit';
        ELSE BEGIN END;
    END CASE;
END;

-- Takes back what withdrawal_count counted on p_day.
CREATE OR REPLACE PROCEDURE withdrawal_uncount(
    IN p_user BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0), IN p_day DATE)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    UPDATE withdrawal_usage
    SET day_amount = day_amount - IF(day = p_day, p_amount, 0), month_amount = month_amount - p_amount
    WHERE user_id = p_user AND currency_id = p_currency AND LAST_DAY(day) = LAST_DAY(p_day);
END;

-- Everything that `info` and the account page show: a row per account of the user, in no order, with the last day on which some
-- of its currency was withdrawn and what was withdrawn on it and in its month; one row of NULL account columns where there is none.
-- Each has today's date (UTC). The limits are held by the caller, who compares the days as well, and the volume traded is read by it
-- when it may have changed: a table more, or the functions that would do it, cost as much as reading ten rows.
CREATE OR REPLACE PROCEDURE account_info(IN p_user BIGINT)
    SQL SECURITY INVOKER READS SQL DATA
    SELECT u.id, u.uuid, u.login, u.email, u.level, u.language, u.otp_required, u.created_at, u.last_login_at,
           a.currency_id, a.purpose, a.balance, a.reserved, a.entries, w.day, w.day_amount, w.month_amount, UTC_DATE()
    FROM user AS u
    LEFT JOIN account AS a ON a.owner_id = u.id
    LEFT JOIN withdrawal_usage AS w ON w.user_id = u.id AND w.currency_id = a.currency_id
    WHERE u.id = p_user;
