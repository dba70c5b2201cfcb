/** The payment page: what is to be paid and to whom, signing in, paying all or a part, stepping back. */
import { api, setSessionEnded } from './api.js';
import { onSignIn } from './credentials.js';
import { $, announce, ask, busy, clearErrors, copyButton, el, fact, failure, plainText, said, showError, showFieldError }
  from './dom.js';
import { ZONE, exact, hostOf, isSome, time } from './format.js';
import { amountProblem, plainNumber, toUnits, withoutZeros } from './number.js';
import { isPayable, statusBadge, statusMeaning } from './order.js';
import { askQuote, currentQuote, dropQuote, offerWallets, payingWith, takenWords, tickQuote } from './pay/exchange.js';
import { currentSession, onSignOut, showWho } from './session.js';

const POLL_MS = 4000;

const id = location.pathname.split('/').filter(Boolean).pop().toLowerCase();
const form = $('pay');
let order;
let session;
let account = null;
let decimals = 18;
/** What the balance in the order's currency covers of what is missing: all, a part or nothing. */
let covers = 'all';
/** How far the server's clock is ahead of ours, in seconds. */
let ahead = 0;
/** Names the one payment that the form stands for, so that sending it twice pays once. */
let attempt = null;
/** What the action area was drawn for: it is left alone, typed text and all, until that changes. */
let drawn = '';

/** The URL, if a browser may be sent there. */
const target = (url) => (url && /^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '') ? url : null);

const isPart = () => !$('how-much').hidden && form.elements.part.value === 'yes';
const typed = () => plainNumber(form.elements.amount.value);
const serverTime = () => Math.floor(Date.now() / 1000 + ahead);
const secondsLeft = () => (order.expires == null ? null : Math.max(0, order.expires - serverTime()));

const sum = (amount) => el('span', { class: 'money' }, exact(amount));

