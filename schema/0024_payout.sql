-- Money that leaves: the rails that carry it, which currency goes on which, and each payout with its history,
-- the rules that have people look at it, and who has. lib/payout/payout.h says which states follow on which.

CREATE TABLE rail (
    name          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'as on the wire: Ethereum, Bitcoin, Tron ...',
    kind          ENUM('on_chain', 'off_chain', 'internal') NOT NULL COMMENT 'as on the wire',
    outside       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'account.rail of the external accounts that mirror it; empty: internal',
    confirmations INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'after which what was sent, or came in, counts',
    paused        BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'panic switch: nothing begins to be sent',
    CHECK ((kind = 'internal') = (outside = ''))
) ENGINE = InnoDB COMMENT = 'ways on which money leaves, and comes in';

INSERT INTO rail (name, kind, outside, confirmations) VALUES
    ('Bitcoin', 'on_chain', 'bitcoin', 3),
    ('Ethereum', 'on_chain', 'ethereum', 12),
    ('Internal', 'internal', '', 0);

CREATE TABLE rail_lease (
    rail  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'rail.name',
    owner BINARY(16) NOT NULL COMMENT 'the run of the job that sends on it now',
    until DATETIME(6) NOT NULL COMMENT 'end of its lease, UTC'
) ENGINE = InnoDB COMMENT = 'one sender at a time on each rail: a hot wallet has one order of its transactions';

