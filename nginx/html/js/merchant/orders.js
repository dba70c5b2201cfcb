/** The merchant's orders: a list with filters, and each one with its payments, to be cancelled or refunded. */
import { api } from '../api.js';
import { $, announce, ask, clearErrors, el, empty, fact, field, latest, said, showError } from '../dom.js';
import { isSome, money, relative, time } from '../format.js';
import { amountDecimals, amountProblem, plainNumber } from '../number.js';
import { STATUSES, isPayable, statusBadge, statusMeaning, statusName } from '../order.js';
import { pager } from '../account/pager.js';
import { eventList } from './event.js';
import { keptWords } from './selling.js';

export const title = 'Orders';

/** @param {string} [id] of one order; else the list is shown */
export const render = (place, id) => (id ? renderOrder(place, id) : renderList(place));

async function renderList(place) {
  const list = el('div');
  const form = filters();
  const load = latest(list,
    (page) => api('GET', '/site/merchant/orders', { query: { ...Object.fromEntries(new FormData(form)), page } }),
    (reply) => {
      list.replaceChildren(...reply.orders.length
        ? [el('ul', { class: 'tickets' }, reply.orders.map(card)), pager(reply, 'orders', run)].filter(Boolean)
        : [none(form)]);
      announce(`${reply.records} orders`);
    });
  const run = (page) => {
    clearErrors(form);
    return load(page).catch((error) => showError(form, error));
  };
  form.addEventListener('submit', (event) => { event.preventDefault(); run(1); });
  form.addEventListener('change', (event) => { if (event.target.tagName === 'SELECT') run(1); });
  place.append(form, list);
  await load(1);
}

function filters() {
  return el('form', { class: 'card filters few', novalidate: true, 'aria-label': 'Filter the orders' },
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'o-status', name: 'status', label: 'Status', control: el('select', {},
      el('option', { value: '' }, 'All'), STATUSES.map((name) => el('option', { value: name }, statusName(name)))) }),
    field({ id: 'o-since', name: 'since', label: 'From (UTC day)', type: 'date' }),
    el('button', { type: 'submit', class: 'button' }, 'Show'));
}

function none(form) {
  return [...new FormData(form).values()].some(Boolean)
    ? empty('No order matches these filters')
    : empty('No orders yet', el('p', {}, 'Your shop makes them with an API key that has the right ',
      el('code', {}, 'merchant'), '.'), el('a', { class: 'button', href: '/account#keys' }, 'API keys'));
}

function card(order) {
  const id = `order-${order.transaction}`;
  return el('li', { class: 'card ticket', 'aria-labelledby': id },
    el('div', { class: 'ticket-head' }, el('h2', { id, tabindex: '-1' }, money(order.amount)),
      statusBadge(order.status)),
    el('p', { class: 'meaning' }, said(order.description)),
    el('dl', { class: 'facts row' },
      fact('Created', time(order.created)),
      order.status === 'partial' ? fact('Missing', money(order.missing)) : null,
      isPayable(order) && order.expires ? fact('Expires', time(order.expires), ` (${relative(order.expires)})`) : null,
      fact('Transaction', el('code', {}, order.transaction))),
    el('p', {}, el('a', { class: 'button small', href: `#order-${order.transaction}`,
      'aria-label': `Details of order ${order.transaction}` }, 'Details')));
}

async function renderOrder(place, id) {
  const [order, { events }] = await Promise.all([api('GET', `/site/merchant/orders/${encodeURIComponent(id)}`),
    api('GET', '/site/merchant/events', { query: { transaction: id } })]);
  const again = async (said) => {
    place.replaceChildren();
    await renderOrder(place, id);
    announce(said);
    $(`order-${id}`)?.focus();
  };
  place.append(
    el('p', {}, el('a', { href: '#orders' }, 'All orders')),
    el('section', { class: 'card' },
      el('div', { class: 'ticket-head' }, el('h2', { id: `order-${id}`, tabindex: '-1' }, money(order.amount)),
        statusBadge(order.status)),
      el('p', { class: 'meaning' }, said(order.description)),
      el('p', { class: 'hint' }, statusMeaning(order)),
      facts(order),
      actions(order, again)),
    el('section', { class: 'card' }, el('h2', {}, 'Payments'),
      order.payments.length ? payments(order, again) : el('p', { class: 'hint' }, 'Nothing was paid yet.')),
    el('section', { class: 'card' }, el('h2', {}, 'Notifications'),
      events.length ? eventList(events) : el('p', { class: 'hint' }, 'Nothing was told yet.')));
}

const link = (url) => (url ? el('code', {}, said(url)) : 'None');
const OPTIONS = { instant_only: 'paid whole only', multipay: 'many payments', email: 'mail per payment',
  autosell: 'sell at market' };
const options = (order) =>
  Object.keys(OPTIONS).filter((name) => order[name]).map((name) => OPTIONS[name]).join(', ') || 'None';

