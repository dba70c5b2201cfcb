/** Visits, exchanges and payouts of an affiliate: lists that go on where one asks for more. */
import { api } from '../api.js';
import { announce, ask, busy, el, empty, plainText, said } from '../dom.js';
import { time } from '../format.js';

const PAYOUTS = { waiting: 'Waiting', paid: 'Paid', cancelled: 'Cancelled', withdrawn: 'Taken back' };

/** A section that shows a list of the server's. `row(item, again)` gives the list's items. */
function section(title, path, none, row) {
  return {
    title,
    render: async (place) => {
      const list = el('ul', { class: 'rows' });
      const more = el('button', { type: 'button', class: 'button' }, 'Older');
      let offset = 0;
      const read = async () => {
        const reply = await api('GET', `/site/affiliate/${path}`, { query: { offset } });
        offset += reply.items.length;
        list.append(...reply.items.map((item) => row(item, again)));
        more.hidden = !reply.more;
        place.replaceChildren(...(offset ? [el('div', { class: 'card' }, list), el('div', { class: 'pager' }, more)] : [none]));
      };
      const again = () => {
        offset = 0;
        list.replaceChildren();
        return read();
      };
      more.addEventListener('click', () => busy(more, read).then(() => announce(`${offset} shown`)));
      await read();
    },
  };
}

const hint = (...children) => el('span', { class: 'hint' }, ...children);

export const visits = section('Visits', 'visits', empty('No visits yet', el('p', {}, 'They are listed once somebody comes by your link.')),
  ({ at, browser, ip, referrer, query }) => el('li', {},
    el('span', { class: 'what' }, time(at)), hint(said(referrer || 'No referrer')), hint(said(`?${query}`)), hint(said(`${ip}, ${browser}`))));

export const exchanges = section('Exchanges', 'exchanges', empty('No exchanges yet'),
  ({ id, at, give, get, amount, currency, title, reward }) => el('li', {},
    el('span', { class: 'what' }, `${plainText(give)} to ${plainText(get)}, ${amount} ${currency}`),
    hint(`No. ${id}, ${title}, `, time(at)), el('strong', {}, reward === null ? 'No reward yet' : `Reward ${reward}`)));

async function takeBack({ id, taken, taken_currency: currency }, again) {
  const done = await ask({
    title: 'Take this payout back?',
    body: el('p', {}, `${taken} ${currency} go back to your balance as an affiliate.`),
    confirm: 'Take it back',
    action: () => api('POST', `/site/affiliate/payouts/${id}/cancel`, { body: {} }),
  });
  if (!done) return;
  await again();
  announce('The payout is taken back');
}

export const payouts = section('Payouts', 'payouts', empty('No payouts yet'),
  (payout, again) => el('li', {},
    el('span', { class: 'what' }, `${payout.paid} ${payout.paid_currency}`), hint(said(`${payout.system} ${payout.account}`)),
    hint(time(payout.at)), payout.note ? hint(said(payout.note)) : null, el('strong', {}, PAYOUTS[payout.status]),
    payout.status === 'waiting' ? el('button', { type: 'button', class: 'button small', 'aria-label': `Take back payout ${payout.id}`,
      onclick: () => takeBack(payout, again) }, 'Take back') : null));
