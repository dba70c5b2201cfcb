-- The double-entry ledger. Rows of journal and entry are written once: a correction is a new journal.

CREATE TABLE account (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'postings lock in ascending order of it',
    owner_id      BIGINT NOT NULL COMMENT 'user.id; 1 is the house',
    currency_id   SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    purpose       ENUM('available', 'held', 'fee', 'rounding', 'external') NOT NULL
                  COMMENT 'held: promised to somebody; external: the world outside, seen from here',
    may_overdraw  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'only for external accounts',
    balance       DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units; the sum of its entries',
    entries       BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'number of its entries; the last one''s seq',
    UNIQUE KEY (owner_id, purpose, currency_id),
    CONSTRAINT account_covered CHECK (may_overdraw OR balance >= 0),
    FOREIGN KEY (owner_id) REFERENCES user (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'owner x currency x purpose';

CREATE TABLE journal (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of posting',
    kind        VARCHAR(24) CHARACTER SET ascii NOT NULL COMMENT 'why: credit, ticket_create, ticket_settle ...',
    at          DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    user_id     BIGINT NOT NULL COMMENT 'who caused it; 1: the house''s jobs and operators',
    request_key VARBINARY(96) NOT NULL COMMENT 'names the request within the user: nonce, idempotency key ...',
    trace       VARCHAR(64) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'request id as in the logs',
    ref         BINARY(16) NULL COMMENT 'uuid of what it is about: a ticket ...',
    UNIQUE KEY request (user_id, request_key)
) ENGINE = InnoDB COMMENT = 'each change of the ledger, balanced to zero per currency; each request at most once';

CREATE TABLE entry (
    account_id BIGINT NOT NULL COMMENT 'account.id',
    seq        BIGINT UNSIGNED NOT NULL COMMENT '1, 2, 3 within the account',
    journal_id BIGINT NOT NULL COMMENT 'journal.id',
    amount     DECIMAL(38, 0) NOT NULL COMMENT 'smallest units, signed; 0 is a line of text in the history',
    balance    DECIMAL(38, 0) NOT NULL COMMENT 'of the account after it',
    type       ENUM('deposit', 'withdraw', 'fee', 'in', 'out', 'spent', 'earned') NULL COMMENT 'as the owner''s history says it',
    info       VARCHAR(512) NULL COMMENT 'words for the owner''s history',
    PRIMARY KEY (account_id, seq),
    KEY (journal_id),
    FOREIGN KEY (account_id) REFERENCES account (id),
    FOREIGN KEY (journal_id) REFERENCES journal (id)
) ENGINE = InnoDB COMMENT = 'one side of a journal';

CREATE TRIGGER journal_is_final BEFORE UPDATE ON journal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'journals are never changed';
CREATE TRIGGER journal_stays BEFORE DELETE ON journal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'journals are never deleted';
CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'entries are never changed';
CREATE TRIGGER entry_stays BEFORE DELETE ON entry FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'entries are never deleted';

CREATE TABLE withdrawal_limit (
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    level       ENUM('none', 'basic', 'full') NOT NULL COMMENT 'user.level',
    single_max  DECIMAL(38, 0) NULL COMMENT 'smallest units in one withdrawal; NULL: no limit',
    daily_max   DECIMAL(38, 0) NULL COMMENT 'in one day (UTC)',
    monthly_max DECIMAL(38, 0) NULL COMMENT 'in one calendar month (UTC)',
    PRIMARY KEY (currency_id, level),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'how much may leave; a missing row lets nothing leave';

-- None, basic and full verification: 1,000, 10,000 and 100,000 dollars' worth a day, ten times that a month.
INSERT INTO withdrawal_limit (currency_id, level, single_max, daily_max, monthly_max)
SELECT currency.id, level.name, worth * factor * unit, worth * factor * unit,
       IF(currency.code = 'BTC' AND level.name = 'full', NULL, worth * factor * 10 * unit)
FROM (SELECT id, code, CAST(POW(10, decimals) AS DECIMAL(38, 0)) AS unit,
             CASE code WHEN 'BTC' THEN 100 WHEN 'JPY' THEN 100000 WHEN 'RUB' THEN 50000 WHEN 'THB' THEN 30000
                       WHEN 'CZK' THEN 20000 WHEN 'SEK' THEN 10000 WHEN 'NOK' THEN 10000 WHEN 'DKK' THEN 7000
                       WHEN 'HKD' THEN 8000 WHEN 'CNY' THEN 7000 WHEN 'PLN' THEN 4000 ELSE 1000 END AS worth
      FROM currency) AS currency
CROSS JOIN (SELECT 'none' AS name, 1 AS factor UNION ALL SELECT 'basic', 10 UNION ALL SELECT 'full', 100) AS level;

CREATE TABLE withdrawal_usage (
    user_id      BIGINT NOT NULL COMMENT 'user.id',
    currency_id  SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    day          DATE NOT NULL COMMENT 'UTC; of the last withdrawal',
    day_amount   DECIMAL(38, 0) NOT NULL COMMENT 'smallest units withdrawn that day and not given back',
    month_amount DECIMAL(38, 0) NOT NULL COMMENT 'the same in that day''s month',
    PRIMARY KEY (user_id, currency_id),
    CONSTRAINT usage_not_negative CHECK (day_amount >= 0 AND month_amount >= day_amount),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what the limits count';
