/** What the payment page and the merchant's page both say about an order. */
import { el } from './dom.js';

const STATUS = {
  open: ['Open', 'Waiting for the payment.'],
  partial: ['Partly paid', 'A part is paid and kept safe until the rest comes.'],
  paid: ['Paid', 'Paid in full.'],
  partly_refunded: ['Partly refunded', 'A part was given back to the buyer.'],
  refunded: ['Refunded', 'All was given back to the buyer.'],
  cancelled: ['Cancelled', 'What was paid went back to the buyer.'],
  closed: ['Expired', 'Not paid in time. What was paid went back to the buyer.'],
};

/** All order states, in the order of an order's life. */
export const STATUSES = Object.keys(STATUS);

/** What a state is called; one that we do not know yet is shown as the server says it. */
export const statusName = (status) => STATUS[status]?.[0] ?? status;

/** What a state means, or "". */
export const statusMeaning = (status) => STATUS[status]?.[1] ?? '';

/** A state as a small label. */
export const statusBadge = (status) =>
  el('span', { class: `badge order-${STATUS[status] ? status : 'unknown'}` }, statusName(status));

/** True where an order still takes payments. */
export const isPayable = ({ status }) => status === 'open' || status === 'partial';
