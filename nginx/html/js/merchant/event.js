/** One notification in words: what the lists of orders and of notifications both show. */
import { el, said } from '../dom.js';
import { money, relative, time } from '../format.js';

const STATUS = { paid: 'Paid', partial: 'Partly paid', cancelled: 'Cancelled', closed: 'Expired', refunded: 'Refunded',
  test: 'Test' };

/** What events may tell. */
export const STATUSES = Object.keys(STATUS);

export const statusName = (status) => STATUS[status] ?? status;

const RESULTS = {
  acknowledged: 'Acknowledged', refused: 'Not acknowledged', address_refused: 'Address refused',
  url_refused: 'URL refused', name_unknown: 'Name not found', no_connection: 'No connection',
  timeout: 'No answer in time', tls: 'TLS failed', protocol: 'Broken answer', unsigned: 'Could not be signed', failed: 'Mail not taken', begun: 'In hand',
};

/** How a try ended. */
export const resultName = (result) => RESULTS[result] ?? result;

/** Where a delivery stands, as a small label. */
export function stateBadge({ state, paused, attempts }) {
  const [text, kind] = {
    delivered: ['Delivered', 'good'],
    none: ['Feed only', 'unknown'],
    pending: paused ? ['Paused', 'unknown'] : attempts > 0 ? ['Trying again', 'bad'] : ['Waiting', 'wait'],
  }[state] ?? [state, 'unknown'];
  return el('span', { class: `badge result-${kind}` }, text);
}

/** "Paid, $5.00" */
export const headline = ({ status, channel, amount }) =>
  [channel === 'mail' ? 'Mail: ' : '', statusName(status), amount ? [', ', money(amount)] : []].flat(2);

/** Tries so far and what comes next. */
export function progress({ state, attempts, next, delivered, paused }) {
  const tries = `${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
  if (state === 'delivered') return [tries, ', acknowledged ', time(delivered)];
  if (state === 'none') return ['Waits to be fetched'];
  if (paused) return [tries, ', waits until its endpoint is resumed'];
  return next ? [tries, ', next ', relative(next)] : [tries];
}

/** Short rows, each with a link to its details. */
export const eventList = (events) => el('ul', { class: 'rows' }, events.map((event) => el('li', {},
  el('span', { class: 'what' }, headline(event)), stateBadge(event),
  el('span', { class: 'hint' }, time(event.date), ' · ', progress(event)),
  el('a', { class: 'button small', href: `#event-${event.event}`,
    'aria-label': `Details of notification ${event.event}` }, 'Details'))));
