-- The instant exchange desk: what can be exchanged, at which rates, the bids, the keys of robots, and affiliates.

-- A reserve is kept on a way outside, as the external account that mirrors it is; so is what of it is held, and what came in for
-- a bid that is not done yet.
ALTER TABLE account
    DROP CONSTRAINT account_rail,
    MODIFY purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'available; held: promised to somebody, see hold; escrow: paid in part for the owner''s order, not yet theirs; fee; rounding; reserve: what the house exchanges with; incoming: paid for a bid that is not done yet; profit: may be a loss; affiliate: rewards, below zero where one was taken back that is spent; external: the world outside, seen from here; others as services need them',
    MODIFY may_overdraw BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'only for external, profit and affiliate accounts',
    ADD CONSTRAINT account_rail CHECK (IF(purpose = 'external', rail <> '', rail = '' OR purpose IN ('reserve', 'incoming', 'held')));

CREATE TABLE desk_setting (
    id               TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1',
    api_mode         ENUM('off', 'all', 'selected') NOT NULL DEFAULT 'all' COMMENT 'who may call; selected: users of desk_api_user',
    user_methods     INT UNSIGNED NOT NULL DEFAULT 65535 COMMENT 'bits of enum desk_method that users'' own keys may have',
    log_calls        BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'keeps each call in desk_call',
    maintenance      BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'no exchanges for now',
    affiliates       BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'rewards are given',
    currency_id      SMALLINT UNSIGNED NOT NULL DEFAULT 2 COMMENT 'currency.id in which affiliates are rewarded',
    reward_base      ENUM('profit', 'sum') NOT NULL DEFAULT 'profit' COMMENT 'what a reward is a percentage of',
    min_payout       DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units that an affiliate must have',
    min_reward       DECIMAL(38, 0) NOT NULL DEFAULT 1000 COMMENT 'smallest units: what is less is not credited',
    visitor_days     SMALLINT UNSIGNED NOT NULL DEFAULT 90 COMMENT 'how long a visitor stays an affiliate''s',
    FOREIGN KEY (currency_id) REFERENCES currency (id)
) ENGINE = InnoDB COMMENT = 'one row: what holds for the whole desk';

INSERT INTO desk_setting (id) VALUES (1);

CREATE TABLE desk_feed (
    id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as rates name it',
    name       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'as operators call it',
    format     ENUM('ecb', 'coinbase', 'bestchange', 'json', 'xml') NOT NULL COMMENT 'how a rate is found in it (lib/desk/feed.h)',
    url        VARCHAR(500) CHARACTER SET ascii NOT NULL COMMENT 'where it is fetched',
    every_s    INT UNSIGNED NOT NULL DEFAULT 60 COMMENT 'seconds between two fetches',
    due_at     DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'next fetch; while one is under way, the end of its lease',
    fetched_at DATETIME(6) NULL COMMENT 'last fetch that was of use, UTC',
    problem    VARCHAR(255) NULL COMMENT 'why the last one was not'
) ENGINE = InnoDB COMMENT = 'where rates come from';

CREATE TABLE desk_rate (
    id            INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as directions name it',
    name          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'as operators call it',
    kind          ENUM('fixed', 'market', 'feed') NOT NULL COMMENT 'fixed: an operator sets it; market: our book; feed: desk_feed',
    feed_id       INT UNSIGNED NULL COMMENT 'desk_feed.id',
    path          VARCHAR(255) CHARACTER SET ascii NULL COMMENT 'feed: where in it (lib/desk/feed.h); market: ITEM/CURRENCY as given and got',
    give          VARCHAR(40) CHARACTER SET ascii NULL COMMENT 'decimal: so much of what is given',
    get           VARCHAR(40) CHARACTER SET ascii NULL COMMENT 'decimal: is worth so much of what is got',
    at            DATETIME(6) NULL COMMENT 'when that was found to hold, UTC',
    max_age_s     INT UNSIGNED NULL COMMENT 'older than that it freezes its directions; NULL: never',
    max_jump      DECIMAL(9, 3) NULL COMMENT 'percent: a change by more is not taken over and freezes its directions; NULL: any is',
    jumped_give   VARCHAR(40) CHARACTER SET ascii NULL COMMENT 'the value that was not taken over; NULL: none waits',
    jumped_get    VARCHAR(40) CHARACTER SET ascii NULL COMMENT 'the other side of it',
    jumped_at     DATETIME(6) NULL COMMENT 'when it was found, UTC',
    CHECK ((kind = 'feed') = (feed_id IS NOT NULL)),
    CHECK ((give IS NULL) = (get IS NULL)),
    FOREIGN KEY (feed_id) REFERENCES desk_feed (id)
) ENGINE = InnoDB COMMENT = 'rates, each with its last good value';

