-- Bitcoin: the coins that are ours, and what is sent with them.

CREATE TABLE bitcoin_source (
    txid BINARY(32) NOT NULL PRIMARY KEY COMMENT 'as nodes show it',
    raw  MEDIUMBLOB NOT NULL COMMENT 'the transaction without its witnesses: proves to the signer what its outputs are worth'
) ENGINE = InnoDB COMMENT = 'transactions that pay to us';

CREATE TABLE bitcoin_send (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in the order in which they were made',
    height     BIGINT UNSIGNED NOT NULL COMMENT 'of the chain when it was made',
    state      ENUM('open', 'done', 'dead') NOT NULL DEFAULT 'open' COMMENT 'done: buried in the chain; dead: a coin of it was spent by somebody else, which is buried',
    known_at   DATETIME(6) NULL COMMENT 'when a node last said that it has one of its transactions, UTC',
    told_at    DATETIME(6) NULL COMMENT 'when one was last given to a node, UTC',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    KEY by_state (state, id)
) ENGINE = InnoDB COMMENT = 'coins and what they pay for: transactions that take each other''s place spend the same coins';

CREATE TABLE bitcoin_try (
    txid       BINARY(32) NOT NULL PRIMARY KEY COMMENT 'as nodes show it',
    send_id    BIGINT NOT NULL COMMENT 'bitcoin_send.id',
    number     INT UNSIGNED NOT NULL COMMENT '1, then those that pay a higher fee (BIP-125)',
    raw        MEDIUMBLOB NOT NULL COMMENT 'the bytes that are broadcast, each time the same',
    fee        BIGINT UNSIGNED NOT NULL COMMENT 'satoshis',
    vsize      INT UNSIGNED NOT NULL COMMENT 'vbytes, at most',
    height     BIGINT UNSIGNED NOT NULL COMMENT 'of the chain when it was made',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    UNIQUE KEY of_send (send_id, number),
    FOREIGN KEY (send_id) REFERENCES bitcoin_send (id)
) ENGINE = InnoDB COMMENT = 'signed transactions: written before they are broadcast, never changed';

CREATE TABLE bitcoin_coin (
    txid         BINARY(32) NOT NULL COMMENT 'as nodes show it',
    output       INT UNSIGNED NOT NULL COMMENT 'of that transaction',
    path_index   INT UNSIGNED NOT NULL COMMENT 'last step of its address''s path: deposit_address.path_index, or 0 for the hot wallet',
    value        BIGINT UNSIGNED NOT NULL COMMENT 'satoshis',
    coinbase     BOOLEAN NOT NULL COMMENT 'it may be spent 100 blocks later',
    height       BIGINT UNSIGNED NULL COMMENT 'of its block; NULL: in none, since the chain was reorganised',
    spent_by     BINARY(32) NULL COMMENT 'the transaction of the chain that spends it',
    spent_height BIGINT UNSIGNED NULL COMMENT 'of the block of that one',
    send_id      BIGINT NULL COMMENT 'bitcoin_send.id: promised to it',
    PRIMARY KEY (txid, output),
    KEY by_height (height),
    KEY by_spent (spent_height),
    KEY of_send (send_id),
    CHECK (value > 0),
    CHECK ((spent_by IS NULL) = (spent_height IS NULL)),
    FOREIGN KEY (txid) REFERENCES bitcoin_source (txid),
    FOREIGN KEY (send_id) REFERENCES bitcoin_send (id)
) ENGINE = InnoDB COMMENT = 'outputs of the chain that our keys can spend, as far as it was followed';

CREATE TABLE bitcoin_payment (
    payout_id BIGINT NOT NULL PRIMARY KEY COMMENT 'payout.id: each is sent once',
    send_id   BIGINT NOT NULL COMMENT 'bitcoin_send.id',
    output    INT UNSIGNED NOT NULL COMMENT 'which output of its transactions pays it; the first bears the fee',
    UNIQUE KEY of_send (send_id, output),
    FOREIGN KEY (send_id) REFERENCES bitcoin_send (id)
) ENGINE = InnoDB COMMENT = 'which payout is paid by what';
