/** What an affiliate has: the link, the figures, and the payout of the whole balance. */
import { api } from '../api.js';
import { $, announce, busy, clearErrors, copyButton, el, fact, failure, field, plainText, showError } from '../dom.js';

export const title = 'Earnings';

export async function render(place) {
  const show = async () => {
    const partner = await api('GET', '/site/affiliate');
    place.replaceChildren(...(partner.joined ? [link(partner), figures(partner), payout(partner, show)] : [invitation(show)]));
  };
  try {
    await show();
  } catch (error) {
    if (error.code !== 'desk_partners') throw error;
    place.replaceChildren(failure(error, () => show().catch(() => {}), 'Nobody is rewarded at the moment: '));
  }
}

function invitation(joined) {
  const button = el('button', { type: 'button', class: 'button primary' }, 'Get a link');
  const alert = el('p', { class: 'form-error', role: 'alert' });
  button.addEventListener('click', () => busy(button, async () => {
    await api('POST', '/site/affiliate', { body: {} });
    await joined();
    announce('You have a link');
    $('title').focus();
  }).catch((error) => { alert.textContent = error.message; }));
  return el('section', { class: 'card' }, el('h2', {}, 'Send others, and earn from what they exchange'),
    el('p', {}, 'You get a link of your own. Whoever comes by it is yours for a time, and you are rewarded for each of their exchanges that is done.'),
    alert, button);
}

const money = (amount, currency) => el('span', { class: 'money' }, `${amount} ${currency}`);

const link = (partner) => el('section', { class: 'card' }, el('h2', {}, 'Your link'),
  el('div', { class: 'secret' }, el('code', { id: 'link' }, partner.link), copyButton(partner.link, 'link')),
  el('p', { class: 'hint' }, 'Every page of this site takes it: put ', el('code', {}, new URL(partner.link).search),
    ' behind its address.'));

const figures = (partner) => el('section', { class: 'card' }, el('h2', {}, 'So far'),
  el('dl', { class: 'facts row' },
    fact('Balance', money(partner.balance, partner.currency)),
    fact('Your share', `${partner.percent} %`),
    fact('They exchanged', money(partner.turnover, partner.currency)),
    fact('Visits', String(partner.visits)),
    fact('Exchanges', `${partner.bids} made, ${partner.done} done`)));

/** The whole balance goes out: there is nothing to type but where to. */
function payout(partner, paid) {
  const { payable_in: ways, min_payout: least, currency } = partner;
  if (!partner.payable) {
    return el('section', { class: 'card' }, el('h2', {}, 'Payout'),
      el('p', {}, least === '0' ? 'There is nothing to pay out yet.' : `Paid out from ${least} ${currency} on.`));
  }
  if (!ways.length)
    return el('section', { class: 'card' }, el('h2', {}, 'Payout'), el('p', {}, 'Nothing can be paid out right now. Please come back later.'));
  const way = el('select', {}, ways.map(({ id, name, amount, currency: code }) => el('option', { value: id }, `${plainText(name)}: ${amount} ${code}`)));
  const account = el('div');
  const chosen = () => ways.find(({ id }) => String(id) === way.value);
  const askAccount = () => account.replaceChildren(...(chosen().to_balance ? [el('p', { class: 'hint' }, 'It goes to your balance here, at once.')]
    : [field({ id: 'p-account', name: 'account', label: plainText(chosen().label) || 'Account', hint: plainText(chosen().hint), autocomplete: 'off', spellcheck: 'false' })]));
  const submit = el('button', { type: 'submit', class: 'button primary' }, 'Pay out the whole balance');
  const form = el('form', { class: 'card', novalidate: true }, el('h2', {}, 'Payout'), el('p', { class: 'form-error', role: 'alert' }),
    field({ id: 'p-system', name: 'system', label: 'To', control: way }), account, submit);
  way.addEventListener('change', askAccount);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy(submit, async () => {
      const body = { system: chosen().id, account: form.elements.account?.value.trim() ?? '' };
      const { status } = await api('POST', '/site/affiliate/payouts', { body });
      await paid();
      announce(status === 'paid' ? 'It is in your balance' : 'The payout is on its way');
      $('title').focus();
    }).catch((error) => showError(form, error));
  });
  askAccount();
  return form;
}
