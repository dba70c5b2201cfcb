// The market's book of the benchmark: many orders at once, each as a placement would leave it, so that
// the audit finds nothing. Nobody else may be placing orders meanwhile.

// As options.h has them, in smallest units of USD for one BTC. Everything lies near enough to the best
// prices to be listed by depth.
const ASK_PRICE = 20000000;
const BID_PRICE = 19900000;
const ABOVE_PRICE = 20100000;
const PRICE_STEP = 2000;
const LEVELS = 500;
const AMOUNT = 1000000;
const ORDERS_HELD = 50;

// One statement after the other: the orders, of the owners in turn; their levels; their holds.
const fillSql = ({ owners, side, price, levels, count }) => `
    SET unique_checks = 0, foreign_key_checks = 0;
    SET @first = (SELECT COALESCE(MAX(id), 0) FROM market_order);
    START TRANSACTION;
    INSERT INTO market_order (oid, market_id, user_id, side, status, price, amount, remaining, funded, hold, fee_percent,
                              fiat_fee, pay_account, gain_account, book_rank, created_at)
    SELECT UNHEX(MD5(CONCAT(@first, '-', seq))), m.id, o.user_id, '${side}', 'open', ${price}, ${AMOUNT}, ${AMOUNT}, ${AMOUNT},
           ${side === 'bid' ? `CEIL(${AMOUNT} * ${price} * m.item_unit)` : AMOUNT}, o.fee_percent, FALSE,
           ${side === 'bid' ? 'o.dollars, o.bitcoin' : 'o.bitcoin, o.dollars'}, ${side === 'bid' ? `-${price}` : price}, NOW(6)
    FROM seq_1_to_${count} JOIN market AS m
    JOIN (SELECT ROW_NUMBER() OVER (ORDER BY u.id) - 1 AS turn, COUNT(*) OVER () AS owners, u.id AS user_id,
                 b.id AS bitcoin, d.id AS dollars, market_fee(u.id, m.item_id, m.fee_schedule) AS fee_percent
          FROM market AS m JOIN user AS u ON u.login LIKE '${owners}-%'
          JOIN account AS b ON b.owner_id = u.id AND b.currency_id = m.item_id AND b.purpose = 'available'
          JOIN account AS d ON d.owner_id = u.id AND d.currency_id = m.currency_id AND d.purpose = 'available') AS o
    WHERE o.turn = seq MOD o.owners;
    INSERT INTO market_level (market_id, side, price, amount, head, changed_at)
    SELECT market_id, side, price, SUM(funded), MIN(id), NOW(6) FROM market_order WHERE id > @first GROUP BY side, price
    ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount), head = LEAST(head, VALUES(head)), changed_at = NOW(6);
    UPDATE account AS a JOIN (SELECT pay_account, SUM(hold) AS hold, COUNT(*) AS live FROM market_order WHERE id > @first
                              GROUP BY pay_account) AS o
        ON a.id = o.pay_account SET a.reserved = a.reserved + o.hold, a.live_orders = a.live_orders + o.live;
    COMMIT`.replaceAll('@level', `(seq DIV 64 MOD ${levels})`);

// Adds orders to one side of the book, over LEVELS prices.
function fillSide(sql, owners, side, count) {
    if (count <= 0) return;
    const price = side === 'bid' ? `(${BID_PRICE} - @level * ${PRICE_STEP})` : `(${ABOVE_PRICE} + @level * ${PRICE_STEP})`;
    sql(fillSql({ owners, side, price, levels: LEVELS, count }));
}

// Writes to disk what was changed, so that the next measurement does not pay for it.
async function settle(sql) {
    sql('ANALYZE TABLE market_order; SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0.001, innodb_max_dirty_pages_pct = 0');
    const dirty = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Innodb_buffer_pool_pages_dirty'";
    for (let i = 0; i < 300 && Number(sql(dirty)) > 100; i++) await new Promise((resolve) => setTimeout(resolve, 200));
    sql('SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT, innodb_max_dirty_pages_pct_lwm = DEFAULT');
}

// Gives each holder ORDERS_HELD open orders, and an account for what they would buy.
export function fillHolders(sql) {
    sql(`BEGIN NOT ATOMIC
        INSERT IGNORE INTO account (owner_id, currency_id, purpose)
        SELECT id, (SELECT item_id FROM market), 'available' FROM user WHERE login LIKE 'holder-%';
        COMMIT;
    END`, '//');
    fillSide(sql, 'holder', 'bid', ORDERS_HELD * Number(sql("SELECT COUNT(*) FROM user WHERE login LIKE 'holder-%'")));
}

// Fills both sides of the book until it holds `orders`.
export async function fillBook(sql, orders) {
    const missing = orders - Number(sql("SELECT COUNT(*) FROM market_order WHERE book_rank IS NOT NULL"));
    fillSide(sql, 'crowd', 'bid', Math.ceil(missing / 2));
    fillSide(sql, 'crowd', 'ask', Math.floor(missing / 2));
    await settle(sql);
}

// Sees to it that so many asks lie at the price which the measured takers pay, of one fill each.
export function fillStock(sql, orders) {
    const there = Number(sql(`SELECT COALESCE(SUM(amount) DIV ${AMOUNT}, 0) FROM market_level WHERE side = 'ask' AND price = ${ASK_PRICE}`));
    if (there < orders) sql(fillSql({ owners: 'crowd', side: 'ask', price: ASK_PRICE, levels: 1, count: orders - there }));
}
