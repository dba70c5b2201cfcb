-- The outbox. An event is added inside the transaction of what it tells.

-- A random uuid (version 4): the server's own UUID() tells the machine's address and the time.
CREATE OR REPLACE FUNCTION uuid4() RETURNS BINARY(16)
    SQL SECURITY INVOKER NOT DETERMINISTIC NO SQL
BEGIN
    DECLARE v_bytes BINARY(16) DEFAULT RANDOM_BYTES(16);
    RETURN CONCAT(LEFT(v_bytes, 6), CHAR(ORD(SUBSTR(v_bytes, 7, 1)) & 15 | 64), SUBSTR(v_bytes, 8, 1),
                  CHAR(ORD(SUBSTR(v_bytes, 9, 1)) & 63 | 128), SUBSTR(v_bytes, 10));
END;

-- Adds an event; p_event gets its id. Takes the owner's feed row: events of one owner are numbered in the order of their
-- commits. Who is told is added by event_deliver.
CREATE OR REPLACE PROCEDURE event_add(
    IN p_topic VARCHAR(24), IN p_kind VARCHAR(24), IN p_owner BIGINT, IN p_subject BINARY(16), IN p_ref BINARY(16),
    IN p_payload TEXT, OUT p_event BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    INSERT INTO feed (owner_id, last_seq) VALUES (p_owner, 1) ON DUPLICATE KEY UPDATE last_seq = last_seq + 1;
    INSERT INTO event (topic, kind, owner_id, seq, subject, ref, payload, at)
    SELECT p_topic, p_kind, p_owner, last_seq, p_subject, p_ref, p_payload, NOW(6) FROM feed WHERE owner_id = p_owner;
    SET p_event = LAST_INSERT_ID();
END;

-- Adds a delivery of an event. In order, one behind a pending one of its subject and endpoint gets no time: whoever ends the one
-- before gives it one. The read that decides takes a lock, so that it waits for a delivery that is being recorded, and the other
-- way round.
CREATE OR REPLACE PROCEDURE event_deliver(
    IN p_event BIGINT, IN p_owner BIGINT, IN p_subject BINARY(16), IN p_channel VARCHAR(4), IN p_format VARCHAR(24),
    IN p_ordered BOOLEAN, IN p_url VARCHAR(2000), IN p_endpoint VARCHAR(300), IN p_api_key BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_ahead BIGINT UNSIGNED DEFAULT 0;
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);

    IF p_ordered AND p_channel <> 'feed' THEN
        SET v_ahead = (SELECT COUNT(*) FROM delivery WHERE subject = p_subject AND endpoint = p_endpoint AND state = 'pending'
                       LOCK IN SHARE MODE);
    END IF;
    INSERT INTO delivery (uuid, event_id, owner_id, channel, format, subject, api_key_id, url, endpoint, since, state, next_at)
    VALUES (uuid4(), p_event, p_owner, p_channel, p_format, p_subject, p_api_key, p_url, COALESCE(p_endpoint, ''), v_now,
            IF(p_channel = 'feed', 'none', 'pending'), IF(p_channel = 'feed' OR v_ahead > 0, NULL, v_now));
END;

-- An event of a merchant's order, as event_checkout of lib/notify/event.h writes one: posted to p_url where there is one, and
-- mailed to the merchant where p_mail.
CREATE OR REPLACE PROCEDURE notify_event(
    IN p_merchant BIGINT, IN p_subject BINARY(16), IN p_payment BINARY(16), IN p_status VARCHAR(16),
    IN p_currency VARCHAR(8), IN p_amount DECIMAL(38, 0), IN p_valid DECIMAL(38, 0), IN p_total DECIMAL(38, 0),
    IN p_data VARBINARY(4096), IN p_api_key BIGINT, IN p_url VARCHAR(2000), IN p_endpoint VARCHAR(300), IN p_mail BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_event BIGINT;
    DECLARE v_payload TEXT CHARACTER SET utf8mb4 DEFAULT JSON_OBJECT(
        'currency', p_currency, 'amount', CAST(p_amount AS CHAR),
        'valid', CAST(p_valid AS CHAR), 'pending', CAST(p_total - p_valid AS CHAR), 'total', CAST(p_total AS CHAR),
        'data', REPLACE(TO_BASE64(p_data), '\n', ''));

    CALL event_add('checkout', p_status, p_merchant, p_subject, p_payment, v_payload, v_event);
    CALL event_deliver(v_event, p_merchant, p_subject, IF(p_url IS NULL, 'feed', 'post'), 'ipn', TRUE, p_url, p_endpoint, p_api_key);
    IF p_mail THEN
        CALL event_deliver(v_event, p_merchant, p_subject, 'mail', 'mail', TRUE, NULL, 'mail', p_api_key);
    END IF;
END;

-- Adds an owner's webhook secret. Where p_rotate the one before signs until p_overlap_s from now, and any older one until the end
-- that it has; otherwise one that there is already stays the only one. Gives when the overlap ends. A transaction of its own.
CREATE OR REPLACE PROCEDURE webhook_secret_add(
    IN p_owner BIGINT, IN p_uuid BINARY(16), IN p_sealed VARBINARY(128), IN p_rotate BOOLEAN, IN p_overlap_s INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_until DATETIME(6) DEFAULT NOW(6) + INTERVAL p_overlap_s SECOND;

    CALL user_lock(p_owner);
    IF p_rotate THEN
        UPDATE webhook_secret SET retires_at = v_until WHERE owner_id = p_owner AND retires_at IS NULL;
    END IF;
    IF p_rotate OR NOT EXISTS (SELECT 1 FROM webhook_secret WHERE owner_id = p_owner AND retires_at IS NULL) THEN
        INSERT INTO webhook_secret (uuid, owner_id, secret_sealed) VALUES (p_uuid, p_owner, p_sealed);
    END IF;
    SELECT UNIX_TIMESTAMP(v_until) DIV 1;
END;

-- An event that tells nothing but that telling works, in the caller's transaction. p_limit in p_window_s seconds for each merchant:
-- whoever tests makes others' deliveries wait.
-- Signals not_found where the merchant (or p_api_key, where given) has no key that signs, too_many_requests.
CREATE OR REPLACE PROCEDURE notify_test(
    IN p_merchant BIGINT, IN p_api_key BIGINT, IN p_subject BINARY(16), IN p_right INT UNSIGNED, IN p_currency VARCHAR(8), IN p_url VARCHAR(2000),
    IN p_endpoint VARCHAR(300), IN p_limit INT UNSIGNED, IN p_window_s INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_api_key BIGINT;
    DECLARE v_last BIGINT UNSIGNED;

    SET v_api_key = api_key_signing(p_merchant, p_right, p_api_key);
    IF v_api_key IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    -- Only the newest events are looked at: with ten times as many payments between them tests are no burden.
    SET v_last = (SELECT last_seq FROM feed WHERE owner_id = p_merchant FOR UPDATE);
    IF (SELECT COUNT(*) FROM event WHERE owner_id = p_merchant AND seq > v_last - LEAST(v_last, 10 * p_limit) AND kind = 'test'
        AND at > NOW(6) - INTERVAL p_window_s SECOND) >= p_limit THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too_many_requests';
    END IF;
    CALL notify_event(p_merchant, p_subject, NULL, 'test', p_currency, NULL, NULL, NULL, NULL, v_api_key,
                      p_url, p_endpoint, FALSE);
    SELECT uuid FROM delivery WHERE subject = p_subject;
END;
