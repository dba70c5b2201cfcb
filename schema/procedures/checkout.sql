-- Merchant checkout: one procedure per change of state, each a transaction of its own but for those named _in.
--
--   open -> partial -> paid            open -> paid (at once; multipay: again and again, and it stays payable)
--   open | partial -> cancelled        by merchant or buyer; what was paid goes back
--   open | partial -> closed           past its expiry; what was paid goes back
--   paid | partly_refunded -> partly_refunded | refunded
--
-- What is paid of an order that is not paid in full waits in the merchant's escrow account. A journal is written where money
-- moves, an event for every change. Locks are taken in the order order, accounts by id, feed.

-- Where an order stands, expiry included: what every reader and every guard goes by.
CREATE OR REPLACE FUNCTION checkout_status(p_status VARCHAR(16), p_expires DATETIME(6)) RETURNS VARCHAR(16) CHARACTER SET ascii
    SQL SECURITY INVOKER NO SQL
    RETURN IF(p_status IN ('open', 'partial') AND p_expires <= NOW(6), 'closed', p_status);

-- Merchant: makes an order. An empty description becomes "Payment to <login>". Signals disabled_currency, replayed.
CREATE OR REPLACE PROCEDURE checkout_create(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_id BINARY(16), IN p_api_key BIGINT, IN p_currency SMALLINT UNSIGNED,
    IN p_amount DECIMAL(38, 0), IN p_description VARCHAR(255), IN p_success VARCHAR(2000), IN p_failure VARCHAR(2000),
    IN p_ipn VARCHAR(2000), IN p_endpoint VARCHAR(300), IN p_data VARBINARY(4096), IN p_mail BOOLEAN, IN p_autosell BOOLEAN, IN p_instant BOOLEAN,
    IN p_multipay BOOLEAN, IN p_ttl_s INT UNSIGNED)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';

    IF NOT (SELECT enabled FROM currency WHERE id = p_currency) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'disabled_currency';
    END IF;
    INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, amount, description, return_success,
                                return_failure, ipn_url, ipn_endpoint, data, wants_mail, autosell, instant_only, multipay, created_at, expires_at)
    SELECT p_id, p_user, p_api_key, p_request_key, p_currency, p_amount,
           IF(p_description = '', CONCAT('Payment to ', login), p_description), p_success, p_failure, p_ipn, p_endpoint, p_data, p_mail,
           p_autosell, p_instant, p_multipay, v_now, v_now + INTERVAL p_ttl_s SECOND
    FROM user WHERE id = p_user;
END;

-- Why an order cannot be paid or ended.
CREATE OR REPLACE PROCEDURE checkout_refuse(IN p_status VARCHAR(16))
    SQL SECURITY INVOKER NO SQL
BEGIN
    DECLARE v_refusal VARCHAR(32) DEFAULT CONCAT('order_', IF(p_status = 'partly_refunded', 'refunded', p_status));
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_refusal;
END;

-- Whether a buyer may pay p_pay of an order of which p_missing is missing.
-- Signals order_not_found (p_status is NULL), order_own, order_paid, order_cancelled, order_closed, order_refunded, order_overpaid,
-- order_whole.
CREATE OR REPLACE PROCEDURE checkout_check(
    IN p_user BIGINT, IN p_merchant BIGINT, IN p_status VARCHAR(16), IN p_instant BOOLEAN, IN p_multipay BOOLEAN,
    IN p_pay DECIMAL(38, 0), IN p_missing DECIMAL(38, 0))
    SQL SECURITY INVOKER NO SQL
BEGIN
    CASE
        WHEN p_status IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_found';
        WHEN p_status NOT IN ('open', 'partial') THEN
            CALL checkout_refuse(p_status);
        WHEN p_merchant = p_user THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_own';
        WHEN p_pay > p_missing THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_overpaid';
        WHEN p_pay < p_missing AND (p_instant OR p_multipay) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_whole';
        ELSE BEGIN END;
    END CASE;
