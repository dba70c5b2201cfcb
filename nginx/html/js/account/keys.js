/** API keys: what may use the account without the person. */
import { api } from '../api.js';
import { $, announce, ask, busy, clearErrors, copyButton, el, empty, fact, failure, field, showError, showFieldError }
  from '../dom.js';
import { time } from '../format.js';

export const title = 'API keys';

const FACES = { v1: 'Exchange API (v1)', desk: 'Instant exchange desk', wallet: 'Wallet' };
const RIGHTS = {
  get_info: 'Read the account',
  trade: 'Trade',
  deposit: 'Receive deposits',
  withdraw: 'Withdraw money',
  merchant: 'Merchant checkout',
  partner: 'Act as withdrawal partner',
};
/** The scopes of wallet keys are their own names. */
const SCOPES = ['View Account Balance Information', 'View Deposit Address', 'View Deposit History', 'View Withdrawal History',
  'Execute Withdrawals', 'View Order Information', 'Create Orders', 'View Trade Information', 'Access Contract',
  'Create Contract'];
const FIRST = { v1: ['get_info'], desk: ['get_info'], wallet: [SCOPES[0]] };

/** What a key may be allowed: what is sent, and what it is called where that is not the same. */
const rightsOf = (face) => (face === 'wallet' ? SCOPES.map((scope) => [scope, null]) : Object.entries(RIGHTS));

export async function render(place) {
  const { otp } = await api('GET', '/site/account');
  const list = el('div');
  const reload = async () => {
    const { keys } = await api('GET', '/site/keys');
    list.replaceChildren(keys.length
      ? el('ul', { class: 'keys' }, keys.map((key) => card(key, otp.enabled, show)))
      : empty('No API keys yet', el('p', {}, 'Programs that act for you need one.')));
  };
  const show = () => reload().catch((error) => list.replaceChildren(failure(error, show)));
  const shownOnce = el('div');
  place.append(shownOnce, list, create(otp.enabled, (key) => {
    showSecret(shownOnce, key);
    show();
  }));
  await reload();
}

function card(key, withOtp, changed) {
  const short = key.key.slice(0, 8);
  return el('li', { class: key.revoked ? 'card key revoked' : 'card key' },
    el('div', { class: 'ticket-head' }, el('h2', {}, el('code', {}, key.key)),
      key.revoked ? el('span', { class: 'badge status-failed' }, 'Revoked') : null),
    el('dl', { class: 'facts row' },
      fact('For', FACES[key.face] ?? key.face),
      fact('Rights', key.rights.length ? key.rights.map((right) => RIGHTS[right] ?? right).join(', ') : 'None'),
      fact('Addresses', key.networks.length ? key.networks.join(', ') : 'Any'),
      fact('Created', time(key.created)),
      fact('Last used', key.last_used ? time(key.last_used) : 'Never')),
    key.revoked ? null : el('div', { class: 'actions' },
      el('button', { type: 'button', class: 'button small', 'aria-label': `Edit key ${short}`,
        onclick: () => edit(key, withOtp, changed) }, 'Edit'),
      el('button', { type: 'button', class: 'button small', 'aria-label': `Revoke key ${short}`,
        onclick: () => revoke(key, changed) }, 'Revoke')));
}

/** The checkboxes of a face's rights; `id` keeps those of the form and of the dialog apart. */
const rightBoxes = (id, face, rights) => el('fieldset', { 'aria-describedby': `${id}-rights-error` },
  el('legend', {}, face === 'wallet' ? 'Scopes' : 'Rights'),
  rightsOf(face).map(([value, text]) => el('label', { class: 'check' },
    el('input', { type: 'checkbox', name: 'rights', value, checked: rights.includes(value),
      'data-error': `${id}-rights-error` }),
    text ? el('span', {}, text, ' ', el('code', {}, value)) : el('span', {}, value))),
  el('p', { class: 'error', id: `${id}-rights-error` }));

