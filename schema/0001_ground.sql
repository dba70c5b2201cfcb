-- Currencies, users and everything that tells who is calling.

ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE currency (
    id               SMALLINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'small key, never reused',
    code             VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'BTC, USD: as on the wire',
    name             VARCHAR(32) NOT NULL COMMENT 'for people',
    symbol           VARCHAR(8) NOT NULL COMMENT 'sign used in displays',
    symbol_position  ENUM('before', 'after') NOT NULL COMMENT 'after: separated by U+00A0',
    decimals         TINYINT UNSIGNED NOT NULL COMMENT 'digits of the smallest unit',
    display_decimals TINYINT UNSIGNED NOT NULL COMMENT 'digits of the short display',
    is_virtual       BOOLEAN NOT NULL COMMENT 'a coin, not a national currency',
    enabled          BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'false: no new business in it',
    ticker_channel   BINARY(16) NOT NULL COMMENT 'uuid of its ticker channel against BTC',
    depth_channel    BINARY(16) NOT NULL COMMENT 'uuid of its depth channel against BTC',
    CHECK (decimals <= 18 AND display_decimals <= decimals)
) ENGINE = InnoDB COMMENT = 'what money is counted in';

INSERT INTO currency (id, code, name, symbol, symbol_position, decimals, display_decimals, is_virtual, ticker_channel, depth_channel)
SELECT id, code, name, symbol, position, decimals, 2, code = 'BTC',
       COALESCE(UNHEX(REPLACE(ticker, '-', '')), UNHEX(MD5(CONCAT('ticker.BTC', code)))),
       COALESCE(UNHEX(REPLACE(depth, '-', '')), UNHEX(MD5(CONCAT('depth.BTC', code))))
FROM (
    SELECT 1 AS id, 'BTC' AS code, 'Bitcoin' AS name, 'BTC' AS symbol, 'after' AS position, 8 AS decimals, NULL AS ticker, NULL AS depth
    UNION ALL SELECT 2, 'USD', 'Dollar', '$', 'before', 5, 'd5f06780-30a8-4a48-a2f8-7ed181b4a13f', '24e67e0d-1cad-4cc0-9e7a-f8523ef460fe'
    UNION ALL SELECT 3, 'EUR', 'Euro', '€', 'after', 5, '0bb6da8b-f6c6-4ecf-8f0d-a544ad948c15', '057bdc6b-9f9c-44e4-bc1a-363e4443ce87'
    UNION ALL SELECT 4, 'GBP', 'Pound', '£', 'before', 5, '7b842b7d-d1f9-46fa-a49c-c12f1ad5a533', '60c3af1b-5d40-4d0e-b9fc-ccab433d2e9c'
    UNION ALL SELECT 5, 'AUD', 'Australian Dollar', 'AU$', 'before', 5, NULL, NULL
    UNION ALL SELECT 6, 'CAD', 'Canadian Dollar', 'CA$', 'before', 5, NULL, NULL
    UNION ALL SELECT 7, 'CHF', 'Swiss Franc', 'CHF', 'after', 5, NULL, NULL
    UNION ALL SELECT 8, 'CNY', 'Yuan', 'CN¥', 'before', 5, NULL, NULL
    UNION ALL SELECT 9, 'DKK', 'Danish Krone', 'kr', 'after', 5, NULL, NULL
    UNION ALL SELECT 10, 'HKD', 'Hong Kong Dollar', 'HK$', 'before', 5, NULL, NULL
    UNION ALL SELECT 11, 'NZD', 'New Zealand Dollar', 'NZ$', 'before', 5, NULL, NULL
    UNION ALL SELECT 12, 'PLN', 'Zloty', 'zł', 'after', 5, NULL, NULL
    UNION ALL SELECT 13, 'RUB', 'Ruble', 'руб', 'after', 5, NULL, NULL
    UNION ALL SELECT 14, 'SGD', 'Singapore Dollar', 'SG$', 'before', 5, NULL, NULL
    UNION ALL SELECT 15, 'THB', 'Baht', '฿', 'before', 5, NULL, NULL
    UNION ALL SELECT 16, 'NOK', 'Norwegian Krone', 'kr', 'after', 5, NULL, NULL
    UNION ALL SELECT 17, 'CZK', 'Koruna', 'Kč', 'after', 5, NULL, NULL
    UNION ALL SELECT 18, 'JPY', 'Yen', '¥', 'before', 3, 'a39ae532-6a3c-4835-af8c-dda54cb4874e', '94483e07-d797-4dd4-bc72-dc98f1fd39e3'
    UNION ALL SELECT 19, 'SEK', 'Swedish Krona', 'kr', 'after', 3, NULL, NULL
) AS v1;

