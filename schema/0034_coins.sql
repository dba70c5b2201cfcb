-- Coins beside bitcoin: ether, whose smallest unit is the eighteenth digit behind the point, and a dollar token.

INSERT INTO currency (id, code, name, symbol, symbol_position, decimals, display_decimals, is_virtual, ticker_channel, depth_channel)
SELECT (SELECT MAX(id) FROM currency) + place, code, name, code, 'after', decimals, shown, TRUE, UNHEX(MD5(CONCAT('ticker.', code))), UNHEX(MD5(CONCAT('depth.', code)))
FROM (
    SELECT 1 AS place, 'ETH' AS code, 'Ether' AS name, 18 AS decimals, 4 AS shown
    UNION ALL SELECT 2, 'USDT', 'Tether', 6, 2
) AS coins;

-- As much may be withdrawn as of bitcoins, ten times as many ether; of the token as of dollars.
INSERT INTO limit_rule (scope, level, currency_id, period, maximum)
SELECT r.scope, r.level, c.id, r.period, r.maximum * 100000000000
FROM limit_rule AS r JOIN currency AS c ON c.code = 'ETH'
WHERE r.scope = 'withdrawal' AND r.currency_id = (SELECT id FROM currency WHERE code = 'BTC');
INSERT INTO limit_rule (scope, level, currency_id, period, maximum)
SELECT r.scope, r.level, c.id, r.period, r.maximum * 10
FROM limit_rule AS r JOIN currency AS c ON c.code = 'USDT'
WHERE r.scope = 'withdrawal' AND r.currency_id = (SELECT id FROM currency WHERE code = 'USD');
