/** The market page: everything public for everybody, the order form and own orders for who is signed in. */
import { api, setSessionEnded } from './api.js';
import { readCurrency } from './currency.js';
import { $, el, empty, untilDone } from './dom.js';
import { ZONE, exact } from './format.js';
import { bookTable, newBook } from './market/book.js';
import { candleChart, intervalChoice } from './market/chart.js';
import { soon, write } from './market/draw.js';
import { follow } from './market/feed.js';
import { orderForm } from './market/form.js';
import { balanceTable, ordersFailed, showOrders } from './market/orders.js';
import { isOf, newTrades, readTrade, tradesTable } from './market/trades.js';
import { decimalsOf, grouped, signed } from './market/units.js';
import { toUnits } from './number.js';
import { currentSession, onSignOut, showWho as showLogin } from './session.js';

const FEED = {
  live: ['Live', 'News arrive as they happen.'],
  polling: ['Every second', 'The live stream is not there: the page asks each second.'],
  away: ['Not connected', 'The server does not answer. The page keeps trying.'],
};
const START_INTERVAL = '300';
const SPANS_S = [600, 7200, 86400]; // how far back recent trades are looked for
const ENOUGH_TRADES = 24;
const DAY_S = 86400;
const DAY_CANDLE_S = 900;
/** A snapshot may come from a cache and be a second old: another one is asked for when that second is over. */
const SNAPSHOT_AGE_MS = 1100;
const REFRESH_MS = 60000;
const HALTED_REFRESH_MS = 3000;

let session = null;
let markets = [];
let market;
let parts = null;
let stop = () => {};

const now = () => Math.floor(Date.now() / 1000);

/** Asks for public data of the market that is shown; an answer that comes when another one is shown is dropped. */
async function ask(method, query) {
  const mine = parts;
  const reply = await api('GET', `/api/1/${market.code}/${method}`, { query });
  return mine === parts ? reply.return : new Promise(() => {});
}

function readMarkets(rows, currencies) {
  const currencyOf = (code) => readCurrency(currencies.find(({ currency }) => currency === code));
  return rows.map((row) => {
    const [item, currency] = [currencyOf(row.item), currencyOf(row.currency)];
    const [amountStep, priceStep] = [BigInt(row.amount_step.value_int), BigInt(row.price_step.value_int)];
    return { code: row.market, item, currency, amountStep, priceStep, minAmount: BigInt(row.min_amount.value_int),
      halted: row.halted, feePercent: row.fee_percent, amountDecimals: decimalsOf(amountStep, item.decimals),
      priceDecimals: currency.display };
  });
}

/** Writes the ticker's figures in the order in which the page has them. */
function showFigures(values) {
  for (const [at, place] of [...$('figures').querySelectorAll('dd')].entries()) write(place, values[at] ?? '–');
}

/** The ticker's line. */
const showTicker = soon(() => {
  const { item, currency } = market;
  const { ticker } = parts;
  if (!ticker) return;
  const price = (amount) => (amount ? signed(BigInt(amount.value_int), currency, market.priceDecimals) : '–');
  write($('last'), price(ticker.last_local));
  parts.form?.refresh();
  showFigures([price(ticker.high), price(ticker.low),
    ticker.vol ? `${grouped(BigInt(ticker.vol.value_int), item.decimals, 2)} ${item.code}` : '–',
    ticker.vwap ? exact({ ...ticker.vwap, display: ticker.vwap.display_short }) : '–']);
  if (ticker.last_local)
    document.title = `${grouped(BigInt(ticker.last_local.value_int), currency.decimals, market.priceDecimals)} ${item.code}/${currency.code} – Teller`;
  showChange(ticker.last_local);
});

/** How far the last price is from the first one of the last 24 hours. */
function showChange(last) {
  const first = parts.firstPrice;
  const change = last && first ? (BigInt(last.value_int) - first) * 10000n / first : null;
  const sign = change > 0n ? '+' : change < 0n ? '−' : '';
  $('change').className = `change ${change > 0n ? 'rise' : change < 0n ? 'fall' : ''}`;
  write($('change'), change === null ? '' : `${sign}${grouped(change < 0n ? -change : change, 2, 2)} %`);
  $('change').title = 'Against the first price of the last 24 hours';
}

function showFeed(state) {
  const [name, meaning] = FEED[state];
  $('feed').className = `feed ${state}`;
  $('feed').title = meaning;
  write($('feed'), name);
}

function showBook() {
  const own = new Set(parts.orders.filter((order) => order.market === market.code && order.price && order.status === 'open')
    .map((order) => `${order.type} ${order.price.value_int}`));
  parts.table.show(parts.book, own);
  parts.form?.refresh();
}