CREATE TABLE trade_fee (
    min_volume DECIMAL(38, 0) NOT NULL PRIMARY KEY COMMENT 'smallest units of BTC traded in 30 days from which it holds',
    percent    DECIMAL(6, 3) NOT NULL COMMENT 'of what each side receives'
) ENGINE = InnoDB COMMENT = 'trading fee by 30-day volume';

INSERT INTO trade_fee (min_volume, percent) VALUES
    (0, 0.6), (10000000000, 0.55), (20000000000, 0.53), (50000000000, 0.5), (100000000000, 0.46), (200000000000, 0.43),
    (500000000000, 0.4), (1000000000000, 0.35), (2500000000000, 0.3), (5000000000000, 0.29), (10000000000000, 0.28),
    (25000000000000, 0.27), (50000000000000, 0.25);

CREATE TABLE user (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT '1 is the house',
    uuid          BINARY(16) NOT NULL UNIQUE COMMENT 'the id that others see',
    login         VARCHAR(64) NOT NULL UNIQUE COMMENT 'name to sign in with, case-insensitive',
    email         VARCHAR(254) NOT NULL UNIQUE COMMENT 'also a name to sign in with',
    password_hash VARCHAR(127) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'Argon2id in PHC form; NULL: cannot sign in',
    level         ENUM('none', 'basic', 'full') NOT NULL DEFAULT 'none' COMMENT 'verification level',
    language      VARCHAR(8) CHARACTER SET ascii NOT NULL DEFAULT 'en_US' COMMENT 'as v1 tells it',
    otp_required  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'a one-time password device is active',
    enabled       BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'false: cannot sign in, keys do not work',
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    last_login_at DATETIME(6) NULL COMMENT 'last sign-in on the site, UTC'
) ENGINE = InnoDB COMMENT = 'people, shops and partners alike';

INSERT INTO user (id, uuid, login, email, enabled) VALUES (1, RANDOM_BYTES(16), 'house', 'house@invalid', FALSE);

