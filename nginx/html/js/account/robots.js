/** Keys of robots at the exchange desk, and what those called. */
import { api } from '../api.js';
import { $, announce, ask, busy, clearErrors, copyButton, el, empty, fact, failure, field, said, showError, showFieldError }
  from '../dom.js';
import { time } from '../format.js';

export const title = 'Robots';

/** What a method is for, in words. */
const METHODS = {
  test: 'Try the key', get_direction_currencies: 'List currencies', get_directions: 'List directions', get_direction: 'Look at a direction',
  get_calc: 'Calculate', create_bid: 'Make exchanges', bid_info: 'Look at an exchange', cancel_bid: 'Cancel an exchange',
  pay_bid: 'Say that one is paid', success_bid: 'Say that one is done', get_exchanges: 'List exchanges', get_partner_info: 'Affiliate: balance',
  get_partner_links: 'Affiliate: visits', get_partner_exchanges: 'Affiliate: exchanges', get_partner_payouts: 'Affiliate: payouts',
  add_partner_payout: 'Affiliate: ask for a payout',
};

export async function render(place) {
  const [{ otp }, first] = await Promise.all([api('GET', '/site/account'), api('GET', '/site/robots')]);
  const list = el('div');
  const draw = ({ keys, methods }) => list.replaceChildren(keys.length
    ? el('ul', { class: 'keys' }, keys.map((key) => card(key, methods, otp.enabled, show)))
    : empty('No robots yet', el('p', {}, 'A robot exchanges for you, by a login and a key of its own.')));
  const show = () => api('GET', '/site/robots').then(draw).catch((error) => list.replaceChildren(failure(error, show)));
  const shownOnce = el('div');
  draw(first);
  place.append(...[
    first.open ? null : el('p', { class: 'notice bad' }, 'Robots cannot call at the moment.'),
    shownOnce, list, create(first.methods, otp.enabled, (key) => { showSecret(shownOnce, key); show(); }),
    await calls(first.logs_calls),
  ].filter(Boolean));
}

function card(key, methods, withOtp, changed) {
  const short = key.login.slice(0, 8);
  return el('li', { class: key.revoked ? 'card key revoked' : 'card key' },
    el('div', { class: 'ticket-head' }, el('h2', {}, el('code', {}, key.login)),
      key.revoked ? el('span', { class: 'badge status-failed' }, 'Revoked') : null),
    el('dl', { class: 'facts row' },
      fact('May call', key.methods.length === Object.keys(METHODS).length ? 'Everything' : key.methods.join(', ')),
      fact('Addresses', key.networks.length ? key.networks.join(', ') : 'Any'),
      fact('Created', time(key.created))),
    key.revoked ? null : el('div', { class: 'actions' },
      el('button', { type: 'button', class: 'button small', 'aria-label': `Edit robot ${short}`, onclick: () => edit(key, methods, withOtp, changed) }, 'Edit'),
      el('button', { type: 'button', class: 'button small', 'aria-label': `Revoke robot ${short}`, onclick: () => revoke(key, changed) }, 'Revoke')));
}

/** Checkboxes and address list; `id` keeps the form and the dialog apart. */
function access(id, offered, chosen, networks) {
  const area = el('textarea', { rows: '3', spellcheck: 'false', autocapitalize: 'none' });
  area.value = networks.join('\n');
  return [
    el('fieldset', { 'aria-describedby': `${id}-methods-error` }, el('legend', {}, 'May call'),
      offered.map((value) => el('label', { class: 'check' },
        el('input', { type: 'checkbox', name: 'methods', value, checked: chosen.includes(value), 'data-error': `${id}-methods-error` }),
        el('span', {}, METHODS[value] ?? value, ' ', el('code', {}, value)))),
      el('p', { class: 'error', id: `${id}-methods-error` })),
    field({ id: `${id}-networks`, name: 'networks', label: 'Allowed addresses', control: area,
      hint: 'One address or network per line, such as 192.0.2.7 or 2001:db8::/32. Empty: from anywhere.' }),
  ];
}

const otpField = (id) => field({ id, name: 'otp', label: 'One-time password', class: 'code', inputmode: 'numeric', autocomplete: 'one-time-code' });

