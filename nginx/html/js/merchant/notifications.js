/** What the merchant's shop was told: a list with filters, and each notification with its tries, to be sent again. */
import { api } from '../api.js';
import { $, announce, ask, busy, clearErrors, copyButton, el, empty, fact, field, latest, plainText, said, showError } from '../dom.js';
import { time } from '../format.js';
import { pager } from '../account/pager.js';
import { STATUSES, headline, progress, resultName, stateBadge, statusName } from './event.js';

export const title = 'Notifications';

const STATES = { pending: 'Not delivered yet', delivered: 'Delivered', none: 'Feed only' };

/** @param {string} [id] of one event; else the list is shown */
export const render = (place, id) => (id ? renderEvent(place, id) : renderList(place));

const select = (options) => el('select', {}, options.map(([value, text]) => el('option', { value }, text)));

async function renderList(place) {
  const list = el('div');
  const waiting = el('div');
  const form = filters();
  const load = latest(list,
    (page) => api('GET', '/site/merchant/events', { query: { ...Object.fromEntries(new FormData(form)), page } }),
    (reply) => {
      const again = () => run(reply.current_page);
      waiting.replaceChildren(...reply.endpoints.map((endpoint) => endpointCard(endpoint, again)));
      list.replaceChildren(...reply.events.length
        ? [el('ul', { class: 'tickets' }, reply.events.map(card)), pager(reply, 'notifications', run)].filter(Boolean)
        : [none(form)]);
      announce(`${reply.records} notifications`);
    });
  const run = (page) => {
    clearErrors(form);
    return load(page).catch((error) => showError(form, error));
  };
  form.addEventListener('submit', (event) => { event.preventDefault(); run(1); });
  form.addEventListener('change', (event) => { if (event.target.tagName === 'SELECT') run(1); });
  const button = (text, onclick) => el('button', { type: 'button', class: 'button', onclick }, text);
  place.append(form, el('div', { class: 'actions' },
    button('Send a test', () => test(() => run(1))),
    button('Send a range again', () => replayRange(() => run(1)))), waiting, list);
  await load(1);
}

function filters() {
  return el('form', { class: 'card filters', novalidate: true, 'aria-label': 'Filter the notifications' },
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'e-state', name: 'state', label: 'Delivery',
      control: select([['', 'All'], ...Object.entries(STATES)]) }),
    field({ id: 'e-status', name: 'status', label: 'About', control: select([['', 'All'],
      ...STATUSES.map((status) => [status, statusName(status)])]) }),
    field({ id: 'e-transaction', name: 'transaction', label: 'Transaction', autocapitalize: 'none',
      spellcheck: 'false' }),
    field({ id: 'e-since', name: 'since', label: 'From (UTC day)', type: 'date' }),
    el('button', { type: 'submit', class: 'button' }, 'Show'));
}

function none(form) {
  return [...new FormData(form).values()].some(Boolean)
    ? empty('No notification matches these filters')
    : empty('No notifications yet', el('p', {}, 'Each payment, cancellation and refund of an order makes one.'));
}

const setPaused = (endpoint, paused) => api('POST', '/site/merchant/endpoints', { body: { endpoint, paused } });

/** An endpoint for which notifications wait, or which is paused. */
function endpointCard({ endpoint, pending, oldest, paused, paused_by_operator: stopped }, changed) {
  const problem = el('p', { class: 'form-error', role: 'alert' });
  const button = el('button', { type: 'button', class: 'button small',
    'aria-label': `${paused ? 'Resume' : 'Pause'} ${endpoint}` }, paused ? 'Resume' : 'Pause');
  button.addEventListener('click', () => busy(button, async () => {
    await setPaused(endpoint, !paused);
    await changed();
    announce(paused ? 'The endpoint is resumed' : 'The endpoint is paused');
  }).catch((error) => { problem.textContent = error.message; }));
  return el('div', { class: 'notice waiting' },
    el('p', {}, el('code', {}, said(endpoint)), ` · ${pending} waiting`,
      ...(oldest ? [', the oldest since ', time(oldest)] : []), paused ? ' · paused' : '',
      stopped ? ' · paused by the operator' : ''),
    problem, button);
}

function card(event) {
  const id = `event-${event.event}`;
  return el('li', { class: 'card ticket', 'aria-labelledby': id },
    el('div', { class: 'ticket-head' }, el('h2', { id, tabindex: '-1' }, `${event.cursor}. `, headline(event)),
      stateBadge(event)),
    el('dl', { class: 'facts row' },
      fact('Happened', time(event.date)),
      fact('Delivery', progress(event)),
      event.url ? fact('To', el('code', {}, said(event.url))) : null,
      event.transaction ? fact('Transaction', el('code', {}, event.transaction)) : null),
    el('p', {}, el('a', { class: 'button small', href: `#event-${event.event}`,
      'aria-label': `Details of notification ${event.cursor}` }, 'Details')));
}

/** "Not acknowledged, HTTP 500" */
const outcome = ({ result, status, problem }) =>
  [resultName(result), status ? `HTTP ${status}` : null, problem || null].filter(Boolean).join(', ');

