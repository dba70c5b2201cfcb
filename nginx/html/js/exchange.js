/** The exchange page: choose what is given and got, type on either side and see the other, say where it goes. */
import { api } from './api.js';
import { $, busy, clearErrors, el, fact, field, plainText, showError, showFieldError, untilDone } from './dom.js';
import { plainNumber } from './number.js';
import { currentSession, showWho } from './session.js';

const TYPING_MS = 250;

const form = $('exchange');
let directions = [];
let direction = null;
/** The figure that was typed last: calc_action of it. */
let action = 1;
let timer = 0;
/** Counts questions, so that only the last answer is shown. */
let asked = 0;

const chosen = () => directions.find(({ id }) => String(id) === form.elements.direction.value);
/** An operator's text as words alone. */
const words = (html) => new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();

function fill(select, items) {
  select.replaceChildren(...items.map(([value, label]) => el('option', { value }, label)));
}

function showTargets() {
  const fitting = directions.filter(({ give }) => give.code === form.elements.give.value);
  fill(form.elements.direction, fitting.map(({ id, get }) => [id, get.name]));
}

/** What a direction asks for, as controls. */
function control({ type, options, name, required }) {
  if (type === 'select') return el('select', { required }, el('option', { value: '0' }, 'Please choose'),
    ...options.map((label, i) => el('option', { value: i + 1 }, label)));
  if (type === 'textarea') return el('textarea', { required, rows: 3 });
  if (type === 'checkbox') return el('input', { type: 'checkbox', value: '1', required });
  return el('input', { type: 'text', required, autocomplete: 'off', spellcheck: 'false', 'data-name': name });
}

function showFields() {
  const { account1, account2, fields } = direction;
  const all = [account1 && { name: 'account1', type: 'text', options: [], required: true, ...account1 },
    account2 && { name: 'account2', type: 'text', options: [], required: true, ...account2 }, ...fields].filter(Boolean);
  $('fields').replaceChildren(...all.map((one) => field({ id: `f-${one.name}`, name: one.name, label: one.label, hint: one.hint, control: control(one) })));
}

function limits(least, most, currency) {
  return [least && least !== '0' ? `At least ${least} ${currency}.` : '', most ? `At most ${most} ${currency}.` : ''].join(' ').trim();
}

async function showDirection() {
  direction = await api('GET', '/site/desk/direction', { query: { direction: chosen().id }, anonymous: true });
  const { give, get } = direction;
  $('give-currency').textContent = give.currency;
  $('get-currency').textContent = get.currency;
  $('give-limits').textContent = limits(direction.min_give, direction.max_give, give.currency);
  $('get-limits').textContent = `${limits(direction.min_get, direction.max_get, get.currency)} ${direction.reserve} ${get.currency} are there.`.trim();
  $('notice').hidden = !direction.frozen;
  $('notice').textContent = words(direction.frozen_text) || 'This cannot be exchanged at the moment.';
  form.querySelector('[type=submit]').hidden = direction.frozen;
  showFields();
  await calculate();
}

function showSums(sums) {
  const { give, get } = direction;
  form.elements[action === 1 ? 'got' : 'amount'].value = action === 1 ? sums.get : sums.give;
  $('sums').replaceChildren(...[
    fact('Rate', `${sums.course_give} ${give.currency} = ${sums.course_get} ${get.currency}`),
    fact('You pay', el('span', { class: 'money' }, `${sums.give_total} ${give.currency}`)),
    sums.give_fee && fact('Fees', sums.give_fee),
    fact('You receive', el('span', { class: 'money' }, `${sums.get_total} ${get.currency}`)),
    sums.get_fee && fact('Fees', sums.get_fee),
    sums.changed && fact('Note', action === 1 ? `The amount becomes ${sums.give} ${give.currency}.` : `The amount becomes ${sums.get} ${get.currency}.`),
    !sums.reserved && fact('Note', 'That is more than there is.'),
  ].filter(Boolean));
}

async function calculate() {
  const mine = ++asked;
  const amount = plainNumber(form.elements[action === 1 ? 'amount' : 'got'].value);
  clearErrors(form);
  if (!/^\d*\.?\d+$/.test(amount) || /^[0.]*$/.test(amount)) {
    form.elements[action === 1 ? 'got' : 'amount'].value = '';
    $('sums').replaceChildren();
    return;
  }
  try {
    const sums = await api('GET', '/site/desk/calc', { query: { direction: direction.id, amount, action }, anonymous: true });
    if (mine === asked) showSums(sums);
  } catch (error) {
    if (mine === asked) showError(form, error);
  }
}

function typed(figure) {
  action = figure;
  clearTimeout(timer);
  timer = setTimeout(calculate, TYPING_MS);
}

async function exchange() {
  clearErrors(form);
  const amount = plainNumber(form.elements[action === 1 ? 'amount' : 'got'].value);
  if (!amount) {
    showFieldError(form, 'amount', 'Please enter how much.');
    return;
  }
  const more = Object.fromEntries(Array.from($('fields').querySelectorAll('input, select, textarea'))
    .map((input) => [input.name, input.type === 'checkbox' ? (input.checked ? '1' : '') : input.value.trim()]));
  try {
    const { hash } = await api('POST', '/site/desk/bids', { body: { direction: direction.id, amount, action, ...more }, anonymous: true });
    location.assign(`/exchange/bid/${hash}`);
  } catch (error) {
    showError(form, error);
  }
}

async function start() {
  await untilDone($('loading'), async () => {
    showWho(await currentSession());
    const all = await api('GET', '/site/desk/directions', { anonymous: true });
    ({ directions } = all);
    $('terms').textContent = words(all.terms);
    $('terms').hidden = !all.terms;
    if (all.maintenance || !directions.length) {
      $('notice').textContent = words(all.notice) || 'Nothing can be exchanged at the moment.';
      $('notice').hidden = false;
      directions = [];
    }
  });
  $('loading').remove();
  if (!directions.length) return;
  const [, from, to] = /^\/exchange-([A-Za-z0-9]+)_to_([A-Za-z0-9]+)$/.exec(location.pathname) ?? [];
  const wanted = directions.find(({ give, get }) => give.code === from && get.code === to) ?? directions[0];
  fill(form.elements.give, [...new Map(directions.map(({ give }) => [give.code, plainText(give.name)]))]);
  form.elements.give.value = wanted.give.code;
  showTargets();
  form.elements.direction.value = String(wanted.id);
  form.elements.give.addEventListener('change', () => { showTargets(); showDirection(); });
  form.elements.direction.addEventListener('change', showDirection);
  form.elements.amount.addEventListener('input', () => typed(1));
  form.elements.got.addEventListener('input', () => typed(2));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(form.querySelector('[type=submit]'), exchange);
  });
  await showDirection();
  form.hidden = false;
}

start();
