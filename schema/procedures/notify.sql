-- The outbox. An event is added inside the transaction of what it tells.

-- A random uuid (version 4): the server's own UUID() tells the machine's address and the time.
CREATE OR REPLACE FUNCTION uuid4() RETURNS BINARY(16)
    SQL SECURITY INVOKER NOT DETERMINISTIC NO SQL
BEGIN
    DECLARE v_bytes BINARY(16) DEFAULT RANDOM_BYTES(16);
    RETURN CONCAT(LEFT(v_bytes, 6), CHAR(ORD(SUBSTR(v_bytes, 7, 1)) & 15 | 64), SUBSTR(v_bytes, 8, 1),
                  CHAR(ORD(SUBSTR(v_bytes, 9, 1)) & 63 | 128), SUBSTR(v_bytes, 10));
END;

-- Adds an event, and the merchant's mail beside it where p_mail. Takes the merchant's feed row: events of one merchant are
-- numbered in the order of their commits. An event behind a pending one of its subject and channel gets no time: whoever
-- delivers the one before gives it one. The read that decides takes a lock, so that it waits for a delivery that is being
-- recorded, and the other way round.
CREATE OR REPLACE PROCEDURE notify_event(
    IN p_merchant BIGINT, IN p_subject BINARY(16), IN p_payment BINARY(16), IN p_status VARCHAR(16),
    IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0), IN p_valid DECIMAL(38, 0), IN p_total DECIMAL(38, 0),
    IN p_data VARBINARY(4096), IN p_api_key BIGINT, IN p_url VARCHAR(2000), IN p_endpoint VARCHAR(300), IN p_mail BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_seq, v_ahead BIGINT UNSIGNED;
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);

    INSERT INTO feed (merchant_id, last_seq) VALUES (p_merchant, 1) ON DUPLICATE KEY UPDATE last_seq = last_seq + 1;
    SET v_seq = (SELECT last_seq FROM feed WHERE merchant_id = p_merchant);
    SET v_ahead = IF(p_url IS NULL, 0, (SELECT COUNT(*) FROM event WHERE subject = p_subject AND channel = 'ipn'
                                        AND state = 'pending' LOCK IN SHARE MODE));
    INSERT INTO event (uuid, merchant_id, seq, channel, subject, payment, status, currency_id, amount, valid, pending, total,
                       data, api_key_id, url, endpoint, at, state, next_at)
    VALUES (uuid4(), p_merchant, v_seq, IF(p_url IS NULL, 'feed', 'ipn'), p_subject, p_payment, p_status,
            p_currency, p_amount, p_valid, p_total - p_valid, p_total, p_data, p_api_key, p_url, COALESCE(p_endpoint, ''), v_now,
            IF(p_url IS NULL, 'none', 'pending'), IF(p_url IS NULL OR v_ahead > 0, NULL, v_now));
    IF p_mail THEN
        SET v_ahead = (SELECT COUNT(*) FROM event WHERE subject = p_subject AND channel = 'mail' AND state = 'pending'
                       LOCK IN SHARE MODE);
        INSERT INTO event (uuid, merchant_id, seq, channel, subject, payment, status, currency_id, amount, valid, pending, total,
                           api_key_id, endpoint, at, state, next_at)
        VALUES (uuid4(), p_merchant, v_seq, 'mail', p_subject, p_payment, p_status, p_currency, p_amount,
                p_valid, p_total - p_valid, p_total, p_api_key, 'mail', v_now, 'pending', IF(v_ahead > 0, NULL, v_now));
    END IF;
END;

-- Adds a merchant's webhook secret. Where p_rotate those before sign until p_overlap_s from now, otherwise one that there is
-- already stays the only one. Gives when the overlap ends. A transaction of its own.
CREATE OR REPLACE PROCEDURE webhook_secret_add(
    IN p_merchant BIGINT, IN p_uuid BINARY(16), IN p_sealed VARBINARY(128), IN p_rotate BOOLEAN, IN p_overlap_s INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_merchant BIGINT;
    DECLARE v_until DATETIME(6) DEFAULT NOW(6) + INTERVAL p_overlap_s SECOND;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SET v_merchant = (SELECT id FROM user WHERE id = p_merchant FOR UPDATE);
    IF p_rotate THEN
        UPDATE webhook_secret SET retires_at = v_until WHERE merchant_id = p_merchant AND retires_at IS NULL;
    END IF;
    IF p_rotate OR NOT EXISTS (SELECT 1 FROM webhook_secret WHERE merchant_id = p_merchant AND retires_at IS NULL) THEN
        INSERT INTO webhook_secret (uuid, merchant_id, secret_sealed) VALUES (p_uuid, p_merchant, p_sealed);
    END IF;
    COMMIT;
    SELECT UNIX_TIMESTAMP(v_until) DIV 1;
END;

-- An event that tells nothing but that telling works: a transaction of its own.
-- Signals not_found where the merchant (or p_api_key, where given) has no key that signs.
CREATE OR REPLACE PROCEDURE notify_test(
    IN p_merchant BIGINT, IN p_api_key BIGINT, IN p_subject BINARY(16), IN p_right INT UNSIGNED, IN p_url VARCHAR(2000),
    IN p_endpoint VARCHAR(300))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_api_key BIGINT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SET v_api_key = (SELECT MAX(id) FROM api_key
                     WHERE user_id = p_merchant AND face = 'v1' AND rights & p_right AND revoked_at IS NULL
                       AND (p_api_key IS NULL OR id = p_api_key));
    IF v_api_key IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    CALL notify_event(p_merchant, p_subject, NULL, 'test', (SELECT MIN(id) FROM currency), NULL, NULL, NULL, NULL, v_api_key,
                      p_url, p_endpoint, FALSE);
    COMMIT;
    SELECT uuid FROM event WHERE subject = p_subject;
END;
