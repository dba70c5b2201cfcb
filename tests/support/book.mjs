// A book of many prices, for what takes long to read. There are no orders behind them, so that nothing else may
// use that market meanwhile and they must be gone before the audit.

/** Adds bids at so many prices to the book of BTCUSD. */
export async function addPrices(stack, prices) {
  await stack.sql(`INSERT INTO market_level (market_id, side, price, amount, head, changed_at)
    SELECT m.id, 'bid', seq, 100000000, 0, NOW(6) FROM market AS m JOIN currency AS i ON i.id = m.item_id AND i.code = 'BTC'
    JOIN currency AS c ON c.id = m.currency_id AND c.code = 'USD' JOIN seq_1_to_${prices}`);
}

/** Takes them away again. */
export async function removePrices(stack) {
  await stack.sql('DELETE FROM market_level WHERE head = 0');
}
