// The market page: an order in the book of everybody at once, trades, cancelling, waiting for money, what is shown before sending.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, assertFits, done, launch, newPage, newUser, shot, signIn, signedCall, tabTo, tellerctl } from './support.mjs';
import { until } from '../support/teller.mjs';

const MARKET = 'BTCCNY';
const PAGE = `/market#${MARKET.toLowerCase()}`;
const SOON_MS = 2000;

let browser;
before(async () => {
  browser = await launch();
  await tellerctl(['market', 'add', 'BTC', 'CNY']);
  await tellerctl(['market', 'resume', MARKET]);
});
after(() => browser.close());

/** A page of somebody signed in who may trade. */
async function trader(credit = [['BTC', '10'], ['CNY', '5000']], options = {}) {
  const user = await newUser({ credit });
  const page = await newPage(browser, options);
  await signIn(page, user, PAGE);
  await ready(page);
  await page.locator('#balances table').waitFor();
  return { user, page };
}

/** A program of somebody with money, which places orders and takes back what is left of them. */
async function program() {
  const { login } = await newUser({ credit: [['BTC', '10'], ['CNY', '5000']] });
  const key = await tellerctl(['key', 'add', login, '--face', 'v1', '--rights', 'get_info,trade']);
  const call = async (method, params) => {
    const reply = await signedCall(key, method, params);
    assert.equal(reply.result, 'success', JSON.stringify(reply));
    return reply.return;
  };
  return {
    place: (type, amount, price) => call(`${MARKET}/order/add`, { type, amount, ...price === undefined ? {} : { price } }),
    cancelAll: async () => { for (const { oid } of await call('generic/orders')) await call('generic/order/cancel', { oid }); },
  };
}

/** A page of somebody who is not signed in. */
async function guest(options = {}) {
  const page = await newPage(browser, options);
  await page.goto(`${BASE}${PAGE}`);
  await ready(page);
  return page;
}

const ready = (page) => page.locator('.feed.live').waitFor();
const level = (page, side, price) => page.locator(`.${side}s tr:not(.blank)`).filter({ has: page.getByRole('button', { name: `${side === 'ask' ? 'Ask' : 'Bid'} ${price}`, exact: true }) });
const row = (page, text) => page.locator('.own-orders tbody tr').filter({ hasText: text });

async function fill(page, side, amount, price) {
  await page.getByRole('radio', { name: side, exact: true }).check();
  await page.getByRole('radio', { name: price ? 'Limit' : 'Market', exact: true }).check();
  if (price) await page.getByLabel('Price', { exact: true }).fill(price);
  await page.getByLabel('Amount', { exact: true }).fill(amount);
}

const sendButton = (page, side) => page.getByRole('button', { name: `${side} BTC`, exact: true });

/** Sends the order, and says once more that it is meant where the page asks; `then` shows what became of it. */
async function send(page, side, then) {
  await sendButton(page, side).click();
  const meant = page.getByRole('button', { name: `${side} all the same` });
  await then.or(meant).waitFor();
  if (await meant.isVisible()) await meant.click();
  await then.waitFor();
}

async function place(page, side, amount, price) {
  await fill(page, side, amount, price);
  await send(page, side, page.locator('.placed:not([hidden])'));
  return page.locator('.placed').textContent();
}

/** Cancels what is open. A page learns of a fill only after whoever caused it, so the server is asked. */
async function cancelAll(page) {
  const { orders } = await page.evaluate(async () => (await fetch('/site/market/orders')).json());
  for (const { oid } of orders) {
    await page.locator(`[data-oid="${oid}"]`).getByRole('button', { name: /^Cancel:/ }).click();
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await page.locator(`[data-oid="${oid}"]`).waitFor({ state: 'detached' });
  }
  await page.getByText('No open orders').waitFor();
}

/** Asserts that something shows within two seconds of now. */
async function soon(locator, what) {
  await locator.first().waitFor({ timeout: SOON_MS }).catch(() => assert.fail(`${what}: not within ${SOON_MS} ms`));
}

