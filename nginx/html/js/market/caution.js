/** What the sender of an order should know beforehand: why it cannot be sent, what will become of it, what is unusual. */
import { amountText, priceText } from './units.js';

/** How far a price may be from the last one, and what trades at once from the best one, in percent. */
const OFF_LAST = 5n;
const SLIPPAGE = 1n;

/**
 * Why no such order can be sent now, or null.
 * @param {object} market
 * @param {{price: bigint|null, stop: bigint|null, isLimit: boolean}} order
 * @param {{known: boolean, levels: [bigint, bigint][]}} book whether it is known, and its side that the order meets
 */
export function obstacle(market, { side, stop, isLimit }, { known, levels }) {
  if (market.halted) return 'Trading is halted: orders can be cancelled, not placed.';
  if (isLimit || stop !== null) return null;
  if (!known) return 'The order book is being loaded.';
  return levels.length ? null
    : `Nobody ${side === 'bid' ? 'sells' : 'buys'} at the moment: a market order has nobody to trade with.`;
}

/** What will become of an order by what outcome() says of it; `has` is what is available to pay it with. */
export function hints(market, { side, amount, price, stop }, sum, has) {
  return [
    stop === null ? whatTrades(market, { side, amount, price }, sum) : 'It waits until a trade reaches its stop price.',
    sum.holds > has ? whatLacks(price, has) : null,
  ].filter(Boolean);
}

function whatTrades(market, { side, amount, price }, { traded, worst }) {
  if (traded === 0n) return null;
  const at = `at prices ${side === 'bid' ? 'up' : 'down'} to ${priceText(market, worst)}`;
  if (traded === amount) return `It trades at once, ${at}.`;
  return price === null ? `The book holds ${amountText(market, traded)}, ${at}: the rest of the order would end.`
    : `${amountText(market, traded)} trades at once, ${at}. The rest waits in the book.`;
}

function whatLacks(price, has) {
  if (price !== null) return 'You have less than this: what is not covered waits until money arrives.';
  return has === 0n ? 'You have nothing to pay it with: the order waits until money arrives.'
    : 'You have less than this: it trades as far as your money goes.';
}

/** True where `price` is more than so many percent of `from` away from it. */
const isOff = (price, from, percent) => (price > from ? price - from : from - price) * 100n > from * percent;

/** "98.9 % below": how far a price is from another one. */
function distance(price, from) {
  const tenths = (price > from ? price - from : from - price) * 1000n / from;
  return `${tenths / 10n}.${tenths % 10n} % ${price > from ? 'above' : 'below'}`;
}

/**
 * What of an order is so unusual that it is asked for once more before it is sent, in words.
 * @param {object} market
 * @param {{price: bigint|null, stop: bigint|null}} order
 * @param {object} sum what outcome() says of it
 * @param {{last: bigint|null, best: bigint|null}} known the last price, and the best one that the order meets
 */
export function cautions(market, { price, stop }, { traded, atOnce }, { last, best }) {
  const mean = stop === null && traded > 0n ? atOnce * 10n ** BigInt(market.item.decimals) / traded : null;
  const [named, from, name] = [price ?? mean, stop ?? last, stop === null ? 'last price' : 'stop price'];
  const found = [];
  if (named !== null && from !== null && isOff(named, from, OFF_LAST)) {
    found.push(`${price === null ? 'The mean price' : 'Your price'}, ${priceText(market, named)}, is ${distance(named, from)} `
      + `the ${name}, ${priceText(market, from)}.`);
  }
  if (mean !== null && isOff(mean, best, SLIPPAGE)) {
    found.push(`What trades at once does so at ${priceText(market, mean)} on average, ${distance(mean, best)} the best price, `
      + `${priceText(market, best)}.`);
  }
  return found;
}
