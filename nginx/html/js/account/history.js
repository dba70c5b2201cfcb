/** The account history of one currency, with filters. */
import { api } from '../api.js';
import { announce, clearErrors, el, empty, field, latest, showError } from '../dom.js';
import { isSome, money, time } from '../format.js';
import { pager } from './pager.js';

export const title = 'History';

const TYPES = {
  deposit: 'Deposit', withdraw: 'Withdrawal', fee: 'Fee', in: 'Bought', out: 'Sold', spent: 'Spent', earned: 'Earned',
};

const OUTGOING = ['withdraw', 'fee', 'out', 'spent'];

export async function render(place) {
  const { wallets } = await api('GET', '/site/account');
  if (!wallets.length) {
    place.append(empty('No history yet', el('p', {}, 'Your first deposit will show here.')));
    return;
  }
  const list = el('div');
  const form = filters(wallets.map((wallet) => wallet.currency));
  const load = latest(list,
    (page) => api('GET', '/site/history', { query: { ...Object.fromEntries(new FormData(form)), page } }),
    (rows) => {
      const heading = `${form.elements.currency.value} history`;
      list.replaceChildren(...rows.result.length
        ? [table(heading, rows), pager(rows, heading, run)].filter(Boolean)
        : [empty('Nothing found', el('p', {}, 'No entry matches these filters.'))]);
      announce(`${rows.records} entries`);
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

function filters(currencies) {
  const select = (options) => el('select', {}, options.map(([value, text]) => el('option', { value }, text)));
  return el('form', { class: 'card filters', novalidate: true, 'aria-label': 'Filter the history' },
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'h-currency', name: 'currency', label: 'Currency', control: select(currencies.map((c) => [c, c])) }),
    field({ id: 'h-type', name: 'type', label: 'Type', control: select([['', 'All'], ...Object.entries(TYPES)]) }),
    field({ id: 'h-start', name: 'date_start', label: 'From (UTC day)', type: 'date' }),
    field({ id: 'h-end', name: 'date_end', label: 'To (UTC day)', type: 'date' }),
    el('button', { type: 'submit', class: 'button' }, 'Show'));
}

/** The amount with its direction; an entry that moved nothing, such as a partner's message, has a dash. */
function change({ type, value }) {
  if (!isSome(value)) return '–';
  return el('span', { class: 'money' }, OUTGOING.includes(type) ? '−' : '+', value.display);
}

// On a phone the rows become blocks, which would cost the table its meaning without the roles.
function table(caption, rows) {
  const head = (text, name) => el('th', { scope: 'col', role: 'columnheader', class: name }, text);
  const cell = (name, ...content) => el('td', { role: 'cell', class: name }, ...content);
  return el('table', { class: 'history', role: 'table' },
    el('caption', {}, `${caption}: ${rows.records} ${rows.records === 1 ? 'entry' : 'entries'}, newest first`),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head('Date', 'date'), head('Type', 'type'),
      head('Details', 'info'), head('Amount', 'value'), head('Balance', 'after'))),
    el('tbody', { role: 'rowgroup' }, rows.result.map((row) => el('tr', { role: 'row' },
      cell('date', time(row.date)),
      cell('type', TYPES[row.type] ?? row.type),
      cell('info', row.info),
      cell('value', change(row)),
      cell('after', money(row.balance))))));
}
