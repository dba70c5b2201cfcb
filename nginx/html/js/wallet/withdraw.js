/** A withdrawal: gateway, address, what it costs and what arrives. */
import { api } from '../api.js';
import { el, fact, field } from '../dom.js';
import { exact, isSome } from '../format.js';
import { toUnits } from '../number.js';
import { amountField, fromUnits, otpField, panelForm, problemOfAmount, typedAmount } from './form.js';

const INTERNAL = 'Internal';

export function showWithdraw({ asset, wallet, close, changed }) {
  const gateways = asset.gateways.filter(({ withdrawals }) => withdrawals);
  const free = BigInt(asset.fund.value_int) - BigInt(asset.fund_locked.value_int);
  const gateway = el('select', {}, gateways.map(({ name }) => el('option', { value: name }, name)),
    el('option', { value: INTERNAL }, 'To another customer here, at once and free'));
  const book = el('select');
  const chosen = () => gateways.find(({ name }) => name === gateway.value);
  const sums = el('dl', { class: 'limits', 'aria-live': 'polite' });
  const warning = el('p', { class: 'notice' });
  const form = panelForm({
    title: `Withdraw ${asset.symbol}`, close, confirm: 'Withdraw', said: 'The withdrawal is asked for',
    fields: [
      field({ id: 'w-gateway', name: 'gateway_name', label: 'Way', control: gateway }),
      el('div', { id: 'w-book-field' }, field({ id: 'w-book', name: 'book', label: 'Trusted address', control: book })),
      field({ id: 'w-address', name: 'target_address', label: 'Address', spellcheck: 'false', autocapitalize: 'none', autocomplete: 'off' }),
      el('div', { id: 'w-memo-field' }, field({ id: 'w-memo', name: 'memo', label: 'Memo', autocomplete: 'off' })),
      warning,
      amountField('w-amount', `Amount, ${asset.symbol}`, `${fromUnits(free, asset.decimals)} can be withdrawn.`),
      sums,
      wallet.otp ? otpField('w-otp') : null,
    ],
    problem: (at) => {
      if (!at.elements.target_address.value.trim()) return ['target_address', 'Please enter where it should go.'];
      if (chosen()?.memo && !at.elements.memo.value.trim()) return ['memo', 'This way needs a memo. Without it the money is lost.'];
      const words = problemOfAmount(at, chosen()?.scale ?? asset.decimals, free, 'FUND');
      if (words) return ['amount', words];
      return at.elements.otp && !at.elements.otp.value.trim() ? ['otp', 'Please enter the code from your device.'] : null;
    },
    send: async (at, guid) => {
      const { target_address: target, memo, otp } = at.elements;
      await api('POST', '/site/wallet/withdrawals', { body: { currency: asset.symbol, amount: typedAmount(at), guid,
        target_address: target.value.trim(), memo: memo.value.trim(), gateway_name: gateway.value, ...(otp ? { otp: otp.value.trim() } : {}) } });
      await changed();
    },
  });

  /** What it costs, and what arrives. */
  const reckon = () => {
    const fee = chosen() ? BigInt(chosen().fee.value_int) : 0n;
    const units = toUnits(typedAmount(form), asset.decimals);
    const arrives = units !== null && units > fee ? `${fromUnits(units - fee, asset.decimals)} ${asset.symbol}` : '–';
    sums.replaceChildren(...[fact('Fee', chosen() ? exact(chosen().fee) : 'None'),
      chosen() && isSome(chosen().min_withdrawal) ? fact('At least', exact(chosen().min_withdrawal)) : null,
      fact('What arrives', arrives)].filter(Boolean));
  };
  /** What the way asks for. */
  const turn = () => {
    const known = wallet.trusted.filter((one) => one.gateway === gateway.value);
    book.replaceChildren(el('option', { value: '' }, 'Another one'), ...known.map((one) => el('option', { value: one.id }, `${one.label}: ${one.address}`)));
    form.querySelector('#w-book-field').hidden = known.length === 0;
    form.querySelector('#w-memo-field').hidden = gateway.value === INTERNAL;
    form.querySelector('label[for=w-address]').textContent = gateway.value === INTERNAL ? 'Customer number or e-mail address' : 'Address';
    warning.textContent = chosen()?.memo ? `${gateway.value} needs a memo beside the address. Without the right one the money is lost.`
      : `Check the address: what is sent on ${gateway.value} cannot be called back.`;
    warning.hidden = gateway.value === INTERNAL;
    reckon();
  };
  gateway.addEventListener('change', turn);
  book.addEventListener('change', () => {
    const one = wallet.trusted.find(({ id }) => String(id) === book.value);
    form.elements.target_address.value = one?.address ?? '';
    form.elements.memo.value = one?.memo ?? '';
  });
  form.addEventListener('input', reckon);
  turn();
  return form;
}
