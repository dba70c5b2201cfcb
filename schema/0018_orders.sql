-- How many live orders a user has is known without counting them.

ALTER TABLE account
    ADD COLUMN live_orders INT NOT NULL DEFAULT 0 COMMENT 'market_order rows that are live and pay from it' AFTER reserved;

UPDATE account AS a
JOIN (SELECT pay_account, COUNT(*) AS live FROM market_order WHERE ended_at IS NULL GROUP BY pay_account) AS o ON o.pay_account = a.id
SET a.live_orders = o.live;