const wallets = (page) => page.evaluate(async () => Object.fromEntries((await (await fetch('/site/account')).json()).wallets
  .map(({ currency, balance, reserved }) => [currency, { balance: Number(balance.value_int), reserved: Number(reserved.value_int) }])));
/** The figure in a text as units. */
const units = (text, decimals) => {
  const [, whole, fraction = ''] = /([\d,]+)(?:\.(\d+))?/.exec(text);
  return Number(whole.replaceAll(',', '') + fraction.padEnd(decimals, '0'));
};

test('an order shows in the book of somebody else within two seconds, a trade in both, a cancelled order in neither', async () => {
  const watcher = await guest();
  const { page: seller } = await trader();
  const { page: buyer } = await trader();
  await watcher.getByText('The book is empty').waitFor();

  const said = await place(seller, 'Sell', '0.5', '150');
  assert.equal(said, '0.50 BTC is in the book.');
  await soon(level(watcher, 'ask', '150.00'), 'the order in the other book');
  assert.match(await level(watcher, 'ask', '150.00').textContent(), /0\.50000000/);
  await soon(level(seller, 'ask', '150.00'), 'the order in its own book');
  await soon(seller.locator('.asks .mine'), 'the mark at the own level');
  await row(seller, '¥150.00').getByText('In the book').waitFor();

  const before = await wallets(buyer);
  await fill(buyer, 'Buy', '0.2', '150.5');
  await buyer.locator('#pays', { hasText: 'about' }).waitFor();
  const [pays, gets, fee] = await Promise.all(['#pays', '#gets', '#fee'].map((id) => buyer.locator(id).textContent()));
  assert.deepEqual([pays, gets, fee], ['about CN¥30.00', 'about 0.1988 BTC', 'about 0.0012 BTC']);
  assert.match(await place(buyer, 'Buy', '0.2', '150.5'), /^Bought 0\.20 BTC\.$/);
  const after_ = await wallets(buyer);
  assert.deepEqual([before.CNY.balance - after_.CNY.balance, after_.BTC.balance - before.BTC.balance], [3000000, 19880000]);
  for (const page of [watcher, seller, buyer]) {
    await soon(page.locator('.trades tbody tr', { hasText: '150.00' }), 'the trade');
    await soon(page.locator('#last', { hasText: 'CN¥150.00' }), 'the last price');
    await soon(level(page, 'ask', '150.00').filter({ hasText: '0.30000000' }), 'what is left');
  }
  await soon(row(seller, '0.30 BTC'), 'what is left of the order');
  await soon(watcher.locator('.canvas .body'), 'the candle');

  await cancelAll(seller);
  await soon(watcher.getByText('The book is empty'), 'the cancelled order gone');
  await soon(seller.locator('.placed'), 'the form');
  assert.equal((await wallets(seller)).BTC.reserved, 0);
  for (const page of [watcher, seller, buyer]) await done(page);
});

test('without money an order waits, hidden, until money arrives', async () => {
  const { page, user } = await trader([['BTC', '1']]);
  const watcher = await guest();
  await fill(page, 'Buy', '0.5', '100');
  await page.getByText('what is not covered waits until money arrives').waitFor();
  assert.equal(await place(page, 'Buy', '0.5', '100'), '0.50 BTC waits for money.');
  await row(page, '¥100.00').getByText('Waits for money').waitFor();
  await assertAccessible(page, 'an order that waits');
  await shot(page, 'market-waits');
  assert.equal(await level(watcher, 'bid', '100.00').count(), 0);
  await tellerctl(['credit', user.login, 'CNY', '20', '--note', 'A part of it']);
  await row(page, '¥100.00').getByText('Partly in the book').waitFor();
  await soon(level(watcher, 'bid', '100.00').filter({ hasText: '0.20000000' }), 'the funded part');
  await tellerctl(['credit', user.login, 'CNY', '30', '--note', 'The rest']);
  await row(page, '¥100.00').getByText('In the book', { exact: true }).waitFor();
  await soon(level(watcher, 'bid', '100.00').filter({ hasText: '0.50000000' }), 'all of it');
  await cancelAll(page);
  await done(watcher);
  await done(page);
});

