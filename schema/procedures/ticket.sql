-- Partner withdrawal tickets: one procedure per change of state, each a transaction of its own: one round trip, and a fifth
-- more of them a second than with the transaction around the call.
--
--   open -> settled -> processing -> completed | failed
--   settled | processing | failed -> refunded
--   open -> cancelled | rejected | expired
--
-- A change is a guarded UPDATE of the ticket first, so that of any number of racers exactly one wins; the postings follow.
-- Locks are taken in the order ticket, accounts by id, usage.

-- Says why a guarded change found nothing to change. p_key_ok is NULL where the caller needs no key.
CREATE OR REPLACE PROCEDURE ticket_refuse(IN p_ticket BINARY(16), IN p_user BIGINT, IN p_key_hash BINARY(32), IN p_blind BINARY(16))
    SQL SECURITY INVOKER READS SQL DATA
BEGIN
    DECLARE v_refusal VARCHAR(32) DEFAULT 'ticket_not_found';

    SELECT CASE
               WHEN p_key_hash IS NOT NULL AND wrong_keys >= 10 AND wrong_key_at > NOW(6) - INTERVAL 15 MINUTE THEN 'too_many_attempts'
               WHEN p_key_hash IS NOT NULL
                    AND SHA2(CONCAT(p_blind, key_hash), 256) <> SHA2(CONCAT(p_blind, p_key_hash), 256) THEN 'ticket_wrong_key'
               WHEN status = 'open' THEN IF(expires_at <= NOW(6), 'ticket_expired', 'ticket_not_settled')
               ELSE CONCAT('ticket_', IF(status = 'processing', 'settled', status))
           END
    INTO v_refusal
    FROM ticket
    WHERE id = p_ticket AND IF(p_key_hash IS NULL, customer_id, partner_user_id) = p_user;
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refusal;
END;

-- Customer: opens a ticket and holds its amount. Gives partner name, URL and the two dates.
-- Signals unknown_partner, partner_is_self, partner_needs_verified, disabled_currency, otp_*, over_*_limit, insufficient_funds, replayed.
CREATE OR REPLACE PROCEDURE ticket_create(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64),
    IN p_ticket BINARY(16), IN p_key_hash BINARY(32), IN p_partner VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0), IN p_otp_device BIGINT, IN p_otp_step BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_partner_user, v_available, v_held BIGINT;
    DECLARE v_name VARCHAR(64);
    DECLARE v_url VARCHAR(512);
    DECLARE v_verified_only, v_otp_required, v_enabled BOOLEAN;
    DECLARE v_level VARCHAR(8);
    DECLARE v_ttl INT UNSIGNED;
    DECLARE v_single, v_daily, v_monthly DECIMAL(38, 0);
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SELECT p.user_id, p.name, p.url, p.verified_only, p.ttl_s, u.level, u.otp_required, c.enabled, a.id, h.id,
           IF(l.level IS NULL, 0, l.single_max), l.daily_max, l.monthly_max
    INTO v_partner_user, v_name, v_url, v_verified_only, v_ttl, v_level, v_otp_required, v_enabled, v_available, v_held,
         v_single, v_daily, v_monthly
    FROM partner AS p
    JOIN user AS u ON u.id = p_user
    JOIN currency AS c ON c.id = p_currency
    LEFT JOIN account AS a ON a.owner_id = p_user AND a.purpose = 'available' AND a.currency_id = p_currency
    LEFT JOIN account AS h ON h.owner_id = p_user AND h.purpose = 'held' AND h.currency_id = p_currency
    LEFT JOIN withdrawal_limit AS l ON l.currency_id = p_currency AND l.level = u.level
    WHERE p.id = p_partner AND p.enabled;
    CASE
        WHEN v_partner_user IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'unknown_partner';
        WHEN v_partner_user = p_user THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'partner_is_self';
        WHEN NOT v_enabled THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'disabled_currency';
        WHEN v_verified_only AND v_level = 'none' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'partner_needs_verified';
        ELSE BEGIN END;
    END CASE;
    IF v_otp_required OR p_otp_device IS NOT NULL THEN
        CALL otp_use(p_user, v_otp_required, p_otp_device, p_otp_step);
    END IF;
    IF v_available IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'insufficient_funds';
    END IF;
    IF v_held IS NULL THEN
        CALL ledger_account(p_user, p_currency, 'held', v_held);
    END IF;
    CALL ledger_transfer('ticket_create', p_user, p_request_key, p_trace, p_ticket, p_amount,
                         v_available, 'withdraw', CONCAT('Withdrawal through ', v_name), v_held, NULL, NULL, NULL, NULL, NULL);
    CALL withdrawal_count(p_user, p_currency, p_amount, v_single, v_daily, v_monthly);
    INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, amount, key_hash, created_at, expires_at)
    VALUES (p_ticket, p_user, p_partner, v_partner_user, p_currency, p_amount, p_key_hash, v_now, v_now + INTERVAL v_ttl SECOND);
    COMMIT;
    SELECT v_url, UNIX_TIMESTAMP(v_now) DIV 1, UNIX_TIMESTAMP(v_now + INTERVAL v_ttl SECOND) DIV 1;
