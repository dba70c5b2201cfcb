/** The account history: all currencies or one, with filters; what belongs to one order is one line that opens. */
import { api } from '../api.js';
import { announce, busy, clearErrors, el, empty, field, latest, said, showError } from '../dom.js';
import { readCurrency } from '../currency.js';
import { exact, isSome, money, time } from '../format.js';
import { signed } from '../market/units.js';

export const title = 'History';

const TYPES = {
  deposit: 'Deposit', withdraw: 'Withdrawal', fee: 'Fee', in: 'Bought', out: 'Sold', spent: 'Spent', earned: 'Earned',
};
const OUTGOING = ['withdraw', 'fee', 'out', 'spent'];
const BUYING = ['in', 'spent'];
const SELLING = ['out', 'earned'];

/** So many pages are read at once so that the last order among them is whole. */
const PAGES_AT_ONCE = 10;

export async function render(place) {
  const [{ wallets }, { currencies }] = await Promise.all([api('GET', '/site/account'), api('GET', '/site/currencies')]);
  if (!wallets.length) {
    place.append(empty('No history yet', el('p', {}, 'Your first deposit will show here.')));
    return;
  }
  const known = new Map(currencies.map((row) => [row.currency, readCurrency(row)]));
  const list = el('div');
  const form = filters(wallets.map((wallet) => wallet.currency));
  const load = latest(list, (before) => readOn(Object.fromEntries(new FormData(form)), before), (read) => {
    list.replaceChildren(...shown(form, read, known, () => run(read)));
    announce(`${read.rows.length} of ${read.records} entries`);
  });
  const run = (before) => {
    clearErrors(form);
    return load(before).catch((error) => showError(form, error));
  };
  form.addEventListener('submit', (event) => { event.preventDefault(); run(); });
  form.addEventListener('change', (event) => { if (event.target.tagName === 'SELECT') run(); });
  place.append(form, list);
  await load();
}

function filters(currencies) {
  const select = (options) => el('select', {}, options.map(([value, text]) => el('option', { value }, text)));
  const types = { ...TYPES, deposit: 'Deposits and refunds' };
  return el('form', { class: 'card filters', novalidate: true, 'aria-label': 'Filter the history' },
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'h-currency', name: 'currency', label: 'Currency',
      control: select([['', 'All'], ...currencies.map((code) => [code, code])]) }),
    field({ id: 'h-type', name: 'type', label: 'Type', control: select([['', 'All'], ...Object.entries(types)]) }),
    field({ id: 'h-start', name: 'date_start', label: 'From (UTC day)', type: 'date' }),
    field({ id: 'h-end', name: 'date_end', label: 'To (UTC day)', type: 'date' }),
    el('button', { type: 'submit', class: 'button' }, 'Show'));
}

const name = ({ value, index }) => `${value.currency} ${index}`;

/**
 * Reads the next page behind what was read before, and on where it ends amid the lines of an order.
 * @returns {Promise<{rows: object[], records: number, page: number, last: number}>} all rows so far, each once, the newest
 *   first
 */
async function readOn(filter, before = { rows: [], page: 0 }) {
  const rows = new Map(before.rows.map((row) => [name(row), row]));
  let reply;
  let page = before.page;
  do {
    page++;
    reply = await api('GET', '/site/history', { query: { ...filter, page } });
    for (const row of reply.result) rows.set(name(row), row);
  } while (page < reply.max_page && page - before.page < PAGES_AT_ONCE && reply.result.at(-1)?.order);
  return { rows: [...rows.values()], records: reply.records, page, last: reply.max_page };
}

function shown(form, read, known, more) {
  if (!read.rows.length) return [empty('Nothing found', el('p', {}, 'No entry matches these filters.'))];
  const older = el('button', { type: 'button', class: 'button', onclick: () => busy(older, more) }, 'Older entries');
  return [table(form.elements.currency.value, read, known),
    read.page < read.last ? el('div', { class: 'pager' }, older) : null].filter(Boolean);
}