CREATE TABLE desk_system (
    id             INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'currency id of the user API',
    code           VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'as monitoring sites know it: SBERRUB, USDTTRC20',
    name           VARCHAR(64) NOT NULL COMMENT 'of the payment system, for people',
    logo           VARCHAR(255) CHARACTER SET ascii NULL COMMENT 'path or URL of a picture',
    currency_id    SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id: what it is counted in here',
    decimals       TINYINT UNSIGNED NOT NULL COMMENT 'digits of its amounts, at most the currency''s',
    rail           VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'account.rail of its reserve and of what mirrors it outside',
    account_rule   ENUM('text', 'card', 'iban', 'email', 'phone', 'bitcoin', 'ethereum', 'digits') NOT NULL DEFAULT 'text' COMMENT 'what a customer''s account looks like',
    account_min    SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'characters of it',
    account_max    SMALLINT UNSIGNED NOT NULL DEFAULT 100 COMMENT 'characters of it at most',
    account_give   BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'asked for when it is given',
    account_get    BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'asked for when it is got',
    give_on        BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'may be given',
    get_on         BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'may be got',
    pay_in         ENUM('hand', 'balance', 'checkout') NOT NULL DEFAULT 'hand' COMMENT 'hand: to pay_account, an operator confirms; balance: from the customer''s balance here; checkout: by an order of ours',
    pay_out        ENUM('hand', 'balance') NOT NULL DEFAULT 'hand' COMMENT 'hand: an operator pays and confirms; balance: to the customer''s balance here',
    pay_account    VARCHAR(255) NULL COMMENT 'the house''s account that customers pay to by hand',
    worth_rate_id  INT UNSIGNED NULL COMMENT 'desk_rate.id of it against the affiliates'' currency; NULL: it is that currency, or rewards nobody',
    payout_on      BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'affiliates are paid in it',
    payout_percent DECIMAL(6, 3) NOT NULL DEFAULT 0 COMMENT 'kept of such a payout',
    sort           SMALLINT NOT NULL DEFAULT 0 COMMENT 'order in lists',
    FOREIGN KEY (currency_id) REFERENCES currency (id),
    FOREIGN KEY (worth_rate_id) REFERENCES desk_rate (id)
) ENGINE = InnoDB COMMENT = 'payment systems: what is given and got';