END;

-- Buyer: pays p_amount (NULL: all that is missing) of an order from the balance in its currency, inside the caller's transaction.
-- p_net: what the merchant has of it now, the fee taken off; 0 while the order is paid in part.
-- Signals what checkout_check does, otp_*, insufficient_funds, replayed.
CREATE OR REPLACE PROCEDURE checkout_pay_in(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_order BINARY(16), IN p_payment BINARY(16),
    IN p_amount DECIMAL(38, 0), IN p_otp_device BIGINT, IN p_otp_step BIGINT, IN p_digest BINARY(32), OUT p_net DECIMAL(38, 0))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_status, v_next VARCHAR(16);
    DECLARE v_merchant, v_api_key, v_from, v_to, v_escrow, v_house, v_journal BIGINT;
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_amount, v_paid, v_missing, v_pay, v_fee, v_earned, v_fixed DECIMAL(38, 0);
    DECLARE v_percent DECIMAL(9, 6);
    DECLARE v_description VARCHAR(255);
    DECLARE v_name, v_payer VARCHAR(64);
    DECLARE v_ipn VARCHAR(2000);
    DECLARE v_endpoint VARCHAR(300);
    DECLARE v_data VARBINARY(4096);
    DECLARE v_mail, v_instant, v_multipay, v_otp_required BOOLEAN;

    SELECT checkout_status(status, expires_at), merchant_id, api_key_id, currency_id, amount, paid, description, ipn_url,
           ipn_endpoint, data, wants_mail, instant_only, multipay
    INTO v_status, v_merchant, v_api_key, v_currency, v_amount, v_paid, v_description, v_ipn,
         v_endpoint, v_data, v_mail, v_instant, v_multipay
    FROM checkout_order WHERE id = p_order FOR UPDATE;
    SELECT m.login, u.login, u.otp_required, COALESCE(f.percent, d.percent, 0), COALESCE(f.fixed, d.fixed, 0)
    INTO v_name, v_payer, v_otp_required, v_percent, v_fixed
    FROM user AS m JOIN user AS u ON u.id = p_user
    LEFT JOIN merchant_fee AS f ON f.merchant_id = v_merchant AND f.currency_id = v_currency
    LEFT JOIN merchant_fee AS d ON d.merchant_id = 1 AND d.currency_id = v_currency
    WHERE m.id = v_merchant;
    SET v_missing = IF(v_multipay, v_amount, v_amount - v_paid);
    SET v_pay = COALESCE(p_amount, v_missing);
    CALL checkout_check(p_user, v_merchant, v_status, v_instant, v_multipay, v_pay, v_missing);
    IF v_otp_required OR p_otp_device IS NOT NULL THEN
        CALL otp_use(p_user, v_otp_required, p_otp_device, p_otp_step);
    END IF;

    SET v_next = CASE WHEN v_multipay THEN 'open' WHEN v_pay = v_missing THEN 'paid' ELSE 'partial' END;
    SET v_earned = IF(v_multipay, v_pay, v_amount);
    SET v_fee = IF(v_next = 'partial', 0, LEAST(ROUND(v_earned * v_percent / 100) + v_fixed, v_earned));
    CALL ledger_account(p_user, v_currency, 'available', v_from);
    CALL ledger_account(v_merchant, v_currency, 'available', v_to);
    IF v_next = 'partial' OR v_status = 'partial' THEN
        CALL ledger_account(v_merchant, v_currency, 'escrow', v_escrow);
    END IF;
    IF v_fee > 0 THEN
        CALL ledger_account(1, v_currency, 'fee', v_house);
    END IF;
    CALL ledger_lock(v_from, v_to, v_escrow, v_house);
    IF p_digest IS NOT NULL THEN
        CALL request_record(p_user, p_request_key, 'checkout_pay', p_payment, p_digest);
    END IF;
    CALL ledger_journal('checkout_pay', p_user, p_request_key, p_trace, p_order, v_journal);
    CALL ledger_leg(v_journal, v_from, -v_pay, 'spent', CONCAT('Payment to ', v_name, ': ', v_description));
    IF v_next = 'partial' THEN
        CALL ledger_leg(v_journal, v_escrow, v_pay, NULL, NULL);
    ELSE
        IF v_status = 'partial' THEN
            CALL ledger_leg(v_journal, v_escrow, -v_paid, NULL, NULL);
        END IF;
        CALL ledger_leg(v_journal, v_to, v_earned, 'earned', CONCAT('Payment from ', v_payer, ': ', v_description));
        IF v_fee > 0 THEN
            CALL ledger_leg(v_journal, v_to, -v_fee, 'fee', CONCAT('Fee for: ', v_description));
            CALL ledger_leg(v_journal, v_house, v_fee, 'fee', CONCAT('Fee from ', v_name));
        END IF;
    END IF;
    UPDATE checkout_order
    SET paid = paid + v_pay, status = v_next, paid_at = IF(v_next = 'partial', paid_at, COALESCE(paid_at, NOW(6)))
    WHERE id = p_order;
    INSERT INTO checkout_payment (id, journal_id, order_id, payer_id, amount, created_at)
    VALUES (p_payment, v_journal, p_order, p_user, v_pay, NOW(6));
    IF v_next = 'partial' THEN
        CALL notify_event(v_merchant, p_order, p_payment, 'partial', v_currency, v_pay, v_paid + v_pay, v_amount, v_data, v_api_key,
                          v_ipn, v_endpoint, v_mail);
    ELSE
        CALL notify_event(v_merchant, p_order, p_payment, 'paid', v_currency, v_earned, NULL, NULL, v_data, v_api_key, v_ipn, v_endpoint, v_mail);
    END IF;
    SET p_net = IF(v_next = 'partial', 0, v_earned - v_fee);
