/** One-time passwords: set up with a QR code, confirm, remove. */
import { api } from '../api.js';
import { announce, busy, clearErrors, copyButton, el, fact, field, showError, showFieldError } from '../dom.js';

export const title = 'Security';

const KINDS = {
  totp: ['Time-based (TOTP)', 'The code changes every 30 seconds. Right for phone apps.'],
  hotp: ['Counter-based (HOTP)', 'The code changes with each use. For devices without a clock.'],
};

export async function render(place) {
  const { otp } = await api('GET', '/site/account');
  place.replaceChildren(otp.enabled ? active(place, otp.kind) : choose(place));
}

/** Draws the section again and moves the focus to its heading. */
async function again(place, said) {
  await render(place);
  place.querySelector('h2').focus();
  announce(said);
}

const badge = (kind, text) => el('span', { class: `badge status-${kind}` }, text);
const heading = (text) => el('h2', { tabindex: '-1' }, text);
const alert = () => el('p', { class: 'form-error', role: 'alert' });
const codeField = (id) => field({ id, name: 'code', label: 'Code from the device', class: 'code', inputmode: 'numeric',
  autocomplete: 'one-time-code', maxlength: '10' });

/** A form that sends the code it asks for. */
function onCode(form, button, send) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const code = form.elements.code.value.trim();
    if (!code) {
      showFieldError(form, 'code', 'Please enter the code.');
      return;
    }
    busy(button, () => send(code)).catch((error) => {
      if (error.code.startsWith('otp_')) error.field ??= 'code';
      if (error.field === 'otp') error.field = 'code';
      showError(form, error);
    });
  });
  return form;
}

function choose(place) {
  const button = el('button', { type: 'submit', class: 'button primary' }, 'Set up');
  const form = el('form', { class: 'card', novalidate: true },
    el('div', { class: 'ticket-head' }, heading('One-time password'), badge('unknown', 'Off')),
    el('p', {}, 'A code from your phone or a small device, asked for at each sign-in and withdrawal. ',
      'A stolen password alone is then not enough.'),
    alert(),
    el('fieldset', {}, el('legend', {}, 'Kind'),
      Object.entries(KINDS).map(([value, [name, more]]) => el('label', { class: 'check' },
        el('input', { type: 'radio', name: 'kind', value, checked: value === 'totp' }),
        el('span', {}, name, el('span', { class: 'hint' }, more))))),
    button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy(button, async () => {
      const pending = await api('POST', '/site/otp', { body: { kind: new FormData(form).get('kind') } });
      place.replaceChildren(confirm(place, pending));
      place.querySelector('h2').focus();
    }).catch((error) => showError(form, error));
  });
  return form;
}

function confirm(place, pending) {
  const button = el('button', { type: 'submit', class: 'button primary' }, 'Confirm');
  const grouped = pending.key_base32.replace(/(.{4})(?=.)/g, '$1 ');
  const form = el('form', { class: 'card', novalidate: true },
    heading('Add Teller to your device'),
    el('ol', { class: 'todo' },
      el('li', {}, el('p', {}, 'Scan this code with an authenticator app.'),
        el('img', { class: 'qr', width: '208', height: '208', alt: 'QR code with the key that is also written below',
          src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(pending.qr_svg)}` })),
      el('li', {}, el('p', {}, 'Or type the key by hand.'),
        el('div', { class: 'secret' }, el('code', {}, grouped), copyButton(pending.key_base32, 'key')),
        el('dl', { class: 'facts row' }, fact('Name', pending.name), fact('Serial', el('code', {}, pending.serial)))),
      el('li', {}, el('p', {}, 'Enter the code that the device shows now.'), alert(), codeField('s-code'))),
    field({ id: 's-password', name: 'password', type: 'password', label: 'Your password, once more', autocomplete: 'current-password' }),
    el('div', { class: 'actions' }, button,
      el('button', { type: 'button', class: 'button', onclick: () => again(place, 'Nothing was changed') },
        'Stop here')));
  return onCode(form, button, async (code) => {
    await api('POST', '/site/otp/confirm', { body: { code, password: form.elements.password.value } });
    await again(place, 'The one-time password is on');
  });
}

function active(place, kind) {
  const button = el('button', { type: 'submit', class: 'button danger' }, 'Turn off');
  const form = el('form', { class: 'card', novalidate: true },
    el('div', { class: 'ticket-head' }, heading('One-time password'), badge('completed', 'On')),
    el('p', {}, `${KINDS[kind]?.[0] ?? kind}. Each sign-in and withdrawal asks for a code.`),
    el('h3', {}, 'Turn off'),
    el('p', {}, 'Only do this to move to another device. It takes a code of the present one.'),
    alert(), codeField('s-code'), button);
  return onCode(form, button, async (code) => {
    await api('DELETE', '/site/otp', { body: { code } });
    await again(place, 'The one-time password is off');
  });
}
