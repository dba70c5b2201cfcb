-- Who is calling: users, sessions, API keys, one-time passwords, guesses. What makes a row that is named by a uuid gives the same
-- row when it is asked a second time: a worker asks again where the connection broke before the answer. What writes is a
-- transaction of its own, but for otp_use, api_key_use and attempt_failed.

-- Makes a user, verified by an operator where the level says so; gives the id. Signals user_exists.
CREATE OR REPLACE PROCEDURE user_add(
    IN p_uuid BINARY(16), IN p_login VARCHAR(64), IN p_email VARCHAR(254), IN p_password_hash VARCHAR(127), IN p_level VARCHAR(8))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_id BIGINT;
    DECLARE EXIT HANDLER FOR 1062
    BEGIN
        ROLLBACK;
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'user_exists';
    END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SET v_id = (SELECT id FROM user WHERE uuid = p_uuid);
    IF v_id IS NULL THEN
        INSERT INTO user (uuid, login, email, password_hash, level)
        VALUES (p_uuid, p_login, p_email, p_password_hash, p_level);
        SET v_id = LAST_INSERT_ID();
        IF p_level <> 'none' THEN
            INSERT INTO user_verification (user_id, method) VALUES (v_id, 'operator');
        END IF;
    END IF;
    COMMIT;
    SELECT v_id;
END;

-- Signs a user in.
CREATE OR REPLACE PROCEDURE session_add(IN p_token_hash BINARY(32), IN p_user BIGINT, IN p_timeout_s INT UNSIGNED)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    IF NOT EXISTS (SELECT 1 FROM session WHERE token_hash = p_token_hash) THEN
        INSERT INTO session (token_hash, user_id, timeout_s, expires_at)
        VALUES (p_token_hash, p_user, p_timeout_s, NOW(6) + INTERVAL p_timeout_s SECOND);
        UPDATE user SET last_login_at = NOW(6) WHERE id = p_user;
    END IF;
    COMMIT;
END;

-- Makes an API key; gives it as it is stored. Signals not_found where there is no such user.
CREATE OR REPLACE PROCEDURE api_key_add(
    IN p_public_key BINARY(16), IN p_user BIGINT, IN p_face VARCHAR(8), IN p_rights INT UNSIGNED, IN p_networks VARCHAR(1000),
    IN p_secret_sealed VARBINARY(128))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END; -- see api_key_use
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM api_key WHERE public_key = p_public_key) THEN
        INSERT INTO api_key (public_key, user_id, face, rights, networks, secret_sealed)
        VALUES (p_public_key, p_user, p_face, p_rights, p_networks, p_secret_sealed);
        EXECUTE IMMEDIATE CONCAT('REPLACE INTO api_key_nonce_', LAST_INSERT_ID() & 31, ' (key_id) VALUES (?)') USING LAST_INSERT_ID();
    END IF;
    COMMIT;
    SELECT id, public_key, user_id, face, rights, networks, version, UNIX_TIMESTAMP(created_at) DIV 1,
           revoked_at IS NOT NULL
    FROM api_key WHERE public_key = p_public_key;
END;

-- Changes what the user's own key may do and from where. Signals not_found.
CREATE OR REPLACE PROCEDURE api_key_change(
    IN p_user BIGINT, IN p_public_key BINARY(16), IN p_rights INT UNSIGNED, IN p_networks VARCHAR(1000))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE api_key SET rights = p_rights, networks = p_networks, version = version + 1
    WHERE public_key = p_public_key AND user_id = p_user AND revoked_at IS NULL;
    IF ROW_COUNT() = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    COMMIT;
END;

-- Ends the user's own key. Signals not_found.
CREATE OR REPLACE PROCEDURE api_key_revoke(IN p_user BIGINT, IN p_public_key BINARY(16))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE api_key SET revoked_at = NOW(6), version = version + 1
    WHERE public_key = p_public_key AND user_id = p_user AND revoked_at IS NULL;
    IF ROW_COUNT() = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    COMMIT;
END;

