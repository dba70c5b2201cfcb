/** The order form: what an order costs and brings stands there before it is sent, by the server's own rules. */
import { api } from '../api.js';
import { announce, ask, busy, clearErrors, el, fact, field, showError, showFieldError } from '../dom.js';
import { amountProblem, plainNumber, toUnits } from '../number.js';
import { cautions, hints, obstacle } from './caution.js';
import { soon, write } from './draw.js';
import { affordable, amountText, grouped, least, moneyText, outcome, percentOf, plain } from './units.js';

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
 * @param {object} given
 * @param {(side: string) => [bigint, bigint][]} given.levels what others offer on that side of the book, the best first
 * @param {() => boolean} given.known whether the book is known yet
 * @param {() => bigint|null} given.last the last price
 * @param {(order: object) => void} given.placed what to do with an order that was placed
 * @param {() => void} given.halted what to do where the server says that trading is halted
 */
export function orderForm(market, given) {
  const { item, currency } = market;
  /** Names the one order that this form asks for, so that asking twice places it once. */
  let attempt = null;
  let offered = false;
  let percent = percentOf(market.feePercent);
  let free = { [item.code]: 0n, [currency.code]: 0n };

  const submit = el('button', { type: 'submit', class: 'button wide', 'aria-describedby': 'order-notice' });
  const summary = el('dl', { class: 'summary' });
  const notice = el('p', { class: 'notice', id: 'order-notice', hidden: true });
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
    el('div', { class: 'shares', role: 'group', 'aria-label': 'Part of what is available' }, SHARES.map((share) =>
      el('button', { type: 'button', class: 'button small', onclick: () => take(share) }, share === 100n ? 'Max' : `${share} %`))),
    el('details', {}, el('summary', {}, 'More'), stopField, fiatFee),
    summary, notice, submit, outcomeLine);
  const { elements } = form;

  const isLimit = () => elements.kind.value === 'limit';
  const typed = (name) => plainNumber(elements[name].value);
  const opposite = (side) => given.levels(side === 'bid' ? 'ask' : 'bid');

  /** What is asked for, in units; members are null where the text is no number. */
  function order() {
    const side = elements.type.value;
    return {
      side, isLimit: isLimit(), amount: toUnits(typed('amount'), item.decimals),
      price: isLimit() ? toUnits(typed('price'), currency.decimals) : null,
      stop: toUnits(typed('stop'), currency.decimals),
      fiatFee: side === 'bid' && elements.prefer_fiat_fee.checked,
    };
  }

  /** What the book makes of an order, or null where that cannot be said yet. One that waits for its stop meets nobody now. */
  function reckon(asked) {
    if (!asked.amount || (asked.isLimit && !asked.price)) return null;
    return outcome(market, asked, asked.isLimit && asked.stop !== null ? [] : opposite(asked.side), percent);
  }

  const showSummary = soon(() => {
    const asked = order();
    const buys = asked.side === 'bid';
    const sum = reckon(asked);
    form.classList.toggle('buys', buys);
    priceField.hidden = !isLimit();
    fiatFee.hidden = !buys;
    available.replaceChildren(el('span', {}, 'Available'), el('span', { class: 'money' },
      buys ? moneyText(market, free[currency.code]) : amountText(market, free[item.code])));
    write(submit, `${buys ? 'Buy' : 'Sell'} ${item.code}`);
    showSums(buys, sum);
    showNotice(asked, sum);
  });

  function showSums(buys, sum) {
    // What others do meanwhile changes what trades at once.
    const figure = (tag, id, text) => (sum
      ? el(tag, { class: 'money', id }, sum.traded > 0n || !isLimit() ? 'about ' : '', text(sum)) : '–');
    const money = (name) => (of) => moneyText(market, of[name]);
    const amount = (name) => (of) => amountText(market, of[name]);
    summary.replaceChildren(
      fact('Total', figure('span', 'total', money('total'))),
      fact(`Fee (${plain(percent, 3)} %)`, figure('span', 'fee', (of) => (of.feeIn === 'item' ? amount : money)('fee')(of))),
      fact(buys ? 'You pay' : 'You get', figure('strong', 'pays', money(buys ? 'pays' : 'gets'))),
      fact(buys ? 'You get' : 'You give', figure('strong', 'gets', amount(buys ? 'gets' : 'pays'))));
  }

  /** Says beforehand why nothing can be sent, or what the sender should know. */
  function showNotice(asked, sum) {
    const why = obstacle(market, asked, { known: given.known(), levels: opposite(asked.side) });
    const has = free[asked.side === 'bid' ? currency.code : item.code];
    const words = why ? [why] : sum ? [...hints(market, asked, sum, has), ...unusual(asked, sum)] : [];
    submit.disabled = why !== null;
    write(notice, words.join(' '));
    notice.hidden = !words.length;
  }

  const unusual = (asked, sum) => cautions(market, asked, sum,
    { last: given.last(), best: opposite(asked.side)[0]?.[0] ?? null });

  /** Asks once more where an order is unusual; gives whether it is to be sent. */
  async function isMeant() {
    const asked = order();
    const sum = reckon(asked);
    const words = sum ? unusual(asked, sum) : [];
    if (!words.length) return true;
    const buys = asked.side === 'bid';
    return await ask({
      title: buys ? 'Buy at this price?' : 'Sell at this price?',
      body: el('div', {}, words.map((text) => el('p', {}, text)), el('p', {}, `You ${buys ? 'pay' : 'give'} `,
        el('strong', {}, buys ? moneyText(market, sum.pays) : amountText(market, sum.pays)), ' and get ',
        el('strong', {}, buys ? amountText(market, sum.gets) : moneyText(market, sum.gets)), ' if all of it trades so.')),
      confirm: `${buys ? 'Buy' : 'Sell'} all the same`,
      danger: true,
      action: async () => true,
    }) === true;
  }

  /** Fills in the amount that a part of what is available pays for. */
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
      return ['amount', `The least amount of an order is ${amountText(market, market.minAmount)}.`];
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
      given.placed(made);
    } catch (error) {
      if (error.code === 'market_halted') given.halted();
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
    else busy(submit, async () => { if (await isMeant()) await send(); }).catch((error) => {
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
    /** What is available of each currency: code -> units. */
    setFree(balances) {
      free = { [item.code]: 0n, [currency.code]: 0n, ...balances };
      showSummary();
    },
    setFee(text) {
      percent = percentOf(text);
      showSummary();
    },
    /** The book, the last price or the market's state has changed. */
    refresh: showSummary,
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