END;

-- The same as a transaction of its own; gives the order as checkout_view does.
CREATE OR REPLACE PROCEDURE checkout_pay(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_order BINARY(16), IN p_payment BINARY(16),
    IN p_amount DECIMAL(38, 0), IN p_otp_device BIGINT, IN p_otp_step BIGINT, IN p_digest BINARY(32))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_net DECIMAL(38, 0);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL checkout_pay_in(p_user, p_request_key, p_trace, p_order, p_payment, p_amount, p_otp_device, p_otp_step, p_digest, v_net);
    COMMIT;
    CALL checkout_view(p_order);
END;

-- What a buyer would pay who pays p_amount (NULL: all that is missing): a row of currency and amount. Signals what checkout_check
-- does.
CREATE OR REPLACE PROCEDURE checkout_payable(IN p_user BIGINT, IN p_order BINARY(16), IN p_amount DECIMAL(38, 0))
    SQL SECURITY INVOKER READS SQL DATA
BEGIN
    DECLARE v_status VARCHAR(16);
    DECLARE v_merchant BIGINT;
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_missing, v_pay DECIMAL(38, 0);
    DECLARE v_instant, v_multipay BOOLEAN;

    SELECT checkout_status(status, expires_at), merchant_id, currency_id, IF(multipay, amount, amount - paid), instant_only, multipay
    INTO v_status, v_merchant, v_currency, v_missing, v_instant, v_multipay
    FROM checkout_order WHERE id = p_order;
    SET v_pay = COALESCE(p_amount, v_missing);
    CALL checkout_check(p_user, v_merchant, v_status, v_instant, v_multipay, v_pay, v_missing);
    SELECT v_currency, v_pay;
END;