test('what is shown before sending is what happens: limit and market, fee from either side', async () => {
  const { page: maker } = await trader();
  const { page } = await trader([['BTC', '3'], ['CNY', '1000']]);
  for (const [amount, price] of [['0.33333333', '140.01'], ['0.7', '141.5'], ['2', '143']]) await place(maker, 'Sell', amount, price);
  await soon(level(page, 'ask', '143.00'), 'the book');
  const cases = [['Buy', '0.12345678', '140.01', false, ['140.01', '0.20987655']], ['Buy', '0.5', null, false, ['141.50', '0.40987655']],
    ['Buy', '0.31234567', null, true, ['141.50', '0.09753088']]];
  for (const [side, amount, price, fiat, [left, size]] of cases) {
    await page.locator('details').evaluate((details) => { details.open = true; });
    await page.getByLabel(/^Pay the fee in CNY/).setChecked(fiat);
    await fill(page, side, amount, price);
    const texts = await Promise.all(['#pays', '#gets'].map((id) => page.locator(id).textContent()));
    const [pays, gets] = [units(texts[0], 5), units(texts[1], 8)];
    const before = await wallets(page);
    await place(page, side, amount, price);
    const after_ = await wallets(page);
    assert.deepEqual([before.CNY.balance - after_.CNY.balance, after_.BTC.balance - before.BTC.balance], [pays, gets], `${side} ${amount} ${price}`);
    await soon(level(page, 'ask', left).filter({ hasText: size }), 'what is left in the book');
  }
  await cancelAll(maker);
  await place(maker, 'Buy', '1', '139.99');
  await soon(level(page, 'bid', '139.99'), 'the bid');
  await fill(page, 'Sell', '0.77777777', null);
  await page.locator('#pays').filter({ hasText: 'CN¥' }).waitFor();
  const [gets, gives] = [units(await page.locator('#pays').textContent(), 5), units(await page.locator('#gets').textContent(), 8)];
  const before = await wallets(page);
  await place(page, 'Sell', '0.77777777', null);
  const after_ = await wallets(page);
  assert.deepEqual([after_.CNY.balance - before.CNY.balance, before.BTC.balance - after_.BTC.balance], [gets, gives]);
  await fill(page, 'Sell', '1', null);
  await page.getByText('the rest of the order would end').waitFor();
  assert.match(await place(page, 'Sell', '1', null), /^Sold 0\.2222\d* BTC; the rest, 0\.7777\d* BTC, has ended\.$/);
  await done(maker);
  await done(page);
});

test('a price of the book goes into the form, by click and by keyboard; parts of what is available fill the amount', async () => {
  const { page: maker } = await trader();
  const { page } = await trader([['CNY', '100']]);
  for (const [side, price] of [['Sell', '160'], ['Sell', '161.25'], ['Buy', '158'], ['Buy', '157.125']]) await place(maker, side, '0.5', price);
  await soon(level(page, 'bid', '157.125'), 'the book');
  const price = page.getByLabel('Price', { exact: true });
  await level(page, 'ask', '161.25').locator('.amount').click();
  assert.equal(await price.inputValue(), '161.25');
  await tabTo(page, '.asks button');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Bid 157.125');
  await page.keyboard.press('Enter');
  assert.equal(await price.inputValue(), '157.125');
  await price.fill('160');
  await page.getByRole('button', { name: 'Max' }).click();
  assert.equal(await page.getByLabel('Amount', { exact: true }).inputValue(), '0.625');
  await page.getByRole('button', { name: '50 %' }).click();
  assert.equal(await page.getByLabel('Amount', { exact: true }).inputValue(), '0.3125');
  await cancelAll(maker);
  await done(maker);
  await done(page);
});

