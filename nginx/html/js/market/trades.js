/** The newest trades of a market. */
import { el } from '../dom.js';
import { figures, soon, unmark } from './draw.js';
import { grouped } from './units.js';

const ROWS = 24;
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** A trade of the routes and the stream: everything as text or BigInt, so that nothing is rounded. */
export const readTrade = (trade) => ({
  tid: BigInt(trade.tid), at: Number(BigInt(trade.tid) / 1000000n), price: BigInt(trade.price_int),
  amount: BigInt(trade.amount_int), type: trade.trade_type,
});

/** True for a trade of this very market: trades of the item in other currencies are told as well. */
export const isOf = (market, trade) => trade.primary === 'Y' && trade.item === market.item.code
  && trade.price_currency === market.currency.code;

/** The newest trades: each once, whichever way it was heard of. */
export function newTrades() {
  const byId = new Map();
  let sorted = [];
  return {
    /** Adds trades; gives those that are new, the oldest first. */
    add(trades) {
      const fresh = trades.filter(({ tid }) => !byId.has(tid));
      for (const trade of fresh) byId.set(trade.tid, trade);
      if (fresh.length) sorted = [...byId.values()].sort((a, b) => (a.tid < b.tid ? 1 : -1)).slice(0, 200);
      return fresh.sort((a, b) => (a.tid < b.tid ? -1 : 1));
    },
    /** The newest first. */
    list: () => sorted,
    /** The id to ask for what is newer, or null. */
    last: () => sorted[0]?.tid ?? null,
  };
}

/** The table of them. */
export function tradesTable(market) {
  const head = (text, name) => el('th', { scope: 'col', role: 'columnheader', class: name }, text);
  const body = el('tbody', { role: 'rowgroup' });
  const element = el('table', { class: 'levels', role: 'table' },
    el('caption', { class: 'visually-hidden' }, 'Recent trades, the newest first'),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head(`Price (${market.currency.code})`, 'price'),
      head(`Amount (${market.item.code})`, 'amount'), head('Time', 'sum'))), body);
  element.addEventListener('animationend', unmark);
  const rows = new Map();

  function row(trade) {
    const bought = trade.type === 'bid';
    const amount = el('td', { role: 'cell', class: 'amount' });
    figures(amount, trade.amount, market.item.decimals, market.amountDecimals);
    const date = new Date(trade.at * 1000);
    return el('tr', { role: 'row', class: bought ? 'bought' : 'sold' },
      el('td', { role: 'cell', class: 'price' },
        el('span', { 'aria-hidden': 'true', class: 'arrow' }, bought ? '▲' : '▼'),
        el('span', { class: 'visually-hidden' }, bought ? 'Bought at ' : 'Sold at '),
        grouped(trade.price, market.currency.decimals, market.priceDecimals)),
      amount,
      el('td', { role: 'cell', class: 'sum' }, el('time', { datetime: date.toISOString() }, CLOCK.format(date))));
  }

  function show(list) {
    const shown = list.slice(0, ROWS);
    const first = rows.size === 0;
    for (const { tid, element: old } of rows.values())
      if (!shown.some((trade) => trade.tid === tid)) { old.remove(); rows.delete(tid); }
    let after = null;
    for (const trade of shown) {
      let kept = rows.get(trade.tid);
      if (!kept) {
        kept = { tid: trade.tid, element: row(trade) };
        if (!first) kept.element.classList.add('fresh');
        rows.set(trade.tid, kept);
        if (after) after.after(kept.element);
        else body.prepend(kept.element);
      }
      after = kept.element;
    }
    if (!shown.length) body.replaceChildren(el('tr', { role: 'row' }, el('td', { role: 'cell', colspan: '3', class: 'none' }, 'No trades yet')));
    else body.querySelector('.none')?.closest('tr').remove();
  }
  return { element, show: soon(show) };
}
