/** Trusted addresses: those that withdrawals may go to, if their owner says so. */
import { api } from '../api.js';
import { announce, ask, busy, clearErrors, el, empty, failure, field, said, showError, showFieldError } from '../dom.js';
import { otpField } from './form.js';

function row(one, changed) {
  const remove = el('button', { type: 'button', class: 'button small', 'aria-label': `Remove ${one.label}` }, 'Remove');
  remove.addEventListener('click', () => busy(remove, async () => {
    await api('DELETE', `/site/wallet/trusted/${one.id}`);
    announce('The address is removed');
    await changed();
  }).catch((error) => remove.replaceWith(failure(error, changed))));
  return el('li', {}, el('div', { class: 'ticket-head' }, el('strong', {}, said(one.label)), remove),
    el('p', {}, `${one.gateway}: `, el('code', {}, one.address), one.memo ? [' · memo ', said(one.memo)] : null));
}

/** Gateways, each with an asset that goes there. */
function ways(wallet) {
  const found = new Map();
  for (const asset of wallet.assets)
    for (const { name } of asset.gateways) if (!found.has(name)) found.set(name, asset.symbol);
  return found;
}

async function add(wallet, changed) {
  const found = ways(wallet);
  const gateway = el('select', {}, [...found.keys()].map((name) => el('option', { value: name }, name)));
  const done = await ask({
    title: 'Add a trusted address',
    body: el('div', {}, field({ id: 't-label', name: 'label', label: 'Name', autocomplete: 'off' }),
      field({ id: 't-gateway', name: 'gateway_name', label: 'Way', control: gateway }),
      field({ id: 't-address', name: 'target_address', label: 'Address', spellcheck: 'false', autocomplete: 'off' }),
      field({ id: 't-memo', name: 'memo', label: 'Memo, where there is one', autocomplete: 'off' }),
      wallet.otp ? otpField('t-otp') : null),
    confirm: 'Add',
    action: (form) => {
      const text = (name) => form.elements.namedItem(name)?.value.trim();
      return api('POST', '/site/wallet/trusted', { body: { currency: found.get(gateway.value), gateway_name: gateway.value, label: text('label'),
        target_address: text('target_address'), memo: text('memo'), ...(wallet.otp ? { otp: text('otp') } : {}) } });
    },
  });
  if (!done) return;
  announce('The address is added');
  await changed();
}

/** Withdrawals to these alone, or to any. */
function onlyForm(wallet, changed) {
  const box = el('input', { type: 'checkbox', name: 'only', id: 't-only', checked: wallet.trusted_only });
  const save = el('button', { type: 'submit', class: 'button small' }, 'Save');
  const form = el('form', { novalidate: true }, el('p', { class: 'form-error', role: 'alert' }),
    el('label', { class: 'check' }, box, el('span', {}, 'Withdraw to trusted addresses alone')),
    wallet.otp && wallet.trusted_only ? otpField('to-otp') : null, save);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const otp = form.elements.otp?.value.trim();
    if (wallet.trusted_only && !box.checked && form.elements.otp && !otp) {
      showFieldError(form, 'otp', 'Please enter the code from your device.');
      return;
    }
    busy(save, async () => {
      await api('POST', '/site/wallet/trusted-only', { body: { only: box.checked, ...(otp ? { otp } : {}) } });
      announce('Saved');
      await changed();
    }).catch((error) => showError(form, error));
  });
  return form;
}

export function showTrusted(wallet, changed) {
  const open = el('button', { type: 'button', class: 'button', id: 'trusted-add' }, 'Add an address');
  open.addEventListener('click', () => add(wallet, changed));
  return el('section', { class: 'card', 'aria-labelledby': 'trusted-title' }, el('h2', { id: 'trusted-title' }, 'Trusted addresses'),
    wallet.trusted.length ? el('ul', { class: 'keys' }, wallet.trusted.map((one) => row(one, changed)))
      : empty('None yet', el('p', {}, 'Put down where you withdraw to, to choose it by its name.')),
    el('div', { class: 'actions' }, open), onlyForm(wallet, changed));
}
