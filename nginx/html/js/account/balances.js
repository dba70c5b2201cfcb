/** Balances with what is held and the limits of each currency. */
import { api } from '../api.js';
import { el, empty, fact, said } from '../dom.js';
import { exact, isSome, money, verification } from '../format.js';

export const title = 'Balances';

export async function render(place) {
  const [account, { assets }] = await Promise.all(['/site/account', '/site/wallet'].map((path) => api('GET', path)));
  const fund = new Map(assets.map((asset) => [asset.symbol, asset.fund]));
  place.append(account.wallets.length
    ? el('ul', { class: 'wallets' }, account.wallets.map((one) => wallet(one, fund.get(one.currency))))
    : empty('No balances yet', el('p', {}, 'A currency appears here with its first deposit.')), who(account));
}

function who(account) {
  return el('div', { class: 'card' }, el('h2', {}, 'Account details'), el('dl', { class: 'facts row' },
    fact('Login', said(account.login)), fact('E-mail', said(account.email)),
    fact('Verification', verification(account)), fact('Account id', el('code', {}, account.id))));
}

/** `fund` is what there is of it in FUND, beside SPOT. */
function wallet({ currency, free, held, reserved, ...limits }, fund) {
  return el('li', { class: 'card' },
    el('h2', {}, currency),
    el('p', { class: 'label' }, 'Available'),
    el('p', { class: 'balance' }, figures(free)),
    isSome(held) ? el('p', { class: 'held' }, 'In open tickets: ', money(held)) : null,
    isSome(reserved) ? el('p', { class: 'held' }, 'In open orders: ', money(reserved)) : null,
    isSome(held) || isSome(reserved) ? null : el('p', { class: 'held' }, 'Nothing held'),
    el('p', { class: 'held' }, 'In FUND: ', money(fund), ' · ', el('a', { href: `/wallet#transfer-${currency}`,
      'aria-label': `Transfer ${currency} between FUND and SPOT` }, 'Transfer')),
    el('h3', {}, 'Withdrawal limits'),
    el('dl', { class: 'limits' },
      fact('Single', limits.single_limit ? money(limits.single_limit) : 'No limit'),
      fact('Daily', left(limits.daily_left, limits.daily_limit)),
      fact('Monthly', left(limits.monthly_left, limits.monthly_limit))),
    isSome(free) ? el('a', { class: 'button', href: `/withdraw?currency=${encodeURIComponent(currency)}`,
      'aria-label': `Withdraw ${currency}` }, 'Withdraw') : null);
}

/** The whole amount, the decimals after the second in smaller figures. */
function figures(amount) {
  const text = exact(amount);
  const [, main, rest, unit] = /^(.*?\.\d\d)(\d*)(.*)$/.exec(text) ?? ['', text, '', ''];
  return el('span', { class: 'money' }, main, el('span', { class: 'rest' }, rest), unit);
}

/** "X left of Y". */
export const left = (rest, limit) => (limit ? [money(rest), ' left of ', money(limit)] : 'No limit');
