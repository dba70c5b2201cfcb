-- Ethereum as a rail: which nonce of which account of ours is spent on what, and the bytes that may be mined for it.

ALTER TABLE deposit
    ADD COLUMN swept BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'its rail has begun to take it to the hot wallet' AFTER credits,
    ADD KEY to_sweep (rail, swept, state, path_index);

CREATE TABLE ethereum_sender (
    path_index INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'last step of the account''s path; 0 is the hot wallet',
    next_nonce BIGINT UNSIGNED NOT NULL COMMENT 'of its next transaction'
) ENGINE = InnoDB COMMENT = 'accounts of ours that have sent something';

CREATE TABLE ethereum_send (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in the order in which it was decided',
    uuid        BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref of what it cost',
    path_index  INT UNSIGNED NOT NULL COMMENT 'ethereum_sender.path_index',
    nonce       BIGINT UNSIGNED NOT NULL COMMENT 'each is spent on one thing',
    kind        ENUM('payout', 'sweep', 'gas') NOT NULL COMMENT 'sweep: from an address to the hot wallet; gas: what a sweep of a token costs, to the address',
    payout_id   BIGINT NULL UNIQUE COMMENT 'payout.id',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id of amount',
    recipient   BINARY(20) NOT NULL COMMENT 'who gets it',
    own_index   INT UNSIGNED NULL COMMENT 'last step of the recipient''s path where it is ours',
    token       BINARY(20) NULL COMMENT 'its contract; NULL: the coin',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'the chain''s smallest units',
    gas         INT UNSIGNED NOT NULL COMMENT 'that may be used',
    needed      INT UNSIGNED NOT NULL COMMENT 'confirmations after which its outcome counts',
    versions    INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'number of its last version: ethereum_tx.version',
    known       BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the node has said that it has the last version',
    state       ENUM('open', 'done', 'failed') NOT NULL DEFAULT 'open' COMMENT 'failed: mined without effect, or never to be',
    mined       BINARY(32) NULL COMMENT 'hash of the version that is in a block',
    height      BIGINT UNSIGNED NULL COMMENT 'of that block',
    fee         DECIMAL(38, 0) NULL COMMENT 'wei that it has cost',
    booked      DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units of the coin''s currency that were booked for it',
    words       VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'why it failed',
    created_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    UNIQUE KEY slot (path_index, nonce),
    KEY waiting (state, path_index, nonce),
    CHECK ((kind = 'payout') = (payout_id IS NOT NULL)),
    CHECK ((kind = 'payout') = (own_index IS NULL)),
    CHECK (amount > 0 AND gas > 0 AND needed > 0),
    CHECK ((state = 'open') = (fee IS NULL)),
    FOREIGN KEY (path_index) REFERENCES ethereum_sender (path_index),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what was sent, one row for each nonce';

CREATE TABLE ethereum_tx (
    send_id    BIGINT NOT NULL COMMENT 'ethereum_send.id',
    version    INT UNSIGNED NOT NULL COMMENT '1, 2, 3: later ones offer more for their gas',
    hash       BINARY(32) NOT NULL UNIQUE COMMENT 'as the chain knows it',
    max_fee    DECIMAL(38, 0) NOT NULL COMMENT 'wei for one gas at most',
    tip        DECIMAL(38, 0) NOT NULL COMMENT 'wei for one gas to the maker of the block',
    raw        VARBINARY(4096) NOT NULL COMMENT 'what is broadcast, again and again',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when it was signed, UTC',
    PRIMARY KEY (send_id, version),
    FOREIGN KEY (send_id) REFERENCES ethereum_send (id)
) ENGINE = InnoDB COMMENT = 'signed transactions; of those of a send one is mined at most';

CREATE TABLE ethereum_token (
    token   BINARY(20) NOT NULL PRIMARY KEY COMMENT 'its contract',
    trouble VARCHAR(255) NOT NULL COMMENT 'why nothing is paid out in it',
    at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when that was seen, UTC'
) ENGINE = InnoDB COMMENT = 'tokens that do not do what they say';