CREATE TABLE desk_direction (
    id                  INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'direction_id of the user API',
    give_id             INT UNSIGNED NOT NULL COMMENT 'desk_system.id',
    get_id              INT UNSIGNED NOT NULL COMMENT 'desk_system.id',
    state               ENUM('on', 'off', 'frozen') NOT NULL DEFAULT 'off' COMMENT 'frozen: shown with a text, not to be used',
    access              ENUM('all', 'api', 'site') NOT NULL DEFAULT 'all' COMMENT 'who may use it',
    rate_id             INT UNSIGNED NOT NULL COMMENT 'desk_rate.id',
    margin_percent      DECIMAL(9, 3) NOT NULL DEFAULT 0 COMMENT 'the house''s part of the rate; below zero: a bonus',
    margin_fixed        VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '0' COMMENT 'decimal, in the side of the rate that is not 1',
    step                DECIMAL(38, 0) NULL COMMENT 'smallest units: what is given is a multiple of it',
    min_give            DECIMAL(38, 0) NULL COMMENT 'smallest units; NULL: none',
    max_give            DECIMAL(38, 0) NULL COMMENT 'smallest units; NULL: none',
    min_get             DECIMAL(38, 0) NULL COMMENT 'smallest units; NULL: none',
    max_get             DECIMAL(38, 0) NULL COMMENT 'smallest units; NULL: none',
    give_service_fixed  DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'service fee, smallest units',
    give_service        DECIMAL(6, 3) NOT NULL DEFAULT 0 COMMENT 'service fee, percent',
    give_system_fixed   DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'fee of the payment system',
    give_system         DECIMAL(6, 3) NOT NULL DEFAULT 0 COMMENT 'fee of the payment system, percent',
    get_service_fixed   DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'service fee, smallest units',
    get_service         DECIMAL(6, 3) NOT NULL DEFAULT 0 COMMENT 'service fee, percent',
    get_system_fixed    DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'fee of the payment system, smallest units',
    get_system          DECIMAL(6, 3) NOT NULL DEFAULT 0 COMMENT 'fee of the payment system, percent',
    reserve_cap         DECIMAL(38, 0) NULL COMMENT 'the most of the reserve that is shown and used; NULL: all',
    profit_of           ENUM('give', 'get') NOT NULL DEFAULT 'give' COMMENT 'side of the base for affiliates',
    profit_fixed        DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'the base: so many smallest units',
    profit_percent      DECIMAL(9, 3) NOT NULL DEFAULT 0 COMMENT '... and so much of that side',
    reward              ENUM('percent', 'off', 'fixed') NOT NULL DEFAULT 'percent' COMMENT 'how affiliates are rewarded for it',
    reward_fixed        DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units of their currency',
    reward_min          DECIMAL(38, 0) NULL COMMENT 'the least reward; NULL: any',
    reward_max          DECIMAL(38, 0) NULL COMMENT 'the highest reward; NULL: any',
    reward_percent      DECIMAL(6, 3) NULL COMMENT 'in place of the affiliate''s own',
    reward_percent_max  DECIMAL(6, 3) NULL COMMENT 'the most of the affiliate''s own',
    labels              VARCHAR(120) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'param of the feeds: manual,verifying ...',
    city                VARCHAR(16) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'of a direction with cash',
    in_feed             BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'told to monitoring sites',
    sort                SMALLINT NOT NULL DEFAULT 0 COMMENT 'order in lists',
    UNIQUE KEY pair (give_id, get_id),
    CHECK (give_id <> get_id),
    CHECK (step > 0),
    CHECK (margin_percent < 100 AND get_service < 100 AND get_system < 100),
    CHECK (give_service >= 0 AND give_system >= 0 AND get_service >= 0 AND get_system >= 0),
    CHECK (give_service_fixed >= 0 AND give_system_fixed >= 0 AND get_service_fixed >= 0 AND get_system_fixed >= 0),
    FOREIGN KEY (give_id) REFERENCES desk_system (id),
    FOREIGN KEY (get_id) REFERENCES desk_system (id),
    FOREIGN KEY (rate_id) REFERENCES desk_rate (id)
) ENGINE = InnoDB COMMENT = 'what may be exchanged for what';

CREATE TABLE desk_tier (
    direction_id   INT UNSIGNED NOT NULL COMMENT 'desk_direction.id',
    from_give      DECIMAL(38, 0) NOT NULL COMMENT 'smallest units given from which it holds',
    margin_percent DECIMAL(9, 3) NOT NULL COMMENT 'in place of the direction''s',
    margin_fixed   VARCHAR(40) CHARACTER SET ascii NOT NULL DEFAULT '0' COMMENT 'in place of the direction''s',
    PRIMARY KEY (direction_id, from_give),
    CHECK (from_give > 0 AND margin_percent < 100),
    FOREIGN KEY (direction_id) REFERENCES desk_direction (id)
) ENGINE = InnoDB COMMENT = 'margins by amount';

CREATE TABLE desk_life (
    direction_id INT UNSIGNED NOT NULL COMMENT 'desk_direction.id; 0: all without a row of their own',
    status       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'desk_bid.status',
    seconds      INT UNSIGNED NOT NULL COMMENT 'after which a bid in it is deleted; 0: never',
    PRIMARY KEY (direction_id, status)
) ENGINE = InnoDB COMMENT = 'how long an unpaid bid lives';

INSERT INTO desk_life (direction_id, status, seconds) VALUES (0, 'new', 3600), (0, 'techpay', 3600);

CREATE TABLE desk_field (
    id       SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the number in cf6, cfgive8, cfget3',
    type     ENUM('text', 'select', 'textarea', 'checkbox') NOT NULL DEFAULT 'text' COMMENT 'how it is asked for',
    rule     ENUM('text', 'card', 'iban', 'email', 'phone', 'bitcoin', 'ethereum', 'digits') NOT NULL DEFAULT 'text' COMMENT 'what a text looks like',
    required BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'a bid needs it',
    in_calc  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'belongs into cd of get_calc',
    options  SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of a select: how many; their words are texts option1, option2 ...'
) ENGINE = InnoDB COMMENT = 'further fields that a bid asks for';