test('what is wrong is said at its field, before it is sent and after', async () => {
  const { page } = await trader();
  const wrong = async (id, text) => page.locator(`#${id}-error`, { hasText: text }).waitFor();
  const buy = sendButton(page, 'Buy');
  for (const [amount, price, id, text] of [['', '100', 'amount', 'enter an amount'], ['1', '', 'price', 'enter a price'], ['1,500', '100', 'amount', 'could be 1500 or 1.500'],
    ['1', '100.123456', 'price', 'at most 5 decimals'], ['0.001', '100', 'amount', 'least amount of an order is 0.01 BTC'], ['0', '100', 'amount', 'more than zero']]) {
    await page.getByLabel('Price', { exact: true }).fill(price);
    await page.getByLabel('Amount', { exact: true }).fill(amount);
    await buy.click();
    await wrong(id, text);
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
  }
  assert.equal(page.seen.filter((request) => request.method() === 'POST' && request.url().includes('/site/market/')).length, 0);
  await page.getByLabel('Price', { exact: true }).fill('9'.repeat(34));
  await page.getByLabel('Amount', { exact: true }).fill('1');
  await send(page, 'Buy', page.locator('#price-error', { hasText: 'too large' }));
  await shot(page, 'market-wrong');
  await tellerctl(['market', 'halt', MARKET]);
  try {
    await page.getByLabel('Price', { exact: true }).fill('100');
    await send(page, 'Buy', page.locator('.order .form-error', { hasText: 'Trading is halted' }));
    // From then on the page knows.
    await page.locator('#order-notice', { hasText: 'Trading is halted' }).waitFor();
    assert.equal(await sendButton(page, 'Buy').isDisabled(), true);
    const other = await guest();
    await other.locator('#halted').waitFor();
    await done(other);
  } finally {
    await tellerctl(['market', 'resume', MARKET]);
  }
  await page.locator('.order button[type=submit]:enabled').waitFor();
  assert.equal(await page.locator('#halted').isVisible(), false);
  await done(page);
});

test('an order that crosses the book is reckoned by the book, and asked for once more where its price is far off', async () => {
  const { page: maker } = await trader();
  await place(maker, 'Buy', '4', '120');
  const { page } = await trader();
  await soon(level(page, 'bid', '120.00'), 'the bid');
  await place(page, 'Sell', '0.5', '120');
  await soon(page.locator('#last', { hasText: 'CN¥120.00' }), 'the last price');

  await fill(page, 'Sell', '2', '1.2');
  await page.locator('#pays', { hasText: 'about CN¥238.56' }).waitFor();
  await page.getByText('It trades at once, at prices down to CN¥120.00.').waitFor();
  await page.locator('#order-notice', { hasText: 'Your price, CN¥1.20, is 99.0 % below the last price, CN¥120.00.' }).waitFor();
  const sent = () => page.seen.filter((request) => request.method() === 'POST' && request.url().endsWith('/site/market/orders')).length;
  const before = sent();
  await sendButton(page, 'Sell').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('99.0 % below the last price').waitFor();
  await assertAccessible(page, 'the question');
  await shot(page, 'market-far-off');
  await dialog.getByRole('button', { name: 'Go back' }).click();
  assert.equal(sent(), before, 'nothing is sent before the answer');
  const had = await wallets(page);
  await send(page, 'Sell', page.locator('.placed', { hasText: 'Sold 2.00 BTC.' }));
  const has = await wallets(page);
  assert.equal(has.CNY.balance - had.CNY.balance, 23856000);

  await fill(page, 'Sell', '2', '119.5');
  await page.getByText('1.50 BTC trades at once, at prices down to CN¥120.00. The rest waits in the book.').waitFor();
  await page.locator('#pays', { hasText: 'about CN¥238.3115' }).waitFor();
  await cancelAll(maker);
  await done(maker);
  await done(page);
});

