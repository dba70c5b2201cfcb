-- Bids that are paid by an order of ours.

ALTER TABLE checkout_order
    MODIFY api_key_id BIGINT NULL COMMENT 'api_key.id: signs its notifications; NULL: of a service',
    ADD COLUMN service VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the house, that had it made and is told what becomes of it; NULL: the merchant''s own',
    ADD CONSTRAINT order_maker CHECK ((service IS NULL) = (api_key_id IS NOT NULL));

ALTER TABLE desk_setting
    ADD COLUMN merchant_id BIGINT NULL COMMENT 'user.id whose orders pay bids in; NULL: none, and nothing is paid by orders',
    ADD FOREIGN KEY (merchant_id) REFERENCES user (id);

ALTER TABLE desk_bid
    MODIFY pay_in ENUM('hand', 'balance', 'checkout') NOT NULL COMMENT 'as desk_system had it; checkout: by the order whose id is this uuid',
    ADD COLUMN merchant_id BIGINT NULL COMMENT 'user.id whose order pays it in',
    ADD CONSTRAINT bid_merchant CHECK ((merchant_id IS NOT NULL) = (pay_in = 'checkout')),
    ADD FOREIGN KEY (merchant_id) REFERENCES user (id);