CREATE TABLE desk_system_field (
    system_id INT UNSIGNED NOT NULL COMMENT 'desk_system.id',
    side      ENUM('give', 'get') NOT NULL COMMENT 'on which it is asked for',
    field_id  SMALLINT UNSIGNED NOT NULL COMMENT 'desk_field.id',
    PRIMARY KEY (system_id, side, field_id),
    FOREIGN KEY (system_id) REFERENCES desk_system (id),
    FOREIGN KEY (field_id) REFERENCES desk_field (id)
) ENGINE = InnoDB COMMENT = 'fields of a payment system: cfgive, cfget';

CREATE TABLE desk_direction_field (
    direction_id INT UNSIGNED NOT NULL COMMENT 'desk_direction.id',
    field_id     SMALLINT UNSIGNED NOT NULL COMMENT 'desk_field.id',
    PRIMARY KEY (direction_id, field_id),
    FOREIGN KEY (direction_id) REFERENCES desk_direction (id),
    FOREIGN KEY (field_id) REFERENCES desk_field (id)
) ENGINE = InnoDB COMMENT = 'fields of a direction: cf';

CREATE TABLE desk_text (
    of       ENUM('system', 'direction', 'field', 'desk') NOT NULL COMMENT 'what it is about',
    of_id    INT UNSIGNED NOT NULL COMMENT 'its id; 0 for the desk',
    name     VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'label, hint, instruction, timeline, frozen, before_button ...',
    language CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'en, ru',
    words    TEXT NOT NULL COMMENT 'the text; HTML where the user API says so',
    PRIMARY KEY (of, of_id, name, language)
) ENGINE = InnoDB COMMENT = 'words of the desk by language';