/** "14:05" below an hour, "3 h 20 min" or "2 days" above. */
function countdown(seconds) {
  if (seconds >= 2 * 86400) return `${Math.floor(seconds / 86400)} days`;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function showFacts() {
  const left = isPayable(order) ? secondsLeft() : null;
  $('merchant').replaceChildren(said(order.merchant));
  $('description').replaceChildren(said(order.description));
  document.title = `${plainText(order.description)} – Teller`;
  $('badge').replaceChildren(statusBadge(order.status));
  $('asked').textContent = exact(order.amount);
  $('facts').replaceChildren(...[
    isSome(order.paid) && !order.multipay ? fact('Paid', sum(order.paid)) : null,
    order.status === 'partial' ? fact('Missing', el('strong', { id: 'still-missing' }, sum(order.missing))) : null,
    isSome(order.refunded) ? fact('Refunded', sum(order.refunded)) : null,
    left === null ? null
      : fact('Time left', el('span', { id: 'time-left', class: 'money', role: 'timer' }, countdown(left))),
    order.multipay ? fact('Kind', 'Can be paid more than once') : null,
    fact('Requested', time(order.created)),
    fact('Transaction', el('code', {}, order.transaction)),
  ].filter(Boolean));
}

/** A link out to the shop, or nothing where the shop gave none. */
function wayOut() {
  const to = target(order.redirect);
  return to ? el('p', {}, el('a', { class: 'button primary', href: to }, `Continue to ${hostOf(to)}`)) : null;
}

const ENDED = { cancelled: 'This payment is cancelled', closed: 'This payment has expired' };

function showEnded() {
  $('ended').replaceChildren(...[
    el('h2', { tabindex: '-1', id: 'ended-title' }, ENDED[order.status] ?? 'This payment is done'),
    el('p', {}, statusMeaning(order)),
    wayOut(),
  ].filter(Boolean));
}

/** Redraws the part of the page that asks for something. */
function showAction() {
  const key = [order.status, order.missing.value_int, session?.name].join(' ');
  if (key === drawn) return;
  drawn = key;
  const open = isPayable(order);
  $('ended').hidden = open;
  $('sign-in').hidden = !open || Boolean(account);
  form.hidden = !open || !account;
  $('elsewhere').hidden = !open;
  if (!open) showEnded();
  else if (account) showForm();
  // One buyer does not end what is open to all.
  for (const button of document.querySelectorAll('[data-cancel]')) button.hidden = order.multipay;
}

/** What is available in the order's currency, or null. */
const available = () => account.wallets.find(({ currency }) => currency === order.amount.currency)?.free ?? null;

function coverage() {
  const free = available();
  if (free && BigInt(free.value_int) >= BigInt(order.missing.value_int)) return 'all';
  return order.partial_allowed && isSome(free) ? 'part' : 'nothing';
}

function showForm() {
  const free = available();
  covers = coverage();
  $('funds').replaceChildren(fact('Still to pay', sum(order.missing)),
    fact('Available', free ? sum(free) : `No ${order.amount.currency}`));
  $('short-why').textContent = covers === 'part'
    ? 'This does not cover all of it. You can pay what you have now, and the rest later.'
    : 'This does not cover the payment.';
  $('missing').textContent = exact(order.missing);
  $('currency').textContent = order.amount.currency;
  showChoice();
  // The rest works without it.
  offerWallets(id, { currency: order.amount.currency, suffices: covers === 'all' }).catch(() => {}).then(() => {
    // While a payment has no answer, what it was sent with stays.
    if (account && covers === 'part' && !payingWith() && attempt === null) offerPart();
    showChoice();
  });
}

/** Fills in the part that the balance covers. */
function offerPart() {
  form.elements.part.value = 'yes';
  form.elements.amount.value ||= withoutZeros(available().value);
}

/** Shows what can be chosen now; what cannot work is not there. */
function showChoice() {
  if (!account) return; // the session has ended
  const quote = currentQuote();
  const within = payingWith() ? 'all' : covers;
  $('how-much').hidden = !order.partial_allowed || within === 'nothing';
  $('all').hidden = within === 'part';
  $('amount-field').hidden = !isPart();
  $('short').hidden = within === 'all';
  $('submit').hidden = needsQuote() || within === 'nothing';
  $('otp-field').hidden = !account.otp.enabled || within === 'nothing';
  if (quote) $('submit').textContent = `Pay at most ${exact(quote.cost)}`;
  else $('submit').textContent = isPart() ? 'Pay this part' : `Pay ${exact(order.missing)}`;
}

function show(next) {
  order = next;
  ahead = order.now - Date.now() / 1000;
  showFacts();
  showAction();
}

/** Leaves for the shop: only ever to a URL that the order was made with. */
function leave() {
  const to = target(order.redirect);
  if (!to) return;
  announce(`Taking you to ${hostOf(to)}`);
  location.assign(to);
}

/** Where other money is chosen, its price is seen before it is paid. */
const needsQuote = () => Boolean(payingWith()) && !currentQuote();

async function getQuote() {
  clearErrors(form);
  const problem = amountMistake();
  if (problem) return showFieldError(form, ...problem);
  ahead = (await askQuote(id, isPart() ? typed() : null)).now - Date.now() / 1000;
  return showChoice();
}

/** What is wrong with the amount of a part: its field and what to say there, or null. */
function amountMistake() {
  if (!isPart()) return null;
  const problem = amountProblem(typed(), decimals);
  if (problem) return ['amount', problem];
  const units = toUnits(typed(), decimals);
  if (units > BigInt(order.missing.value_int)) return ['amount', `This is more than the missing ${exact(order.missing)}.`];
  return !payingWith() && units > BigInt(available().value_int)
    ? ['amount', `This is more than the available ${exact(available())}.`] : null;
}

/** The first field that is not right, with what to say there, or null. */
function firstProblem() {
  return amountMistake() ?? (!$('otp-field').hidden && !form.elements.otp.value.trim()
    ? ['otp', 'Please enter the code from your device.'] : null);
}

async function pay() {
  attempt ??= crypto.randomUUID();
  const otp = form.elements.otp.value.trim();
  const quote = currentQuote();
  const what = quote ? { quote: quote.quote } : isPart() ? { amount: typed() } : {};
  try {
    const paid = await api('POST', `/site/pay/${id}`, {
      headers: { 'Idempotency-Key': attempt },
      body: { ...what, ...(otp ? { otp } : {}) },
    });
    attempt = null;
    await afterPayment(paid);
  } catch (error) {
    // An answer settles this attempt; silence does not, so that trying again cannot pay twice.
    if (error.status >= 400 && error.status < 500) attempt = null;
    throw error;
  }
}

async function afterPayment(paid) {
  const taken = takenWords(paid);
  $('price').hidden = false;
  form.reset();
  dropQuote();
  $('taken').hidden = !taken;
  $('taken').textContent = taken ?? '';
  if (paid.status === 'partial') {
    account = await api('GET', '/site/account');
    show(paid);
    announce(`${taken ? `${taken} ` : ''}A part is paid, ${exact(paid.missing)} is missing`);
    $('description').focus();
    return;
  }
  show(paid);
  if (isPayable(paid)) thank();
  else $('ended-title').focus();
  // Who paid with other money is told first what it came to.
  if (taken) announce(taken);
  else leave();
}

/** After one of many payments of an order that stays open. */
function thank() {
  form.hidden = true;
  $('ended').hidden = false;
  $('ended').replaceChildren(...[el('h2', { tabindex: '-1', id: 'ended-title' }, 'Thank you, your payment is made'),
    wayOut()].filter(Boolean));
  $('ended-title').focus();
}

function refuse(error) {
  if (/^(quote|market)_|^no_liquidity$/.test(error.code)) dropQuote(error.code === 'quote_expired');
  // Until an answer settles a payment, the price that it was sent with is the only one.
  $('price').hidden = attempt !== null;
  showChoice();
  if (error.code.startsWith('otp_')) {
    $('otp-field').hidden = false;
    form.elements.otp.value = '';
    error.field ??= 'otp';
  }
  if (error.code === 'insufficient_funds') {
    error.field = 'amount';
    refreshAccount().catch(() => { /* the refusal is on the page */ });
  }
  if (error.field === 'amount' && !isPart()) error.field = null;
  showError(form, error);
  if (error.code.startsWith('order_')) refresh().catch(() => { /* the refusal is on the page */ });
}

async function cancel() {
  const ended = await ask({
    title: 'Cancel this payment?',
    body: el('p', {}, isSome(order.paid) ? 'The order ends, and what was paid of it goes back at once.'
      : 'The order ends. You have paid nothing.'),
    confirm: 'Cancel the payment',
    danger: true,
    action: () => api('POST', `/site/pay/${id}/cancel`, { body: {}, anonymous: true }),
  });
  if (!ended) return;
  show(ended);
  $('ended-title').focus();
  leave();
}

/** Looks again what is available: money may have come meanwhile. */
async function refreshAccount() {
  account = await api('GET', '/site/account');
  showForm();
}

const fetchOrder = () => api('GET', `/site/pay/${id}`, { anonymous: true });

async function refresh() {
  show(await fetchOrder());
}

/** Looks whether somebody paid elsewhere, on the phone that read the code perhaps. */
async function poll() {
  if (!document.hidden && isPayable(order) && $('submit').getAttribute('aria-disabled') !== 'true') {
    const next = await fetchOrder().catch(() => null);
    if (next && $('submit').getAttribute('aria-disabled') !== 'true' && $('ended').hidden) show(next);
  }
  setTimeout(poll, POLL_MS);
}

function tick() {
  // One whose payment had no answer stays, so that trying again cannot pay twice.
  if (!tickQuote(serverTime()) && attempt === null) {
    dropQuote(true);
    showChoice();
    announce($('quote-why').textContent);
  }
  const place = $('time-left');
  if (!place) return;
  const left = secondsLeft();
  place.textContent = countdown(left);
  if (left === 0) {
    place.removeAttribute('id');
    refresh().catch(() => { /* the next look will tell */ });
  }
}

async function signedIn(who) {
  session = who;
  const [mine, { currencies }] = await Promise.all([api('GET', '/site/account'), api('GET', '/site/currencies')]);
  account = mine;
  decimals = Number(currencies.find(({ currency }) => currency === order.amount.currency).decimals);
  showWho(session);
  $('who').hidden = false;
  showAction();
}

async function load() {
  const loading = $('loading');
  try {
    const [found, who] = await Promise.all([fetchOrder(), currentSession()]);
    show(found);
    if (who) await signedIn(who);
  } catch (error) {
    if (error.code === 'order_not_found') {
      loading.replaceChildren(el('div', { class: 'card' }, el('h1', {}, 'No such payment'),
        el('p', {}, 'Please go back to the shop and try again from there.')));
    } else {
      loading.replaceChildren(failure(error, load));
    }
    loading.removeAttribute('aria-busy');
    return;
  }
  $('qr').src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(order.qr_svg)}`;
  const address = location.origin + location.pathname;
  $('address').textContent = address;
  $('address').after(copyButton(address, 'address'));
  loading.remove();
  $('order').hidden = false;
  setInterval(tick, 1000);
  setTimeout(poll, POLL_MS);
}

// The shop's form brought us here perhaps: reloading must not post it again. And the address may be an older one.
history.replaceState(null, '', `/pay/${id}`);
$('zone').textContent = ZONE;
onSignOut(() => location.pathname);
setSessionEnded(() => {
  session = account = null;
  $('who').hidden = true;
  showAction();
});
onSignIn($('sign-in'), async (who) => {
  await signedIn(who);
  if (!form.hidden) $('pay-title').focus();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(form);
  const problem = firstProblem();
  if (needsQuote()) $('price').focus();
  else if (problem) showFieldError(form, ...problem);
  else busy($('submit'), pay).catch(refuse);
});
form.addEventListener('input', ({ target: input }) => {
  // A fresh code pays for the same payment as the code before.
  if (input.name !== 'otp') {
    attempt = null;
    dropQuote();
  }
  showChoice();
});
$('price').addEventListener('click', () => busy($('price'), getQuote).catch(refuse));
$('look-again').addEventListener('click', () => busy($('look-again'), async () => {
  clearErrors(form);
  await refreshAccount();
  announce(`Available: ${available() ? exact(available()) : 'nothing'}`);
}).catch(refuse));
for (const button of document.querySelectorAll('[data-cancel]'))
  button.addEventListener('click', () => busy(button, cancel));
await load();
