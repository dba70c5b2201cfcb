/** The order form: what an order costs and brings stands there before it is sent, by the server's own rules. */
import { api } from '../api.js';
import { announce, busy, clearErrors, el, fact, field, showError, showFieldError } from '../dom.js';
import { amountProblem, toUnits } from '../format.js';
import { soon } from './draw.js';
import { affordable, grouped, least, outcome, percentOf, plain, signed } from './units.js';

const SHARES = [25n, 50n, 75n, 100n];

const choice = (name, value, text, checked) => el('label', {},
  el('input', { type: 'radio', name, value, checked }), el('span', {}, text));

/** An input with its unit beside it. */
function withUnit(options, unit) {
  const box = field({ inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false', ...options });
  const input = box.querySelector('input');
  const frame = el('div', { class: 'with-unit' });
  input.replaceWith(frame);
  frame.append(input, el('span', { class: 'unit', 'aria-hidden': 'true' }, unit));
  return box;
}

/**
 * @param {object} market
 * @param {{levels: (side: string) => [bigint, bigint][], placed: (order: object) => void}} given the book as it is now;
 *   what to do with an order that was placed
 */
export function orderForm(market, { levels, placed }) {
  const { item, currency } = market;
  /** Names the one order that this form asks for, so that asking twice places it once. */
  let attempt = null;
  let offered = false;
  let percent = percentOf(market.feePercent);
  let free = { [item.code]: 0n, [currency.code]: 0n };

  const submit = el('button', { type: 'submit', class: 'button wide' });
  const summary = el('dl', { class: 'summary' });
  const notice = el('p', { class: 'notice', hidden: true });
  const outcomeLine = el('p', { class: 'notice placed', role: 'status', hidden: true });
  const available = el('p', { class: 'available' });
  const priceField = withUnit({ id: 'price', name: 'price', label: 'Price' }, currency.code);
  const stopField = withUnit({ id: 'stop', name: 'stop', label: 'Stop price',
    hint: 'The order waits until a trade reaches this price. Empty: at once.' }, currency.code);
  const fiatFee = el('label', { class: 'check' }, el('input', { type: 'checkbox', name: 'prefer_fiat_fee', value: '1' }),
    el('span', {}, `Pay the fee in ${currency.code}`, el('span', { class: 'hint' }, `On top, instead of from the ${item.code}.`)));
  const form = el('form', { class: 'order', novalidate: true, 'aria-labelledby': 'deal-title' },
    el('p', { class: 'form-error', role: 'alert' }),
    el('fieldset', { class: 'switch sides' }, el('legend', { class: 'visually-hidden' }, 'Side'),
      choice('type', 'bid', 'Buy', true), choice('type', 'ask', 'Sell', false)),
    el('fieldset', { class: 'switch kinds' }, el('legend', { class: 'visually-hidden' }, 'Kind of order'),
      choice('kind', 'limit', 'Limit', true), choice('kind', 'market', 'Market', false)),
    available,
    priceField,
    withUnit({ id: 'amount', name: 'amount', label: 'Amount' }, item.code),
    el('div', { class: 'shares', role: 'group', 'aria-label': 'Part of what is free' }, SHARES.map((share) =>
      el('button', { type: 'button', class: 'button small', onclick: () => take(share) }, share === 100n ? 'Max' : `${share} %`))),
    el('details', {}, el('summary', {}, 'More'), stopField, fiatFee),
    summary, notice, submit, outcomeLine);
  const { elements } = form;

  const isLimit = () => elements.kind.value === 'limit';
  const typed = (name) => elements[name].value.trim();
  const priceText = (units) => signed(units, currency, market.priceDecimals);
  const amountText = (units) => `${grouped(units, item.decimals, Math.min(2, item.decimals))} ${item.code}`;
  const moneyText = (units) => signed(units, currency);

  /** What is asked for, in units; members are null where the text is no number. */
  function order() {
    const side = elements.type.value;
    return {
      side, amount: toUnits(typed('amount'), item.decimals),
      price: isLimit() ? toUnits(typed('price'), currency.decimals) : null,
      fiatFee: side === 'bid' && elements.prefer_fiat_fee.checked,
    };
  }

  const opposite = (side) => levels(side === 'bid' ? 'ask' : 'bid');

  const showSummary = soon(() => {
    const asked = order();
    const buys = asked.side === 'bid';
    form.classList.toggle('buys', buys);
    priceField.hidden = !isLimit();
    fiatFee.hidden = !buys;
    available.replaceChildren(el('span', {}, 'Free to use'),
      el('span', { class: 'money' }, buys ? moneyText(free[currency.code]) : amountText(free[item.code])));
    submit.textContent = `${buys ? 'Buy' : 'Sell'} ${item.code}`;
    notice.hidden = true;
    const known = asked.amount && (asked.price || !isLimit());
    const sum = known ? outcome(market, asked, opposite(asked.side), percent) : null;
    const about = isLimit() ? '' : 'about ';
    const fee = sum && (sum.feeIn === 'item' ? amountText(sum.fee) : moneyText(sum.fee));
    summary.replaceChildren(
      fact('Total', sum ? el('span', { class: 'money', id: 'total' }, about, moneyText(sum.total)) : '–'),
      fact(`Fee (${plain(percent, 3)} %)`, sum ? el('span', { class: 'money', id: 'fee' }, about, fee) : '–'),
      fact(buys ? 'You pay' : 'You get', sum ? el('strong', { class: 'money', id: 'pays' }, about, moneyText(buys ? sum.pays : sum.gets)) : '–'),
      fact(buys ? 'You get' : 'You give', sum
        ? el('strong', { class: 'money', id: 'gets' }, about, amountText(buys ? sum.gets : sum.pays)) : '–'));
    if (sum) showNotice(asked, sum);
  });

  /** What the sender should know beforehand: not enough money, a thin book. */
  function showNotice({ side, amount, price }, sum) {
    const has = free[side === 'bid' ? currency.code : item.code];
    const words = [];
    if (price === null && sum.traded < amount) {
      words.push(sum.traded === 0n ? 'There is nobody to trade with at the moment.'
        : `The book holds ${amountText(sum.traded)}: the rest of the order would end.`);
    } else if (price === null) {
      words.push(`At the prices of the book now, up to ${priceText(sum.worst)} each.`);
    }
    if (sum.pays > has) {
      words.push(price !== null ? 'You have less than this: what is not covered waits until money arrives.'
        : has === 0n ? 'You have nothing to pay it with: the order waits until money arrives.'
          : 'You have less than this: it trades as far as your money goes.');
    }
    notice.textContent = words.join(' ');
    notice.hidden = !words.length;
  }

  /** Fills in the amount that a part of the free balance pays for. */
  function take(share) {
    const { side, price, fiatFee: onTop } = order();
    const has = free[side === 'bid' ? currency.code : item.code] * share / 100n;
    let amount = has;
    if (side === 'bid') {
      const top = onTop ? percent : 0n;
      const at = price ?? opposite(side)[0]?.[0];
      if (!at) {
        showFieldError(form, 'price', 'Please enter a price first.');
        return;
      }
      amount = isLimit() ? affordable(market, has, at, top) : buyAll(has, top);
    }
    elements.amount.value = plain(amount - amount % market.amountStep, item.decimals);
    changed();
  }

  /** How much of the item a market order gets for so much money. */
  function buyAll(money, top) {
    let left = money;
    let amount = 0n;
    for (const [at, there] of opposite('bid')) {
      const part = least(there, affordable(market, left, at, top));
      amount += part;
      if (part < there) break;
      left -= outcome(market, { side: 'bid', amount: part, price: at, fiatFee: top > 0n }, [], top).pays;
    }
    return amount;
  }

  function problemOf(name, currencyOf, step, words) {
    const problem = amountProblem(typed(name), currencyOf.decimals);
    if (problem) return [name, problem.replace('an amount', `${name === 'amount' ? 'an' : 'a'} ${name}`)];
    const units = toUnits(typed(name), currencyOf.decimals);
    return units % step ? [name, `${words} are multiples of ${plain(step, currencyOf.decimals)} ${currencyOf.code}.`] : null;
  }

  function firstProblem() {
    const problem = (isLimit() ? problemOf('price', currency, market.priceStep, 'Prices') : null)
      ?? problemOf('amount', item, market.amountStep, 'Amounts');
    if (problem) return problem;
    if (toUnits(typed('amount'), item.decimals) < market.minAmount)
      return ['amount', `The least amount of an order is ${amountText(market.minAmount)}.`];
    return typed('stop') ? problemOf('stop', currency, market.priceStep, 'Prices') : null;
  }

  async function send() {
    attempt ??= crypto.randomUUID();
    const { side, fiatFee: onTop } = order();
    try {
      const made = await api('POST', '/site/market/orders', {
        headers: { 'Idempotency-Key': attempt },
        body: { market: market.code, type: side, amount: typed('amount'), ...(isLimit() ? { price: typed('price') } : {}),
          ...(typed('stop') ? { stop: typed('stop') } : {}), ...(onTop ? { prefer_fiat_fee: true } : {}) },
      });
      attempt = null;
      elements.amount.value = '';
      outcomeLine.textContent = whatBecame(made, item);
      outcomeLine.hidden = false;
      showSummary();
      placed(made);
    } catch (error) {
      // An answer settles this attempt; silence does not, so that trying again cannot place two orders.
      if (error.status >= 400 && error.status < 500) attempt = null;
      throw error;
    }
  }

  function changed() {
    attempt = null;
    outcomeLine.hidden = true;
    showSummary();
  }

  form.addEventListener('input', changed);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const problem = firstProblem();
    if (problem?.[0] === 'stop') form.querySelector('details').open = true;
    if (problem) showFieldError(form, ...problem);
    else busy(submit, send).catch((error) => {
      if (error.field === 'stop') form.querySelector('details').open = true;
      showError(form, error);
    });
  });
  showSummary();

  return {
    element: form,
    /** Writes a price into the form. */
    setPrice(units) {
      elements.kind.value = 'limit';
      elements.price.value = plain(units, currency.decimals, market.priceDecimals);
      clearErrors(form);
      changed();
      announce(`Price ${elements.price.value} is in the order form`);
    },
    /** Offers a price, once, where none is written yet. */
    offerPrice(units) {
      if (offered) return;
      offered = true;
      if (typed('price')) return;
      elements.price.value = plain(units, currency.decimals, market.priceDecimals);
      showSummary();
    },
    /** What is free of each currency: code -> units. */
    setFree(balances) {
      free = { [item.code]: 0n, [currency.code]: 0n, ...balances };
      showSummary();
    },
    setFee(text) {
      percent = percentOf(text);
      showSummary();
    },
    /** The book has changed. */
    refresh() {
      if (!isLimit()) showSummary();
    },
  };
}

/** In words, what the server answered to an order. */
export function whatBecame({ type, status, placed, amount, effective_amount: funded }, { code, decimals }) {
  const left = BigInt(amount.value_int);
  const done = BigInt(placed.value_int) - left;
  const text = (units) => `${grouped(units, decimals, 2)} ${code}`;
  const traded = done > 0n ? `${type === 'bid' ? 'Bought' : 'Sold'} ${text(done)}` : '';
  const rest = {
    open: BigInt(funded.value_int) < left ? `${text(BigInt(funded.value_int))} is in the book, the rest waits for money` : `${text(left)} is in the book`,
    invalid: `${text(left)} waits for money`,
    stop: `${text(left)} waits for its stop price`,
    pending: `${text(left)} is about to be matched`,
    cancelled: `the rest, ${text(left)}, has ended`,
    done: '',
  }[status] ?? status;
  return `${[traded, traded ? rest : rest.charAt(0).toUpperCase() + rest.slice(1)].filter(Boolean).join('; ')}.`;
}
