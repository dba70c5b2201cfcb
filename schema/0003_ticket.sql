-- Partner withdrawal tickets.

CREATE TABLE partner (
    id            VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'as customers name it',
    user_id       BIGINT NOT NULL UNIQUE COMMENT 'user.id: whose account is credited',
    name          VARCHAR(64) NOT NULL COMMENT 'for people',
    url           VARCHAR(512) CHARACTER SET ascii NULL COMMENT 'where the customer is sent; NULL: nowhere',
    verified_only BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'serves verified customers only',
    ttl_s         INT UNSIGNED NOT NULL DEFAULT 86400 COMMENT 'seconds until an unsettled ticket expires',
    enabled       BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'false: no new tickets',
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'who pays customers out';

CREATE TABLE ticket (
    id              BINARY(16) NOT NULL PRIMARY KEY COMMENT 'uuid version 7: in order of creation',
    customer_id     BIGINT NOT NULL COMMENT 'user.id',
    partner_id      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'partner.id',
    partner_user_id BIGINT NOT NULL COMMENT 'partner.user_id when it was made',
    currency_id     SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount          DECIMAL(38, 0) NOT NULL COMMENT 'smallest units',
    status          ENUM('open', 'settled', 'processing', 'completed', 'failed', 'refunded', 'cancelled', 'rejected', 'expired')
                    NOT NULL DEFAULT 'open' COMMENT 'the ways between them: procedures/ticket.sql',
    key_hash        BINARY(32) NOT NULL COMMENT 'SHA-256 of the ticket key',
    wrong_keys      TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'wrong keys presented since the last pause',
    wrong_key_at    DATETIME(6) NULL COMMENT 'the last of them',
    created_at      DATETIME(6) NOT NULL COMMENT 'when, UTC',
    expires_at      DATETIME(6) NOT NULL COMMENT 'unsettled then, it is expired, swept or not',
    settled_at      DATETIME(6) NULL COMMENT 'when the partner was credited, UTC',
    ended_at        DATETIME(6) NULL COMMENT 'cancelled, rejected, expired or refunded',
    description     VARCHAR(255) NULL COMMENT 'the partner''s words at settling',
    reason          VARCHAR(255) NULL COMMENT 'the partner''s words at rejecting or refunding',
    KEY by_customer (customer_id, id),
    KEY by_partner (partner_user_id, id),
    KEY due (status, expires_at),
    CHECK (amount > 0),
    FOREIGN KEY (customer_id) REFERENCES user (id),
    FOREIGN KEY (partner_id) REFERENCES partner (id)
) ENGINE = InnoDB COMMENT = 'a withdrawal through a partner';

CREATE TABLE ticket_update (
    id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of telling',
    ticket_id BINARY(16) NOT NULL COMMENT 'ticket.id',
    at        DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when it was told, UTC',
    status    ENUM('settled', 'processing', 'completed', 'failed') NOT NULL COMMENT 'of the ticket from then on',
    message   VARCHAR(255) NOT NULL COMMENT 'the partner''s words to the customer',
    KEY (ticket_id, id),
    FOREIGN KEY (ticket_id) REFERENCES ticket (id)
) ENGINE = InnoDB COMMENT = 'news about a settled ticket';
