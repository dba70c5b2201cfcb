/** Dates, amounts and names as people read them. Amounts are the server's own text, never computed here. */
import { el } from './dom.js';

const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]];

/** The reader's time zone, e.g. "Europe/Zurich". */
export const ZONE = DATE_TIME.resolvedOptions().timeZone;

/** A `time` element in the reader's zone for unix seconds; the title has the zone and UTC. */
export function time(seconds) {
  if (seconds == null) return '–';
  const date = new Date(seconds * 1000);
  const iso = date.toISOString();
  return el('time', { datetime: iso, title: `${iso} (shown in ${ZONE})` }, DATE_TIME.format(date));
}

/** "in 23 hours" or "5 minutes ago" for unix seconds. */
export function relative(seconds) {
  const left = seconds - Date.now() / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(left) >= length) ?? UNITS.at(-1);
  return RELATIVE.format(Math.round(left / size), unit);
}

/** "24 hours" for a number of seconds. */
export function duration(seconds) {
  const least = { day: 2 };
  const [unit, size] = UNITS.find(([name, length]) => seconds % length === 0 && seconds >= (least[name] ?? 1) * length)
    ?? ['second', 1];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The server's text for an amount, with tabular figures. */
export const money = (amount) => el('span', { class: 'money' }, amount ? amount.display : '–');

/** The amount without the zeros after its second decimal: nothing is rounded away. */
export const exact = (amount) => amount.display.replace(/(\.\d\d\d*?)0+(?!\d)/, '$1');

/** The shorter text, the full one as title. */
export const moneyShort = (amount) =>
  el('span', { class: 'money', title: amount.display }, amount.display_short ?? amount.display);

/** True where the amount is not zero. */
export const isSome = (amount) => amount != null && BigInt(amount.value_int) !== 0n;

/**
 * A typed decimal as a count of the smallest unit, or null where it is not a plain decimal number
 * with at most `decimals` decimals. Exact: digits are moved, never computed as floating point.
 */
export function toUnits(text, decimals) {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > decimals) return null;
  return BigInt(match[1] + fraction.padEnd(decimals, '0'));
}

/** What is wrong with a typed amount, or null; the server decides, this only saves a round trip. */
export function amountProblem(text, decimals) {
  if (!text) return 'Please enter an amount.';
  if (/,/.test(text)) return 'Please use a point for decimals and no commas, such as 1250.50.';
  const units = toUnits(text, decimals);
  if (units === null) {
    return /^\d+\.\d+$/.test(text) ? `This currency has at most ${decimals} decimals.`
      : 'Please enter a plain number, such as 1250.50.';
  }
  return units === 0n ? 'Please enter more than zero.' : null;
}

/** The host of a URL, or null. */
export function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : null;
}

const STATUS = {
  open: ['Open', 'Waiting for the partner. The amount is held for you.'],
  settled: ['Accepted', 'The partner has accepted the withdrawal.'],
  processing: ['Processing', 'The partner is paying out.'],
  completed: ['Completed', 'The partner has paid out.'],
  failed: ['Failed', 'The partner could not pay out. Please ask the partner.'],
  refunded: ['Refunded', 'The amount is back in your balance.'],
  cancelled: ['Cancelled', 'You cancelled. The amount is back in your balance.'],
  rejected: ['Rejected', 'The partner declined. The amount is back in your balance.'],
  expired: ['Expired', 'Not accepted in time. The amount is back in your balance.'],
};

/** All ticket states that we know, in the order of a ticket's life. */
export const STATUSES = Object.keys(STATUS);

/** What a state is called; one that we do not know yet is shown as the server says it. */
export const statusName = (status) => STATUS[status]?.[0] ?? status;

/** What a state means for the customer, or "". */
export const statusMeaning = (status) => STATUS[status]?.[1] ?? '';

/** A state as a small label. */
export const statusBadge = (status) =>
  el('span', { class: `badge status-${STATUS[status] ? status : 'unknown'}` }, statusName(status));

/** How far somebody is verified, in words. */
export function verification(account) {
  if (!account.verified) return 'Not verified';
  return { basic: 'Verified (basic)', full: 'Verified (full)' }[account.level] ?? `Verified (${account.level})`;
}
