/** Paying with other money: the choice of the wallet, the quote, and how long it is good. */
import { api } from '../api.js';
import { $, announce, el, fact } from '../dom.js';
import { exact, isSome } from '../format.js';

/** So many seconds before its end a quote is said to end, and renewing it is offered. */
const WARN_S = 10;

const form = $('pay');
let wallets = [];
let quote = null;
/** Whether the quote before is over: its end is said where the next one is asked for. */
let over = false;
let warned = false;

/** The currency of the other wallet that is chosen, or "" for the order's own. */
export const payingWith = () => ($('pay-with').hidden ? '' : form.elements.with.value);

/** What the buyer was quoted and may still accept, or null. */
export const currentQuote = () => quote;

const sum = (amount) => el('span', { class: 'money' }, exact(amount));

function choice(value, checked, ...words) {
  return el('label', { class: 'check' }, el('input', { type: 'radio', name: 'with', value, checked }), el('span', {}, ...words));
}

/**
 * Offers the wallets that the market can change.
 * @param {string} id the order's transaction
 * @param {object} own what the order is counted in: `currency`, and whether it `suffices`
 */
export async function offerWallets(id, own) {
  ({ wallets } = await api('GET', `/site/pay/${id}/wallets`));
  const first = own.suffices || wallets.length === 0 ? '' : wallets[0].currency;
  $('pay-with').hidden = wallets.length === 0;
  $('wallets').replaceChildren(choice('', first === '', `${own.currency}, from the balance`),
    ...wallets.map(({ currency, free }) => choice(currency, currency === first, `${currency}, changed at the market `,
      el('span', { class: 'hint' }, 'Available: ', sum(free)))));
  dropQuote();
}

/** Forgets the quote, as what it was for has changed, or as its time is over. */
export function dropQuote(isOver = false) {
  quote = null;
  over = isOver;
  showQuote();
}

function whyQuote() {
  if (quote) return 'What the market takes is often a little less: only that leaves your balance, fees included.';
  if (over) return 'The price is over: its minute has passed and nothing was paid. Please ask for a new one.';
  return 'You see the price first. It is then good for a minute.';
}

function showQuote() {
  $('quote').hidden = !payingWith();
  $('quote-facts').replaceChildren(...(quote ? [
    fact('For', sum(quote.amount)),
    fact('It costs at most', el('strong', {}, sum(quote.cost))),
    fact('Good for', el('span', { id: 'quote-left', class: 'money', role: 'timer' })),
  ] : []));
  $('quote-why').textContent = whyQuote();
  $('price').textContent = quote ? 'New price' : 'See the price';
}

/** Asks for a quote: of `amount`, or of all that is missing where that is null. Gives and shows it. */
export async function askQuote(id, amount) {
  const currency = payingWith();
  quote = await api('POST', `/site/pay/${id}/quote`, { body: { currency, ...(amount === null ? {} : { amount }) } });
  warned = false;
  over = false;
  showQuote();
  tickQuote(quote.now);
  announce(`It costs at most ${exact(quote.cost)}, good for ${quote.expires - quote.now} seconds`);
  return quote;
}

/**
 * Counts down; gives false once the quote is over.
 * @param {number} now unix seconds by the server's clock
 */
export function tickQuote(now) {
  if (!quote) return true;
  const left = quote.expires - now;
  $('quote-left').textContent = left > 0 ? `${left} s` : 'over';
  if (left > 0 && left <= WARN_S && !warned) {
    warned = true;
    announce(`The price is good for ${left} more seconds`);
  }
  return left > 0;
}

/** What was really taken, in words for the page, or null where the payment came from the balance. */
export function takenWords(paid) {
  if (!paid.taken) return null;
  const kept = isSome(paid.kept) ? ` ${exact(paid.kept)} of it were over and are in your ${paid.kept.currency} balance.` : '';
  return `${exact(paid.taken)} were taken from your ${paid.taken.currency} balance.${kept}`;
}
