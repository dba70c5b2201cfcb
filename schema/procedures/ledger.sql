-- Postings. A procedure runs inside its caller's transaction, unless it says that it is one.

-- The account of that owner, currency and purpose, opened where it is missing.
CREATE OR REPLACE PROCEDURE ledger_account(
    IN p_owner BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_purpose VARCHAR(16), OUT p_account BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    SET p_account = (SELECT id FROM account
                     WHERE owner_id = p_owner AND purpose = p_purpose AND currency_id = p_currency AND rail = '');
    IF p_account IS NULL THEN
        INSERT INTO account (owner_id, currency_id, purpose) VALUES (p_owner, p_currency, p_purpose)
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
        SET p_account = LAST_INSERT_ID();
    END IF;
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
    LEFT JOIN limit_count AS w
           ON w.user_id = u.id AND w.scope = 'withdrawal' AND w.currency_id = a.currency_id AND w.by_value = FALSE
    WHERE u.id = p_user;
