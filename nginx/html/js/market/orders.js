/** The trader's own open orders, and what they have. */
import { api } from '../api.js';
import { $, announce, ask, el, empty, failure } from '../dom.js';
import { exact, money, time } from '../format.js';

const STATUS = {
  open: ['In the book', 'Open for everybody to trade with.'],
  invalid: ['Waits for money', 'There is nothing to pay it with yet. It goes into the book when money arrives.'],
  stop: ['Waits for its stop', 'It goes to the book once a trade reaches its stop price.'],
  pending: ['Being matched', 'Its stop price was reached.'],
};

/** True where an open order is funded in part only. */
const isPartly = ({ status, amount, effective_amount: funded }) => status === 'open'
  && BigInt(funded.value_int) < BigInt(amount.value_int);

function badge(order) {
  const [name, meaning] = isPartly(order)
    ? ['Partly in the book', `There is money for ${exact(order.effective_amount)}. The rest waits until money arrives.`]
    : STATUS[order.status] ?? [order.status, ''];
  const good = order.status === 'open' && !isPartly(order);
  return el('span', { class: `badge ${good ? 'order-open' : 'order-waits'}`, title: meaning }, name);
}

const code = ({ market }, markets) => {
  const found = markets.find((one) => one.code === market);
  return found ? `${found.item.code}/${found.currency.code}` : market;
};

/** Orders that were cancelled here: an answer from before may still list them. */
const gone = new Set();

/** Draws the orders in `place`; `changed` is called once one was cancelled. */
export function showOrders(place, listed, markets, changed) {
  const orders = listed.filter(({ oid }) => !gone.has(oid));
  if (!orders.length) {
    place.replaceChildren(empty('No open orders', el('p', {}, 'Orders that do not trade at once wait here.')));
    return;
  }
  const focused = document.activeElement?.closest?.('[data-oid]')?.dataset.oid;
  const head = (text, name) => el('th', { scope: 'col', role: 'columnheader', class: name }, text);
  const cell = (name, ...content) => el('td', { role: 'cell', class: name }, ...content);
  place.replaceChildren(el('table', { class: 'own-orders', role: 'table' },
    el('caption', { class: 'visually-hidden' }, 'Your open orders, the newest first'),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head('Order', 'what'), head('Price', 'price'),
      head('Left', 'amount'), head('State', 'state'), head('Placed', 'date'),
      el('th', { scope: 'col', role: 'columnheader', class: 'act' }, el('span', { class: 'visually-hidden' }, 'Actions')))),
    el('tbody', { role: 'rowgroup' }, orders.toReversed().map((order) => el('tr', { role: 'row', 'data-oid': order.oid },
      cell('what', el('span', { class: order.type === 'bid' ? 'side buy' : 'side sell' }, order.type === 'bid' ? 'Buy' : 'Sell'),
        ' ', code(order, markets)),
      cell('price', order.price ? el('span', { class: 'money' }, exact(order.price)) : 'Market',
        order.stop ? el('span', { class: 'hint' }, `stop ${exact(order.stop)}`) : null),
      cell('amount', el('span', { class: 'money', title: `of ${exact(order.placed)}` }, exact(order.amount))),
      cell('state', badge(order)),
      cell('date', time(order.date)),
      cell('act', el('button', { type: 'button', class: 'button small', onclick: () => cancel(order, markets, changed),
        'aria-label': `Cancel: ${order.type === 'bid' ? 'buy' : 'sell'} ${exact(order.amount)}${order.price ? ` at ${exact(order.price)}` : ''}` },
      'Cancel')))))));
  if (focused) place.querySelector(`[data-oid="${CSS.escape(focused)}"] button`)?.focus();
}

async function cancel(order, markets, changed) {
  const done = await ask({
    title: 'Cancel this order?',
    body: el('p', {}, order.type === 'bid' ? 'Buy ' : 'Sell ', money(order.amount), order.price ? [' at ', money(order.price)] : ' at any price',
      ` (${code(order, markets)}). What it holds is available again at once.`),
    confirm: 'Cancel the order',
    danger: true,
    action: () => api('POST', `/site/market/orders/${order.oid}/cancel`, { body: {} }).catch((error) => {
      if (error.code === 'order_not_found') error.message = 'This order has traded or was cancelled already.';
      throw error;
    }),
  });
  if (!done) return;
  gone.add(order.oid);
  document.querySelector(`[data-oid="${CSS.escape(order.oid)}"]`)?.remove();
  await changed();
  announce('The order is cancelled');
  $('own-title').focus();
}

/** Draws what is available and what open orders hold, of the market's two currencies. */
export function balanceTable(market, wallets) {
  const head = (text) => el('th', { scope: 'col' }, text);
  const row = ({ code: currency }) => {
    const wallet = wallets.find((one) => one.currency === currency);
    const figure = (amount) => el('td', {}, amount ? el('span', { class: 'money' }, exact(amount)) : '–');
    return el('tr', {}, el('th', { scope: 'row' }, currency), figure(wallet?.free), figure(wallet?.reserved));
  };
  return el('table', { class: 'balances' }, el('caption', {}, 'Your balances'),
    el('thead', {}, el('tr', {}, head('Currency'), head('Available'), head('In open orders'))),
    el('tbody', {}, [market.item, market.currency].map(row)));
}

/** Shown instead of the orders where they cannot be had. */
export const ordersFailed = (place, error, retry) => place.replaceChildren(failure(error, retry));
