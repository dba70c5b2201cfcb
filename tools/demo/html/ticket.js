/** The demo partner's page. The ticket's key is in a cookie that this script cannot read. */

const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const ticket = new URLSearchParams(location.search).get('ticket') ?? '';
const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat().filter(Boolean));
  return element;
}

async function call(action, body) {
  const response = await fetch(`api/${action}?${new URLSearchParams({ ticket })}`, body
    ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
    : { cache: 'no-store' });
  const answer = await response.json().catch(() => ({ message: 'The partner site is not available.' }));
  if (!response.ok) throw new Error(answer.message || 'The partner site is not available.');
  return answer;
}

/** A `time` element for unix seconds, in the reader's zone. */
function time(seconds) {
  const date = new Date(seconds * 1000);
  return el('time', { datetime: date.toISOString() }, DATE_TIME.format(date));
}

const row = (term, ...value) => el('div', {}, el('dt', {}, term), el('dd', {}, ...value));

/** How far the customer is verified, by what and since when. */
function verification({ verified, level, methods, dates }) {
  if (!verified) return ['Not verified'];
  return [`Verified, level ${level}`, ...methods.flatMap((method) => [`; ${method} on `, time(dates[method])])];
}

function input(name, label, value, options) {
  const control = options
    ? el('select', { id: `field-${name}`, name }, options.map(([key, text]) => el('option', { value: key }, text)))
    : el('input', { id: `field-${name}`, name, maxlength: '255', autocomplete: 'off', required: '', value });
  return el('div', {}, el('label', { for: `field-${name}` }, label), control);
}

/** A form whose buttons each stand for a call; `fields` are sent with it. */
function form(title, fields, buttons) {
  const element = el('form', {}, el('h2', {}, title), fields,
    buttons.map(([action, text, kind]) => el('button', { type: 'submit', value: action, class: kind ?? '' }, text)));
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = event.submitter ?? element.querySelector('button');
    $('problem').textContent = '';
    button.disabled = true;
    try {
      await call(button.value, Object.fromEntries(new FormData(element)));
      await show();
      $('live').textContent = 'Done';
      document.querySelector('h1').focus();
    } catch (error) {
      $('problem').textContent = error.message;
      button.disabled = false;
    }
  });
  return element;
}

function forms(info) {
  if (info.status === 'open') {
    return [
      form('Where should the money go?',
        [input('description', 'Description for your account history', 'Bank transfer to account ending 4711')],
        [['settle', 'Accept and settle']]),
      form('Not possible?', [input('reason', 'Reason for declining', 'This destination is not served')],
        [['reject', 'Decline', 'other']]),
    ];
  }
  if (!['settled', 'processing', 'failed'].includes(info.status)) return [];
  return [
    info.status !== 'failed' && form('Tell the customer', [input('message', 'Message', 'Your transfer is on its way'),
      input('status', 'New status', '', [['', 'Unchanged'], ['processing', 'Processing'], ['completed', 'Completed'],
        ['failed', 'Failed']])],
    [['update', 'Post update']]),
    form('Give the money back', [input('reason', 'Reason for the refund', 'The bank returned the transfer')],
      [['refund', 'Refund', 'other']]),
  ];
}

function updates(list) {
  if (!list?.length) return null;
  return el('section', {}, el('h2', {}, 'Updates'), el('ol', {}, list.map(({ date, status, message }) =>
    el('li', {}, time(date), ' – ', status ? `${status}: ` : '', message))));
}

async function show() {
  const info = await call('ticket');
  $('content').replaceChildren(...[
    el('section', {},
      el('p', { class: 'amount' }, info.amount.display),
      el('dl', {},
        row('Status', el('strong', { id: 'status' }, info.status)),
        row('Customer', `${info.user.login} (${info.user.email})`),
        row('Account id', info.user.id),
        row('Verification', ...verification(info.verification)),
        row('Requested', time(info.created)),
        row('Expires', time(info.expires)),
        info.description ? row('Description', info.description) : null,
        row('Ticket', info.ticket))),
    ...forms(info),
    updates(info.updates),
    info.return_url && el('p', {}, el('a', { class: 'back', href: info.return_url }, 'Back to Teller')),
    el('p', { class: 'muted' }, 'In a real shop only the staff of the partner would see these buttons.'),
  ].filter(Boolean));
}

document.querySelector('h1').tabIndex = -1;
try {
  if (!ticket) throw new Error('Something is missing. Please open your ticket from Teller again.');
  await show();
} catch (error) {
  $('problem').textContent = error.message;
  $('content').replaceChildren();
}
$('content').removeAttribute('aria-busy');
