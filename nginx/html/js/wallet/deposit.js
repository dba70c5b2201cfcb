/** Where to send a deposit to. */
import { api } from '../api.js';
import { copyButton, el, empty, fact, failure, loading } from '../dom.js';
import { exact, isSome } from '../format.js';

function address(asset, { gateway, address: text, qr_svg: svg, confirmations, min_deposit: least }) {
  return el('section', { 'aria-label': `${asset.symbol} on ${gateway}` },
    el('h3', {}, gateway),
    el('img', { class: 'qr', width: '208', height: '208', alt: 'QR code of the address that is written below',
      src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` }),
    el('div', { class: 'secret' }, el('code', {}, text), copyButton(text, 'address')),
    el('p', { class: 'notice' }, `Send ${asset.symbol} on ${gateway} only. Anything else that is sent there is lost.`),
    el('dl', { class: 'facts row' },
      fact('Credited after', `${confirmations} confirmation${confirmations === 1 ? '' : 's'}`),
      isSome(least) ? fact('Least that is credited', exact(least)) : null));
}

export function showDeposit({ asset, close }) {
  const place = el('div', {}, loading());
  const load = () => api('POST', '/site/wallet/address', { body: { currency: asset.symbol } })
    .then(({ addresses }) => place.replaceChildren(...(addresses.length ? addresses.map((one) => address(asset, one))
      : [empty('No address yet', el('p', {}, 'Deposits of this asset are not set up here at the moment.'))])))
    .catch((error) => place.replaceChildren(failure(error, load)));
  load();
  return el('div', { class: 'card' }, el('h2', { tabindex: '-1' }, `Deposit ${asset.symbol}`), place,
    el('div', { class: 'actions' }, el('button', { type: 'button', class: 'button', onclick: close }, 'Close')));
}
