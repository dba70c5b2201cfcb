/** What the payment page and the merchant's page both say about an order. */
import { el } from './dom.js';
import { isSome } from './format.js';

const STATUS = {
  open: ['Open', 'Waiting for the payment.'],
  partial: ['Partly paid', 'A part is paid and kept safe until the rest comes.'],
  paid: ['Paid', 'Paid in full.'],
  partly_refunded: ['Partly refunded', 'A part went back to the buyer.'],
  refunded: ['Refunded', 'All went back to the buyer.'],
  cancelled: ['Cancelled', ''],
  closed: ['Expired', 'Not paid in time.'],
};

/** What became of the money of an order that ended unpaid. */
function whatWasPaid({ paid, refunded, multipay }) {
  if (!isSome(paid)) return 'Nothing was paid.';
  if (multipay) return 'What was paid before stays paid.';
  return `What was paid ${isSome(refunded) ? 'went' : 'goes'} back to the buyer.`;
}

/** All order states, in the order of an order's life. */
export const STATUSES = Object.keys(STATUS);

/** What a state is called; one that we do not know yet is shown as the server says it. */
export const statusName = (status) => STATUS[status]?.[0] ?? status;

/** What the state of an order means, or "". */
export function statusMeaning(order) {
  const words = STATUS[order.status]?.[1] ?? '';
  return ['cancelled', 'closed'].includes(order.status) ? `${words} ${whatWasPaid(order)}`.trim() : words;
}

/** A state as a small label. */
export const statusBadge = (status) =>
  el('span', { class: `badge order-${STATUS[status] ? status : 'unknown'}` }, statusName(status));

/** True where an order still takes payments. */
export const isPayable = ({ status }) => status === 'open' || status === 'partial';
