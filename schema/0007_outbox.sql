-- The outbox in two: an event says what happened, a delivery brings it to somebody. One row that was both becomes an
-- event and a delivery; the deliveries keep their numbers, so that what shops know them by stays.

RENAME TABLE event TO delivery, event_attempt TO delivery_attempt;

-- Columns of foreign keys can only be renamed by themselves.
ALTER TABLE delivery RENAME COLUMN merchant_id TO owner_id;
ALTER TABLE delivery_attempt RENAME COLUMN event_id TO delivery_id;
ALTER TABLE feed RENAME COLUMN merchant_id TO owner_id;
ALTER TABLE endpoint_pause RENAME COLUMN merchant_id TO owner_id;
ALTER TABLE webhook_secret RENAME COLUMN merchant_id TO owner_id;

CREATE TABLE event (
    id       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of making',
    topic    VARCHAR(24) CHARACTER SET ascii NOT NULL COMMENT 'what it is about: checkout, ...; says how payload is read',
    kind     VARCHAR(24) CHARACTER SET ascii NOT NULL COMMENT 'what happened: paid, partial, cancelled, ...',
    owner_id BIGINT NOT NULL COMMENT 'user.id who is told',
    seq      BIGINT UNSIGNED NOT NULL COMMENT 'the owner''s 1, 2, 3: the cursor of the feed',
    subject  BINARY(16) NOT NULL COMMENT 'uuid of the order, ticket, bid ... that it is about',
    ref      BINARY(16) NULL COMMENT 'uuid of the part that it tells of: a payment',
    payload  TEXT NOT NULL COMMENT 'everything else that is told, as the topic has it: a JSON object, amounts as text',
    at       DATETIME(6) NOT NULL COMMENT 'when it happened, UTC',
    UNIQUE KEY cursor_of (owner_id, seq),
    KEY about (subject),
    CHECK (JSON_VALID(payload)),
    FOREIGN KEY (owner_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'the outbox: written in the transaction of what it tells';

INSERT INTO event (id, topic, kind, owner_id, seq, subject, ref, payload, at)
SELECT d.id, 'checkout', d.status, d.owner_id, d.seq, d.subject, d.payment,
       JSON_OBJECT('currency', c.code, 'amount', CAST(d.amount AS CHAR), 'valid', CAST(d.valid AS CHAR),
                   'pending', CAST(d.pending AS CHAR), 'total', CAST(d.total AS CHAR),
                   'data', REPLACE(TO_BASE64(d.data), '\n', '')), d.at
FROM delivery AS d JOIN currency AS c ON c.id = d.currency_id
WHERE NOT EXISTS (SELECT 1 FROM delivery AS f WHERE f.owner_id = d.owner_id AND f.seq = d.seq AND f.id < d.id);

ALTER TABLE delivery
    ADD COLUMN event_id BIGINT NULL COMMENT 'event.id' AFTER uuid,
    ADD COLUMN format VARCHAR(24) CHARACTER SET ascii NOT NULL DEFAULT 'ipn' COMMENT 'how it is written, signed and acknowledged (lib/notify/format.h)' AFTER channel,
    ADD COLUMN since DATETIME(6) NULL COMMENT 'made, or replayed: what the time between tries grows from' AFTER state,
    MODIFY COLUMN channel ENUM('feed', 'ipn', 'mail', 'post') NOT NULL,
    MODIFY COLUMN state ENUM('none', 'pending', 'delivered', 'failed') NOT NULL COMMENT 'none: nothing to deliver; failed: given up';

UPDATE delivery AS d JOIN event AS e ON e.owner_id = d.owner_id AND e.seq = d.seq
SET d.event_id = e.id, d.since = d.at, d.format = IF(d.channel = 'mail', 'mail', 'ipn'),
    d.endpoint = IF(d.channel = 'feed', '', d.endpoint), d.channel = IF(d.channel = 'ipn', 'post', d.channel);

ALTER TABLE delivery
    DROP KEY cursor_of, DROP KEY lane, DROP KEY in_order,
    DROP COLUMN seq, DROP COLUMN payment, DROP COLUMN status, DROP COLUMN currency_id, DROP COLUMN amount, DROP COLUMN valid,
    DROP COLUMN pending, DROP COLUMN total, DROP COLUMN data, DROP COLUMN at,
    MODIFY COLUMN id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in order of making; also the aonce of the notification',
    MODIFY COLUMN event_id BIGINT NOT NULL COMMENT 'event.id',
    MODIFY COLUMN since DATETIME(6) NOT NULL COMMENT 'made, or replayed: what the time between tries grows from',
    MODIFY COLUMN channel ENUM('feed', 'mail', 'post') NOT NULL COMMENT 'feed: only to be fetched; post: posted to url; mail: sent to the owner',
    MODIFY COLUMN format VARCHAR(24) CHARACTER SET ascii NOT NULL COMMENT 'how it is written, signed and acknowledged (lib/notify/format.h)',
    MODIFY COLUMN owner_id BIGINT NOT NULL COMMENT 'user.id, as in event',
    MODIFY COLUMN subject BINARY(16) NOT NULL COMMENT 'as in event: deliveries about one subject to one endpoint keep their order',
    MODIFY COLUMN api_key_id BIGINT NULL COMMENT 'api_key.id whose secret signs, for formats that sign with one',
    ADD KEY queue (channel, state, endpoint, owner_id, next_at),
    ADD KEY in_order (subject, endpoint, state, id),
    ADD KEY of_event (event_id),
    ADD KEY of_owner (owner_id, event_id),
    ADD FOREIGN KEY (event_id) REFERENCES event (id),
    COMMENT = 'who is told of an event, and how far that is';

ALTER TABLE delivery_attempt
    MODIFY COLUMN delivery_id BIGINT NOT NULL COMMENT 'delivery.id';

ALTER TABLE feed
    MODIFY COLUMN owner_id BIGINT NOT NULL COMMENT 'user.id',
    MODIFY COLUMN last_seq BIGINT UNSIGNED NOT NULL COMMENT 'of the owner''s newest event',
    COMMENT = 'numbers each owner''s events without gaps, in order of commit';

ALTER TABLE endpoint_pause
    MODIFY COLUMN owner_id BIGINT NOT NULL COMMENT 'user.id whose deliveries wait; 1: everybody''s',
    MODIFY COLUMN endpoint VARCHAR(300) CHARACTER SET ascii NOT NULL COMMENT 'host:port, as in delivery.endpoint';

ALTER TABLE webhook_secret
    MODIFY COLUMN owner_id BIGINT NOT NULL COMMENT 'user.id';
