/** Deposits and withdrawals: the last ones, each as it is now. */
import { api } from '../api.js';
import { announce, busy, el, empty, failure, said } from '../dom.js';
import { exact, money, time } from '../format.js';

const BUSY_MS = 1500;
const IDLE_MS = 3000;

const DEPOSIT = { pending: 'Confirming', completed: 'Credited', withhold: 'Looked at', cancelled: 'Cancelled' };
const WITHDRAWAL = { requested: 'Asked for', moderating: 'Looked at', approved: 'Waits to be sent', sending: 'Being sent',
  unknown: 'Being sent', sent: 'Sent', confirmed: 'Arrived', rejected: 'Declined', failed: 'Failed', returned: 'Came back', cancelled: 'Cancelled' };
const GOOD = ['completed', 'confirmed'];
const BAD = ['cancelled', 'rejected', 'failed', 'returned'];

const badge = (state, word) => el('span', { class: `badge status-${GOOD.includes(state) ? 'completed' : BAD.includes(state) ? 'failed' : 'open'}` }, word);

const confirmed = (row) => (row.needed > 0 ? `${Math.min(row.confirms, row.needed)} of ${row.needed} confirmations` : '');

function deposit(row) {
  return el('li', { class: 'card ticket' },
    el('div', { class: 'ticket-head' }, el('h3', {}, 'Deposit of ', money(row.amount)), badge(row.state, DEPOSIT[row.state] ?? row.state)),
    row.state === 'pending' ? el('p', { class: 'confirms' }, confirmed(row)) : null,
    el('p', { class: 'hint' }, time(row.created), ' · ', el('code', {}, row.txid)));
}

function withdrawal(row, changed) {
  const cancel = el('button', { type: 'button', class: 'button small', 'aria-label': `Cancel the withdrawal of ${exact(row.amount)}` }, 'Cancel');
  cancel.addEventListener('click', () => busy(cancel, async () => {
    await api('POST', `/site/wallet/withdrawals/${row.id}/cancel`);
    announce('The withdrawal is cancelled');
    await changed();
  }).catch((error) => { announce(error.message); return changed(); }));
  return el('li', { class: 'card ticket' },
    el('div', { class: 'ticket-head' }, el('h3', {}, 'Withdrawal of ', money(row.amount)), badge(row.state, WITHDRAWAL[row.state] ?? row.state)),
    el('p', {}, row.internal ? 'To customer ' : `On ${row.gateway} to `, said(row.address), row.memo ? [' · memo ', said(row.memo)] : null),
    row.state === 'sent' ? el('p', { class: 'confirms' }, confirmed(row)) : null,
    el('p', { class: 'hint' }, time(row.created), row.txid ? [' · ', el('code', {}, row.txid)] : null),
    row.cancellable ? el('div', { class: 'actions' }, cancel) : null);
}

/** The list, which goes on by itself. `ended` is told when something has come to its end. */
export async function followMoves(ended) {
  const list = el('div', { id: 'moves' });
  let seen = '';
  let under = 0;
  let timer = 0;
  const draw = (moves) => {
    const rows = [...moves.deposits.map((row) => [row.created, () => deposit(row)]),
      ...moves.withdrawals.map((row) => [row.created, () => withdrawal(row, refreshAll)])].sort(([a], [b]) => b - a);
    list.replaceChildren(rows.length ? el('ul', { class: 'tickets' }, rows.map(([, make]) => make()))
      : empty('Nothing yet', el('p', {}, 'Deposits and withdrawals appear here.')));
  };
  const load = async () => {
    const moves = await api('GET', '/site/wallet/moves');
    const now = JSON.stringify(moves);
    const left = moves.deposits.filter(({ state }) => state === 'pending').length + moves.withdrawals.filter((row) => !row.ended).length;
    if (now !== seen) draw(moves);
    const fewer = left < under;
    [seen, under] = [now, left];
    if (fewer) await ended();
  };
  const next = () => { timer = setTimeout(again, under > 0 ? BUSY_MS : IDLE_MS); };
  const again = async () => {
    clearTimeout(timer);
    try {
      if (!document.hidden) await load();
    } catch (error) {
      if (error.status === undefined) throw error; // a fault of our own; what the network does passes
    }
    next();
  };
  async function refreshAll() {
    await load();
    await ended();
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) again(); });
  document.addEventListener('wallet-moved', again);
  await load().catch((error) => list.replaceChildren(failure(error, again)));
  next();
  return el('section', { 'aria-labelledby': 'moves-title' }, el('h2', { id: 'moves-title' }, 'Deposits and withdrawals'), list);
}
