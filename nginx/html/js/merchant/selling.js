/** How the merchant's earnings are sold at once: what for, down to which price, and what was kept of late. */
import { api } from '../api.js';
import { announce, busy, clearErrors, el, field, showError } from '../dom.js';
import { money, time } from '../format.js';

export const title = 'Selling';

const REASONS = {
  no_market: 'No market for these coins was open.',
  halted: 'The market was halted.',
  too_little: 'It is less than the market’s least amount.',
  no_bids: 'Nobody offered to buy more.',
  price: 'Buyers offered less than your least price.',
  no_reference: 'The market has traded too little to tell a fair price from.',
};

/** Why something was kept, for a person; `kept` as the API has it. */
export const keptWords = (kept) => [REASONS[kept.reason] ?? kept.reason,
  kept.floor ? [' Least price: ', money(kept.floor), ', reckoned from ', money(kept.reference), '.'] : null].flat();

export async function render(place) {
  const [choice, { currencies }] = await Promise.all([api('GET', '/site/merchant/autosell'), api('GET', '/site/currencies')]);
  const list = el('div');
  const select = el('select', {}, el('option', { value: '' }, 'What the coin’s first market trades it for'),
    currencies.map(({ currency }) => el('option', { value: currency, selected: currency === choice.currency }, currency)));
  const save = el('button', { type: 'submit', class: 'button primary' }, 'Save');
  const form = el('form', { class: 'card', novalidate: true, 'aria-label': 'How your earnings are sold' },
    el('h2', {}, 'Autosell'),
    el('p', {}, 'Orders that your shop makes with ', el('code', {}, 'autosell'), ' are sold at the market the moment they are paid.'),
    el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 's-currency', name: 'currency', label: 'Sell for', control: select }),
    field({ id: 's-below', name: 'below_percent', label: 'At most so many percent below the market', inputmode: 'numeric',
      autocomplete: 'off', value: String(choice.below_percent),
      hint: 'Reckoned from the last price, the prices of the last 24 hours in which the market traded, and what the buyer '
        + 'paid; the highest counts. What nobody buys at that price stays yours as coins. 100 sells at any price.' }),
    el('div', { class: 'actions' }, save));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clearErrors(form);
    await busy(save, async () => {
      const currency = form.elements.currency.value;
      const reply = await api('POST', '/site/merchant/autosell',
        { body: { ...(currency ? { currency } : {}), below_percent: form.elements.below_percent.value.trim() } });
      show(list, reply.kept);
      announce('Saved');
      save.textContent = 'Saved';
      setTimeout(() => { save.textContent = 'Save'; }, 2500);
    }).catch((error) => showError(form, error));
  });
  show(list, choice.kept);
  place.append(form, el('section', { class: 'card' }, el('h2', {}, 'Kept as coins'), list));
}

function show(list, kept) {
  list.replaceChildren(kept.length
    ? el('ul', { class: 'rows' }, kept.map((one) => el('li', {},
      el('span', { class: 'what' }, money(one.amount)),
      el('span', { class: 'hint' }, time(one.date)),
      el('p', { class: 'hint' }, keptWords(one)),
      el('a', { href: `#order-${one.transaction}`, 'aria-label': `Order ${one.transaction}` }, 'The order'))))
    : el('p', { class: 'hint' }, 'Nothing was kept: all that was to be sold has been.'));
}
