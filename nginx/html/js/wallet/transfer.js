/** Money between FUND and SPOT. */
import { api } from '../api.js';
import { el, field } from '../dom.js';
import { exact } from '../format.js';
import { amountField, panelForm, problemOfAmount, typedAmount } from './form.js';

export function showTransfer({ asset, close, changed }) {
  const free = (place) => BigInt(asset[place].value_int) - BigInt(asset[`${place}_locked`].value_int);
  const from = el('select', {},
    el('option', { value: 'FUND' }, `FUND to SPOT – ${exact(asset.fund)} in FUND`),
    el('option', { value: 'SPOT' }, `SPOT to FUND – ${exact(asset.spot)} in SPOT`));
  if (free('fund') === 0n) from.value = 'SPOT';
  return panelForm({
    title: `Transfer ${asset.symbol}`, close, confirm: 'Transfer', said: 'The money is moved',
    fields: [field({ id: 'x-from', name: 'from', label: 'Direction', control: from }), amountField('x-amount', `Amount, ${asset.symbol}`)],
    problem: (form) => {
      const words = problemOfAmount(form, asset.decimals, free(from.value.toLowerCase()), from.value);
      return words ? ['amount', words] : null;
    },
    send: async (form, guid) => {
      await api('POST', '/site/wallet/transfer', { body: { currency: asset.symbol, amount: typedAmount(form), from: from.value,
        to: from.value === 'FUND' ? 'SPOT' : 'FUND', guid } });
      await changed();
    },
  });
}