async function renderEvent(place, id) {
  const event = await api('GET', `/site/merchant/events/${encodeURIComponent(id)}`);
  const again = async (said) => {
    place.replaceChildren();
    await renderEvent(place, id);
    announce(said);
    $(`event-${id}`)?.focus();
  };
  place.append(
    el('p', {}, el('a', { href: '#notifications' }, 'All notifications')),
    el('section', { class: 'card' },
      el('div', { class: 'ticket-head' }, el('h2', { id: `event-${id}`, tabindex: '-1' }, headline(event)),
        stateBadge(event)),
      el('dl', { class: 'facts row' },
        fact('Happened', time(event.date)),
        fact('Delivery', progress(event)),
        event.transaction && event.status !== 'test'
          ? fact('Order', el('a', { href: `#order-${event.transaction}` }, el('code', {}, event.transaction))) : null,
        event.payment ? fact('Payment', el('code', {}, event.payment)) : null,
        fact('Number in the feed', String(event.cursor)),
        fact('webhook-id', el('code', {}, event.event))),
      actions(event, again)),
    tries(event),
    explained(event));
}

function actions(event, again) {
  if (!event.url) return null;
  const problem = el('p', { class: 'form-error', role: 'alert' });
  const button = (text, said, work) => {
    const made = el('button', { type: 'button', class: 'button' }, text);
    made.addEventListener('click', () => busy(made, async () => {
      problem.textContent = '';
      await work();
      await again(said);
    }).catch((error) => { problem.textContent = error.message; }));
    return made;
  };
  const pause = (paused) => () => setPaused(event.endpoint, paused);
  return el('div', {}, problem, el('div', { class: 'actions' },
    button(event.state === 'delivered' ? 'Send it again' : 'Try now', 'It is sent again',
      () => api('POST', '/site/merchant/events/replay', { body: { event: event.event } })),
    event.paused ? button(`Resume ${event.endpoint}`, 'The endpoint is resumed', pause(false))
      : button(`Pause ${event.endpoint}`, 'The endpoint is paused', pause(true))));
}

function tries({ tries: rows, url }) {
  return el('section', { class: 'card' }, el('h2', {}, 'Tries'),
    rows.length ? el('ol', { class: 'rows' }, rows.map((row) => el('li', {},
      el('span', { class: 'what' }, `${row.number}. `, said(outcome(row))),
      el('span', { class: 'hint' }, time(row.date),
        row.latency_us == null ? null : ` · ${Math.round(row.latency_us / 1000)} ms`,
        row.address ? ` · ${row.address}` : null),
      answer(row))))
      : el('p', { class: 'hint' }, url ? 'None yet.' : 'Nothing is sent: the order has no notification URL.'));
}

/** What the shop answered, the beginning of it. */
function answer({ answer: text, answer_base64: bytes }) {
  if (!text && !bytes) return null;
  return el('details', {}, el('summary', {}, bytes ? 'Answer, base64' : 'Answer'),
    el('pre', { tabindex: '0', dir: 'auto' }, plainText(text ?? bytes)));
}

/** The request to the byte, signed as of now, and why the last try came to nothing. */
function explained({ headers, body, curl, url, address, refused, webhook_signed: signed }) {
  if (!url || !headers) return '';
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n');
  const block = (name, text) => [
    el('div', { class: 'ticket-head' }, el('h3', {}, name), copyButton(text, name.toLowerCase())),
    el('pre', { tabindex: '0', 'aria-label': name }, text)];
  return el('section', { class: 'card' }, el('h2', {}, 'What is sent'),
    refused ? el('p', { class: 'notice bad' }, 'The last try failed: ', refused, '.') : null,
    el('dl', { class: 'facts row' }, fact('To', el('code', {}, said(url))),
      address ? fact('Address of the last try', el('code', {}, address)) : null),
    block('Headers, signed as of now', lines), block('Body, signed by Rest-Sign', body),
    block('Signed by webhook-signature', signed), block('By hand', curl));
}

async function test(changed) {
  const sent = await ask({
    title: 'Send a test',
    body: field({ id: 't-url', name: 'url', label: 'URL', type: 'url', autocapitalize: 'none', spellcheck: 'false',
      hint: 'It is told of an event with status test, signed like every other.' }),
    confirm: 'Send',
    action: (form) => api('POST', '/site/merchant/test', { body: { url: form.elements.url.value.trim() } }),
  });
  if (!sent) return;
  await changed();
  announce('The test is on its way');
}

async function replayRange(changed) {
  const number = (id, name, label) => field({ id, name, label, inputmode: 'numeric', autocomplete: 'off' });
  const done = await ask({
    title: 'Send a range again',
    body: el('div', {}, el('p', {}, 'By their numbers, both included. Your shop knows them again by their ',
      el('code', {}, 'webhook-id'), ' and ', el('code', {}, 'aonce'), '.'),
    number('r-first', 'first', 'From number'), number('r-last', 'last', 'To number')),
    confirm: 'Send again',
    action: async (form) => {
      const { first, last } = form.elements;
      const wrong = [first, last].find(({ value }) => !/^\d{1,15}$/.test(value.trim()));
      if (wrong) throw Object.assign(new Error('Please enter a number.'), { field: wrong.name });
      const body = { first: Number(first.value), last: Number(last.value) };
      return api('POST', '/site/merchant/events/replay', { body });
    },
  });
  if (!done) return;
  await changed();
  announce(`${done.replayed} notifications are sent again`);
}
