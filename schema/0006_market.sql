-- The market: order book, trades, candles, and the outbox of the live stream.

-- What an open order holds is a part of the account that it will be paid from, not a posting: an order moves no money until it
-- trades, so that it leaves no line in a history whose balances would then not add up. The CHECK keeps anybody from spending it.
ALTER TABLE account
    ADD COLUMN reserved DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'part of the balance that the owner''s open orders hold' AFTER balance,
    DROP CONSTRAINT account_covered,
    ADD CONSTRAINT account_covered CHECK (may_overdraw OR balance >= reserved),
    ADD CONSTRAINT account_reserved CHECK (reserved >= 0);

CREATE TABLE market (
    id                   TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1 to 99: the last two digits of its trades'' ids',
    item_id              SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what is traded',
    currency_id          SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what it is paid with',
    amount_step          DECIMAL(38, 0) NOT NULL COMMENT 'amounts are multiples of it; smallest units of the item',
    price_step           DECIMAL(38, 0) NOT NULL COMMENT 'prices are multiples of it; smallest units of the currency for one whole item',
    min_amount           DECIMAL(38, 0) NOT NULL COMMENT 'least amount of an order; smallest units of the item',
    item_unit            DECIMAL(19, 18) NOT NULL COMMENT 'one smallest unit as a part of a whole item: amount x price x this is exact',
    status               ENUM('open', 'halted') NOT NULL DEFAULT 'open' COMMENT 'halted: orders can be cancelled, not placed, and nothing trades',
    item_fee_account     BIGINT NOT NULL COMMENT 'account.id of the house',
    currency_fee_account BIGINT NOT NULL COMMENT 'account.id of the house',
    fee_schedule         TINYINT UNSIGNED NOT NULL COMMENT 'trade_fee.market_id: its own id, or 0',
    rounding_account     BIGINT NOT NULL COMMENT 'account.id of the house, in the currency: what is left between payer and payee',
    last_tid             BIGINT NOT NULL DEFAULT 0 COMMENT 'trade.tid of the newest',
    last_price           DECIMAL(38, 0) NULL COMMENT 'of the newest trade',
    stops                INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows in market_stop',
    UNIQUE KEY (item_id, currency_id),
    CHECK (id BETWEEN 1 AND 99 AND amount_step > 0 AND price_step > 0 AND min_amount > 0),
    FOREIGN KEY (item_id) REFERENCES currency (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'a pair that is traded; its row is the lock of its book';

ALTER TABLE trade_fee
    ADD COLUMN market_id TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'market.id; 0: every market without rows of its own' FIRST,
    MODIFY min_volume DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the item traded in 30 days from which it holds',
    DROP PRIMARY KEY, ADD PRIMARY KEY (market_id, min_volume);

CREATE TABLE market_order (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of placing: the earlier of one price trades first',
    oid          BINARY(16) NOT NULL UNIQUE COMMENT 'uuid of the API; made from the request, so that a repeated request meets itself',
    market_id    TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    user_id      BIGINT NOT NULL COMMENT 'user.id',
    side         ENUM('bid', 'ask') NOT NULL COMMENT 'bid: buys the item',
    status       ENUM('open', 'invalid', 'stop', 'pending', 'done', 'cancelled') NOT NULL
                 COMMENT 'open: in the book; invalid: no money behind it; stop: waits for its price; pending: about to be matched',
    price        DECIMAL(38, 0) NULL COMMENT 'smallest units of the currency for one whole item; NULL: at any price',
    stop_price   DECIMAL(38, 0) NULL COMMENT 'of the trade that sets it off',
    amount       DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the item, as placed',
    remaining    DECIMAL(38, 0) NOT NULL COMMENT 'not traded yet',
    funded       DECIMAL(38, 0) NOT NULL COMMENT 'of the remaining, what its hold pays for: what the book shows',
    hold         DECIMAL(38, 0) NOT NULL COMMENT 'its part of account.reserved of pay_account',
    fee_percent  DECIMAL(6, 3) NOT NULL COMMENT 'of what it receives; by the owner''s volume when it was placed',
    fiat_fee     BOOLEAN NOT NULL COMMENT 'a bid that pays its fee in the currency, on top',
    pay_account  BIGINT NOT NULL COMMENT 'account.id that it takes from',
    gain_account BIGINT NOT NULL COMMENT 'account.id that it adds to',
    book_rank    DECIMAL(38, 0) NULL COMMENT 'price of an ask, minus price of a bid: the lowest trades first; NULL: not in the book',
    created_at   DATETIME(6) NOT NULL COMMENT 'when, UTC',
    ended_at     DATETIME(6) NULL COMMENT 'done or cancelled, UTC; NULL: live',
    KEY book (market_id, side, book_rank, id),
    KEY live (user_id, ended_at, id),
    CHECK (amount > 0 AND remaining BETWEEN 0 AND amount AND funded BETWEEN 0 AND remaining AND hold >= 0),
    FOREIGN KEY (market_id) REFERENCES market (id)
) ENGINE = InnoDB COMMENT = 'orders, live and past';

CREATE TABLE market_level (
    market_id  TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    side       ENUM('bid', 'ask') NOT NULL COMMENT 'as market_order.side',
    price      DECIMAL(38, 0) NOT NULL COMMENT 'as market_order.price',
    amount     DECIMAL(38, 0) NOT NULL COMMENT 'sum of market_order.funded of that price',
    head       BIGINT NOT NULL COMMENT 'no order in it has a lower id: where the search for its first one begins, not at those just gone, which take time to be purged',
    changed_at DATETIME(6) NOT NULL COMMENT 'when it last changed, UTC',
    PRIMARY KEY (market_id, side, price)
) ENGINE = InnoDB COMMENT = 'the book by price, so that depth costs the levels and not the orders';

CREATE TABLE market_stop (
    market_id TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    side      ENUM('bid', 'ask') NOT NULL COMMENT 'a bid is set off by a trade at its price or above, an ask at or below',
    price     DECIMAL(38, 0) NOT NULL COMMENT 'market_order.stop_price',
    order_id  BIGINT NOT NULL COMMENT 'market_order.id',
    PRIMARY KEY (market_id, side, price, order_id)
) ENGINE = InnoDB COMMENT = 'stop orders not set off yet';

CREATE TABLE market_wait (
    order_id   BIGINT NOT NULL PRIMARY KEY COMMENT 'market_order.id',
    market_id  TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    account_id BIGINT NOT NULL COMMENT 'market_order.pay_account',
    free       DECIMAL(38, 0) NOT NULL COMMENT 'what was free in it when it was last tried: worth a try once there is more; -1: at once',
    since      DATETIME(6) NOT NULL COMMENT 'when it came here, UTC',
    KEY (account_id, free)
) ENGINE = InnoDB COMMENT = 'orders that wait to be matched: set off, or for money';

CREATE TABLE trade (
    market_id   TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    tid         BIGINT NOT NULL COMMENT 'microseconds since 1970, with the market''s id for the last two digits: rising, and unique everywhere',
    journal_id  BIGINT NOT NULL UNIQUE COMMENT 'journal.id: the posting',
    bid_id      BIGINT NOT NULL COMMENT 'market_order.id',
    ask_id      BIGINT NOT NULL COMMENT 'market_order.id',
    buyer_id    BIGINT NOT NULL COMMENT 'user.id',
    seller_id   BIGINT NOT NULL COMMENT 'user.id',
    taker       ENUM('bid', 'ask') NOT NULL COMMENT 'the order that came later and set it off',
    at_market   BOOLEAN NOT NULL COMMENT 'the taker named no price',
    price       DECIMAL(38, 0) NOT NULL COMMENT 'the maker''s',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the item',
    spent       DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the currency: what the buyer paid, without fee',
    earned      DECIMAL(38, 0) NOT NULL COMMENT 'what the seller got, before fee; the rest of spent is rounding',
    buyer_fee   DECIMAL(38, 0) NOT NULL COMMENT 'of the item, or of the currency where the bid has fiat_fee',
    seller_fee  DECIMAL(38, 0) NOT NULL COMMENT 'of the currency',
    voided_at   DATETIME(6) NULL COMMENT 'when an operator took it back, UTC',
    PRIMARY KEY (market_id, tid),
    KEY (bid_id),
    KEY (ask_id),
    KEY (buyer_id, tid),
    KEY (seller_id, tid),
    FOREIGN KEY (market_id) REFERENCES market (id),
    FOREIGN KEY (journal_id) REFERENCES journal (id)
) ENGINE = InnoDB COMMENT = 'each fill';

CREATE TABLE market_candle (
    market_id TINYINT UNSIGNED NOT NULL COMMENT 'market.id',
    span_s    SMALLINT UNSIGNED NOT NULL COMMENT '60 or 3600',
    at        INT UNSIGNED NOT NULL COMMENT 'its beginning, seconds since 1970',
    open      DECIMAL(38, 0) NOT NULL COMMENT 'first price',
    high      DECIMAL(38, 0) NOT NULL COMMENT 'highest price',
    low       DECIMAL(38, 0) NOT NULL COMMENT 'lowest price',
    close     DECIMAL(38, 0) NOT NULL COMMENT 'last price',
    volume    DECIMAL(38, 0) NOT NULL COMMENT 'sum of amounts',
    turnover  DECIMAL(65, 0) NOT NULL COMMENT 'sum of amount x price, undivided',
    price_sum DECIMAL(38, 0) NOT NULL COMMENT 'sum of prices',
    trades    INT UNSIGNED NOT NULL COMMENT 'number of trades',
    PRIMARY KEY (market_id, span_s, at)
) ENGINE = InnoDB COMMENT = 'trades summed up as they happen: the 24 hours of the ticker are hours, minutes and the trades of one minute';

CREATE TABLE trader_volume (
    user_id BIGINT NOT NULL COMMENT 'user.id',
    item_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id',
    day     DATE NOT NULL COMMENT 'UTC',
    volume  DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the item bought and sold',
    PRIMARY KEY (user_id, item_id, day),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what the fee schedule goes by';

CREATE TABLE currency_rate (
    currency_id SMALLINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'currency.id',
    per_dollar  DECIMAL(30, 12) NOT NULL COMMENT 'how much of it one US dollar is worth',
    changed_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    CHECK (per_dollar > 0),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'set by the operator: shows a trade of one currency in another; nothing is ever paid by it';

INSERT INTO currency_rate (currency_id, per_dollar) SELECT id, 1 FROM currency WHERE code = 'USD';

CREATE TABLE stream_event (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order of commit within a market; sent as the id of the message',
    kind       ENUM('journal', 'depth', 'order', 'removed') NOT NULL COMMENT 'which of the columns below say what',
    at         DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    journal_id BIGINT NULL COMMENT 'journal: lines of wallets, and a trade',
    market_id  TINYINT UNSIGNED NULL COMMENT 'market.id',
    side       ENUM('bid', 'ask') NULL COMMENT 'depth',
    price      DECIMAL(38, 0) NULL COMMENT 'depth',
    amount     DECIMAL(38, 0) NULL COMMENT 'depth: the change, signed; order: what remains',
    total      DECIMAL(38, 0) NULL COMMENT 'depth: the level after it; order: the funded part',
    order_id   BIGINT NULL COMMENT 'order, removed: market_order.id',
    word       VARCHAR(20) CHARACTER SET ascii NULL COMMENT 'order: its status; removed: why'
) ENGINE = InnoDB COMMENT = 'outbox of the live stream: written with what it tells, deleted once told';

-- A trade tells itself, with what else its fill has to tell.
CREATE TRIGGER journal_told AFTER INSERT ON journal FOR EACH ROW
    IF NEW.kind <> 'trade' THEN
        INSERT INTO stream_event (kind, journal_id) VALUES ('journal', NEW.id);
    END IF;

CREATE TABLE stream_turn (
    id    TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1: the only row',
    owner BINARY(16) NULL COMMENT 'the run of the job that publishes now',
    until DATETIME(6) NOT NULL COMMENT 'end of its lease, UTC'
) ENGINE = InnoDB COMMENT = 'one publisher at a time keeps the order of the messages';

INSERT INTO stream_turn (id, until) VALUES (1, '2000-01-01');

CREATE TABLE checkout_quote (
    id          BINARY(16) NOT NULL PRIMARY KEY COMMENT 'uuid version 7',
    order_id    BINARY(16) NOT NULL COMMENT 'checkout_order.id',
    user_id     BIGINT NOT NULL COMMENT 'user.id: who may use it',
    amount      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the order''s currency that it pays',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what the buyer pays with',
    cost        DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of it: the most that is taken, fees included',
    expires_at  DATETIME(6) NOT NULL COMMENT 'worthless from then on, UTC',
    KEY (expires_at),
    FOREIGN KEY (order_id) REFERENCES checkout_order (id),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'what paying an order in another currency costs';

CREATE TABLE merchant_autosell (
    merchant_id BIGINT NOT NULL PRIMARY KEY COMMENT 'user.id',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what their autosell sells for',
    FOREIGN KEY (merchant_id) REFERENCES user (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'a merchant without a row sells in the item''s first market';

CREATE TABLE checkout_exchange (
    payment_id  BINARY(16) NOT NULL COMMENT 'checkout_payment.id',
    party       ENUM('payer', 'merchant') NOT NULL COMMENT 'payer: bought what they paid with; merchant: autosell of what the payment earned them',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what the payer gave, what the merchant gained',
    given       DECIMAL(38, 0) NOT NULL COMMENT 'smallest units, fees included; by the merchant, of the order''s currency',
    gained      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units, fees taken off; by the payer, of the order''s currency',
    quote_id    BINARY(16) NULL UNIQUE COMMENT 'checkout_quote.id that the payer used, which is gone by then',
    PRIMARY KEY (payment_id, party),
    CHECK (given > 0 AND gained >= 0),
    FOREIGN KEY (payment_id) REFERENCES checkout_payment (id),
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'what payments changed at the market';