CREATE TABLE user_verification (
    user_id     BIGINT NOT NULL COMMENT 'user.id',
    method      VARCHAR(32) CHARACTER SET ascii NOT NULL COMMENT 'how: email, phone, document, address, operator',
    verified_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    PRIMARY KEY (user_id, method),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'how and when a user was verified';

CREATE TABLE session (
    token_hash BINARY(32) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of the ticket text',
    user_id    BIGINT NOT NULL COMMENT 'user.id',
    timeout_s  INT UNSIGNED NOT NULL COMMENT 'seconds of rest after which it ends',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    expires_at DATETIME(6) NOT NULL COMMENT 'moved on with use',
    KEY (user_id),
    KEY (expires_at),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'who is signed in';

CREATE TABLE api_key (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'decides its nonce table: id modulo 32',
    public_key    BINARY(16) NOT NULL UNIQUE COMMENT 'uuid sent in Rest-Key',
    user_id       BIGINT NOT NULL COMMENT 'user.id',
    face          ENUM('v1', 'desk', 'wallet') NOT NULL COMMENT 'the wire API it is for',
    rights        INT UNSIGNED NOT NULL COMMENT 'bits of lib/identity/rights.h',
    networks      VARCHAR(1000) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'allowed addresses, CIDR with commas; empty: any',
    secret_sealed VARBINARY(128) NOT NULL COMMENT 'AES-256-GCM-SIV; bound to api_key/<public key>',
    version       INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'rises with every change, so that caches notice at once',
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    revoked_at    DATETIME(6) NULL COMMENT 'when it was ended for good, UTC',
    KEY (user_id),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'keys for programs';

CREATE TRIGGER user_enabled AFTER UPDATE ON user FOR EACH ROW
    IF NEW.enabled <> OLD.enabled THEN
        UPDATE api_key SET version = version + 1 WHERE user_id = NEW.id;
    END IF;

CREATE TABLE api_key_nonce_0 (
    key_id  BIGINT NOT NULL PRIMARY KEY COMMENT 'api_key.id',
    nonce   DECIMAL(38, 18) NOT NULL DEFAULT -1 COMMENT 'highest accepted',
    used_at DATETIME(6) NULL COMMENT 'last call'
) ENGINE = MyISAM ROW_FORMAT = FIXED
  COMMENT = 'highest nonce per key. MyISAM on purpose: written through to the file at once, so that it outlives a killed server, without the disk flush of a commit. A lost machine may lose the last of them; journal.request_key still refuses every replayed write. Thirty-two tables, by key_id modulo 32, since MyISAM locks a table at a time: with few, signed reads wait for each other.';

CREATE TABLE api_key_tonce_0 (
    tonce  BIGINT NOT NULL COMMENT 'microseconds since 1970',
    key_id BIGINT NOT NULL COMMENT 'api_key.id',
    PRIMARY KEY (tonce, key_id)
) ENGINE = MyISAM ROW_FORMAT = FIXED
  COMMENT = 'tonces accepted of late; older than their window they are swept. Engine and number of tables as for api_key_nonce.';

CREATE PROCEDURE make_nonce_tables()
BEGIN
    DECLARE v_table INT DEFAULT 1;
    WHILE v_table < 32 DO
        EXECUTE IMMEDIATE CONCAT('CREATE TABLE api_key_nonce_', v_table, ' LIKE api_key_nonce_0');
        EXECUTE IMMEDIATE CONCAT('CREATE TABLE api_key_tonce_', v_table, ' LIKE api_key_tonce_0');
        SET v_table = v_table + 1;
    END WHILE;
END;

CALL make_nonce_tables();
DROP PROCEDURE make_nonce_tables;

CREATE TABLE otp_device (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'name OTP#<id> for its owner',
    serial        BINARY(16) NOT NULL UNIQUE COMMENT 'uuid shown to its owner',
    user_id       BIGINT NOT NULL COMMENT 'user.id',
    kind          ENUM('totp', 'hotp') NOT NULL COMMENT 'by time (RFC 6238) or by counter (RFC 4226)',
    secret_sealed VARBINARY(64) NOT NULL COMMENT 'AES-256-GCM-SIV; bound to otp_device/<serial>',
    counter       BIGINT NOT NULL DEFAULT -1 COMMENT 'last accepted step (totp) or counter (hotp): each once',
    status        ENUM('pending', 'active', 'removed') NOT NULL DEFAULT 'pending' COMMENT 'active from its first accepted code',
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    KEY (user_id, status),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'one-time password devices';

CREATE TABLE attempt (
    kind     ENUM('login', 'otp') NOT NULL COMMENT 'what sort of secret',
    subject  VARBINARY(64) NOT NULL COMMENT 'what is guessed at: SHA-256 of the login, user id',
    failures INT UNSIGNED NOT NULL COMMENT 'since the window began',
    ends_at  DATETIME(6) NOT NULL COMMENT 'end of the window',
    PRIMARY KEY (kind, subject),
    KEY (ends_at)
) ENGINE = InnoDB COMMENT = 'wrong guesses, counted to be limited';