/** What others offer on one side of the book: an order of one's own that is in the way of another one ends instead. */
function othersLevels(side) {
  const own = new Map();
  for (const order of parts.orders) {
    if (order.market !== market.code || order.type !== side || order.status !== 'open' || !order.price) continue;
    const price = BigInt(order.price.value_int);
    own.set(price, (own.get(price) ?? 0n) + BigInt(order.effective_amount.value_int));
  }
  return parts.book.levels(side).map(([price, amount]) => [price, amount - (own.get(price) ?? 0n)])
    .filter(([, amount]) => amount > 0n);
}

function showHalted() {
  $('halted').hidden = !market.halted;
  parts.form?.refresh();
}

/** Looks whether trading is halted; where it is, looks again soon whether it goes on. */
async function loadHalted() {
  const mine = parts;
  const { markets: rows } = await api('GET', '/site/markets');
  if (mine !== parts) return;
  market.halted = rows.find(({ market: code }) => code === market.code)?.halted ?? true;
  showHalted();
}

async function loadDepth() {
  const known = performance.now() - SNAPSHOT_AGE_MS;
  const depth = await ask('depth');
  parts.book.load(depth);
  parts.changes = parts.changes.filter(({ at }) => at >= known);
  for (const { change } of parts.changes) parts.book.change(change);
  showBook();
  const best = parts.book.levels('bid')[0] ?? parts.book.levels('ask')[0];
  if (best) parts.form?.offerPrice(best[0]);
}

async function loadTicker() {
  const ticker = await ask('ticker');
  parts.ticker = ticker;
  showTicker();
}

function addTrades(list) {
  const fresh = parts.trades.add(list);
  parts.tradeTable.show(parts.trades.list());
  return fresh;
}

async function loadTrades() {
  const since = parts.trades.last();
  if (since !== null) {
    for (const trade of addTrades((await ask('trades', { since, primary: 'Y' })).map(readTrade))) parts.chart.add(trade);
    return;
  }
  for (const span of SPANS_S) {
    const list = (await ask('trades', { since: (now() - span) * 1000000, primary: 'Y' })).map(readTrade);
    if (list.length >= ENOUGH_TRADES || span === SPANS_S.at(-1)) {
      if (addTrades(list).length) parts.chart.settle();
      return;
    }
  }
}

async function loadDay() {
  const [first] = await ask('candles', { interval: DAY_CANDLE_S, since: now() - DAY_S + DAY_CANDLE_S });
  parts.firstPrice = first ? toUnits(first.open, market.currency.decimals) : null;
  if (parts.ticker) showChange(parts.ticker.last_local);
}

/** Everything public, at once. */
const loadAll = () => Promise.all([loadTicker(), loadDepth(), loadTrades()]);

/** Own orders and balances; asked for again while an answer is under way, they are asked for once more after it. */
function ownLoader() {
  let running = null;
  let again = false;
  const run = async () => {
    const mine = parts;
    const [{ orders, fees }, account] = await Promise.all([api('GET', '/site/market/orders'), api('GET', '/site/account')]);
    if (mine !== parts) return;
    parts.orders = orders;
    showOrders($('own'), orders, markets, loadOwn);
    $('balances').replaceChildren(balanceTable(market, account.wallets));
    parts.form.setFree(Object.fromEntries(account.wallets.map(({ currency, free }) => [currency, BigInt(free.value_int)])));
    parts.form.setFee(fees[market.code]);
    showBook();
  };
  return async () => {
    if (!session || !parts) return;
    again = running !== null;
    running ??= (async () => {
      try {
        do { again = false; await run(); } while (again);
      } catch (error) {
        if (session) ordersFailed($('own'), error, loadOwn);
      } finally {
        running = null;
      }
    })();
    await running;
  };
}
const loadOwn = ownLoader();

/** One message of the stream. */
function onMessage(message) {
  const { private: kind } = message;
  if (kind === 'depth' && message.depth.item === market.item.code && message.depth.currency === market.currency.code) {
    parts.changes.push({ at: performance.now(), change: message.depth });
    if (parts.book.change(message.depth)) showBook();
  } else if (kind === 'ticker') {
    parts.ticker = message.ticker;
    showTicker();
  } else if (kind === 'trade' && isOf(market, message.trade)) {
    for (const trade of addTrades([readTrade(message.trade)])) parts.chart.add(trade);
  }
  if (kind === 'user_order' || kind === 'wallet') loadOwn();
}

/** Where the stream of this market is; with the reader's own channel where there is one. */
async function streamAddress() {
  const query = new URLSearchParams({ Channel: `ticker.${market.code}/depth.${market.code}/trade.${market.item.code}` });
  if (session) query.set('key', (await api('GET', '/site/market/idkey')).idkey);
  return `/mtgox?${query}`;
}