END;

-- Partner: takes the ticket over and is credited. A ticket that it settled before is left as it is.
-- Signals ticket_not_found, ticket_wrong_key, too_many_attempts, ticket_<state>, replayed.
CREATE OR REPLACE PROCEDURE ticket_settle(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64),
    IN p_ticket BINARY(16), IN p_key_hash BINARY(32), IN p_blind BINARY(16), IN p_description VARCHAR(255))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_held, v_customer, v_partner BIGINT;
    DECLARE v_amount DECIMAL(38, 0);
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_name, v_login VARCHAR(64);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE ticket SET status = 'settled', settled_at = NOW(6), description = p_description
    WHERE id = p_ticket AND partner_user_id = p_user AND status = 'open' AND expires_at > NOW(6)
      AND (wrong_keys < 10 OR wrong_key_at <= NOW(6) - INTERVAL 15 MINUTE)
      AND SHA2(CONCAT(p_blind, key_hash), 256) = SHA2(CONCAT(p_blind, p_key_hash), 256);
    IF ROW_COUNT() = 0 THEN
        CALL ticket_check(p_ticket, p_user, p_key_hash, p_blind);
        IF (SELECT settled_at IS NULL OR status = 'refunded' FROM ticket WHERE id = p_ticket) THEN
            CALL ticket_refuse(p_ticket, p_user, p_key_hash, p_blind);
        END IF;
    ELSE
        SELECT t.amount, t.currency_id, h.id, c.id, a.id, p.name, u.login
        INTO v_amount, v_currency, v_held, v_customer, v_partner, v_name, v_login
        FROM ticket AS t
        JOIN partner AS p ON p.id = t.partner_id
        JOIN user AS u ON u.id = t.customer_id
        JOIN account AS h ON h.owner_id = t.customer_id AND h.purpose = 'held' AND h.currency_id = t.currency_id
        JOIN account AS c ON c.owner_id = t.customer_id AND c.purpose = 'available' AND c.currency_id = t.currency_id
        LEFT JOIN account AS a ON a.owner_id = t.partner_user_id AND a.purpose = 'available' AND a.currency_id = t.currency_id
        WHERE t.id = p_ticket;
        IF v_partner IS NULL THEN
            CALL ledger_account(p_user, v_currency, 'available', v_partner);
        END IF;
        CALL ledger_transfer('ticket_settle', p_user, p_request_key, p_trace, p_ticket, v_amount,
                             v_held, NULL, NULL, v_partner, 'deposit', CONCAT('Ticket of ', v_login, ': ', p_description),
                             v_customer, 'withdraw', CONCAT(v_name, ': ', p_description));
    END IF;
    COMMIT;
    CALL ticket_view(p_ticket);
END;

-- Partner: the key is right. Signals ticket_not_found, ticket_wrong_key, too_many_attempts.
CREATE OR REPLACE PROCEDURE ticket_check(IN p_ticket BINARY(16), IN p_user BIGINT, IN p_key_hash BINARY(32), IN p_blind BINARY(16))
    SQL SECURITY INVOKER READS SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ticket
                   WHERE id = p_ticket AND partner_user_id = p_user
                     AND (wrong_keys < 10 OR wrong_key_at <= NOW(6) - INTERVAL 15 MINUTE)
                     AND SHA2(CONCAT(p_blind, key_hash), 256) = SHA2(CONCAT(p_blind, p_key_hash), 256)) THEN
        CALL ticket_refuse(p_ticket, p_user, p_key_hash, p_blind);
    END IF;
END;

