/** The wallet: assets in FUND and SPOT, deposits, withdrawals, transfers, and what is under way, live. */
import { api } from './api.js';
import { $, el, empty, untilDone } from './dom.js';
import { ZONE, isSome, money } from './format.js';
import { requireSession } from './session.js';
import { showDeposit } from './wallet/deposit.js';
import { followMoves } from './wallet/moves.js';
import { showTransfer } from './wallet/transfer.js';
import { showTrusted } from './wallet/trusted.js';
import { showWithdraw } from './wallet/withdraw.js';

const content = $('content');
const assets = el('ul', { class: 'wallets' });
const trusted = el('div');
let wallet;

/** What the panel shows is for one asset; closing it gives the focus back to the button that opened it. */
function open(show, asset, opener) {
  const close = () => {
    $('panel').replaceChildren();
    const again = document.getElementById(opener);
    (again ?? $('main')).focus();
  };
  $('panel').replaceChildren(show({ asset, wallet, close, changed: refresh }));
  $('panel').querySelector('h2').focus();
}

function button(what, show, asset, primary = false) {
  const id = `${what.toLowerCase()}-${asset.symbol}`;
  return el('button', { type: 'button', id, class: primary ? 'button small primary' : 'button small',
    'aria-label': `${what} ${asset.symbol}`, onclick: () => open(show, asset, id) }, what);
}

function card(asset) {
  const takes = asset.gateways.some(({ deposits }) => deposits);
  const some = isSome(asset.fund) || isSome(asset.spot);
  return el('li', { class: 'card' },
    el('h2', {}, asset.symbol, ' ', el('span', { class: 'hint' }, asset.name)),
    el('p', { class: 'label' }, 'FUND'),
    el('p', { class: 'balance' }, money(asset.fund)),
    isSome(asset.fund_locked) ? el('p', { class: 'held' }, 'On its way out: ', money(asset.fund_locked)) : null,
    el('p', { class: 'label' }, 'SPOT'),
    el('p', {}, money(asset.spot)),
    isSome(asset.spot_locked) ? el('p', { class: 'held' }, 'In orders and tickets: ', money(asset.spot_locked)) : null,
    el('div', { class: 'actions' },
      takes && asset.enabled ? button('Deposit', showDeposit, asset, !isSome(asset.fund)) : null,
      isSome(asset.fund) && asset.enabled ? button('Withdraw', showWithdraw, asset, true) : null,
      some ? button('Transfer', showTransfer, asset) : null));
}

async function refresh() {
  wallet = await api('GET', '/site/wallet');
  assets.replaceChildren(...wallet.assets.map(card));
  trusted.replaceChildren(showTrusted(wallet, refresh));
}

await requireSession(content);
$('zone').textContent = ZONE;
await untilDone(content, refresh);
const moves = await followMoves(refresh);
content.replaceChildren(wallet.assets.length ? assets
  : empty('Nothing here yet', el('p', {}, 'An asset appears with its first deposit.')), moves, trusted);
content.removeAttribute('aria-busy');
// Who comes from the account page to do something with one asset finds its form open.
if (/^#(deposit|withdraw|transfer)-[A-Z0-9]+$/.test(location.hash)) document.getElementById(location.hash.slice(1))?.click();
