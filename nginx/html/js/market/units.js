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

/** A price, an amount of the item and a sum of money of a market, in words. */
export const priceText = ({ currency, priceDecimals }, units) => signed(units, currency, priceDecimals);
export const amountText = ({ item }, units) => `${grouped(units, item.decimals, item.display)} ${item.code}`;
export const moneyText = ({ currency }, units) => signed(units, currency);

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
 * What an order costs or brings, by the book: what crosses trades at the prices there, the rest waits at its own.
 * @param {object} market
 * @param {{side: string, amount: bigint, price: bigint|null, fiatFee: boolean}} order without price: at any price
 * @param {[bigint, bigint][]} levels [price, amount] of the other side, the best first
 * @param {bigint} percent the fee
 * @returns {{traded: bigint, rest: bigint, atOnce: bigint, total: bigint, holds: bigint, fee: bigint, feeIn: string,
 *   pays: bigint, gets: bigint, worst: bigint|null}} traded: what the book fills at once, for `atOnce`, at prices down to
 *   `worst`; rest: what then waits, none without a price; holds: what must be available for all of it; feeIn: item or currency
 */
export function outcome(market, { side, amount, price, fiatFee }, levels, percent) {
  const buys = side === 'bid';
  const fills = spends(market, side, price, amount, walk(amount, price === null ? levels : crossing(side, price, levels)));
  const traded = fills.reduce((sum, { filled }) => sum + filled, 0n);
  const atOnce = fills.reduce((sum, { spent }) => sum + spent, 0n);
  const rest = price === null ? 0n : amount - traded;
  const parts = rest > 0n ? [...fills, { filled: rest, spent: cost(market, side, rest, price) }] : fills;
  const total = parts.reduce((sum, { spent }) => sum + spent, 0n);
  const feeIn = buys && !fiatFee ? 'item' : 'currency';
  const fee = parts.reduce((sum, { filled, spent }) => sum + feeOf(feeIn === 'item' ? filled : spent, percent), 0n);
  const onTop = buys && fiatFee;
  const limit = buys && price !== null ? cost(market, side, amount, price) : total;
  return {
    traded, rest, atOnce, total, fee, feeIn, worst: fills.at(-1)?.at ?? null,
    holds: buys ? limit + (onTop ? feeOf(limit, percent) : 0n) : traded + rest,
    pays: buys ? total + (onTop ? fee : 0n) : traded + rest,
    gets: buys ? traded + rest - (onTop ? 0n : fee) : total - fee,
  };
}

/** The levels that an order with that price trades with. */
const crossing = (side, limit, levels) =>
  levels.filter(([price]) => (side === 'bid' ? price <= limit : price >= limit));

/** What each fill costs: a bid with a price never pays more than what the fill takes off its hold. */
function spends(market, side, price, amount, fills) {
  let open = amount;
  return fills.map(([at, filled]) => {
    const most = side === 'bid' && price !== null
      ? cost(market, side, open, price) - cost(market, side, open - filled, price) : null;
    const asked = cost(market, side, filled, at);
    open -= filled;
    return { at, filled, spent: most === null ? asked : least(asked, most) };
  });
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