-- Counts a wrong key on a ticket; after a pause the count begins anew.
CREATE OR REPLACE PROCEDURE ticket_wrong_key(IN p_ticket BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    UPDATE ticket SET wrong_keys = IF(wrong_key_at <= NOW(6) - INTERVAL 15 MINUTE, 1, wrong_keys + 1), wrong_key_at = NOW(6)
    WHERE id = p_ticket;
END;

-- Gives an open ticket's amount back, once its state was changed by the caller.
CREATE OR REPLACE PROCEDURE ticket_release(
    IN p_kind VARCHAR(24), IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_ticket BINARY(16),
    IN p_info VARCHAR(400))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_customer, v_held, v_available BIGINT;
    DECLARE v_amount DECIMAL(38, 0);
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_day DATE;
    DECLARE v_name VARCHAR(64);

    SELECT t.customer_id, t.currency_id, t.amount, DATE(t.created_at), h.id, a.id, p.name
    INTO v_customer, v_currency, v_amount, v_day, v_held, v_available, v_name
    FROM ticket AS t
    JOIN partner AS p ON p.id = t.partner_id
    JOIN account AS h ON h.owner_id = t.customer_id AND h.purpose = 'held' AND h.currency_id = t.currency_id
    JOIN account AS a ON a.owner_id = t.customer_id AND a.purpose = 'available' AND a.currency_id = t.currency_id
    WHERE t.id = p_ticket;
    CALL ledger_transfer(p_kind, p_user, p_request_key, p_trace, p_ticket, v_amount, v_held, NULL, NULL,
                         v_available, 'deposit', CONCAT('Released: withdrawal through ', v_name, ' ', p_info), NULL, NULL, NULL);
    CALL withdrawal_uncount(v_customer, v_currency, v_amount, v_day);
END;

-- Customer: takes an open ticket back. Signals ticket_not_found, ticket_<state>, replayed.
CREATE OR REPLACE PROCEDURE ticket_cancel(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_ticket BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE ticket SET status = 'cancelled', ended_at = NOW(6)
    WHERE id = p_ticket AND customer_id = p_user AND status = 'open' AND expires_at > NOW(6);
    IF ROW_COUNT() = 0 THEN
        CALL ticket_refuse(p_ticket, p_user, NULL, NULL);
    END IF;
    CALL ticket_release('ticket_cancel', p_user, p_request_key, p_trace, p_ticket, 'was cancelled');
    COMMIT;
    CALL ticket_view(p_ticket);
END;

-- Partner: declines an open ticket. Signals as ticket_settle, and for a settled ticket ticket_settled.
CREATE OR REPLACE PROCEDURE ticket_reject(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64),
    IN p_ticket BINARY(16), IN p_key_hash BINARY(32), IN p_blind BINARY(16), IN p_reason VARCHAR(255))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE ticket SET status = 'rejected', ended_at = NOW(6), reason = p_reason
    WHERE id = p_ticket AND partner_user_id = p_user AND status = 'open' AND expires_at > NOW(6)
      AND (wrong_keys < 10 OR wrong_key_at <= NOW(6) - INTERVAL 15 MINUTE)
      AND SHA2(CONCAT(p_blind, key_hash), 256) = SHA2(CONCAT(p_blind, p_key_hash), 256);
    IF ROW_COUNT() = 0 THEN
        CALL ticket_refuse(p_ticket, p_user, p_key_hash, p_blind);
    END IF;
    CALL ticket_release('ticket_reject', p_user, p_request_key, p_trace, p_ticket, CONCAT('was rejected: ', p_reason));
    COMMIT;
    CALL ticket_view(p_ticket);
END;

-- Partner: news about a settled ticket, with an optional next status (NULL keeps it).
-- Signals as ticket_settle, ticket_not_settled for an open one, ticket_completed and ticket_failed for a way back.
CREATE OR REPLACE PROCEDURE ticket_update(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64),
    IN p_ticket BINARY(16), IN p_key_hash BINARY(32), IN p_blind BINARY(16),
    IN p_message VARCHAR(255), IN p_status VARCHAR(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_status, v_next VARCHAR(16);
    DECLARE v_account BIGINT;
    DECLARE v_name VARCHAR(64);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL ticket_check(p_ticket, p_user, p_key_hash, p_blind);
    SELECT status INTO v_status FROM ticket WHERE id = p_ticket FOR UPDATE;
    SET v_next = COALESCE(p_status, v_status);
    IF NOT (v_status IN ('settled', 'processing') OR (v_status IN ('completed', 'failed') AND v_next = v_status)) THEN
        CALL ticket_refuse(p_ticket, p_user, p_key_hash, p_blind);
    END IF;
    UPDATE ticket SET status = v_next WHERE id = p_ticket;
    SELECT a.id, p.name INTO v_account, v_name
    FROM ticket AS t
    JOIN partner AS p ON p.id = t.partner_id
    JOIN account AS a ON a.owner_id = t.customer_id AND a.purpose = 'available' AND a.currency_id = t.currency_id
    WHERE t.id = p_ticket;
    INSERT INTO ticket_update (ticket_id, status, message) VALUES (p_ticket, v_next, p_message);
    CALL ledger_note('ticket_update', p_user, p_request_key, p_trace, p_ticket, v_account, 'withdraw',
                     CONCAT(v_name, IF(p_status IS NULL, '', CONCAT(' (', p_status, ')')), ': ', p_message));
    COMMIT;
    CALL ticket_view(p_ticket);
END;

-- Partner: pays a settled ticket back to the customer.
-- Signals as ticket_settle, ticket_not_settled, ticket_completed, insufficient_funds.
CREATE OR REPLACE PROCEDURE ticket_refund(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64),
    IN p_ticket BINARY(16), IN p_key_hash BINARY(32), IN p_blind BINARY(16), IN p_reason VARCHAR(255))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_customer_user, v_partner, v_customer BIGINT;
    DECLARE v_amount DECIMAL(38, 0);
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_day DATE;
    DECLARE v_name, v_login VARCHAR(64);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL ticket_check(p_ticket, p_user, p_key_hash, p_blind);
    UPDATE ticket SET status = 'refunded', ended_at = NOW(6), reason = p_reason
    WHERE id = p_ticket AND partner_user_id = p_user AND status IN ('settled', 'processing', 'failed');
    IF ROW_COUNT() = 0 THEN
        CALL ticket_refuse(p_ticket, p_user, p_key_hash, p_blind);
    END IF;
    SELECT t.customer_id, t.currency_id, t.amount, DATE(t.created_at), a.id, c.id, p.name, u.login
    INTO v_customer_user, v_currency, v_amount, v_day, v_partner, v_customer, v_name, v_login
    FROM ticket AS t
    JOIN partner AS p ON p.id = t.partner_id
    JOIN user AS u ON u.id = t.customer_id
    JOIN account AS a ON a.owner_id = t.partner_user_id AND a.purpose = 'available' AND a.currency_id = t.currency_id
    JOIN account AS c ON c.owner_id = t.customer_id AND c.purpose = 'available' AND c.currency_id = t.currency_id
    WHERE t.id = p_ticket;
    CALL ledger_transfer('ticket_refund', p_user, p_request_key, p_trace, p_ticket, v_amount,
                         v_partner, 'withdraw', CONCAT('Refund to ', v_login, ': ', p_reason),
                         v_customer, 'deposit', CONCAT('Refund from ', v_name, ': ', p_reason), NULL, NULL, NULL);
    CALL withdrawal_uncount(v_customer_user, v_currency, v_amount, v_day);
    COMMIT;
    CALL ticket_view(p_ticket);
END;

-- The sweeper: releases at most p_limit due tickets; gives their number. Any number of sweepers may run.
CREATE OR REPLACE PROCEDURE ticket_expire_due(IN p_limit INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_ticket BINARY(16);
    DECLARE v_released INT DEFAULT 0;
    DECLARE v_done BOOLEAN DEFAULT FALSE;
    DECLARE due CURSOR FOR
        SELECT id FROM ticket FORCE INDEX (due) WHERE status = 'open' AND expires_at <= NOW(6)
        ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    OPEN due;
    FETCH due INTO v_ticket;
    WHILE NOT v_done DO
        UPDATE ticket SET status = 'expired', ended_at = expires_at WHERE id = v_ticket AND status = 'open';
        IF ROW_COUNT() = 1 THEN
            CALL ticket_release('ticket_expire', 1, CONCAT('ticket_expire:', HEX(v_ticket)), '', v_ticket, 'expired');
            SET v_released = v_released + 1;
        END IF;
        FETCH due INTO v_ticket;
    END WHILE;
    CLOSE due;
    COMMIT;
    SELECT v_released;
END;

-- One ticket as both sides see it; whoever calls has checked that they may.
CREATE OR REPLACE PROCEDURE ticket_view(IN p_ticket BINARY(16))
    SQL SECURITY INVOKER READS SQL DATA
BEGIN
    SELECT t.id, t.partner_id, p.name, IF(t.status = 'open' AND t.expires_at <= NOW(6), 'expired', t.status), t.currency_id, t.amount,
           UNIX_TIMESTAMP(t.created_at) DIV 1, UNIX_TIMESTAMP(t.expires_at) DIV 1, UNIX_TIMESTAMP(t.settled_at) DIV 1,
           t.description, t.reason, t.customer_id, p.url,
           (SELECT COUNT(*) FROM ticket_update AS n WHERE n.ticket_id = t.id)
    FROM ticket AS t JOIN partner AS p ON p.id = t.partner_id
    WHERE t.id = p_ticket;
END;