CREATE TABLE desk_key (
    id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as bids name it',
    login       CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'API-LOGIN',
    secret_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of API-KEY',
    user_id     BIGINT NULL COMMENT 'user.id; NULL: the system''s own',
    methods     INT UNSIGNED NOT NULL COMMENT 'bits of enum desk_method',
    networks    VARCHAR(1000) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'addresses that may call, CIDR with commas; empty: all',
    created_at  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    revoked_at  DATETIME(6) NULL COMMENT 'when it was ended',
    KEY (user_id, id),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'API keys of robots';

CREATE TABLE desk_api_user (
    user_id BIGINT NOT NULL PRIMARY KEY COMMENT 'user.id',
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'users who may call in mode selected';

CREATE TABLE desk_call (
    id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order',
    at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    login   VARCHAR(64) NOT NULL COMMENT 'API-LOGIN as sent',
    key_id  INT UNSIGNED NULL COMMENT 'desk_key.id where there is one',
    method  VARCHAR(32) NOT NULL COMMENT 'as called',
    ip      VARCHAR(45) CHARACTER SET ascii NOT NULL COMMENT 'address of the caller',
    headers TEXT NOT NULL COMMENT 'without the secret',
    params  TEXT NOT NULL COMMENT 'as a form',
    result  VARCHAR(255) NOT NULL COMMENT 'error code and text',
    KEY (at),
    KEY (login, id)
) ENGINE = InnoDB COMMENT = 'the log of calls, where it is switched on';

CREATE TABLE desk_partner (
    user_id     BIGINT NOT NULL PRIMARY KEY COMMENT 'user.id: the rid of a link',
    percent     DECIMAL(6, 3) NULL COMMENT 'their own; NULL: by desk_level',
    reward_base ENUM('profit', 'sum') NULL COMMENT 'their own; NULL: desk_setting''s',
    turnover    DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'smallest units: worth of what those whom they sent have exchanged',
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'affiliates';

CREATE TABLE desk_level (
    from_turnover DECIMAL(38, 0) NOT NULL PRIMARY KEY COMMENT 'smallest units of the affiliates'' currency; the first is 0',
    percent       DECIMAL(6, 3) NOT NULL COMMENT 'reward from there on'
) ENGINE = InnoDB COMMENT = 'rewards by turnover';

INSERT INTO desk_level (from_turnover, percent) VALUES (0, 30);

CREATE TABLE desk_visit (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in order',
    partner_id BIGINT NOT NULL COMMENT 'desk_partner.user_id',
    at         DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    browser    VARCHAR(255) NOT NULL COMMENT 'User-Agent',
    ip         VARCHAR(45) CHARACTER SET ascii NOT NULL COMMENT 'the visitor''s address',
    referrer   VARCHAR(500) NOT NULL COMMENT 'page that the link was on',
    user_hash  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the visitor''s cookie',
    query      VARCHAR(500) NOT NULL COMMENT 'query of the link',
    KEY (partner_id, at),
    KEY (user_hash, at),
    FOREIGN KEY (partner_id) REFERENCES desk_partner (user_id)
) ENGINE = InnoDB COMMENT = 'visits by affiliates'' links';

CREATE TABLE desk_bid (
    id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'as customers know it',
    uuid         BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref and event.subject',
    hash         CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE COMMENT 'random: whoever knows it sees the bid',
    direction_id INT UNSIGNED NOT NULL COMMENT 'desk_direction.id',
    give_id      INT UNSIGNED NOT NULL COMMENT 'desk_system.id when it was made',
    get_id       INT UNSIGNED NOT NULL COMMENT 'desk_system.id when it was made',
    key_id       INT UNSIGNED NULL COMMENT 'desk_key.id that made it; NULL: on the site',
    api_id       VARCHAR(100) NULL COMMENT 'the robot''s own name of it',
    digest       BINARY(32) NULL COMMENT 'SHA-256 of what was asked for with that api_id',
    user_id      BIGINT NULL COMMENT 'user.id whose balance pays and is paid; NULL: a stranger',
    partner_id   BIGINT NULL COMMENT 'desk_partner.user_id who sent them',
    pay_in       ENUM('hand', 'balance', 'checkout') NOT NULL COMMENT 'as desk_system had it',
    pay_out      ENUM('hand', 'balance') NOT NULL COMMENT 'as desk_system had it',
    sum1         DECIMAL(38, 0) NOT NULL COMMENT 'smallest units given that are exchanged',
    sum1dc       DECIMAL(38, 0) NOT NULL COMMENT '... with the service fee: what arrives',
    sum1c        DECIMAL(38, 0) NOT NULL COMMENT '... with the payment system''s: what the customer spends',
    sum2         DECIMAL(38, 0) NOT NULL COMMENT 'smallest units by the rate: what is held',
    sum2dc       DECIMAL(38, 0) NOT NULL COMMENT '... less the service fee: what is sent',
    sum2c        DECIMAL(38, 0) NOT NULL COMMENT '... less the payment system''s: what the customer gets',
    rounding     DECIMAL(38, 0) NOT NULL COMMENT 'part of sum1 that sum2 is not worth, because it was rounded',
    course_give  VARCHAR(40) CHARACTER SET ascii NOT NULL COMMENT 'decimal',
    course_get   VARCHAR(40) CHARACTER SET ascii NOT NULL COMMENT 'decimal',
    status       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'lib/desk/status.h has them all',
    stage        ENUM('none', 'held', 'paid', 'done') NOT NULL COMMENT 'where its money is: none; sum2 held; sum1dc came in as well; sum2dc went out',
    hold_ref     BINARY(16) NULL COMMENT 'hold.ref of the hold that is open',
    turn         INT UNSIGNED NOT NULL COMMENT 'number of its last change: desk_bid_history.turn',
    account1     VARCHAR(255) NOT NULL COMMENT 'from which it is paid; empty: not asked',
    account2     VARCHAR(255) NOT NULL COMMENT 'to which it is paid out',
    fields       TEXT NOT NULL COMMENT 'JSON object of the further fields',
    callback_url VARCHAR(2000) CHARACTER SET ascii NULL COMMENT 'where each change of status is posted; NULL: nowhere',
    endpoint     VARCHAR(300) CHARACTER SET ascii NULL COMMENT 'host:port of it',
    language     CHAR(2) CHARACTER SET ascii NOT NULL COMMENT 'of its customer: en, ru',
    ip           VARCHAR(45) CHARACTER SET ascii NOT NULL COMMENT 'address that asked for it',
    user_hash    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the customer''s cookie, as sites show it',
    worth        DECIMAL(38, 0) NULL COMMENT 'in the affiliates'' currency when it was done; NULL: not known',
    reward       DECIMAL(38, 0) NOT NULL DEFAULT 0 COMMENT 'credited to the affiliate: smallest units of reward_currency',
    reward_currency SMALLINT UNSIGNED NULL COMMENT 'currency.id',
    created_at   DATETIME(6) NOT NULL COMMENT 'when, UTC',
    changed_at   DATETIME(6) NOT NULL COMMENT 'last change of status',
    expires_at   DATETIME(6) NULL COMMENT 'deleted then, swept or not',
    UNIQUE KEY own_name (key_id, api_id),
    KEY of_key (key_id, changed_at),
    KEY of_user (user_id, id),
    KEY of_partner (partner_id, changed_at),
    KEY due (expires_at),
    KEY by_stage (stage, get_id),
    KEY by_status (status, id),
    CHECK (sum1 > 0 AND sum1dc >= sum1 AND sum1c >= sum1dc AND sum2 >= sum2dc AND sum2dc >= sum2c AND sum2c > 0),
    CHECK (rounding >= 0 AND rounding <= sum1),
    CHECK ((hold_ref IS NOT NULL) = (stage IN ('held', 'paid'))),
    CHECK (expires_at IS NULL OR stage = 'held'),
    CHECK (JSON_VALID(fields)),
    FOREIGN KEY (direction_id) REFERENCES desk_direction (id),
    FOREIGN KEY (give_id) REFERENCES desk_system (id),
    FOREIGN KEY (get_id) REFERENCES desk_system (id),
    FOREIGN KEY (key_id) REFERENCES desk_key (id),
    FOREIGN KEY (user_id) REFERENCES user (id),
    FOREIGN KEY (partner_id) REFERENCES desk_partner (user_id)
) ENGINE = InnoDB COMMENT = 'exchanges that were asked for';

CREATE TABLE desk_bid_history (
    bid_id BIGINT NOT NULL COMMENT 'desk_bid.id',
    turn   INT UNSIGNED NOT NULL COMMENT '1, 2, 3: the first is auto',
    at     DATETIME(6) NOT NULL COMMENT 'when, UTC',
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'from then on',
    who    ENUM('customer', 'operator', 'job', 'payment') NOT NULL COMMENT 'who set it',
    note   VARCHAR(255) NULL COMMENT 'an operator''s words',
    PRIMARY KEY (bid_id, turn),
    FOREIGN KEY (bid_id) REFERENCES desk_bid (id)
) ENGINE = InnoDB COMMENT = 'the statuses that a bid had';

CREATE TABLE desk_payout (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'payout_id of the user API',
    uuid        BINARY(16) NOT NULL UNIQUE COMMENT 'journal.ref, and hold.ref of what is held for it',
    partner_id  BIGINT NOT NULL COMMENT 'desk_partner.user_id',
    system_id   INT UNSIGNED NOT NULL COMMENT 'desk_system.id that it is paid in',
    account     VARCHAR(255) NOT NULL COMMENT 'where it is paid to',
    currency_id SMALLINT UNSIGNED NOT NULL COMMENT 'currency.id of original',
    original    DECIMAL(38, 0) NOT NULL COMMENT 'smallest units: the whole balance',
    pay         DECIMAL(38, 0) NOT NULL COMMENT 'smallest units of the system''s currency that are paid',
    status      TINYINT UNSIGNED NOT NULL COMMENT '0 waits, 1 paid, 2 cancelled, 3 cancelled by the affiliate',
    created_at  DATETIME(6) NOT NULL COMMENT 'when, UTC',
    changed_at  DATETIME(6) NOT NULL COMMENT 'last change of status',
    note        VARCHAR(255) NULL COMMENT 'an operator''s words',
    KEY (partner_id, changed_at),
    KEY (status, id),
    CHECK (original > 0 AND pay > 0 AND status <= 3),
    FOREIGN KEY (partner_id) REFERENCES desk_partner (user_id),
    FOREIGN KEY (system_id) REFERENCES desk_system (id)
) ENGINE = InnoDB COMMENT = 'what affiliates were paid';

CREATE TABLE desk_change (
    id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'in the order in which it was done',
    at        DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when, UTC',
    who       VARCHAR(64) NOT NULL COMMENT 'the operator, as the machine knows them',
    what      VARCHAR(32) CHARACTER SET ascii NOT NULL COMMENT 'system, direction, rate, bid ...',
    subject   VARCHAR(64) NOT NULL COMMENT 'which one',
    was       TEXT NULL COMMENT 'JSON; NULL: there was none',
    became    TEXT NULL COMMENT 'JSON; NULL: there is none any more',
    KEY (what, subject, id)
) ENGINE = InnoDB COMMENT = 'what operators changed: never changed or deleted';

CREATE TRIGGER desk_change_is_final BEFORE UPDATE ON desk_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never changed';
CREATE TRIGGER desk_change_stays BEFORE DELETE ON desk_change FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'records of changes are never deleted';