function startForm() {
  $('market').classList.toggle('guest', !session);
  if (!session) {
    $('own').replaceChildren();
    $('deal').replaceChildren(el('p', { class: 'lead' }, 'Prices, book and trades are open to everybody.'),
      el('a', { class: 'button primary wide', href: signInHref() }, 'Sign in to trade'));
    return null;
  }
  const form = orderForm(market, {
    levels: othersLevels,
    known: () => parts.book.isKnown(),
    last: () => (parts.ticker?.last_local ? BigInt(parts.ticker.last_local.value_int) : null),
    placed: loadOwn,
    halted() {
      market.halted = true;
      showHalted();
    },
  });
  $('deal').replaceChildren(form.element, el('div', { id: 'balances' }));
  return form;
}

const signInHref = () => `/?${new URLSearchParams({ next: `/market#${market.code.toLowerCase()}` })}`;

/** Shows a market from the beginning. */
function show(chosen) {
  stop();
  parts?.chart.stop();
  market = chosen;
  $('pair').value = market.code;
  write($('last'), '–');
  write($('change'), '');
  showFigures([]);
  $('title').textContent = `${market.item.code}/${market.currency.code}`;
  $('halted').hidden = !market.halted;
  $('sign-in').href = signInHref();
  const book = newBook();
  parts = { book, changes: [], orders: [], trades: newTrades(), ticker: null, firstPrice: null, tradeTable: tradesTable(market),
    table: bookTable(market, (price) => parts.form?.setPrice(price)),
    chart: candleChart(market, { plot: $('chart'), readout: $('readout') }) };
  const mine = parts;
  parts.form = startForm();
  $('book').replaceChildren(parts.table.element);
  $('trades').replaceChildren(parts.tradeTable.element);
  parts.chart.setInterval($('intervals').querySelector(':checked').value).catch(quiet);
  loadAll().then(() => loadDay()).catch(quiet);
  loadOwn();
  const timers = [];
  const refresh = setInterval(() => {
    for (const load of [parts.chart.load, loadDay, loadDepth, loadHalted]) load().catch(quiet);
  }, REFRESH_MS);
  const halted = setInterval(() => { if (market.halted) loadHalted().catch(quiet); }, HALTED_REFRESH_MS);
  const unfollow = follow({
    address: streamAddress,
    onState: showFeed,
    onMessage: (message) => { if (mine === parts) onMessage(message); },
    onOpen() {
      loadAll().catch(quiet);
      loadOwn();
      timers.push(setTimeout(() => { loadDepth().catch(quiet); loadTicker().catch(quiet); }, SNAPSHOT_AGE_MS));
    },
    async poll() {
      await loadAll();
      await loadOwn();
    },
  });
  stop = () => {
    unfollow();
    clearInterval(refresh);
    clearInterval(halted);
    timers.forEach(clearTimeout);
  };
}

/** What fails here is asked for again within the second, and the state of the feed says so meanwhile. */
function quiet(error) {
  if (error.status === undefined) throw error;
}

function showWho() {
  showLogin(session);
  $('sign-out').hidden = !session;
  $('sign-in').hidden = Boolean(session);
}

const named = () => markets.find(({ code }) => code === location.hash.slice(1).toUpperCase());

async function load() {
  const place = $('problem');
  const [who, { markets: rows }, { currencies }] = await untilDone(place, () => Promise.all(
    [currentSession(), api('GET', '/site/markets'), api('GET', '/site/currencies')]));
  session = who;
  markets = readMarkets(rows, currencies);
  showWho();
  if (!markets.length) {
    place.replaceChildren(empty('No market yet', el('p', {}, 'The operator has not opened one.')));
    $('market').hidden = true;
    return;
  }
  place.replaceChildren();
  $('pair').replaceChildren(...markets.map(({ code, item, currency }) => el('option', { value: code }, `${item.code} / ${currency.code}`)));
  show(named() ?? markets[0]);
  for (const part of $('market').children) part.hidden = false;
  $('market').removeAttribute('aria-busy');
}

$('zone').textContent = ZONE;
intervalChoice($('intervals'), START_INTERVAL, (seconds) => parts.chart.setInterval(seconds).catch(quiet));
$('pair').addEventListener('change', ({ target }) => { location.hash = target.value.toLowerCase(); });
window.addEventListener('hashchange', () => { if (named() && named() !== market) show(named()); });
onSignOut(() => `/market${location.hash}`);
showWho();
setSessionEnded(() => {
  session = null;
  showWho();
  show(market);
});
await load();
