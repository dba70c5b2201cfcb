/** The order book: its levels, and both sides on the page. */
import { el } from '../dom.js';
import { grouped } from './units.js';
import { figures, soon, unmark, write } from './draw.js';

const ROWS = 12;

/** The levels of both sides: price -> {amount, stamp}. */
export function newBook() {
  const sides = { ask: new Map(), bid: new Map() };
  let known = false;
  const read = (entries) => new Map(entries.map((entry) =>
    [BigInt(entry.price_int), { amount: BigInt(entry.amount_int), stamp: BigInt(entry.stamp) }]));
  return {
    /** Takes the whole book as the route `depth` gives it. */
    load({ asks, bids }) {
      sides.ask = read(asks);
      sides.bid = read(bids);
      known = true;
    },
    /** Whether the book was ever loaded: before that it is not empty but unknown. */
    isKnown: () => known,
    /** Takes a change of one level as the stream tells it; false where the book has newer news of it. */
    change({ type_str: side, price_int: priceInt, total_volume_int: total, now }) {
      const price = BigInt(priceInt);
      if (BigInt(now) < (sides[side].get(price)?.stamp ?? 0n)) return false;
      if (BigInt(total) === 0n) sides[side].delete(price);
      else sides[side].set(price, { amount: BigInt(total), stamp: BigInt(now) });
      return true;
    },
    /** [price, amount] of one side, the best price first. */
    levels(side) {
      const sorted = [...sides[side]].map(([price, { amount }]) => [price, amount]).sort(([a], [b]) => (a < b ? -1 : 1));
      return side === 'ask' ? sorted : sorted.reverse();
    },
  };
}

/**
 * The book as a table: asks above, bids below, the best prices in the middle.
 * @param {object} market
 * @param {(price: bigint) => void} choose called when somebody picks a price
 * @returns {{element: Element, show: (book: object, own: Set<string>) => void}} `own` names the levels with an order of
 *   the reader's: "ask 12300000"
 */
export function bookTable(market, choose) {
  const { item, currency } = market;
  const head = (text, name) => el('th', { scope: 'col', role: 'columnheader', class: name }, text);
  const asks = side('ask');
  const bids = side('bid');
  const spread = el('td', { colspan: '3', role: 'cell' }, '–');
  const element = el('table', { class: 'levels', role: 'table' },
    el('caption', { class: 'visually-hidden' },
      'Orders by price, asks above bids. Choosing a price writes it into the order form; the arrow keys move between prices.'),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head(`Price (${currency.code})`, 'price'),
      head(`Amount (${item.code})`, 'amount'), head(`Sum (${item.code})`, 'sum'))),
    el('tbody', { role: 'rowgroup', class: 'asks' }, asks.toReversed().map((row) => row.element)),
    el('tbody', { role: 'rowgroup' }, el('tr', { role: 'row', class: 'spread' }, spread)),
    el('tbody', { role: 'rowgroup', class: 'bids' }, bids.map((row) => row.element)));

  function side(name) {
    return Array.from({ length: ROWS }, (_, at) => {
      const button = el('button', { type: 'button', tabindex: at === 0 ? '0' : '-1' });
      const amount = el('td', { role: 'cell', class: 'amount' });
      const sum = el('td', { role: 'cell', class: 'sum' });
      const row = { name, button, amount, sum, price: null, units: null };
      row.element = el('tr', { role: 'row', class: 'blank', onclick: () => row.price !== null && choose(row.price) },
        el('td', { role: 'cell', class: 'price' }, button), amount, sum);
      return row;
    });
  }

  element.addEventListener('animationend', unmark);
  element.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.matches('.price button')) return;
    event.preventDefault();
    const rows = [...asks.toReversed(), ...bids].filter(({ price }) => price !== null);
    rows[rows.findIndex(({ button }) => button === event.target) + step]?.button.focus();
  });

  function showSide(rows, levels, most, own) {
    let sum = 0n;
    for (const [at, row] of rows.entries()) {
      const [price, amount] = levels[at] ?? [null, null];
      row.element.classList.toggle('blank', price === null);
      row.button.disabled = price === null;
      if (price === null) {
        row.price = row.units = null;
        write(row.button, '');
        continue;
      }
      sum += amount;
      if (row.price !== price || row.units !== amount) {
        if (row.price === price) flash(row.element, amount > row.units);
        Object.assign(row, { price, units: amount });
        write(row.button, grouped(price, currency.decimals, market.priceDecimals));
        row.button.setAttribute('aria-label', `${row.name === 'ask' ? 'Ask' : 'Bid'} ${row.button.textContent}`);
        figures(row.amount, amount, item.decimals, market.amountDecimals);
      }
      figures(row.sum, sum, item.decimals, market.amountDecimals);
      row.element.style.setProperty('--part', `${Number(sum * 1000n / most) / 10}%`);
      row.element.classList.toggle('mine', own.has(`${row.name} ${price}`));
    }
  }

  function show(book, own) {
    const levels = { ask: book.levels('ask').slice(0, ROWS), bid: book.levels('bid').slice(0, ROWS) };
    const total = (side) => levels[side].reduce((sum, [, amount]) => sum + amount, 0n);
    const most = [total('ask'), total('bid'), 1n].reduce((a, b) => (a > b ? a : b));
    showSide(asks, levels.ask, most, own);
    showSide(bids, levels.bid, most, own);
    const [ask] = levels.ask[0] ?? [];
    const [bid] = levels.bid[0] ?? [];
    write(spread, ask && bid ? `Spread ${grouped(ask - bid, currency.decimals, market.priceDecimals)} ${currency.code}`
      : ask || bid ? `No ${ask ? 'bids' : 'asks'} yet` : 'The book is empty');
  }

  return { element, show: soon(show) };
}

/** Marks a level that changed, for a moment. */
function flash(row, more) {
  row.classList.remove('more', 'less');
  void row.offsetWidth; // so that the same animation starts again
  row.classList.add(more ? 'more' : 'less');
}
