-- Requests by their names, for what leaves no row of its own that could tell what was asked for.

CREATE TABLE request_result (
    user_id      BIGINT NOT NULL COMMENT 'user.id: who asked',
    request_key  VARBINARY(96) NOT NULL COMMENT 'names the request within the user, as journal.request_key does',
    operation    VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what was done: checkout_refund, secret_rotate ...',
    ref          BINARY(16) NULL COMMENT 'uuid of what it made or changed',
    digest       BINARY(32) NULL COMMENT 'SHA-256 of what was asked for; NULL: the key is a nonce, which cannot ask for anything else',
    reply_sealed MEDIUMBLOB NULL COMMENT 'what the answer is made of, AES-256-GCM-SIV, bound to request_result/<user>/<key>; NULL: rebuilt from the domain''s rows',
    at           DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC; swept when it is old',
    PRIMARY KEY (user_id, request_key),
    KEY (at)
) ENGINE = InnoDB COMMENT = 'what was done under a caller''s own key, or by a call that writes no journal: written in the transaction that did it';