test('a market order that moves the price by more than a percent is asked for once more', async () => {
  const { page: maker } = await trader();
  await place(maker, 'Sell', '0.1', '120');
  await place(maker, 'Sell', '1', '122');
  const { page } = await trader();
  await soon(level(page, 'ask', '122.00'), 'the book');
  await fill(page, 'Buy', '0.1', null);
  await page.locator('#pays', { hasText: 'CN¥12.00' }).waitFor();
  assert.doesNotMatch(await page.locator('#order-notice').textContent(), /average/);
  await fill(page, 'Buy', '0.3', null);
  await page.locator('#order-notice', { hasText: 'at CN¥121.33333 on average, 1.1 % above the best price, CN¥120.00.' }).waitFor();
  await sendButton(page, 'Buy').click();
  await page.getByRole('dialog').getByText('1.1 % above the best price').waitFor();
  await page.getByRole('button', { name: 'Buy all the same' }).click();
  await page.locator('.placed', { hasText: 'Bought 0.30 BTC.' }).waitFor();
  await cancelAll(maker);
  await done(maker);
  await done(page);
});

test('with nobody to trade with a market order cannot be sent, and the page says why', async () => {
  const { page } = await trader();
  await page.getByText('The book is empty').waitFor();
  await fill(page, 'Sell', '1', null);
  await page.locator('#order-notice', { hasText: 'Nobody buys at the moment' }).waitFor();
  assert.equal(await sendButton(page, 'Sell').isDisabled(), true);
  await page.getByRole('radio', { name: 'Limit', exact: true }).check();
  await page.locator('.order button[type=submit]:enabled').waitFor();
  // An order of one's own is nobody to trade with: it would end.
  await place(page, 'Buy', '0.5', '90');
  await soon(level(page, 'bid', '90.00'), 'the own order');
  await fill(page, 'Sell', '1', null);
  await page.locator('#order-notice', { hasText: 'Nobody buys at the moment' }).waitFor();
  await cancelAll(page);
  await done(page);
});

test('an order whose answer is lost is placed once', async () => {
  const { page } = await trader();
  let lost = 0;
  await page.route('**/site/market/orders', async (route) => {
    if (route.request().method() !== 'POST' || lost++) { await route.continue(); return; }
    await route.fetch();
    await route.abort();
  });
  await fill(page, 'Buy', '0.25', '90');
  await send(page, 'Buy', page.locator('.order .form-error', { hasText: 'could not be reached' }));
  await send(page, 'Buy', page.locator('.placed:not([hidden])'));
  await row(page, '¥90.00').waitFor();
  assert.equal(await page.locator('.own-orders tbody tr').count(), 1);
  await cancelAll(page);
  await done(page, 'ERR_FAILED');
});

test('the account shows what open orders hold, and offers the rest', async () => {
  const { page } = await trader([['CNY', '100']]);
  await place(page, 'Buy', '0.25', '90');
  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByText('In open orders: CN¥22.50').waitFor();
  await page.locator('.balance', { hasText: 'CN¥77.50' }).waitFor();
  await page.getByRole('link', { name: 'Market' }).click();
  await page.getByRole('combobox', { name: 'Market' }).selectOption(MARKET);
  await row(page, '¥90.00').waitFor();
  await cancelAll(page);
  await done(page);
});

test('without the stream the page asks each second', async () => {
  const { page: maker } = await trader();
  const page = await newPage(browser);
  await page.route('**/mtgox?*', (route) => route.abort());
  await page.goto(`${BASE}${PAGE}`);
  await page.locator('.feed.polling', { hasText: 'Every second' }).waitFor();
  await place(maker, 'Sell', '0.75', '171');
  await level(page, 'ask', '171.00').waitFor({ timeout: SOON_MS + 1000 });
  await cancelAll(maker);
  await page.getByText('The book is empty').waitFor();
  await done(page, 'ERR_FAILED');
  await done(maker);
});

