-- The outbox. An event is added inside the transaction of what it tells.

-- Adds an event, and the merchant's mail beside it where p_mail. Takes the merchant's feed row: events of one merchant are
-- numbered in the order of their commits.
CREATE OR REPLACE PROCEDURE notify_event(
    IN p_merchant BIGINT, IN p_subject BINARY(16), IN p_payment BINARY(16), IN p_status VARCHAR(16),
    IN p_currency SMALLINT UNSIGNED, IN p_amount DECIMAL(38, 0), IN p_valid DECIMAL(38, 0), IN p_total DECIMAL(38, 0),
    IN p_data VARBINARY(4096), IN p_api_key BIGINT, IN p_url VARCHAR(2000), IN p_endpoint VARCHAR(300), IN p_mail BOOLEAN)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_seq BIGINT UNSIGNED;
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);

    INSERT INTO feed (merchant_id, last_seq) VALUES (p_merchant, 1) ON DUPLICATE KEY UPDATE last_seq = last_seq + 1;
    SET v_seq = (SELECT last_seq FROM feed WHERE merchant_id = p_merchant);
    INSERT INTO event (uuid, merchant_id, seq, channel, subject, payment, status, currency_id, amount, valid, pending, total,
                       data, api_key_id, url, endpoint, at, state, next_at)
    VALUES (UNHEX(REPLACE(UUID(), '-', '')), p_merchant, v_seq, IF(p_url IS NULL, 'feed', 'ipn'), p_subject, p_payment, p_status,
            p_currency, p_amount, p_valid, p_total - p_valid, p_total, p_data, p_api_key, p_url, COALESCE(p_endpoint, ''), v_now,
            IF(p_url IS NULL, 'none', 'pending'), IF(p_url IS NULL, NULL, v_now));
    IF p_mail THEN
        INSERT INTO event (uuid, merchant_id, seq, channel, subject, payment, status, currency_id, amount, valid, pending, total,
                           api_key_id, endpoint, at, state, next_at)
        VALUES (UNHEX(REPLACE(UUID(), '-', '')), p_merchant, v_seq, 'mail', p_subject, p_payment, p_status, p_currency, p_amount,
                p_valid, p_total - p_valid, p_total, p_api_key, 'mail', v_now, 'pending', v_now);
    END IF;
END;

-- A retrier takes at most p_limit due deliveries of p_channel for p_lease_s seconds; gives what is needed to make them. An event waits
-- for the earlier ones of its subject, and for the end of a pause. A transaction of its own.
CREATE OR REPLACE PROCEDURE notify_claim(IN p_channel VARCHAR(4), IN p_limit INT, IN p_lease_s INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CREATE TEMPORARY TABLE IF NOT EXISTS claimed (id BIGINT NOT NULL PRIMARY KEY) ENGINE = MEMORY;
    DELETE FROM claimed;
    INSERT INTO claimed (id)
    SELECT e.id FROM event AS e
    WHERE e.state = 'pending' AND e.next_at <= NOW(6) AND e.channel = p_channel
      AND NOT EXISTS (SELECT 1 FROM event AS earlier
                      WHERE earlier.subject = e.subject AND earlier.channel = e.channel AND earlier.state = 'pending'
                        AND earlier.id < e.id)
      AND NOT EXISTS (SELECT 1 FROM endpoint_pause AS p WHERE p.endpoint = e.endpoint AND p.merchant_id IN (1, e.merchant_id))
    ORDER BY e.next_at LIMIT p_limit
    FOR UPDATE SKIP LOCKED;
    UPDATE event AS e JOIN claimed AS c ON c.id = e.id
    SET e.attempts = e.attempts + 1, e.next_at = NOW(6) + INTERVAL p_lease_s SECOND;
    INSERT INTO event_attempt (event_id, n, at) SELECT e.id, e.attempts, NOW(6) FROM event AS e JOIN claimed AS c ON c.id = e.id;
    COMMIT;
    SELECT e.id, e.uuid, e.merchant_id, e.subject, e.payment, e.status, e.currency_id, e.amount, e.valid, e.pending, e.total, e.data,
           e.api_key_id, e.url, e.endpoint, UNIX_TIMESTAMP(e.at) DIV 1, e.attempts, u.login, u.email
    FROM event AS e JOIN claimed AS c ON c.id = e.id JOIN user AS u ON u.id = e.merchant_id
    ORDER BY e.id;
END;

-- Records how a try ended, and when the next one is due. Whoever lost the lease meanwhile records the try and nothing else, but
-- for an acknowledgement, which counts whenever it arrives. Runs inside a transaction.
CREATE OR REPLACE PROCEDURE notify_outcome(
    IN p_event BIGINT, IN p_n INT UNSIGNED, IN p_acknowledged BOOLEAN, IN p_retry_s INT, IN p_latency_us INT UNSIGNED,
    IN p_address VARCHAR(64), IN p_status SMALLINT UNSIGNED, IN p_result VARCHAR(32), IN p_problem VARCHAR(255),
    IN p_answer VARBINARY(4096))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    UPDATE event_attempt
    SET latency_us = p_latency_us, address = p_address, status = p_status, result = p_result, problem = p_problem, answer = p_answer
    WHERE event_id = p_event AND n = p_n;
    UPDATE event
    SET state = IF(p_acknowledged, 'delivered', state), delivered_at = IF(p_acknowledged, NOW(6), NULL),
        next_at = IF(p_acknowledged, NULL, NOW(6) + INTERVAL p_retry_s SECOND)
    WHERE id = p_event AND state = 'pending' AND (p_acknowledged OR attempts = p_n);
END;