-- api_key_use_N accepts one signed request by a key whose id modulo 32 is N: the key is as the worker remembers it, and its nonce
-- (or tonce) was never seen. Runs outside of any transaction, in front of the request's own statements. Signals
-- login_error_key_changed, login_error_invalid_nonce. One procedure for each pair of tables: choosing the table inside of one
-- costs more than the rest of it.
CREATE OR REPLACE PROCEDURE make_api_key_use()
BEGIN
    DECLARE v_table INT DEFAULT 0;
    WHILE v_table < 32 DO
        EXECUTE IMMEDIATE REPLACE("
CREATE OR REPLACE PROCEDURE api_key_use_<N>(
    IN p_key BIGINT, IN p_version INT UNSIGNED, IN p_nonce DECIMAL(38, 18), IN p_tonce BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_invalid_nonce';
    -- After a crash the first use of a MyISAM table repairs it and says so. Errors are none of this handler's.
    DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END;

    -- Revoking a key and disabling its user raise its version too.
    IF NOT (SELECT version FROM api_key WHERE id = p_key) <=> p_version THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_key_changed';
    END IF;
    IF p_tonce IS NULL THEN
        -- The row may be lost with the machine, or be an old one where another node of a cluster wrote since.
        IF p_nonce <= (SELECT nonce FROM api_key_floor WHERE key_id = p_key) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_invalid_nonce';
        END IF;
        UPDATE api_key_nonce_<N> SET nonce = p_nonce, used_at = NOW(6) WHERE key_id = p_key AND nonce < p_nonce;
        IF ROW_COUNT() = 0 THEN
            -- Used before, where there is a row.
            INSERT INTO api_key_nonce_<N> VALUES (p_key, p_nonce, NOW(6));
        END IF;
    ELSE
        IF ABS(p_tonce - CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)) > 10000000 THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_invalid_nonce';
        END IF;
        INSERT INTO api_key_tonce_<N> VALUES (p_tonce, p_key);
        UPDATE api_key_nonce_<N> SET used_at = NOW(6) WHERE key_id = p_key;
    END IF;
    IF @@warning_count > 0 THEN
        -- A table under repair by another connection leaves a condition that no handler takes; this one's handler clears it too.
        SIGNAL SQLSTATE '01000';
    END IF;
END", '<N>', v_table);
        SET v_table = v_table + 1;
    END WHILE;
END;

CALL make_api_key_use();
DROP PROCEDURE make_api_key_use;

-- api_key_token_N is the same for a call with a token, of keys that have no nonce that rises: p_nonce in nanoseconds, seen by the
-- worker to be of now, was never there before. NULL: the call changes nothing and may be repeated.
CREATE OR REPLACE PROCEDURE make_api_key_token()
BEGIN
    DECLARE v_table INT DEFAULT 0;
    WHILE v_table < 32 DO
        EXECUTE IMMEDIATE REPLACE("
CREATE OR REPLACE PROCEDURE api_key_token_<N>(IN p_key BIGINT, IN p_version INT UNSIGNED, IN p_nonce BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_invalid_nonce';
    DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END; -- see api_key_use

    IF NOT (SELECT version FROM api_key WHERE id = p_key) <=> p_version THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'login_error_key_changed';
    END IF;
    IF p_nonce IS NOT NULL THEN
        INSERT INTO api_key_tonce_<N> VALUES (p_nonce, p_key);
    END IF;
    UPDATE api_key_nonce_<N> SET used_at = NOW(6) WHERE key_id = p_key AND (used_at IS NULL OR used_at < NOW(6) - INTERVAL 1 MINUTE);
    IF @@warning_count > 0 THEN
        SIGNAL SQLSTATE '01000';
    END IF;
END", '<N>', v_table);
        SET v_table = v_table + 1;
    END WHILE;
END;

CALL make_api_key_token();
DROP PROCEDURE make_api_key_token;
DROP PROCEDURE IF EXISTS api_key_use; -- as it was before

-- Makes a pending one-time password device in place of any other pending one, in the caller's transaction; gives its id. Signals otp_exists, not_found.
CREATE OR REPLACE PROCEDURE otp_device_add(IN p_user BIGINT, IN p_serial BINARY(16), IN p_kind VARCHAR(4), IN p_secret_sealed VARBINARY(64))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_user, v_id BIGINT;

    -- One at a time per user.
    SELECT id INTO v_user FROM user WHERE id = p_user FOR UPDATE;
    IF v_user IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
    END IF;
    SET v_id = (SELECT id FROM otp_device WHERE serial = p_serial);
    IF v_id IS NULL THEN
        IF EXISTS (SELECT 1 FROM otp_device WHERE user_id = p_user AND status = 'active') THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'otp_exists';
        END IF;
        UPDATE otp_device SET status = 'removed' WHERE user_id = p_user AND status = 'pending';
        INSERT INTO otp_device (serial, user_id, kind, secret_sealed) VALUES (p_serial, p_user, p_kind, p_secret_sealed);
        SET v_id = LAST_INSERT_ID();
    END IF;
    SELECT v_id;
END;

-- Removes the active device, against one more step of it. Signals otp_invalid.
CREATE OR REPLACE PROCEDURE otp_device_remove(IN p_user BIGINT, IN p_device BIGINT, IN p_step BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL otp_use(p_user, TRUE, p_device, p_step);
    UPDATE otp_device SET status = 'removed' WHERE id = p_device;
    UPDATE user SET otp_required = FALSE WHERE id = p_user;
    COMMIT;
END;

-- Accepts a one-time password's step by itself. Signals otp_invalid.
CREATE OR REPLACE PROCEDURE otp_device_use(IN p_user BIGINT, IN p_device BIGINT, IN p_step BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL otp_use(p_user, TRUE, p_device, p_step);
    COMMIT;
END;
DROP PROCEDURE IF EXISTS otp_device_confirm; -- as it was before

-- Makes a pending device the active one, against its first step. Signals otp_invalid.
CREATE OR REPLACE PROCEDURE otp_device_activate(IN p_user BIGINT, IN p_device BIGINT, IN p_step BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE otp_device SET counter = p_step, status = 'active'
    WHERE id = p_device AND user_id = p_user AND counter < p_step AND status = 'pending';
    IF ROW_COUNT() = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'otp_invalid';
    END IF;
    UPDATE user SET otp_required = TRUE WHERE id = p_user;
    COMMIT;
END;

-- Removes every device of a user without a code; gives how many.
CREATE OR REPLACE PROCEDURE otp_device_drop(IN p_user BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_count INT;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    UPDATE otp_device SET status = 'removed' WHERE user_id = p_user AND status <> 'removed';
    SET v_count = ROW_COUNT();
    UPDATE user SET otp_required = FALSE WHERE id = p_user;
    COMMIT;
    SELECT v_count;
END;

-- Accepts a step of the active one-time password once, inside the caller's transaction. Signals otp_required, otp_invalid.
CREATE OR REPLACE PROCEDURE otp_use(IN p_user BIGINT, IN p_required BOOLEAN, IN p_device BIGINT, IN p_step BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    IF p_device IS NOT NULL THEN
        UPDATE otp_device SET counter = p_step
        WHERE id = p_device AND user_id = p_user AND counter < p_step AND status = 'active';
        IF ROW_COUNT() = 0 THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'otp_invalid';
        END IF;
    ELSEIF p_required THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'otp_required';
    END IF;
END;

-- Records a request inside the caller's transaction. Signals replayed where its name was used before.
CREATE OR REPLACE PROCEDURE request_record(
    IN p_user BIGINT, IN p_request_key VARBINARY(96), IN p_operation VARCHAR(24), IN p_ref BINARY(16), IN p_digest BINARY(32))
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE EXIT HANDLER FOR 1062 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'replayed';

    INSERT INTO request_result (user_id, request_key, operation, ref, digest)
    VALUES (p_user, p_request_key, p_operation, p_ref, p_digest);
END;

-- Counts a guess before it is looked at: a transaction of its own. After p_max in a row the next has to wait p_first_wait_s, and
-- twice as long after each that follows, at most p_window_s, after which all are forgotten. Gives the seconds left where it has to
-- wait (it is not counted then), else 0.
CREATE OR REPLACE PROCEDURE attempt_begin(
    IN p_kind VARCHAR(8), IN p_subject VARBINARY(64), IN p_max INT, IN p_first_wait_s INT, IN p_window_s INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_failures BIGINT;
    DECLARE v_ends, v_blocked DATETIME(6);
    DECLARE v_now DATETIME(6) DEFAULT NOW(6);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    INSERT INTO attempt (kind, subject, failures, ends_at) VALUES (p_kind, p_subject, 0, v_now)
    ON DUPLICATE KEY UPDATE failures = failures;
    SELECT failures, ends_at, blocked_until INTO v_failures, v_ends, v_blocked
    FROM attempt WHERE kind = p_kind AND subject = p_subject FOR UPDATE;
    IF v_blocked > v_now AND v_ends > v_now THEN
        COMMIT;
        SELECT CEIL(TIMESTAMPDIFF(MICROSECOND, v_now, v_blocked) / 1000000);
    ELSE
        SET v_failures = IF(v_ends > v_now, v_failures, 0) + 1;
        UPDATE attempt
        SET failures = v_failures, ends_at = v_now + INTERVAL p_window_s SECOND,
            blocked_until = IF(v_failures < p_max, NULL,
                               v_now + INTERVAL LEAST(p_window_s, p_first_wait_s << LEAST(v_failures - p_max, 16)) SECOND)
        WHERE kind = p_kind AND subject = p_subject;
        COMMIT;
        SELECT 0;
    END IF;
END;
DROP PROCEDURE IF EXISTS attempt_failed; -- as it was before

-- Removes what has no meaning any more: at most p_limit rows of each table of sessions, windows of guesses,
-- tonces, and requests recorded more than p_kept_days ago; gives their number. Raises the floors of nonces.
CREATE OR REPLACE PROCEDURE identity_sweep(IN p_limit INT, IN p_kept_days INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_removed INT DEFAULT 0;
    DECLARE v_table INT DEFAULT 0;
    DECLARE v_before BIGINT DEFAULT CAST(UNIX_TIMESTAMP(NOW(6) - INTERVAL 2 MINUTE) * 1000000 AS SIGNED);
    DECLARE CONTINUE HANDLER FOR SQLWARNING BEGIN END; -- see api_key_use

    DELETE FROM session WHERE expires_at <= NOW(6) ORDER BY expires_at LIMIT p_limit;
    SET v_removed = v_removed + ROW_COUNT();
    DELETE FROM attempt WHERE ends_at <= NOW(6) ORDER BY ends_at LIMIT p_limit;
    SET v_removed = v_removed + ROW_COUNT();
    DELETE FROM request_result WHERE at < NOW(6) - INTERVAL p_kept_days DAY ORDER BY at LIMIT p_limit;
    SET v_removed = v_removed + ROW_COUNT();
    WHILE v_table < 32 DO
        -- Tonces are microseconds; the nonces of tokens, which are nanoseconds, begin far above any of them.
        EXECUTE IMMEDIATE CONCAT(
            'DELETE FROM api_key_tonce_', v_table, ' WHERE tonce < ? OR tonce BETWEEN 100000000000000000 AND ? ORDER BY tonce LIMIT ?')
            USING v_before, v_before * 1000, p_limit;
        SET v_removed = v_removed + ROW_COUNT();
        EXECUTE IMMEDIATE CONCAT(
            'INSERT INTO api_key_floor (key_id, nonce) SELECT n.key_id, n.nonce FROM api_key_nonce_', v_table, ' AS n '
            'LEFT JOIN api_key_floor AS f ON f.key_id = n.key_id WHERE n.nonce >= 0 AND (f.nonce IS NULL OR f.nonce < n.nonce) '
            'ON DUPLICATE KEY UPDATE nonce = GREATEST(api_key_floor.nonce, VALUES(nonce)), at = NOW(6)');
        SET v_table = v_table + 1;
    END WHILE;
    SELECT v_removed;
END;

-- Locks a user's row inside the caller's transaction: what somebody keeps of one user is changed one by one.
CREATE OR REPLACE PROCEDURE user_lock(IN p_user BIGINT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_user BIGINT DEFAULT (SELECT id FROM user WHERE id = p_user FOR UPDATE);
END;

-- The newest key of a user on the face v1 that has a right, or p_key where that is one; NULL where there is none.
CREATE OR REPLACE FUNCTION api_key_signing(p_user BIGINT, p_right INT UNSIGNED, p_key BIGINT) RETURNS BIGINT
    SQL SECURITY INVOKER READS SQL DATA
    RETURN (SELECT MAX(id) FROM api_key
            WHERE user_id = p_user AND face = 'v1' AND rights & p_right AND revoked_at IS NULL AND (p_key IS NULL OR id = p_key));
