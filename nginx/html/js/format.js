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

/** How many decimals people expect of a currency whatever the amount is: 0 of yen, 2 of dollars and of coins. */
const expected = new Map();
function expectedDecimals(currency) {
  if (!expected.has(currency)) {
    const known = /^[A-Z]{3}$/.test(currency);
    expected.set(currency, known ? new Intl.NumberFormat('en', { style: 'currency', currency })
      .resolvedOptions().maximumFractionDigits : 2);
  }
  return expected.get(currency);
}

/** How many decimals to show of a currency that has `decimals` of them where the amount needs none. */
export const shownDecimals = (currency, decimals) => Math.min(expectedDecimals(currency), decimals);

/** The amount in words: "$1,234.50". Without the zeros that nobody expects; no other digit is left out. */
export function exact({ display, currency }) {
  return display.replace(/\.(\d+)/, (_, decimals) => {
    const kept = decimals.replace(/0+$/, '').padEnd(shownDecimals(currency, decimals.length), '0');
    return kept ? `.${kept}` : '';
  });
}

/** The same with tabular figures, which may break where the line ends. */
export const money = (amount) => el('span', { class: 'money' }, amount ? exact(amount) : '–');

/** True where the amount is not zero. */
export const isSome = (amount) => amount != null && BigInt(amount.value_int) !== 0n;

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
