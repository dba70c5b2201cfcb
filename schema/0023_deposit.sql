-- Deposits: an address for each user and chain, what was paid to it, and how far the chain was followed.

-- What a user owes because a credit vanished from its chain after it was spent.
ALTER TABLE account
    DROP CONSTRAINT account_rail,
    MODIFY purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'available; fund: deposits land there and withdrawals leave from it; held: promised to somebody, see hold; escrow: paid in part for the owner''s order, not yet theirs; fee; rounding; reserve: what the house exchanges with; incoming: paid for a bid that is not done yet; profit: may be a loss; affiliate: rewards, below zero where one was taken back that is spent; owed: never above zero, a deposit that vanished after it was spent; external: the world outside, seen from here; others as services need them',
    MODIFY may_overdraw BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'only for external, profit, affiliate and owed accounts',
    ADD CONSTRAINT account_rail CHECK (IF(purpose IN ('external', 'owed'), rail <> '', rail = '' OR purpose IN ('reserve', 'incoming', 'held')));

CREATE TABLE deposit_rail (
    rail       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'as account.rail: ethereum, bitcoin',
    format     ENUM('ethereum', 'bitcoin', 'bitcoin_test', 'bitcoin_regtest') NOT NULL COMMENT 'how its addresses are made and written',
    path       VARCHAR(32) CHARACTER SET ascii NOT NULL COMMENT 'of the signer''s account: m/44''/60''/0''',
    xpub       VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its public key, from which addresses follow: path/0/index',
    next_index INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'index of the next address; 0 is the hot wallet',
    height     BIGINT UNSIGNED NULL COMMENT 'the last block that was followed; NULL: none yet',
    hash       BINARY(32) NULL COMMENT 'its hash',
    CHECK ((height IS NULL) = (hash IS NULL))
) ENGINE = InnoDB COMMENT = 'chains on which users have addresses; its row is locked by whoever follows one';

CREATE TABLE deposit_block (
    rail   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'deposit_rail.rail',
    height BIGINT UNSIGNED NOT NULL COMMENT 'of the block',
    hash   BINARY(32) NOT NULL COMMENT 'by which a reorganisation is noticed',
    PRIMARY KEY (rail, height),
    FOREIGN KEY (rail) REFERENCES deposit_rail (rail)
) ENGINE = InnoDB COMMENT = 'the last blocks that were followed, to walk back on';

CREATE TABLE deposit_address (
    rail       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'deposit_rail.rail',
    path_index INT UNSIGNED NOT NULL COMMENT 'last step of its path: each is given once',
    user_id    BIGINT NOT NULL COMMENT 'user.id',
    address    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as it is shown',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    PRIMARY KEY (rail, path_index),
    UNIQUE KEY of_user (user_id, rail),
    UNIQUE KEY by_address (rail, address),
    FOREIGN KEY (rail) REFERENCES deposit_rail (rail),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'whose an address is, for ever';

CREATE TABLE deposit (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as the API shows it',
    uuid         BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref',
    rail         VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'deposit_rail.rail',
    txid         BINARY(32) NOT NULL COMMENT 'of the transaction, as the chain shows it',
    output       INT UNSIGNED NOT NULL COMMENT 'of a transaction of Bitcoin; 0 on Ethereum, where all that one pays to an address counts as one',
    path_index   INT UNSIGNED NOT NULL COMMENT 'deposit_address.path_index',
    user_id      BIGINT NOT NULL COMMENT 'user.id of that address',
    currency_id  SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount       DECIMAL(38, 0) NOT NULL COMMENT 'smallest units that are credited',
    chain_amount DECIMAL(38, 0) NOT NULL COMMENT 'the chain''s smallest units, which may be smaller than ours',
    needed       INT UNSIGNED NOT NULL COMMENT 'confirmations that it is to have',
    state        ENUM('pending', 'completed', 'withhold', 'cancelled') NOT NULL COMMENT 'withhold: an operator decides',
    note         VARCHAR(255) NULL COMMENT 'why it is withheld or cancelled',
    height       BIGINT UNSIGNED NULL COMMENT 'of its block; NULL: in none that we know',
    block_hash   BINARY(32) NULL COMMENT 'of its block',
    credits      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how often it was credited: again where it came back to the chain',
    inserted_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'first seen, UTC',
    updated_at   DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'last change',
    confirmed_at DATETIME(6) NULL COMMENT 'last credited',
    UNIQUE KEY payment (rail, txid, path_index, currency_id, output, chain_amount),
    KEY of_user (user_id, id),
    KEY due (rail, state, height),
    KEY by_height (rail, height),
    CHECK (amount >= 0 AND chain_amount > 0),
    CHECK (amount > 0 OR state IN ('withhold', 'cancelled')),
    CHECK (needed > 0),
    CHECK ((height IS NULL) = (block_hash IS NULL)),
    CHECK ((note IS NULL) = (state IN ('pending', 'completed'))),
    FOREIGN KEY (rail, path_index) REFERENCES deposit_address (rail, path_index),
    FOREIGN KEY (user_id) REFERENCES user (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what was paid to addresses';
