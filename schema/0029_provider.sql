-- What others' programs are like at the moment, so that all processes know it, and what they were asked.

CREATE TABLE provider (
    name       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'its section in the configuration: ethereum, bitcoin ...',
    paused     BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'by an operator: it is asked nothing',
    failures   INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'calls in a row that got no answer',
    opened_at  DATETIME(6) NULL COMMENT 'since when it is not asked because of them, UTC; NULL: it is',
    probe_at   DATETIME(6) NULL COMMENT 'when one call may try it again'
) ENGINE = InnoDB COMMENT = 'circuit breakers, shared by all processes';

CREATE TABLE provider_call (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order',
    provider   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'provider.name',
    at         DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when it ended, UTC',
    kind       VARCHAR(48) CHARACTER SET ascii NOT NULL COMMENT 'method of the API',
    moves      BOOLEAN NOT NULL COMMENT 'it moves something; else it only asks, and is kept because it failed',
    result     VARCHAR(24) CHARACTER SET ascii NOT NULL COMMENT 'answered, refused, or what became of it instead',
    status     SMALLINT UNSIGNED NOT NULL COMMENT 'of HTTP; 0: none',
    latency_us BIGINT NOT NULL COMMENT 'microseconds',
    request_id VARCHAR(64) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'as in the logs',
    request    TEXT NOT NULL COMMENT 'its body, cut, without secrets',
    answer     TEXT NOT NULL COMMENT 'the same of the answer, or why there is none',
    KEY (provider, id),
    KEY (at)
) ENGINE = InnoDB COMMENT = 'calls that moved something, and those that failed';

CREATE TABLE provider_change (
    id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in the order in which it was done',
    at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    who     VARCHAR(64) NOT NULL COMMENT 'the operator',
    subject VARCHAR(64) NOT NULL COMMENT 'provider.name',
    was     TEXT NULL COMMENT 'JSON; NULL: it was not known',
    became  TEXT NOT NULL COMMENT 'JSON',
    KEY (subject, id)
) ENGINE = InnoDB COMMENT = 'what operators changed: never changed or deleted';

-- The live stream tells of payouts as well.
ALTER TABLE stream_event
    MODIFY kind ENUM('journal', 'depth', 'order', 'removed', 'payout') NOT NULL COMMENT 'which of the columns below say what',
    MODIFY amount DECIMAL(38, 0) NULL COMMENT 'depth: the change, signed; order: what remains; payout: confirmations',
    MODIFY order_id BIGINT NULL COMMENT 'order, removed: market_order.id; payout: payout.id',
    MODIFY word VARCHAR(20) CHARACTER SET ascii NULL COMMENT 'order, payout: its status; removed: why';

CREATE TRIGGER provider_change_is_final BEFORE UPDATE ON provider_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never changed';
CREATE TRIGGER provider_change_stays BEFORE DELETE ON provider_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never deleted';
