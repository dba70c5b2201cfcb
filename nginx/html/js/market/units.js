/** Exact figures of a market: counts of a currency's smallest unit, as BigInt. The server's rules, so that what is shown before
 * an order is sent is what it will hold and pay. */

const THOUSAND_PERCENT = 100000n;

export const least = (a, b) => (a < b ? a : b);
export const up = (a, b) => (a + b - 1n) / b;

/** How many decimals the multiples of `step` need. */
export function decimalsOf(step, decimals) {
  let needed = decimals;
  for (let unit = 10n; needed > 0 && step % unit === 0n; unit *= 10n) needed--;
  return needed;
}

/** "1,234.50": with `shown` decimals, and more where there are digits in them: nothing is rounded away. */
export function grouped(units, decimals, shown = decimals) {
  const [whole, fraction] = plain(units, decimals, shown).split('.');
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction ? `${text}.${fraction}` : text;
}

/** The same without commas, as inputs take it. */
export function plain(units, decimals, shown = 0) {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals, digits.length).slice(0, decimals);
  const kept = decimals ? fraction.replace(/0+$/, '').padEnd(shown, '0') : '';
  return `${units < 0n ? '-' : ''}${digits.slice(0, digits.length - decimals)}${kept ? `.${kept}` : ''}`;
}

/** With the currency's sign: "$1,234.50", "0.25 BTC". */
export function signed(units, currency, shown = currency.display) {
  const text = grouped(units, currency.decimals, shown);
  return currency.after ? `${text}\u00a0${currency.symbol}` : `${currency.symbol}${text}`;
}

/** What an amount costs at a price: rounded up for a buyer, down for a seller. */
export function cost(market, side, amount, price) {
  const unit = 10n ** BigInt(market.item.decimals);
  return side === 'bid' ? up(amount * price, unit) : amount * price / unit;
}

/** A fee, rounded down; `percent` in thousandths: 600n is 0.6 %. */
export const feeOf = (units, percent) => units * percent / THOUSAND_PERCENT;

/** "0.6" -> 600n. */
export function percentOf(text) {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(3, '0').slice(0, 3));
}

/** How much of the item `money` buys at a price, with a fee of `percent` on top. */
export function affordable(market, money, price, percent) {
  const spend = money * THOUSAND_PERCENT / (THOUSAND_PERCENT + percent);
  return spend * 10n ** BigInt(market.item.decimals) / price;
}

/**
 * What an order costs or brings.
 * @param {object} market
 * @param {{side: string, amount: bigint, price: bigint|null, fiatFee: boolean}} order without price: at any price
 * @param {[bigint, bigint][]} levels [price, amount] of the other side, the best first
 * @param {bigint} percent the fee
 * @returns {{traded: bigint, total: bigint, fee: bigint, feeIn: string, pays: bigint, gets: bigint, worst: bigint|null}}
 *   traded: what of an order without price the book can fill; feeIn: item or currency; worst: the last price that it meets
 */
export function outcome(market, { side, amount, price, fiatFee }, levels, percent) {
  const fills = price === null ? walk(amount, levels) : [[price, amount]];
  const traded = fills.reduce((sum, [, filled]) => sum + filled, 0n);
  const total = fills.reduce((sum, [at, filled]) => sum + cost(market, side, filled, at), 0n);
  const buys = side === 'bid';
  const feeIn = buys && !fiatFee ? 'item' : 'currency';
  const fee = fills.reduce((sum, [at, filled]) =>
    sum + feeOf(feeIn === 'item' ? filled : cost(market, side, filled, at), percent), 0n);
  return {
    traded, total, fee, feeIn, worst: fills.at(-1)?.[0] ?? null,
    pays: buys ? total + (fiatFee ? fee : 0n) : traded,
    gets: buys ? traded - (fiatFee ? 0n : fee) : total - fee,
  };
}

/** What `amount` meets in the levels: [price, filled]. */
function walk(amount, levels) {
  const fills = [];
  let left = amount;
  for (const [price, there] of levels) {
    if (left === 0n) break;
    fills.push([price, least(left, there)]);
    left -= least(left, there);
  }
  return fills;
}
