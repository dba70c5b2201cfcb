/** A bid, to whoever knows its hash: how to pay, the time left, saying that it is paid, cancelling; the status is live. */
import { api } from './api.js';
import { $, announce, busy, copyButton, el, fact, plainText, showError, untilDone } from './dom.js';
import { time } from './format.js';
import { currentSession } from './session.js';

const POLL_MS = 4000;

const hash = location.pathname.split('/').filter(Boolean).pop();
const form = $('bid');
let bid;
/** How far the server's clock is ahead of ours, in seconds. */
let ahead = 0;

const words = (html) => new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();
const sum = ({ amount, currency }) => el('span', { class: 'money' }, `${amount} ${currency}`);

function timeLeft() {
  const seconds = Math.max(0, Math.floor(bid.expires - Date.now() / 1000 - ahead));
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

function showFacts() {
  $('facts').replaceChildren(...[
    fact('You pay', sum(bid.give), ` by ${plainText(bid.give.name)}`),
    bid.give.account && fact('From', el('code', {}, plainText(bid.give.account))),
    fact('You receive', sum(bid.get), ` by ${plainText(bid.get.name)}`),
    bid.get.account && fact('To', el('code', {}, plainText(bid.get.account))),
    bid.expires && (bid.may_pay || bid.may_cancel) && fact('Time left', el('span', { id: 'time-left', role: 'timer' }, timeLeft())),
    fact('Made', time(bid.created)),
  ].filter(Boolean));
}

function show(next) {
  const news = bid && bid.status !== next.status;
  bid = next;
  ahead = bid.now - Date.now() / 1000;
  $('number').textContent = bid.id;
  $('title').textContent = bid.title;
  document.title = `${bid.title} – Teller`;
  showFacts();
  $('how').hidden = !bid.may_pay && !bid.pay_link;
  $('instruction').textContent = words(bid.instruction);
  $('account').hidden = !bid.pay_account;
  $('account').replaceChildren(el('code', {}, plainText(bid.pay_account)), copyButton(bid.pay_account, 'account'));
  $('qr').hidden = !bid.qr_svg;
  if (bid.qr_svg) $('qr').src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(bid.qr_svg)}`;
  $('pay').hidden = !bid.pay_link;
  if (bid.pay_link) $('pay').href = bid.pay_link;
  $('paid').hidden = !bid.may_pay;
  $('paid').textContent = bid.from_balance ? 'Pay from your balance' : 'I have paid';
  $('cancel').hidden = !bid.may_cancel;
  form.hidden = false;
  if (news) announce(bid.title);
}

const read = () => api('GET', '/site/desk/bid', { query: { hash }, anonymous: true });

async function change(what) {
  try {
    show(await api('POST', `/site/desk/bid/${what}`, { body: { hash }, anonymous: true }));
    $('title').focus();
  } catch (error) {
    showError(form, error);
  }
}

async function start() {
  await untilDone($('loading'), async () => {
    await currentSession();
    show(await read());
  });
  $('loading').remove();
  $('paid').addEventListener('click', () => busy($('paid'), () => change('pay')));
  $('cancel').addEventListener('click', () => busy($('cancel'), () => change('cancel')));
  setInterval(() => { if ($('time-left')) $('time-left').textContent = timeLeft(); }, 1000);
  setInterval(() => read().then(show).catch(() => { /* the next one tells */ }), POLL_MS);
}

start();
