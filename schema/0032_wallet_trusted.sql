-- Addresses that customers have put down for their withdrawals.

CREATE TABLE wallet_trusted (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as its owner names it',
    user_id    BIGINT NOT NULL COMMENT 'user.id',
    label      VARCHAR(64) COLLATE utf8mb4_bin NOT NULL COMMENT 'the owner''s name of it',
    rail       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'rail.name',
    address    VARCHAR(255) COLLATE utf8mb4_bin NOT NULL COMMENT 'as the rail writes it',
    memo       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'second part of the address',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    UNIQUE KEY label (user_id, label),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'trusted addresses';

CREATE TABLE wallet_setting (
    user_id      BIGINT NOT NULL PRIMARY KEY COMMENT 'user.id',
    trusted_only BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'withdrawals go to trusted addresses alone',
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what customers have set; without a row as by default';
