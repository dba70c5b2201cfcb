-- Autosell with a floor: what it sells below is kept instead, and said.

ALTER TABLE merchant_autosell
    MODIFY currency_id SMALLINT UNSIGNED NULL COMMENT 'currency.id: what their autosell sells for; NULL: that of the item''s first market',
    ADD COLUMN below_percent TINYINT UNSIGNED NOT NULL DEFAULT 10 COMMENT 'how far below the reference price it may sell; 100: at any price',
    ADD CONSTRAINT autosell_below CHECK (below_percent <= 100),
    COMMENT = 'a merchant without a row sells in the item''s first market, by the default of below_percent';

CREATE TABLE checkout_kept (
    payment_id  BINARY(16) NOT NULL PRIMARY KEY COMMENT 'checkout_payment.id',
    merchant_id BIGINT NOT NULL COMMENT 'user.id',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the order''s currency that autosell did not sell',
    reason      ENUM('no_market', 'halted', 'too_little', 'no_bids', 'price', 'no_reference') NOT NULL COMMENT 'price: bids were below the floor',
    currency_id SMALLINT UNSIGNED NULL COMMENT 'currency.id that it would have been sold for; NULL: no market',
    reference   DECIMAL(38, 0) NULL COMMENT 'smallest units of it for one whole coin: what the floor was reckoned from',
    floor       DECIMAL(38, 0) NULL COMMENT 'the same: least price',
    KEY (merchant_id, payment_id),
    CONSTRAINT kept_positive CHECK (amount > 0),
    FOREIGN KEY (payment_id) REFERENCES checkout_payment (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what autosell kept of payments, and why';