test('a stop waits for its price and then goes to the book', async () => {
  const { page: maker } = await trader();
  const { page } = await trader();
  await page.locator('details').evaluate((details) => { details.open = true; });
  await page.getByLabel('Stop price').fill('182');
  assert.match(await place(page, 'Buy', '0.1', '185'), /waits for its stop price/);
  await row(page, 'stop CN¥182.00').getByText('Waits for its stop').waitFor();
  await place(maker, 'Sell', '0.1', '182');
  const { page: taker } = await trader();
  await place(taker, 'Buy', '0.1', '182');
  await soon(level(page, 'bid', '185.00'), 'the stop order in the book');
  await cancelAll(page);
  for (const one of [maker, taker, page]) await done(one);
});

test('signed out: everything public, and the way to sign in and back', async () => {
  const user = await newUser({ credit: [['BTC', '1']] });
  const page = await guest();
  assert.equal(await page.locator('form').count(), 0);
  await assertAccessible(page, 'the market, signed out');
  await shot(page, 'market-out');
  await page.getByRole('link', { name: 'Sign in to trade' }).click();
  await page.getByLabel('Login or e-mail').fill(user.login);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${BASE}${PAGE}`);
  await page.getByRole('button', { name: 'Buy BTC' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in to trade' }).waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, PAGE);
  await page.getByRole('combobox', { name: 'Market' }).selectOption('BTCUSD');
  await page.locator('.levels th', { hasText: 'Price (USD)' }).first().waitFor();
  await page.goto(`${BASE}/account`);
  await done(page);
});

test('phone width, dark and light: nothing sticks out, nothing that axe finds', async () => {
  const maker = await program();
  for (let step = 1; step <= 12; step++) {
    await maker.place('ask', `${step / 4}`, `${150 + step * 0.35}`);
    await maker.place('bid', `0.${step}2345`, `${150 - step * 0.35}`);
  }
  const taker = await program();
  for (const [type, amount] of [['bid', '0.4'], ['ask', '0.2'], ['bid', '0.11'], ['ask', '0.7']]) await taker.place(type, amount);
  for (const [name, options] of [['market', { viewport: { width: 1440, height: 900 } }], ['market-dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
    ['market-tablet', { viewport: { width: 820, height: 1100 } }], ['market-phone', { viewport: { width: 360, height: 780 } }],
    ['market-phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }]]) {
    const { page } = await trader([['BTC', '3.5'], ['CNY', '5000']], options);
    await place(page, 'Buy', '0.5', '140.1');
    await place(page, 'Sell', '40', '171');
    await fill(page, 'Buy', '0.8', '149');
    await level(page, 'ask', '151.05').waitFor();
    await page.waitForFunction(() => !document.getAnimations().length);
    await shot(page, name);
    await assertFits(page, name);
    if (name === 'market' || name === 'market-phone-dark') await assertAccessible(page, name);
    await cancelAll(page);
    await done(page);
  }
  await maker.cancelAll();
});

test('the chart is read with the arrow keys, and its candles have a choice of lengths', async () => {
  const page = await guest();
  const chart = page.getByRole('slider', { name: /Candles/ });
  await page.waitForFunction(() => Number(document.querySelector('.canvas').getAttribute('aria-valuemax')) > 0
    && document.querySelector('.canvas .body'));
  await page.getByRole('radio', { name: '1 minute' }).check();
  await chart.focus();
  const newest = await chart.getAttribute('aria-valuetext');
  assert.match(newest, /Open [\d.]+, High [\d.]+, Low [\d.]+, Close [\d.]+, Volume [\d.]+ BTC$/);
  // Candles of the other length may come after the key: they are read from the newest one.
  for (const [key, end] of [['Home', 'aria-valuemin'], ['End', 'aria-valuemax']])
    await until(async () => {
      await page.keyboard.press(key);
      return await chart.getAttribute('aria-valuenow') === await chart.getAttribute(end);
    }, 20, key);
  await done(page);
});