const orderOf = (form) => ({
  methods: new FormData(form).getAll('methods'),
  networks: form.elements.networks.value.split(/[\s,]+/).filter(Boolean),
  ...(form.elements.otp ? { otp: form.elements.otp.value.trim() } : {}),
});

/** A wrong or missing one-time password belongs to its input even where the server names no field. */
function named(error) {
  if (error.code.startsWith('otp_')) error.field ??= 'otp';
  return error;
}

function create(offered, withOtp, created) {
  const submit = el('button', { type: 'submit', class: 'button primary' }, 'Make a robot’s key');
  const form = el('form', { class: 'card', novalidate: true }, el('h2', {}, 'New robot'),
    el('p', { class: 'form-error', role: 'alert' }), access('r', offered, offered, []), withOtp ? otpField('r-otp') : null, submit);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const body = orderOf(form);
    if (!body.methods.length) {
      showFieldError(form, 'methods', 'Please choose at least one call.');
      return;
    }
    busy(submit, async () => {
      const key = await api('POST', '/site/robots', { body });
      form.reset();
      created(key);
    }).catch((error) => showError(form, named(error)));
  });
  return form;
}

function showSecret(place, { login, key }) {
  const heading = el('h2', { tabindex: '-1' }, 'Your robot’s key');
  const row = (label, text) => [el('p', { class: 'label' }, label), el('div', { class: 'secret' }, el('code', {}, text), copyButton(text, label))];
  place.replaceChildren(el('div', { class: 'card attention', id: 'new-robot' }, heading,
    el('p', {}, el('strong', {}, 'The key is shown this once.'), ' Store it where only your robot can read it.'),
    row('API-LOGIN', login), row('API-KEY', key),
    el('button', { type: 'button', class: 'button', onclick: () => { place.replaceChildren(); $('title').focus(); } }, 'I have stored it')));
  heading.focus();
}

async function edit(key, offered, withOtp, changed) {
  const done = await ask({
    title: 'Edit robot',
    body: el('div', {}, el('p', {}, el('code', {}, key.login)), access('e', offered, key.methods, key.networks), withOtp ? otpField('e-otp') : null),
    confirm: 'Save',
    action: (form) => api('POST', `/site/robots/${key.login}`, { body: orderOf(form) }).catch((error) => { throw named(error); }),
  });
  if (!done) return;
  await changed();
  announce('The robot is changed');
}

async function revoke(key, changed) {
  const done = await ask({
    title: 'Revoke this key?',
    body: el('p', {}, 'The robot that uses ', el('code', {}, key.login), ' stops working at once. This cannot be undone.'),
    confirm: 'Revoke the key',
    danger: true,
    action: () => api('DELETE', `/site/robots/${key.login}`),
  });
  if (!done) return;
  await changed();
  announce('The key is revoked');
  $('title').focus();
}

/** What robots called, where the house keeps that; what they were called back with is among the notifications. */
async function calls(kept) {
  const list = el('ul', { class: 'rows', id: 'calls' });
  const more = el('button', { type: 'button', class: 'button' }, 'Older');
  let offset = 0;
  const read = async () => {
    const reply = await api('GET', '/site/robots/calls', { query: { offset } });
    offset += reply.items.length;
    list.append(...reply.items.map((call) => el('li', {},
      el('span', { class: 'what' }, said(call.method)), el('span', { class: 'hint' }, time(call.at), ', ', said(call.ip)), el('strong', {}, said(call.result)),
      el('details', {}, el('summary', {}, 'Details'), el('pre', {}, `${call.params}\n\n${call.headers}`)))));
    more.hidden = !reply.more;
  };
  more.addEventListener('click', () => busy(more, read));
  await read();
  return el('section', { class: 'card' }, el('h2', {}, 'Calls'),
    kept ? null : el('p', {}, 'Calls are not being logged at the moment.'),
    offset ? list : el('p', {}, 'None are kept.'), more,
    el('p', { class: 'hint' }, 'What your robots were called back with is among your ', el('a', { href: '/merchant#notifications' }, 'notifications'), '.'));
}
