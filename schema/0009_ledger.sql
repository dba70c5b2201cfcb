-- The ledger for every service: accounts by rail, purposes as words, holds as rows, limits as rules.

ALTER TABLE account
    MODIFY purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'available; held: promised to somebody, see hold; escrow: paid in part for the owner''s order, not yet theirs; fee; rounding; external: the world outside, seen from here; others as services need them',
    ADD COLUMN rail VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''
        COMMENT 'the way outside (a bank, a chain, a card processor) that an external account mirrors, to be compared with its statement; empty: none' AFTER purpose,
    DROP KEY owner_id,
    ADD UNIQUE KEY owner_id (owner_id, purpose, currency_id, rail);

-- Until now all money came in by an operator's hand.
UPDATE account SET rail = 'operator' WHERE purpose = 'external';

ALTER TABLE account
    ADD CONSTRAINT account_rail CHECK ((purpose = 'external') = (rail <> ''));

CREATE TABLE hold (
    kind       VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who holds: ticket ...',
    ref        BINARY(16) NOT NULL COMMENT 'uuid of what it is held for',
    account_id BIGINT NOT NULL COMMENT 'account.id where the money waits, of purpose held',
    amount     DECIMAL(38, 0) NOT NULL COMMENT 'smallest units',
    state      ENUM('open', 'captured', 'released') NOT NULL DEFAULT 'open' COMMENT 'captured: went where it was meant for; released: given back',
    PRIMARY KEY (kind, ref),
    KEY (account_id, state),
    CONSTRAINT hold_positive CHECK (amount > 0),
    FOREIGN KEY (account_id) REFERENCES account (id)
) ENGINE = InnoDB COMMENT = 'what is promised to somebody: the open holds of an account are its balance';

INSERT INTO hold (kind, ref, account_id, amount, state)
SELECT 'ticket', t.id, a.id, t.amount,
       CASE WHEN t.status = 'open' THEN 'open' WHEN t.settled_at IS NULL THEN 'released' ELSE 'captured' END
FROM ticket AS t
JOIN account AS a ON a.owner_id = t.customer_id AND a.purpose = 'held' AND a.currency_id = t.currency_id;

CREATE TABLE limit_rule (
    scope       VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what is limited: withdrawal ...',
    level       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'user.level that it is for',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    by_value    BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'false: amounts of that currency; true: amounts of any, by their value in it',
    period      ENUM('single', 'day', 'month') NOT NULL COMMENT 'in one go; in a day; in a calendar month',
    time_zone   CHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '+00:00' COMMENT 'in which days begin; one for all rules of a scope and currency',
    maximum     DECIMAL(38, 0) NULL COMMENT 'smallest units; NULL: no limit',
    PRIMARY KEY (scope, level, currency_id, by_value, period),
    CONSTRAINT limit_not_negative CHECK (maximum >= 0),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'how much may be done; where a rule is missing, nothing';

INSERT INTO limit_rule (scope, level, currency_id, period, maximum)
SELECT 'withdrawal', level, currency_id, 'single', single_max FROM withdrawal_limit
UNION ALL SELECT 'withdrawal', level, currency_id, 'day', daily_max FROM withdrawal_limit
UNION ALL SELECT 'withdrawal', level, currency_id, 'month', monthly_max FROM withdrawal_limit;

CREATE TABLE limit_count (
    user_id      BIGINT NOT NULL COMMENT 'user.id',
    scope        VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as limit_rule.scope',
    currency_id  SMALLINT UNSIGNED NOT NULL COMMENT 'as limit_rule.currency_id',
    by_value     BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'as limit_rule.by_value',
    day          DATE NOT NULL COMMENT 'of the last use, in the rules'' time zone',
    day_amount   DECIMAL(38, 0) NOT NULL COMMENT 'smallest units used that day and not given back',
    month_amount DECIMAL(38, 0) NOT NULL COMMENT 'the same in that day''s month',
    PRIMARY KEY (user_id, scope, currency_id, by_value),
    CONSTRAINT count_not_negative CHECK (day_amount >= 0 AND month_amount >= day_amount),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what of the limits is used';

INSERT INTO limit_count (user_id, scope, currency_id, day, day_amount, month_amount)
SELECT user_id, 'withdrawal', currency_id, day, day_amount, month_amount FROM withdrawal_usage;

CREATE TABLE limit_use (
    kind        VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what used it: ticket ...',
    ref         BINARY(16) NOT NULL COMMENT 'its uuid',
    scope       VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as limit_rule.scope',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'as limit_rule.currency_id',
    by_value    BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'as limit_rule.by_value',
    user_id     BIGINT NOT NULL COMMENT 'user.id',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units',
    day         DATE NOT NULL COMMENT 'when, in the rules'' time zone',
    given_back  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'counts no longer',
    PRIMARY KEY (kind, ref, scope, currency_id, by_value),
    KEY (user_id, scope, currency_id, by_value, day),
    CONSTRAINT use_positive CHECK (amount > 0),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'each use of a limit, so that it is given back once and to the day that it counted in';

INSERT INTO limit_use (kind, ref, scope, currency_id, user_id, amount, day, given_back)
SELECT 'ticket', id, 'withdrawal', currency_id, customer_id, amount, DATE(created_at),
       status IN ('refunded', 'cancelled', 'rejected', 'expired')
FROM ticket;

DROP TABLE withdrawal_limit;
DROP TABLE withdrawal_usage;

-- What they decided is decided in lib/ticket and lib/ledger.
DROP PROCEDURE IF EXISTS ticket_refuse;
DROP PROCEDURE IF EXISTS ticket_create;
DROP PROCEDURE IF EXISTS ticket_settle;
DROP PROCEDURE IF EXISTS ticket_check;
DROP PROCEDURE IF EXISTS ticket_wrong_key;
DROP PROCEDURE IF EXISTS ticket_release;
DROP PROCEDURE IF EXISTS ticket_cancel;
DROP PROCEDURE IF EXISTS ticket_reject;
DROP PROCEDURE IF EXISTS ticket_update;
DROP PROCEDURE IF EXISTS ticket_refund;
DROP PROCEDURE IF EXISTS ticket_expire_due;
DROP PROCEDURE IF EXISTS ticket_view;
DROP PROCEDURE IF EXISTS ledger_transfer;
DROP PROCEDURE IF EXISTS ledger_note;
DROP PROCEDURE IF EXISTS ledger_credit;
DROP PROCEDURE IF EXISTS withdrawal_count;
DROP PROCEDURE IF EXISTS withdrawal_uncount;
