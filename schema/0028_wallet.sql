-- The viewer API: money between a user's own accounts.

ALTER TABLE hold ADD COLUMN from_id BIGINT NULL COMMENT 'account.id that it left; NULL: unknown, one of purpose available';

CREATE TABLE wallet_transfer (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order',
    uuid        BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref of its journal',
    user_id     BIGINT NOT NULL COMMENT 'user.id whose accounts they are',
    guid        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the user''s own name of it',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units',
    source      ENUM('SPOT', 'FUND') NOT NULL COMMENT 'SPOT: account of purpose available; FUND: of purpose fund',
    target      ENUM('SPOT', 'FUND') NOT NULL COMMENT 'the other one',
    created_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    UNIQUE KEY guid (user_id, guid),
    CONSTRAINT wallet_transfer_moves CHECK (amount > 0 AND source <> target),
    FOREIGN KEY (user_id) REFERENCES user (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'transfers between a user''s own accounts';