/** The rows of each order together, in the place of its newest one; every other row by itself. */
function folded(rows) {
  const orders = new Map();
  const lines = [];
  for (const row of rows) {
    const line = row.order ? orders.get(row.order) : null;
    if (line) {
      line.push(row);
      continue;
    }
    const begun = [row];
    if (row.order) orders.set(row.order, begun);
    lines.push(begun);
  }
  return lines;
}

const isOut = ({ type }) => OUTGOING.includes(type);
const typeName = ({ type, refund }) => (refund ? 'Refund' : TYPES[type] ?? type);

/** The amount with its direction; an entry that moved nothing, such as a partner's message, has a dash. */
function change(row) {
  if (!isSome(row.value)) return '–';
  return el('span', { class: 'money' }, `${isOut(row) ? '−' : '+'}${exact(row.value)}`);
}

// On a phone the rows become blocks, which would cost the table its meaning without the roles.
const cell = (kind, ...content) => el('td', { role: 'cell', class: kind }, ...content);
const line = (rows, type, info, value, after) => el('tr', { role: 'row' },
  cell('date', time(rows[0].date)), cell('type', type), cell('info', info), cell('value', value), cell('after', after));

const single = (row) => line([row], typeName(row), said(row.info), change(row), money(row.balance));

/** What the rows of an order come to, by currency: code -> units, what was bought before what it cost. */
function sums(rows) {
  const found = new Map();
  for (const row of rows.toReversed()) {
    const units = BigInt(row.value.value_int) * (isOut(row) ? -1n : 1n);
    found.set(row.value.currency, (found.get(row.value.currency) ?? 0n) + units);
  }
  return [...found].sort(([, a], [, b]) => (a > b ? -1 : 1));
}

const count = (rows, one, many) => `${rows} ${rows === 1 ? one : many}`;

function orderType(rows) {
  if (rows.some(({ type }) => BUYING.includes(type))) return 'Bought';
  return rows.some(({ type }) => SELLING.includes(type)) ? 'Sold' : 'Fees';
}

/** The lines of an order as one, which opens to show them. */
function order(rows, known) {
  const trades = new Set(rows.map(({ link }) => link.id)).size;
  const fees = rows.filter(({ type }) => type === 'fee').length;
  const words = [count(trades, 'trade', 'trades'), ...(fees ? [count(fees, 'fee', 'fees')] : [])].join(', ');
  const newest = [...new Map(rows.toReversed().map((row) => [row.value.currency, row])).values()];
  const amount = ([code, units]) => el('div', { class: 'money' },
    `${units < 0n ? '−' : '+'}${signed(units < 0n ? -units : units, known.get(code))}`);
  const totals = sums(rows);
  return line(rows, orderType(rows),
    el('details', {}, el('summary', {}, `One order: ${words}`), el('ul', { class: 'rows' }, rows.map((row) => el('li', {},
      el('span', { class: 'what' }, said(row.info)), el('span', { class: 'hint' }, `${typeName(row)}, `, time(row.date)),
      el('strong', {}, change(row)))))),
    totals.map(amount),
    totals.map(([code]) => el('div', {}, money(newest.find(({ value }) => value.currency === code).balance))));
}

function table(currency, { rows, records }, known) {
  const head = (text, kind) => el('th', { scope: 'col', role: 'columnheader', class: kind }, text);
  const of = rows.length < records ? `the newest ${rows.length} of ${records} entries`
    : `${count(records, 'entry', 'entries')}, newest first`;
  return el('table', { class: 'history', role: 'table' },
    el('caption', {}, `${currency || 'All currencies'}: ${of}`),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head('Date', 'date'), head('Type', 'type'),
      head('Details', 'info'), head('Amount', 'value'), head('Balance', 'after'))),
    el('tbody', { role: 'rowgroup' },
      folded(rows).map((group) => (group.length === 1 ? single(group[0]) : order(group, known)))));
}