/** Checkboxes and address list, for the create form and the edit dialog. */
function access(id, face, rights, networks) {
  const area = el('textarea', { rows: '3', spellcheck: 'false', autocapitalize: 'none' });
  area.value = networks.join('\n');
  return [
    rightBoxes(id, face, rights),
    field({ id: `${id}-networks`, name: 'networks', label: 'Allowed addresses', control: area,
      hint: 'One address or network per line, such as 192.0.2.7 or 2001:db8::/32. Empty: from anywhere.' }),
  ];
}

const otpField = (id) => field({ id, name: 'otp', label: 'One-time password', class: 'code', inputmode: 'numeric',
  autocomplete: 'one-time-code' });

/** What the form says, with the one-time password where it asks for one. */
const accessOf = (form) => ({
  rights: new FormData(form).getAll('rights'),
  networks: form.elements.networks.value.split(/[\s,]+/).filter(Boolean),
  ...(form.elements.otp ? { otp: form.elements.otp.value.trim() } : {}),
});

function create(withOtp, created) {
  const submit = el('button', { type: 'submit', class: 'button primary' }, 'Create key');
  const form = el('form', { class: 'card', novalidate: true },
    el('h2', {}, 'New key'),
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'k-face', name: 'face', label: 'For',
      control: el('select', {}, Object.entries(FACES).map(([value, text]) => el('option', { value }, text))) }),
    access('k', 'v1', FIRST.v1, []),
    withOtp ? otpField('k-otp') : null,
    submit);
  form.elements.face.addEventListener('change', ({ target: { value } }) =>
    form.querySelector('fieldset').replaceWith(rightBoxes('k', value, FIRST[value])));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const body = { face: form.elements.face.value, ...accessOf(form) };
    if (!body.rights.length) {
      showFieldError(form, 'rights', 'Please choose at least one right.');
      return;
    }
    busy(submit, async () => {
      const key = await api('POST', '/site/keys', { body });
      form.reset();
      form.elements.face.dispatchEvent(new Event('change'));
      created(key);
    }).catch((error) => showError(form, named(error)));
  });
  return form;
}

/** A wrong or missing one-time password belongs to its input, if there is one, even where the server names no field. */
function named(error) {
  if (error.code.startsWith('otp_')) error.field ??= 'otp';
  return error;
}

function showSecret(place, { key, secret }) {
  const heading = el('h2', { tabindex: '-1' }, 'Your new key');
  const row = (label, text) => [el('p', { class: 'label' }, label),
    el('div', { class: 'secret' }, el('code', {}, text), copyButton(text, label.toLowerCase()))];
  place.replaceChildren(el('div', { class: 'card attention', id: 'new-key' }, heading,
    el('p', {}, el('strong', {}, 'The secret is shown this once.'), ' Store it where only your program can read it.'),
    row('Key', key), row('Secret', secret),
    el('button', { type: 'button', class: 'button', onclick: () => { place.replaceChildren(); $('title').focus(); } },
      'I have stored it')));
  heading.focus();
}

async function edit(key, withOtp, changed) {
  const done = await ask({
    title: 'Edit key',
    body: el('div', {}, el('p', {}, el('code', {}, key.key)), access('e', key.face, key.rights, key.networks),
      withOtp ? otpField('e-otp') : null),
    confirm: 'Save',
    action: (form) => api('POST', `/site/keys/${key.key}`, { body: accessOf(form) })
      .catch((error) => { throw named(error); }),
  });
  if (!done) return;
  await changed();
  announce('The key is changed');
}

async function revoke(key, changed) {
  const done = await ask({
    title: 'Revoke this key?',
    body: el('p', {}, 'Programs that use ', el('code', {}, key.key), ' stop working at once. This cannot be undone.'),
    confirm: 'Revoke the key',
    danger: true,
    action: () => api('DELETE', `/site/keys/${key.key}`),
  });
  if (!done) return;
  await changed();
  announce('The key is revoked');
  $('title').focus();
}
