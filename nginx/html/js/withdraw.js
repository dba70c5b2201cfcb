/** The withdrawal: partner, amount, terms, confirmation, then the hand-over to the partner. */
import { api } from './api.js';
import { $, busy, clearErrors, el, empty, fact, plainText, said, showError, showFieldError, untilDone } from './dom.js';
import { ZONE, duration, exact, hostOf, isSome, money, verification } from './format.js';
import { handOver } from './handover.js';
import { left } from './account/balances.js';
import { amountProblem, plainNumber, toUnits, withoutZeros } from './number.js';
import { requireSession } from './session.js';

const STEPS = ['partner', 'amount', 'terms', 'confirm'];
const STEP_OF_FIELD = { partner: 'partner', amount: 'amount', amount_int: 'amount', currency: 'amount',
  accept_terms: 'terms', otp: 'confirm' };

const form = $('withdraw');
let account;
let partners;
let currencies;
let step = 'partner';
/** Names the one withdrawal that this confirmation asks for, so that asking twice makes one ticket. */
let attempt = null;

const chosen = () => partners.find(({ id }) => id === form.elements.partner?.value);
const wallet = () => account.wallets.find(({ currency }) => currency === form.elements.currency.value);
const typed = () => plainNumber(form.elements.amount.value);

/** Shows a step and moves the focus to its heading. */
function go(to, focus = true) {
  step = to;
  for (const section of form.querySelectorAll('[data-step]')) section.hidden = section.dataset.step !== to;
  for (const [at, item] of [...$('steps').children].entries()) {
    item.classList.toggle('done', at < STEPS.indexOf(to));
    if (STEPS[at] === to) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  $('back').hidden = to === STEPS[0];
  $('next').textContent = to === 'confirm' ? 'Confirm withdrawal' : 'Continue';
  fill();
  if (focus) $(`step-${to}`).focus();
}

/** Writes what was chosen so far into the places that repeat it. */
function fill() {
  const partner = chosen();
  const shown = { partner: plainText(partner?.name), amount: typed(), currency: form.elements.currency.value };
  for (const place of form.querySelectorAll('[data-show]')) place.textContent = shown[place.dataset.show];
  if (!partner) return;
  $('disclosed').replaceChildren(
    fact('Login', said(account.login)), fact('E-mail', said(account.email)), fact('Account id', el('code', {}, account.id)),
    fact('Verification', verification(account), el('span', { class: 'hint' },
      'Whether you are verified, to which level, how and when.')),
    fact('Amount and currency', el('span', { class: 'money' }, `${shown.amount} ${shown.currency}`)),
    fact('Request date', 'When you confirm'),
    fact('Expiry date', `${duration(partner.ttl_seconds)} later`));
  $('summary').replaceChildren(
    fact('Paid out by', said(partner.name), partner.url ? ` (${hostOf(partner.url)})` : ''),
    fact('Available', money(wallet().free)),
    fact('Until the partner accepts', 'The amount is held. After ', duration(partner.ttl_seconds),
      ', or if you cancel, it is available again.'));
}

function partnerCard({ id, name, url, verified_only: verifiedOnly, ttl_seconds: ttl, eligible }) {
  return el('label', { class: eligible ? 'choice' : 'choice off' },
    el('input', { type: 'radio', name: 'partner', value: id, disabled: !eligible, 'data-error': 'partner-error' }),
    el('span', { class: 'choice-body' },
      el('span', { class: 'choice-name' }, said(name)),
      verifiedOnly ? el('span', { class: 'badge status-unknown' }, 'Verified customers only') : null,
      el('span', { class: 'hint' }, hostOf(url) ?? 'No web page: you hand over the ticket yourself',
        ` · accepts within ${duration(ttl)}`),
      eligible ? null : el('span', { class: 'why' }, verifiedOnly && !account.verified
        ? 'Not available: your account is not verified.' : 'Not available for your account.')));
}

function showPartners() {
  $('partners').replaceChildren(...(partners.length ? partners.map(partnerCard)
    : [empty('No partners yet', el('p', {}, 'There is nobody to pay you out at the moment.'))]));
  const first = partners.filter(({ eligible }) => eligible);
  if (first.length === 1) form.elements.partner.value = first[0].id;
  $('next').hidden = first.length === 0;
}

function showCurrencies() {
  const wanted = new URLSearchParams(location.search).get('currency');
  $('currency').replaceChildren(...account.wallets.map(({ currency }) => el('option', { value: currency },
    `${currency} – ${currencies.find((row) => row.currency === currency)?.name ?? currency}`)));
  const start = account.wallets.find(({ currency }) => currency === wanted)
    ?? account.wallets.find(({ free }) => isSome(free)) ?? account.wallets[0];
  form.elements.currency.value = start.currency;
  showLimits();
}

function showLimits() {
  const { free, held, ...limits } = wallet();
  $('amount-facts').replaceChildren(
    fact('Available', money(free)),
    isSome(held) ? fact('In open tickets', money(held)) : '',
    fact('Single limit', limits.single_limit ? money(limits.single_limit) : 'No limit'),
    fact('Today', left(limits.daily_left, limits.daily_limit)),
    fact('This month', left(limits.monthly_left, limits.monthly_limit)));
}

/** What is wrong with the typed amount, or null; the server decides, this only saves a round trip. */
function problemOfAmount() {
  const { decimals } = currencies.find(({ currency }) => currency === form.elements.currency.value) ?? { decimals: 18 };
  const problem = amountProblem(typed(), Number(decimals));
  if (problem) return problem;
  const units = toUnits(typed(), Number(decimals));
  const { free, single_limit: single, daily_left: daily, monthly_left: monthly } = wallet();
  const over = (limit) => limit && units > BigInt(limit.value_int);
  if (over(free)) return `This is more than your available ${exact(free)}.`;
  if (over(single)) return `This is over the limit for a single withdrawal, ${exact(single)}.`;
  if (over(daily)) return `This is over what is left of your daily limit, ${exact(daily)}.`;
  if (over(monthly)) return `This is over what is left of your monthly limit, ${exact(monthly)}.`;
  return null;
}

/** The most that balance and limits let go now, as a decimal. */
function mostPossible() {
  const { free, single_limit: single, daily_left: daily, monthly_left: monthly } = wallet();
  const bounds = [free, single, daily, monthly].filter(Boolean);
  return withoutZeros(bounds.reduce((a, b) => (BigInt(a.value_int) <= BigInt(b.value_int) ? a : b)).value);
}

const PROBLEMS = {
  partner: () => (chosen() ? null : ['partner', 'Please choose a partner.']),
  amount: () => (problemOfAmount() ? ['amount', problemOfAmount()] : null),
  terms: () => (form.elements.accept_terms.checked ? null : ['accept_terms', 'Please accept to continue, or go back.']),
  confirm: () => (!$('otp-field').hidden && !form.elements.otp.value.trim()
    ? ['otp', 'Please enter the code from your device.'] : null),
};

/** Shows what the server refused at the step and field that it is about. */
function refuse(error) {
  if (error.code.startsWith('otp_')) {
    $('otp-field').hidden = false;
    form.elements.otp.value = '';
    error.field ??= 'otp';
  }
  if (error.code === 'insufficient_funds' || error.code.startsWith('over_')) error.field ??= 'amount';
  if (error.code.startsWith('partner_')) error.field ??= 'partner';
  if (error.field === 'amount_int') error.field = 'amount';
  const at = STEP_OF_FIELD[error.field];
  if (at && at !== step) go(at, false);
  showError(form, error);
}

async function confirm() {
  const partner = chosen();
  attempt ??= crypto.randomUUID();
  const otp = form.elements.otp.value.trim();
  try {
    const ticket = await api('POST', '/site/tickets', {
      headers: { 'Idempotency-Key': attempt },
      body: { partner: partner.id, amount: typed(), currency: form.elements.currency.value, accept_terms: true,
        ...(otp ? { otp } : {}) },
    });
    handOver($('main'), ticket, partner.name);
  } catch (error) {
    // An answer settles this attempt; silence does not, so that trying again cannot pay twice.
    if (error.status >= 400 && error.status < 500) attempt = null;
    throw error;
  }
}

function onSubmit(event) {
  event.preventDefault();
  clearErrors(form);
  const problem = PROBLEMS[step]();
  if (problem) showFieldError(form, ...problem);
  else if (step === 'confirm') busy($('next'), confirm).catch(refuse);
  else go(STEPS[STEPS.indexOf(step) + 1]);
}

function onBack() {
  clearErrors(form);
  go(STEPS[STEPS.indexOf(step) - 1]);
}

async function load() {
  const loading = $('loading');
  [account, { partners }, { currencies }] = await untilDone(loading, () => Promise.all(
    ['/site/account', '/site/partners', '/site/currencies'].map((path) => api('GET', path))));
  if (!account.wallets.some(({ free }) => isSome(free))) {
    loading.replaceChildren(empty('Nothing to withdraw', el('p', {}, 'Your balances are empty.'),
      el('a', { class: 'button', href: '/account' }, 'Back to the account')));
    loading.removeAttribute('aria-busy');
    return;
  }
  $('otp-field').hidden = !account.otp.enabled;
  showPartners();
  showCurrencies();
  loading.remove();
  form.hidden = false;
  go('partner', false);
}

await requireSession($('loading'));
$('zone').textContent = ZONE;
form.addEventListener('submit', onSubmit);
form.addEventListener('input', () => { attempt = null; });
form.elements.currency.addEventListener('change', showLimits);
$('most').addEventListener('click', () => {
  form.elements.amount.value = mostPossible();
  clearErrors(form);
  attempt = null;
});
$('back').addEventListener('click', onBack);
await load();
