/** Balances with what is held and the limits of each currency. */
import { api } from '../api.js';
import { el, empty, fact } from '../dom.js';
import { isSome, money, moneyShort, verification } from '../format.js';

export const title = 'Balances';

export async function render(place) {
  const account = await api('GET', '/site/account');
  place.append(account.wallets.length
    ? el('ul', { class: 'wallets' }, account.wallets.map(wallet))
    : empty('No balances yet', el('p', {}, 'A currency appears here with its first deposit.')), who(account));
}

function who(account) {
  return el('div', { class: 'card' }, el('h2', {}, 'Account details'), el('dl', { class: 'facts row' },
    fact('Login', account.login), fact('E-mail', account.email),
    fact('Verification', verification(account)), fact('Account id', el('code', {}, account.id))));
}

function wallet({ currency, free, held, reserved, ...limits }) {
  return el('li', { class: 'card' },
    el('h2', {}, currency),
    el('p', { class: 'label' }, 'Available'),
    el('p', { class: 'balance' }, figures(free)),
    el('p', { class: 'held' }, isSome(held) ? ['Held in open tickets: ', money(held)] : isSome(reserved) ? null : 'Nothing held'),
    isSome(reserved) ? el('p', { class: 'held' }, 'Held by open orders: ', money(reserved)) : null,
    el('h3', {}, 'Withdrawal limits'),
    el('dl', { class: 'limits' },
      fact('Single', limits.single_limit ? moneyShort(limits.single_limit) : 'No limit'),
      fact('Daily', left(limits.daily_left, limits.daily_limit)),
      fact('Monthly', left(limits.monthly_left, limits.monthly_limit))),
    isSome(free) ? el('a', { class: 'button', href: `/withdraw?currency=${encodeURIComponent(currency)}`,
      'aria-label': `Withdraw ${currency}` }, 'Withdraw') : null);
}

/** The whole amount, the decimals after the second in smaller figures. */
function figures(amount) {
  const [, main, rest, unit] = /^(.*?\.\d\d)(\d*)(.*)$/.exec(amount.display) ?? ['', amount.display, '', ''];
  return el('span', { class: 'money' }, main, el('span', { class: 'rest' }, rest), unit);
}

/** "X left of Y". */
export const left = (rest, limit) => (limit ? [moneyShort(rest), ' left of ', moneyShort(limit)] : 'No limit');