CREATE TABLE rail_asset (
    rail           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'rail.name',
    currency_id    SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    guid           BINARY(16) NOT NULL UNIQUE COMMENT 'as on the wire',
    contract       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'of the token; empty: the rail''s own coin',
    decimals       TINYINT UNSIGNED NOT NULL COMMENT 'of the smallest unit there',
    min_deposit    DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units of the currency: less is not credited',
    min_withdrawal DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units of the currency, with the fee',
    fee            DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units of the currency: what a withdrawal costs the customer',
    confirmations  INT UNSIGNED NULL COMMENT 'NULL: the rail''s',
    deposits       BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'false: none is credited',
    withdrawals    BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'false: no new ones',
    memo_needed    BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'an address is none without a memo',
    PRIMARY KEY (rail, currency_id),
    CHECK (min_deposit >= 0 AND min_withdrawal >= 0 AND fee >= 0),
    FOREIGN KEY (rail) REFERENCES rail (name),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'which currency goes on which rail, and how';

INSERT INTO rail_asset (rail, currency_id, guid, decimals, min_deposit, min_withdrawal, fee)
SELECT 'Bitcoin', id, UNHEX(MD5('Bitcoin/BTC')), 8, 1000, 10000, 2000 FROM currency WHERE code = 'BTC';

CREATE TABLE payout (
    id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as customers know it',
    uuid           BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref, event.subject, hold.ref and limit_use.ref',
    service        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who asked: wallet ...',
    ref            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its own name of it, within the user',
    user_id        BIGINT NOT NULL COMMENT 'user.id whose money it is',
    account_id     BIGINT NOT NULL COMMENT 'account.id that it left, and goes back to',
    rail           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'rail.name',
    currency_id    SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount         DECIMAL(38, 0) NOT NULL COMMENT 'smallest units that arrive',
    fee            DECIMAL(38, 0) NOT NULL COMMENT 'smallest units that the house keeps',
    address        VARCHAR(255) COLLATE utf8mb4_bin NOT NULL COMMENT 'where it is sent, as the rail writes it',
    memo           VARCHAR(255) COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'second part of the address',
    note           VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'the customer''s words',
    to_user_id     BIGINT NULL COMMENT 'internal: user.id who gets it',
    state          ENUM('requested', 'moderating', 'approved', 'sending', 'unknown', 'sent', 'confirmed', 'rejected', 'failed', 'returned', 'cancelled') NOT NULL COMMENT 'lib/payout/payout.h',
    turn           INT UNSIGNED NOT NULL COMMENT 'number of its last change: payout_history.turn',
    attempt        INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how often sending was begun',
    fenced         INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how often its rail committed what it was about to send',
    needed         TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'operators who have to approve',
    reference      VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'the rail''s name of what was sent: a txid ...',
    confirmations  INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'seen last',
    why            VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'why it waits, or ended as it did',
    created_at     DATETIME(6) NOT NULL COMMENT 'when, UTC',
    changed_at     DATETIME(6) NOT NULL COMMENT 'last change of state',
    next_at        DATETIME(6) NOT NULL COMMENT 'when it is to be sent, or asked about',
    sent_at        DATETIME(6) NULL COMMENT 'when it was known to be under way',
    ended_at       DATETIME(6) NULL COMMENT 'confirmed, rejected, failed, returned or cancelled',
    UNIQUE KEY own_name (service, user_id, ref),
    KEY of_user (user_id, id),
    KEY of_address (user_id, rail, address(64)),
    KEY due (rail, state, next_at),
    KEY by_state (state, id),
    CHECK (amount > 0 AND fee >= 0),
    FOREIGN KEY (user_id) REFERENCES user (id),
    FOREIGN KEY (rail) REFERENCES rail (name),
    FOREIGN KEY (currency_id) REFERENCES currency (id),
    FOREIGN KEY (to_user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'money that leaves';

CREATE TABLE payout_history (
    payout_id BIGINT NOT NULL COMMENT 'payout.id',
    turn      INT UNSIGNED NOT NULL COMMENT '1, 2, 3: the first is requested',
    at        DATETIME(6) NOT NULL COMMENT 'when, UTC',
    state     ENUM('requested', 'moderating', 'approved', 'sending', 'unknown', 'sent', 'confirmed', 'rejected', 'failed', 'returned', 'cancelled') NOT NULL COMMENT 'from then on',
    who       ENUM('customer', 'operator', 'job') NOT NULL COMMENT 'who brought it there',
    name      VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'of the operator',
    note      VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'why',
    PRIMARY KEY (payout_id, turn),
    FOREIGN KEY (payout_id) REFERENCES payout (id)
) ENGINE = InnoDB COMMENT = 'the states that a payout had';

CREATE TRIGGER payout_history_is_final BEFORE UPDATE ON payout_history FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the history of a payout is never changed';
CREATE TRIGGER payout_history_stays BEFORE DELETE ON payout_history FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the history of a payout is never deleted';

CREATE TABLE payout_rule (
    id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as operators name it',
    kind        ENUM('all', 'amount', 'new_address', 'velocity') NOT NULL COMMENT 'all; amount or more; an address that nothing was paid to; so many, or so much, within a time',
    rail        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'rail.name; NULL: any',
    currency_id SMALLINT UNSIGNED NULL COMMENT 'currency.id; NULL: any',
    level       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'user.level; NULL: any',
    amount      DECIMAL(38, 0) NULL COMMENT 'amount, velocity: smallest units with the fee, from which on',
    times       INT UNSIGNED NULL COMMENT 'velocity: payouts, this one counted, from which on',
    period_s    INT UNSIGNED NULL COMMENT 'velocity: seconds back',
    approvals   TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'different operators who have to approve',
    CHECK (approvals BETWEEN 1 AND 2),
    CHECK (amount IS NULL OR (amount > 0 AND currency_id IS NOT NULL AND kind IN ('amount', 'velocity'))),
    CHECK (kind <> 'amount' OR amount IS NOT NULL),
    CHECK ((kind = 'velocity') = (period_s IS NOT NULL)),
    CHECK (times IS NULL OR (times > 0 AND kind = 'velocity')),
    CHECK (kind <> 'velocity' OR amount IS NOT NULL OR times IS NOT NULL),
    FOREIGN KEY (rail) REFERENCES rail (name),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what has operators look at a payout before it is sent';

CREATE TABLE payout_approval (
    payout_id BIGINT NOT NULL COMMENT 'payout.id',
    user_id   BIGINT NOT NULL COMMENT 'user.id of the operator',
    at        DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    note      VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'their words',
    PRIMARY KEY (payout_id, user_id),
    FOREIGN KEY (payout_id) REFERENCES payout (id),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'who has approved which payout';

CREATE TABLE payout_change (
    id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in the order in which it was done',
    at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    who     VARCHAR(64) NOT NULL COMMENT 'the operator',
    what    VARCHAR(32) CHARACTER SET ascii NOT NULL COMMENT 'rail, asset, rule, payout',
    subject VARCHAR(64) NOT NULL COMMENT 'which one',
    was     TEXT NULL COMMENT 'JSON; NULL: there was none',
    became  TEXT NULL COMMENT 'JSON; NULL: there is none any more',
    KEY (what, subject, id)
) ENGINE = InnoDB COMMENT = 'what operators changed: never changed or deleted';

CREATE TRIGGER payout_change_is_final BEFORE UPDATE ON payout_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never changed';
CREATE TRIGGER payout_change_stays BEFORE DELETE ON payout_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never deleted';
