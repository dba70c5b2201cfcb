-- The outbox: what merchants are to be told, who was told, and how they answered.

CREATE TABLE feed (
    merchant_id BIGINT NOT NULL PRIMARY KEY COMMENT 'user.id',
    last_seq    BIGINT UNSIGNED NOT NULL COMMENT 'of the merchant''s newest event',
    FOREIGN KEY (merchant_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'numbers each merchant''s events without gaps, in order of commit';

CREATE TABLE event (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of making; also the aonce of the notification',
    uuid         BINARY(16) NOT NULL UNIQUE COMMENT 'the webhook-id, the same over all tries',
    merchant_id  BIGINT NOT NULL COMMENT 'user.id',
    seq          BIGINT UNSIGNED NOT NULL COMMENT 'the merchant''s 1, 2, 3: the cursor of the feed',
    channel      ENUM('feed', 'ipn', 'mail') NOT NULL COMMENT 'feed: only to be fetched; ipn: posted to url; mail: sent to the merchant',
    subject      BINARY(16) NOT NULL COMMENT 'uuid of the order: deliveries about one subject keep their order',
    payment      BINARY(16) NULL COMMENT 'uuid of the payment',
    status       VARCHAR(16) CHARACTER SET ascii NOT NULL COMMENT 'paid, partial, cancelled, closed, refunded, test',
    currency_id  SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount       DECIMAL(38, 0) NULL COMMENT 'smallest units paid or refunded',
    valid        DECIMAL(38, 0) NULL COMMENT 'partial: received so far',
    pending      DECIMAL(38, 0) NULL COMMENT 'partial: still missing',
    total        DECIMAL(38, 0) NULL COMMENT 'partial: asked for',
    data         VARBINARY(4096) NULL COMMENT 'the merchant''s own bytes',
    api_key_id   BIGINT NOT NULL COMMENT 'api_key.id: its secret signs Rest-Sign',
    url          VARCHAR(2000) CHARACTER SET ascii NULL COMMENT 'where it is posted',
    endpoint     VARCHAR(300) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'host:port of url: what is paced and paused together',
    at           DATETIME(6) NOT NULL COMMENT 'when it happened, UTC',
    state        ENUM('none', 'pending', 'delivered') NOT NULL COMMENT 'none: nothing to deliver',
    attempts     INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'begun so far',
    next_at      DATETIME(6) NULL COMMENT 'due then; while one is in hand, the end of its lease; NULL: an earlier one of its subject is pending',
    delivered_at DATETIME(6) NULL COMMENT 'acknowledged, UTC',
    UNIQUE KEY cursor_of (merchant_id, seq, channel),
    KEY lane (channel, state, endpoint, merchant_id, next_at),
    KEY in_order (subject, channel, state, id),
    FOREIGN KEY (merchant_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'the outbox: written in the transaction of what it tells';

CREATE TABLE event_attempt (
    event_id   BIGINT NOT NULL COMMENT 'event.id',
    n          INT UNSIGNED NOT NULL COMMENT '1, 2, 3',
    at         DATETIME(6) NOT NULL COMMENT 'when it began, UTC',
    latency_us INT UNSIGNED NULL COMMENT 'until its end; NULL: its end is not known',
    address    VARCHAR(64) CHARACTER SET ascii NULL COMMENT 'that was connected to',
    status     SMALLINT UNSIGNED NULL COMMENT 'HTTP status; for mail the SMTP reply',
    result     VARCHAR(32) CHARACTER SET ascii NOT NULL DEFAULT 'begun'
               COMMENT 'acknowledged, refused, unsigned, sent, failed (mail), a name of lib/net/http.h, or begun',
    problem    VARCHAR(255) NULL COMMENT 'the transport''s words',
    answer     VARBINARY(4096) NULL COMMENT 'the beginning of the body',
    PRIMARY KEY (event_id, n),
    FOREIGN KEY (event_id) REFERENCES event (id)
) ENGINE = InnoDB COMMENT = 'each try of a delivery';

CREATE TABLE endpoint_pause (
    endpoint    VARCHAR(300) CHARACTER SET ascii NOT NULL COMMENT 'host:port, as in event.endpoint',
    merchant_id BIGINT NOT NULL COMMENT 'user.id whose events wait; 1: everybody''s',
    since       DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    PRIMARY KEY (endpoint, merchant_id)
) ENGINE = InnoDB COMMENT = 'endpoints that are left alone until resumed';

CREATE TABLE webhook_secret (
    id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the newest signs first',
    uuid          BINARY(16) NOT NULL UNIQUE COMMENT 'part of what it is sealed to: webhook_secret/<uuid>',
    merchant_id   BIGINT NOT NULL COMMENT 'user.id',
    secret_sealed VARBINARY(128) NOT NULL COMMENT 'AES-256-GCM-SIV',
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    retires_at    DATETIME(6) NULL COMMENT 'after a rotation: until then both sign',
    KEY (merchant_id, id),
    FOREIGN KEY (merchant_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'whsec_ secrets of the Standard Webhooks signature';
