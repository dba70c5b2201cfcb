/** What the forms of the wallet share. */
import { announce, busy, clearErrors, el, field, showError, showFieldError } from '../dom.js';
import { amountProblem, plainNumber, toUnits } from '../number.js';

/** A count of smallest units as a decimal, without zeros at its end. */
export function fromUnits(units, decimals) {
  const digits = units.toString().padStart(decimals + 1, '0');
  const at = digits.length - decimals;
  const fraction = digits.slice(at).replace(/0+$/, '');
  return fraction ? `${digits.slice(0, at)}.${fraction}` : digits.slice(0, at);
}

export const amountField = (id, label, hint) => field({ id, name: 'amount', label, hint, inputmode: 'decimal', autocomplete: 'off', placeholder: '0.00' });

export const otpField = (id) => field({ id, name: 'otp', label: 'One-time password', hint: 'The code that your device shows now.', class: 'code',
  inputmode: 'numeric', autocomplete: 'one-time-code' });

export const typedAmount = (form) => plainNumber(form.elements.amount.value);

/** What is wrong with the typed amount, or null. `most` is an amount of the server's. */
export function problemOfAmount(form, decimals, most, where) {
  const problem = amountProblem(typedAmount(form), decimals);
  if (problem) return problem;
  return toUnits(typedAmount(form), decimals) > most ? `This is more than there is in ${where}.` : null;
}

/** A form in the panel. `problems` gives [field, words] or null; `send` does it, and is told a name for the attempt. */
export function panelForm({ title, fields, confirm, close, problem, send, said }) {
  const go = el('button', { type: 'submit', class: 'button primary' }, confirm);
  const form = el('form', { class: 'card', novalidate: true, autocomplete: 'off' },
    el('h2', { tabindex: '-1' }, title),
    el('p', { class: 'form-error', role: 'alert' }),
    fields,
    el('div', { class: 'actions' }, go, el('button', { type: 'button', class: 'button', onclick: close }, 'Close')));
  // One attempt has one name, so that sending it twice does it once.
  let attempt = null;
  form.addEventListener('input', () => { attempt = null; });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const found = problem(form);
    if (found) {
      showFieldError(form, ...found);
      return;
    }
    attempt ??= crypto.randomUUID();
    busy(go, async () => {
      await send(form, attempt);
      announce(said);
      close();
    }).catch((error) => {
      if (error.status >= 400 && error.status < 500) attempt = null;
      if (error.code?.startsWith('otp_')) error.field ??= 'otp';
      if (error.code?.startsWith('over_')) error.field ??= 'amount';
      showError(form, error);
    });
  });
  return form;
}
