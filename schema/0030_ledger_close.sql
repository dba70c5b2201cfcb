-- Closed months: what was booked up to a moment, sealed by a hash over each account's entries.

CREATE TABLE ledger_close (
    id           INT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1, 2, 3',
    ends_at      DATETIME(6) NOT NULL UNIQUE COMMENT 'journals of before then are in it or in an earlier one, UTC',
    last_journal BIGINT NOT NULL COMMENT 'journal.id: the last one of them',
    journals     BIGINT UNSIGNED NOT NULL COMMENT 'in it, without earlier ones',
    entries      BIGINT UNSIGNED NOT NULL COMMENT 'in it, without earlier ones',
    accounts     BIGINT UNSIGNED NOT NULL COMMENT 'that have entries in it',
    hash         BINARY(32) NOT NULL COMMENT 'SHA-256 of the hash of the close before, of these figures, and of seq, balance and hash of each account',
    closed_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC'
) ENGINE = InnoDB COMMENT = 'each close, chained to the one before';

CREATE TABLE ledger_close_account (
    account_id BIGINT NOT NULL COMMENT 'account.id',
    close_id   INT UNSIGNED NOT NULL COMMENT 'ledger_close.id',
    first_seq  BIGINT UNSIGNED NOT NULL COMMENT 'entry.seq of its first entry in it',
    last_seq   BIGINT UNSIGNED NOT NULL COMMENT 'and of the last one',
    balance    DECIMAL(38, 0) NOT NULL COMMENT 'after the last one, smallest units',
    hash       BINARY(32) NOT NULL COMMENT 'SHA-256 chained over all its entries from the first one on (lib/ledger/close.h)',
    PRIMARY KEY (account_id, close_id),
    KEY (close_id, account_id)
) ENGINE = InnoDB COMMENT = 'how far a close goes in each account';

CREATE TABLE ledger_close_print (
    account_id BIGINT NOT NULL COMMENT 'account.id',
    first_seq  BIGINT UNSIGNED NOT NULL COMMENT 'entry.seq of the first one',
    prints     VARBINARY(8192) NOT NULL COMMENT 'eight bytes of the hash of each entry, which tell the one that was altered',
    PRIMARY KEY (account_id, first_seq)
) ENGINE = InnoDB COMMENT = 'fingerprints of closed entries, up to 1024 in a row';

CREATE TRIGGER close_is_final BEFORE UPDATE ON ledger_close FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never changed';
CREATE TRIGGER close_stays BEFORE DELETE ON ledger_close FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never deleted';
CREATE TRIGGER close_account_is_final BEFORE UPDATE ON ledger_close_account FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never changed';
CREATE TRIGGER close_account_stays BEFORE DELETE ON ledger_close_account FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never deleted';
CREATE TRIGGER close_print_is_final BEFORE UPDATE ON ledger_close_print FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never changed';
CREATE TRIGGER close_print_stays BEFORE DELETE ON ledger_close_print FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closes are never deleted';