function facts(order) {
  return el('dl', { class: 'facts row' },
    fact('Paid', money(order.paid)),
    fact('Refunded', money(order.refunded)),
    isPayable(order) ? fact('Missing', money(order.missing)) : null,
    fact('Created', time(order.created)),
    order.expires ? fact('Expires', time(order.expires)) : null,
    order.completed ? fact('Paid in full', time(order.completed)) : null,
    order.ended ? fact('Ended', time(order.ended)) : null,
    fact('Transaction', el('code', {}, order.transaction)),
    fact('Payment page', el('a', { href: `/pay/${order.transaction}` }, 'Open')),
    fact('Options', options(order)),
    fact('Your data', order.data_base64 == null ? 'None'
      : el('code', {}, said(order.data ?? `${order.data_base64} (base64)`))),
    fact('Notified at', link(order.ipn)),
    fact('After paying', link(order.return_success)),
    fact('After cancelling', link(order.return_failure)));
}

/** What may still be given back. */
const refundable = ({ amount, refunded }) => BigInt(amount.value_int) - BigInt(refunded.value_int);

function payments(order, again) {
  return el('ul', { class: 'rows' }, order.payments.map((payment) => el('li', {},
    el('span', { class: 'what' }, money(payment.amount), ' from ', el('strong', {}, said(payment.payer))),
    el('span', { class: 'hint' }, time(payment.date),
      isSome(payment.refunded) ? [', ', money(payment.refunded), ' refunded'] : null,
      payment.autosell ? [', ', money(payment.autosell.sold), ' sold for ', money(payment.autosell.earned)] : null),
    payment.autosell_kept ? el('p', { class: 'hint' }, money(payment.autosell_kept.amount), ' kept as coins: ',
      keptWords(payment.autosell_kept)) : null,
    el('code', {}, payment.payment_id),
    canRefund(order) && order.payments.length > 1 && refundable(payment) > 0n
      ? el('button', { type: 'button', class: 'button small', 'aria-label': `Refund payment ${payment.payment_id}`,
        onclick: () => refund(order, payment, again) }, 'Refund this one') : null)));
}

const canRefund = (order) => order.status === 'paid' || order.status === 'partly_refunded'
  || (order.multipay && isSome(order.paid));

function actions(order, again) {
  const button = (text, kind, onclick) => el('button', { type: 'button', class: kind, onclick }, text);
  const buttons = [
    canRefund(order) && refundable({ amount: order.paid, refunded: order.refunded }) > 0n
      ? button('Refund', 'button', () => refund(order, null, again)) : null,
    isPayable(order) ? button('Cancel the order', 'button danger', () => cancel(order, again)) : null,
  ].filter(Boolean);
  return buttons.length ? el('div', { class: 'actions' }, buttons) : null;
}

async function cancel(order, again) {
  const done = await ask({
    title: 'Cancel this order?',
    body: el('p', {}, 'Nobody can pay it any more. ', !isSome(order.paid) ? 'Nothing was paid.'
      : order.multipay ? 'What was paid stays yours.' : 'What was paid of it goes back to the buyer.'),
    confirm: 'Cancel it',
    danger: true,
    action: () => api('POST', `/site/merchant/orders/${order.transaction}/cancel`, { body: {} }),
  });
  if (done) await again('The order is cancelled');
}

/** Gives back what the merchant says, of one payment or of all. */
async function refund(order, payment, again) {
  const of = payment ?? { amount: order.paid, refunded: order.refunded };
  /** Names the one refund that the dialog stands for, so that sending it twice refunds once. */
  let attempt = crypto.randomUUID();
  const done = await ask({
    title: payment ? 'Refund this payment' : 'Refund this order',
    body: el('div', { oninput: () => { attempt = crypto.randomUUID(); } },
      el('p', {}, 'Of ', money(of.amount), isSome(of.refunded) ? [', ', money(of.refunded), ' refunded already'] : null,
        '. It comes from your balance and is the buyer’s at once.'),
      field({ id: 'r-amount', name: 'amount', label: `Amount in ${order.amount.currency}`, inputmode: 'decimal',
        autocomplete: 'off', hint: 'Empty: all that is left.' }),
      field({ id: 'r-reason', name: 'reason', label: 'Reason', maxlength: '255', hint: 'The buyer reads it.' })),
    confirm: 'Refund',
    danger: true,
    action: ({ elements }) => {
      const amount = plainNumber(elements.amount.value);
      const problem = amount ? amountProblem(amount, amountDecimals(order.amount)) : null;
      if (problem) throw Object.assign(new Error(problem), { field: 'amount' });
      return api('POST', `/site/merchant/orders/${order.transaction}/refund`, {
        headers: { 'Idempotency-Key': attempt },
        body: {
          ...(payment ? { payment_id: payment.payment_id } : {}),
          ...(amount ? { amount } : {}),
          ...(elements.reason.value.trim() ? { reason: elements.reason.value.trim() } : {}),
        },
      });
    },
  });
  if (done) await again('The refund is made');
}