-- Buyer: uses a quote up, inside the caller's transaction, which pays by it: a row of currency, amount, the buyer's currency, cost.
-- Locks the order. Signals what checkout_check does, quote_not_found (also somebody else's, or used), quote_expired.
CREATE OR REPLACE PROCEDURE checkout_quote_take_in(IN p_user BIGINT, IN p_order BINARY(16), IN p_quote BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_order BINARY(16) DEFAULT (SELECT id FROM checkout_order WHERE id = p_order FOR UPDATE);
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_amount, v_cost DECIMAL(38, 0);
    DECLARE v_expired BOOLEAN;

    SELECT amount, currency_id, cost, expires_at <= NOW(6) INTO v_amount, v_currency, v_cost, v_expired
    FROM checkout_quote WHERE id = p_quote AND order_id = v_order AND user_id = p_user FOR UPDATE;
    CALL checkout_payable(p_user, p_order, v_amount);
    IF v_amount IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'quote_not_found';
    ELSEIF v_expired THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'quote_expired';
    END IF;
    DELETE FROM checkout_quote WHERE id = p_quote;
    SELECT o.currency_id, v_amount, v_currency, v_cost FROM checkout_order AS o WHERE o.id = p_order;
END;

-- Locks the merchant's account of that purpose and those of the order's payers, in ascending order.
CREATE OR REPLACE PROCEDURE checkout_lock(
    IN p_order BINARY(16), IN p_merchant BIGINT, IN p_currency SMALLINT UNSIGNED, IN p_purpose VARCHAR(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    FOR it IN (SELECT id FROM account WHERE owner_id = p_merchant AND purpose = p_purpose AND currency_id = p_currency
               UNION
               SELECT a.id FROM checkout_payment AS p
               JOIN account AS a ON a.owner_id = p.payer_id AND a.purpose = 'available' AND a.currency_id = p_currency
               WHERE p.order_id = p_order
               ORDER BY id)
    DO
        UPDATE account SET entries = entries WHERE id = it.id;
    END FOR;
END;

-- Ends an order that the caller has locked: what waits in escrow goes back to its payers, in one journal, and the merchant is
-- told. The payments of a multipay order were settled one by one and stay the merchant's.
CREATE OR REPLACE PROCEDURE checkout_end(
    IN p_kind VARCHAR(24), IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_order BINARY(16),
    IN p_status VARCHAR(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_merchant, v_api_key, v_escrow, v_account, v_journal BIGINT;
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_waiting DECIMAL(38, 0);
    DECLARE v_description VARCHAR(255);
    DECLARE v_ipn VARCHAR(2000);
    DECLARE v_endpoint VARCHAR(300);
    DECLARE v_data VARBINARY(4096);
    DECLARE v_payment BINARY(16);

    SELECT merchant_id, api_key_id, currency_id, IF(status = 'partial', paid, 0), description, ipn_url, ipn_endpoint, data
    INTO v_merchant, v_api_key, v_currency, v_waiting, v_description, v_ipn, v_endpoint, v_data
    FROM checkout_order WHERE id = p_order;
    IF v_waiting > 0 THEN
        CALL ledger_account(v_merchant, v_currency, 'escrow', v_escrow);
        CALL checkout_lock(p_order, v_merchant, v_currency, 'escrow');
        CALL ledger_journal(p_kind, p_user, p_request_key, p_trace, p_order, v_journal);
        CALL ledger_leg(v_journal, v_escrow, -v_waiting, NULL, NULL);
        FOR share IN (SELECT payer_id, SUM(amount) AS amount FROM checkout_payment WHERE order_id = p_order GROUP BY payer_id)
        DO
            CALL ledger_account(share.payer_id, v_currency, 'available', v_account);
            CALL ledger_leg(v_journal, v_account, share.amount, 'deposit', CONCAT('Given back (', p_status, '): ', v_description));
        END FOR;
        UPDATE checkout_payment SET refunded = amount WHERE order_id = p_order;
    END IF;
    UPDATE checkout_order SET status = p_status, refunded = refunded + v_waiting, ended_at = NOW(6) WHERE id = p_order;
    SET v_payment = (SELECT MAX(id) FROM checkout_payment WHERE order_id = p_order);
    CALL notify_event(v_merchant, p_order, v_payment, p_status, v_currency, NULL, NULL, NULL, v_data, v_api_key, v_ipn, v_endpoint, FALSE);
END;

-- Merchant or buyer (p_user 0: one who is not signed in): ends an order that is not paid. A buyer may end it while nothing is
-- paid, or what only they paid; a multipay order is not theirs to end, and is left as it is.
-- Signals order_not_found, order_<status>, order_other_payer, replayed.
CREATE OR REPLACE PROCEDURE checkout_cancel(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_order BINARY(16), IN p_as_merchant BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_status VARCHAR(16);
    DECLARE v_multipay BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SELECT checkout_status(status, expires_at), multipay INTO v_status, v_multipay
    FROM checkout_order WHERE id = p_order AND (NOT p_as_merchant OR merchant_id = p_user) FOR UPDATE;
    CASE
        WHEN v_status IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_found';
        WHEN v_status NOT IN ('open', 'partial') THEN
            CALL checkout_refuse(v_status);
        WHEN NOT p_as_merchant AND v_status = 'partial' AND EXISTS (
            SELECT 1 FROM checkout_payment WHERE order_id = p_order AND payer_id <> p_user) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_other_payer';
        WHEN p_as_merchant OR NOT v_multipay THEN
            CALL checkout_end('checkout_cancel', p_user, p_request_key, p_trace, p_order, 'cancelled');
        ELSE BEGIN END;
    END CASE;
    COMMIT;
    CALL checkout_view(p_order);
END;

-- Merchant: gives p_amount (NULL: all that is left) of what was paid back to the payers, the newest payments first, in one
-- journal; p_payment limits it to one payment. The fee stays with the house. Without a reason the description stands in.
-- Signals order_not_found, payment_not_found, order_not_paid, order_over_refunded, insufficient_funds, replayed.
CREATE OR REPLACE PROCEDURE checkout_refund(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_trace VARCHAR(64), IN p_order BINARY(16), IN p_payment BINARY(16),
    IN p_amount DECIMAL(38, 0), IN p_reason VARCHAR(255), IN p_digest BINARY(32))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_multipay BOOLEAN;
    DECLARE v_status VARCHAR(16);
    DECLARE v_name VARCHAR(64);
    DECLARE v_api_key, v_from, v_to, v_journal BIGINT;
    DECLARE v_currency SMALLINT UNSIGNED;
    DECLARE v_paid, v_left, v_refund, v_rest, v_part DECIMAL(38, 0);
    DECLARE v_ipn VARCHAR(2000);
    DECLARE v_endpoint VARCHAR(300);
    DECLARE v_data VARBINARY(4096);
    DECLARE v_payment BINARY(16);
    DECLARE v_reason VARCHAR(255);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SELECT o.status, o.multipay, o.paid, o.currency_id, o.api_key_id, o.ipn_url, o.ipn_endpoint, o.data, u.login,
           IF(p_reason = '', o.description, p_reason)
    INTO v_status, v_multipay, v_paid, v_currency, v_api_key, v_ipn, v_endpoint, v_data, v_name, v_reason
    FROM checkout_order AS o JOIN user AS u ON u.id = o.merchant_id
    WHERE o.id = p_order AND o.merchant_id = p_user FOR UPDATE;
    SET v_left = (SELECT SUM(amount - refunded) FROM checkout_payment
                  WHERE order_id = p_order AND (p_payment IS NULL OR id = p_payment));
    SET v_refund = COALESCE(p_amount, v_left);
    CASE
        WHEN v_status IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_found';
        WHEN v_paid = 0 OR NOT (v_multipay OR v_status IN ('paid', 'partly_refunded', 'refunded')) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_not_paid';
        WHEN v_left IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'payment_not_found';
        WHEN v_refund > v_left OR v_left = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_over_refunded';
        ELSE BEGIN END;
    END CASE;
    CALL ledger_account(p_user, v_currency, 'available', v_from);
    CALL checkout_lock(p_order, p_user, v_currency, 'available');
    IF p_digest IS NOT NULL THEN
        CALL request_record(p_user, p_request_key, 'checkout_refund', p_order, p_digest);
    END IF;
    CALL ledger_journal('checkout_refund', p_user, p_request_key, p_trace, p_order, v_journal);
    CALL ledger_leg(v_journal, v_from, -v_refund, 'withdraw', CONCAT('Refund: ', v_reason));
    SET v_rest = v_refund;
    FOR payment IN (SELECT id, payer_id, amount - refunded AS amount FROM checkout_payment
                    WHERE order_id = p_order AND amount > refunded AND (p_payment IS NULL OR id = p_payment) ORDER BY id DESC)
    DO
        IF v_rest > 0 THEN
            SET v_part = LEAST(payment.amount, v_rest), v_payment = COALESCE(v_payment, payment.id);
            SET v_rest = v_rest - v_part;
            CALL ledger_account(payment.payer_id, v_currency, 'available', v_to);
            CALL ledger_leg(v_journal, v_to, v_part, 'deposit', CONCAT('Refund from ', v_name, ': ', v_reason));
            UPDATE checkout_payment SET refunded = refunded + v_part WHERE id = payment.id;
        END IF;
    END FOR;
    UPDATE checkout_order
    SET refunded = refunded + v_refund,
        status = IF(multipay, status, IF(refunded = paid, 'refunded', 'partly_refunded'))
    WHERE id = p_order;
    CALL notify_event(p_user, p_order, v_payment, 'refunded', v_currency, v_refund, NULL, NULL, v_data, v_api_key, v_ipn, v_endpoint, FALSE);
    COMMIT;
    CALL checkout_view(p_order);
END;

-- One order as its page shows it; whoever calls has checked that they may.
CREATE OR REPLACE PROCEDURE checkout_view(IN p_order BINARY(16))
    SQL SECURITY INVOKER READS SQL DATA
BEGIN
    SELECT o.id, o.merchant_id, m.login, checkout_status(o.status, o.expires_at), o.currency_id, o.amount, o.paid, o.refunded,
           o.description, o.return_success, o.return_failure, o.ipn_url, o.data, o.wants_mail, o.autosell, o.instant_only, o.multipay,
           UNIX_TIMESTAMP(o.created_at) DIV 1, UNIX_TIMESTAMP(o.expires_at) DIV 1, UNIX_TIMESTAMP(o.paid_at) DIV 1,
           UNIX_TIMESTAMP(o.ended_at) DIV 1
    FROM checkout_order AS o JOIN user AS m ON m.id = o.merchant_id
    WHERE o.id = p_order;
END;

-- The sweeper: closes at most p_limit orders past their expiry; gives their number. Any number of sweepers may run. Those that
-- nobody paid anything of go together; each of the others, whose payers' accounts are needed, in a transaction of its own.
CREATE OR REPLACE PROCEDURE checkout_close_due(IN p_limit INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_closed INT DEFAULT 0;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    FOR due IN (SELECT id FROM checkout_order FORCE INDEX (due)
                WHERE status = 'open' AND expires_at <= NOW(6) LIMIT p_limit FOR UPDATE SKIP LOCKED)
    DO
        CALL checkout_end('checkout_close', 1, CONCAT('checkout_close:', HEX(due.id)), '', due.id, 'closed');
        SET v_closed = v_closed + 1;
    END FOR;
    COMMIT;
    FOR due IN (SELECT id FROM checkout_order FORCE INDEX (due) WHERE status = 'partial' AND expires_at <= NOW(6) LIMIT p_limit)
    DO
        START TRANSACTION;
        IF EXISTS (SELECT 1 FROM checkout_order WHERE id = due.id AND status = 'partial' FOR UPDATE SKIP LOCKED) THEN
            CALL checkout_end('checkout_close', 1, CONCAT('checkout_close:', HEX(due.id)), '', due.id, 'closed');
            SET v_closed = v_closed + 1;
        END IF;
        COMMIT;
    END FOR;
    SELECT v_closed;
END;
