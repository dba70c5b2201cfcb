-- Merchant checkout: orders, payments and the merchant's fees.

ALTER TABLE account MODIFY purpose ENUM('available', 'held', 'fee', 'rounding', 'external', 'escrow') NOT NULL
    COMMENT 'held: promised to somebody; escrow: paid in part for the owner''s order, not yet theirs; external: the world outside, seen from here';

CREATE TABLE merchant_fee (
    merchant_id BIGINT NOT NULL COMMENT 'user.id; 1: every merchant without a row',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    percent     DECIMAL(9, 6) NOT NULL COMMENT 'of what was paid, rounded half up to the smallest unit',
    fixed       DECIMAL(38, 0) NOT NULL COMMENT 'smallest units on top, per completed payment; never more than the payment',
    PRIMARY KEY (merchant_id, currency_id),
    CHECK (percent >= 0 AND percent < 100 AND fixed >= 0),
    FOREIGN KEY (merchant_id) REFERENCES user (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what merchants pay to the house; a missing row is no fee';

CREATE TABLE checkout_order (
    id             BINARY(16) NOT NULL PRIMARY KEY COMMENT 'uuid version 7, the transaction id of the API',
    merchant_id    BIGINT NOT NULL COMMENT 'user.id',
    api_key_id     BIGINT NOT NULL COMMENT 'api_key.id: signs its notifications',
    request_key    VARBINARY(96) NOT NULL COMMENT 'names the creating request within the merchant',
    currency_id    SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    amount         DECIMAL(38, 0) NOT NULL COMMENT 'smallest units; of one payment where multipay',
    paid           DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'sum of its payments',
    refunded       DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'given back of it',
    status         ENUM('open', 'partial', 'paid', 'partly_refunded', 'refunded', 'cancelled', 'closed') NOT NULL DEFAULT 'open'
                   COMMENT 'the ways between them: procedures/checkout.sql',
    description    VARCHAR(255) NOT NULL COMMENT 'shown on the payment page',
    return_success VARCHAR(2000) NULL COMMENT 'where the buyer goes after paying',
    return_failure VARCHAR(2000) NULL COMMENT 'where the buyer goes after cancelling',
    ipn_url        VARCHAR(2000) CHARACTER SET ascii NULL COMMENT 'who is notified; NULL: nobody',
    ipn_endpoint   VARCHAR(300) CHARACTER SET ascii NULL COMMENT 'host:port of ipn_url',
    data           VARBINARY(4096) NULL COMMENT 'the merchant''s bytes, given back as they came',
    wants_mail     BOOLEAN NOT NULL COMMENT 'a mail to the merchant per payment',
    autosell       BOOLEAN NOT NULL COMMENT 'sell what was earned at market',
    instant_only   BOOLEAN NOT NULL COMMENT 'to be paid whole and at once',
    multipay       BOOLEAN NOT NULL COMMENT 'takes many payments of the amount',
    created_at     DATETIME(6) NOT NULL COMMENT 'when, UTC',
    expires_at     DATETIME(6) NULL COMMENT 'unpaid then, it is closed, swept or not; NULL: never',
    paid_at        DATETIME(6) NULL COMMENT 'first paid in full, UTC',
    ended_at       DATETIME(6) NULL COMMENT 'cancelled or closed, UTC',
    UNIQUE KEY request (merchant_id, request_key),
    KEY by_merchant (merchant_id, id),
    KEY due (status, expires_at),
    CHECK (amount > 0 AND refunded >= 0 AND refunded <= paid AND (multipay OR paid <= amount)),
    FOREIGN KEY (merchant_id) REFERENCES user (id),
    FOREIGN KEY (api_key_id) REFERENCES api_key (id)
) ENGINE = InnoDB COMMENT = 'what a merchant asks a buyer to pay';

CREATE TABLE checkout_payment (
    id         BINARY(16) NOT NULL PRIMARY KEY COMMENT 'uuid version 7, the payment id of the API',
    journal_id BIGINT NOT NULL UNIQUE COMMENT 'journal.id: the posting, and the request that made it',
    order_id   BINARY(16) NOT NULL COMMENT 'checkout_order.id',
    payer_id   BIGINT NOT NULL COMMENT 'user.id',
    amount     DECIMAL(38, 0) NOT NULL COMMENT 'smallest units',
    refunded   DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'given back of it',
    created_at DATETIME(6) NOT NULL COMMENT 'when, UTC',
    KEY (order_id, id),
    KEY (payer_id, id),
    CHECK (amount > 0 AND refunded >= 0 AND refunded <= amount),
    FOREIGN KEY (journal_id) REFERENCES journal (id),
    FOREIGN KEY (order_id) REFERENCES checkout_order (id),
    FOREIGN KEY (payer_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what a buyer paid of an order';
