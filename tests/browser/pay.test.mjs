// The payment page, from a shop's link or form to the way back, and the checkout button on a foreign page.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, assertFits, done, launch, newMerchant, newOrder, newPage, newUser, setUpOtp, shot,
  signIn, signInHere, signedCall, tabTo, tellerctl, totp } from './support.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

let browser;
let merchant;
before(async () => {
  [browser, merchant] = await Promise.all([launch(), newMerchant()]);
});
after(() => browser.close());

const order = (params) => newOrder(merchant, params);
const details = async (transaction) =>
  (await signedCall(merchant.key, 'generic/merchant/order/details', { transaction })).return;
const payButton = (page) => page.locator('#submit');

async function buyer(transaction, user = null, options = {}) {
  const page = await newPage(browser, options);
  const who = user ?? await newUser({ credit: [['USD', '100']] });
  await signIn(page, who, `/pay/${transaction}`);
  await page.locator('#order').waitFor();
  return { page, user: who };
}

test('a buyer signs in on the page, pays all and is taken back to the shop', async () => {
  const transaction = await order();
  const user = await newUser({ credit: [['USD', '100']] });
  const page = await newPage(browser);
  await page.goto(`${BASE}/pay/${transaction}?custom=17`);
  await page.getByRole('heading', { level: 1, name: 'Coffee beans, 1 kg' }).waitFor();
  assert.equal(await page.locator('#asked').textContent(), '$24.50');
  assert.equal(await page.locator('#merchant').textContent(), merchant.login);
  assert.match(await page.locator('#time-left').textContent(), /^(59:\d\d|1 h 0 min)$/);
  await shot(page, 'pay-sign-in');
  await signInHere(page, user);
  await payButton(page).waitFor();
  await shot(page, 'pay');
  await payButton(page).click();
  await page.waitForURL(`${BASE}/demo-shop/thanks?order=1`);
  const { status, payments } = await details(transaction);
  assert.deepEqual([status, payments.map(({ payer, amount }) => [payer, amount.value])],
    ['paid', [[user.login, '24.50000']]]);
  await done(page);
});

test('the older addresses of the payment page lead to it, by a form as well', async () => {
  const transaction = await order();
  for (const address of [`/${transaction}`, `/${transaction}/`, `/pay/${transaction}/`, `/${transaction.toUpperCase()}?custom=17`]) {
    const page = await newPage(browser);
    await page.goto(`${BASE}${address}`);
    await page.getByRole('heading', { level: 1, name: 'Coffee beans' }).waitFor();
    assert.equal(page.url(), `${BASE}/pay/${transaction}`);
    await done(page);
    const posted = await fetch(`${BASE}${address}`, { method: 'POST', body: new URLSearchParams({ any: 'thing' }) });
    assert.deepEqual([posted.status, await posted.text()], [200, await (await fetch(`${BASE}/pay/${transaction}`)).text()], address);
  }
  for (const address of [`/${transaction}/x`, `/x${transaction}`, `/pay/pay/${transaction}`])
    assert.equal((await fetch(`${BASE}${address}`)).status, 404, address);
});

test('a shop may send its buyer by a form; reloading does not post again', async () => {
  const transaction = await order();
  const page = await newPage(browser);
  const shop = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<form method="post" action="${BASE}/pay/${transaction}"><input name="any" value="thing"></form>
      <script>document.forms[0].submit()</script>`);
  }).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  try {
    await page.goto(`http://127.0.0.1:${shop.address().port}/`);
    await page.getByRole('heading', { level: 1, name: 'Coffee beans' }).waitFor();
    const arrival = page.seen.find((request) => request.url() === `${BASE}/pay/${transaction}`);
    assert.deepEqual([arrival.method(), arrival.postData()], ['POST', 'any=thing']);
    page.seen.length = 0;
    await page.reload();
    await page.locator('#order').waitFor();
    assert.deepEqual(page.seen.filter((request) => request.method() !== 'GET'), []);
  } finally {
    shop.close();
  }
  await done(page, 'favicon');
});

test('an order is paid in parts by two people; the other one sees it without reloading', async () => {
  const transaction = await order();
  const one = await buyer(transaction);
  const two = await buyer(transaction);
  await one.page.getByRole('radio', { name: /A part/ }).check();
  for (const [amount, problem] of [['', 'enter an amount'], ['0', 'more than zero'], ['1,500', 'could be 1500 or 1.500'],
    ['1.123456', 'at most 5 decimals'], ['24.51', 'more than the missing']]) {
    await one.page.getByLabel('Amount in USD').fill(amount);
    await payButton(one.page).click();
    await one.page.locator('#part-amount-error', { hasText: problem }).waitFor();
    assert.equal(await one.page.evaluate(() => document.activeElement.id), 'part-amount');
  }
  await one.page.getByLabel('Amount in USD').fill('10,5');
  await shot(one.page, 'pay-part');
  await payButton(one.page).click();
  await one.page.locator('#still-missing', { hasText: '$14.00' }).waitFor();
  assert.equal(await one.page.evaluate(() => document.activeElement.id), 'description');
  await shot(one.page, 'pay-partial');

  await two.page.locator('#still-missing', { hasText: '$14.00' }).waitFor();
  await two.page.getByRole('button', { name: 'Pay $14.00' }).click();
  await two.page.waitForURL(/demo-shop\/thanks/);
  await one.page.getByRole('heading', { name: 'This payment is done' }).waitFor();
  assert.equal(await one.page.getByRole('link', { name: /^Continue to/ }).getAttribute('href'),
    `${BASE}/demo-shop/thanks?order=1`);
  await shot(one.page, 'pay-paid');
  const { status, payments } = await details(transaction);
  assert.equal(status, 'paid');
  assert.deepEqual(payments.map(({ amount }) => amount.value).sort(), ['10.50000', '14.00000']);
  await Promise.all([done(one.page), done(two.page)]);
});

test('an order that must be paid whole offers no part', async () => {
  const { page } = await buyer(await order({ instant_only: '1' }));
  await payButton(page).waitFor();
  assert.equal(await page.locator('#how-much').isVisible(), false);
  await done(page);
});

test('a double click pays once', async () => {
  const transaction = await order();
  const { page } = await buyer(transaction);
  await payButton(page).dblclick();
  await page.waitForURL(/demo-shop\/thanks/);
  assert.equal((await details(transaction)).payments.length, 1);
  await done(page);
});

test('trying again after a lost answer pays once', async () => {
  const transaction = await order({ multipay: '1' });
  const { page } = await buyer(transaction);
  let lost = 0;
  await page.route(`**/site/pay/${transaction}`, async (route) => {
    if (route.request().method() !== 'POST' || lost++) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await payButton(page).click();
  await page.getByText('The server could not be reached').waitFor();
  await payButton(page).click();
  await page.waitForURL(/demo-shop\/thanks/);
  assert.equal((await details(transaction)).payments.length, 1);
  await done(page, 'ERR_FAILED');
});

test('an order for many payments takes each and offers no cancelling', async () => {
  const transaction = await order({ multipay: '1', amount: '5', description: '' });
  const user = await newUser({ credit: [['USD', '100']] });
  for (let payment = 0; payment < 2; payment++) {
    const { page } = await buyer(transaction, user);
    await page.getByRole('heading', { level: 1, name: `Payment to ${merchant.login}` }).waitFor();
    await payButton(page).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Cancel the payment' }).isVisible(), false);
    assert.equal(await page.locator('#time-left').count(), 0);
    await payButton(page).click();
    await page.waitForURL(/demo-shop\/thanks/);
    await done(page);
  }
  const { status, payments } = await details(transaction);
  assert.deepEqual([status, payments.length], ['open', 2]);
});

test('cancelling leads to the other URL; what was paid is back', async () => {
  const transaction = await order();
  const { page } = await buyer(transaction);
  await page.getByRole('radio', { name: /A part/ }).check();
  await page.getByLabel('Amount in USD').fill('10');
  await payButton(page).click();
  await page.locator('#still-missing').waitFor();
  await page.locator('#pay').getByRole('button', { name: 'Cancel the payment' }).click();
  await page.getByRole('dialog').getByText('goes back').waitFor();
  await shot(page, 'pay-cancel');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the payment' }).click();
  await page.waitForURL(`${BASE}/demo-shop/cancelled?order=1`);
  await page.goto(`${BASE}/pay/${transaction}`);
  await page.getByRole('heading', { name: 'This payment is cancelled' }).waitFor();
  await page.locator('#ended').getByText('What was paid went back to the buyer').waitFor();
  await page.goto(`${BASE}/account`);
  await page.locator('.balance', { hasText: '$100.00' }).waitFor();
  await done(page);
});

test('before anything is paid nobody has to sign in to cancel', async () => {
  const page = await newPage(browser);
  const transaction = await order();
  await page.goto(`${BASE}/pay/${transaction}`);
  await page.locator('#sign-in').getByRole('button', { name: 'Cancel the payment' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the payment' }).click();
  await page.waitForURL(/demo-shop\/cancelled/);
  await page.goto(`${BASE}/pay/${transaction}`);
  await page.locator('#ended').getByText('Nothing was paid.').waitFor();
  assert.equal(await page.getByText('went back').count(), 0);
  await done(page);
});

test('with a one-time password, paying asks for a code', async () => {
  const user = await newUser({ credit: [['USD', '100']] });
  const transaction = await order();
  const page = await newPage(browser);
  await signIn(page, user);
  const key = await setUpOtp(page, user);
  await page.goto(`${BASE}/pay/${transaction}`);
  await payButton(page).click();
  await page.locator('#otp-error', { hasText: 'enter the code' }).waitFor();
  await page.locator('#otp').fill('000000');
  await payButton(page).click();
  await page.locator('#otp-error', { hasText: 'wrong' }).waitFor();
  await shot(page, 'pay-otp');
  await page.locator('#otp').fill(totp(key));
  await payButton(page).click();
  await page.waitForURL(/demo-shop\/thanks/);
  await done(page);
});

test('a balance that does not suffice offers what is there, and the rest once there is more', async () => {
  const transaction = await order({ amount: '100.00001' });
  const { page, user } = await buyer(transaction);
  await page.locator('#short', { hasText: 'You can pay what you have now' }).waitFor();
  await page.getByLabel('Amount in USD').waitFor();
  assert.equal(await page.getByLabel('Amount in USD').inputValue(), '100');
  assert.equal(await page.getByRole('radio', { name: /All that is missing/ }).isVisible(), false);
  await page.getByLabel('Amount in USD').fill('100.00001');
  await payButton(page).click();
  await page.locator('#part-amount-error', { hasText: 'more than the available $100.00' }).waitFor();
  await shot(page, 'pay-short');
  await page.getByLabel('Amount in USD').fill('100');
  await payButton(page).click();
  await page.locator('#short', { hasText: 'does not cover the payment' }).waitFor();
  assert.equal(await payButton(page).isVisible(), false, 'with nothing left there is nothing to press');
  await assertAccessible(page, 'the payment that nothing is there for');
  await tellerctl(['credit', user.login, 'USD', '1', '--note', 'More']);
  await page.getByRole('button', { name: 'Look again' }).click();
  await payButton(page).click();
  await page.waitForURL(/demo-shop\/thanks/);
  await done(page);
});

test('an order that must be paid whole and that the balance does not cover offers no way that cannot work', async () => {
  const { page } = await buyer(await order({ amount: '100.5', instant_only: '1' }));
  await page.locator('#short', { hasText: 'does not cover the payment' }).waitFor();
  assert.deepEqual([await payButton(page).isVisible(), await page.locator('#how-much').isVisible()], [false, false]);
  await page.locator('#pay').getByRole('button', { name: 'Cancel the payment' }).waitFor();
  await done(page);
});

test('money that went away meanwhile is said by the server, and the page offers what is left', async () => {
  const { page, user } = await buyer(await order({ amount: '80' }));
  const other = await newPage(browser);
  await signIn(other, user, `/pay/${await order({ amount: '50' })}`);
  await payButton(other).click();
  await other.waitForURL(/demo-shop\/thanks/);
  await payButton(page).click();
  await page.locator('#pay .form-error', { hasText: 'Not enough funds' }).waitFor();
  await page.locator('#short', { hasText: 'You can pay what you have now' }).waitFor();
  await page.getByLabel('Amount in USD').waitFor();
  assert.equal(await page.getByLabel('Amount in USD').inputValue(), '50');
  await Promise.all([done(page), done(other)]);
});

test('the time left ticks; when it is over nothing can be paid', async () => {
  const { page } = await buyer(await order({ expires: '60' }));
  const seen = await page.locator('#time-left').textContent();
  await page.waitForFunction((before) => document.getElementById('time-left').textContent !== before, seen);
  await page.clock.install();
  await page.route('**/site/pay/*', async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    return route.fulfill({ response, json: { ...answer, status: 'closed', redirect: null } });
  });
  await page.clock.fastForward(61000);
  await page.getByRole('heading', { name: 'This payment has expired' }).waitFor();
  await page.locator('#ended').getByText('Not paid in time. Nothing was paid.').waitFor();
  assert.equal(await payButton(page).isVisible(), false);
  await done(page);
});

test('the page is served to GET and POST alone, at the addresses of transactions alone', async () => {
  const id = '00000000-0000-4000-8000-00000000000A';
  const statuses = (...calls) => Promise.all(calls.map(async ([method, path]) =>
    (await fetch(BASE + path, { method, body: method === 'POST' ? 'a=b' : undefined })).status));
  assert.deepEqual(await statuses(...['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => [method, `/pay/${id}`])),
    [200, 200, 200, 403, 403]);
  assert.deepEqual(await statuses(...['/pay/', '/pay/1', `/pay/${id}x`].map((path) => ['GET', path])), [404, 404, 404]);
});

test('a transaction that does not exist is said so', async () => {
  const page = await newPage(browser);
  await page.goto(`${BASE}/pay/00000000-0000-4000-8000-000000000000`);
  await page.getByRole('heading', { name: 'No such payment' }).waitFor();
  await done(page, '404');
});

test('only http and https URLs are followed', async () => {
  const transaction = await order();
  const { page } = await buyer(transaction);
  await page.route('**/site/pay/*', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const response = await route.fetch();
    return route.fulfill({ response, json: { ...await response.json(), redirect: 'javascript:alert(1)' } });
  });
  await payButton(page).click();
  await page.getByRole('heading', { name: 'This payment is done' }).waitFor();
  assert.equal(await page.getByRole('link', { name: /^Continue to/ }).count(), 0);
  assert.equal(page.url(), `${BASE}/pay/${transaction}`);
  await done(page);
});

test('the session may end while the page is open', async () => {
  const { page, user } = await buyer(await order());
  await page.context().clearCookies();
  await payButton(page).click();
  await page.locator('#sign-in').waitFor();
  await signInHere(page, user);
  await payButton(page).click();
  await page.waitForURL(/demo-shop\/thanks/);
  await done(page);
});

test('the sign-in page leads back to the payment', async () => {
  const page = await newPage(browser);
  const transaction = await order();
  await page.goto(`${BASE}/?next=/pay/${transaction}`);
  await signInHere(page, await newUser());
  await payButton(page).waitFor();
  await done(page);
});

for (const [name, options] of [['desktop', {}], ['phone', PHONE], ['phone-dark', { ...PHONE, colorScheme: 'dark' }]]) {
  test(`the payment page: ${name}`, async () => {
    const transaction = await order({ description: 'Averylongwordwithoutanybreakforthenarrowest of pages, twice' });
    const page = await newPage(browser, options);
    await page.goto(`${BASE}/pay/${transaction}`);
    await page.locator('#sign-in').waitFor();
    await assertFits(page, 'the payment page');
    await assertAccessible(page, 'the payment page');
    await signInHere(page, await newUser());
    await page.getByText('Pay on another device').click();
    await page.getByRole('img', { name: 'QR code' }).waitFor();
    await page.getByRole('radio', { name: /A part/ }).check();
    await assertFits(page, 'the payment form');
    await assertAccessible(page, 'the payment form');
    await shot(page, `${name}-pay`);
    await done(page);
  });
}

test('a payment by keyboard alone', async () => {
  const { page } = await buyer(await order());
  await tabTo(page, '#submit');
  await page.keyboard.press('Enter');
  await page.waitForURL(/demo-shop\/thanks/);
  await done(page);
});

/** A shop's page of another origin, with a policy that lets our script run and nothing else. */
async function shopPage(content) {
  const shop = createServer((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; script-src ${BASE}` });
    response.end(request.url === '/' ? `<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1>${content}
      <script src="${BASE}/js/button.min.js"></script></main></html>` : '');
  }).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  return { shop, url: `http://127.0.0.1:${shop.address().port}/` };
}

test('the checkout button works on a page of another origin', async () => {
  const transaction = await order();
  const fallback = `<a href="${BASE}/pay/${transaction}">Pay here</a>`;
  const { shop, url } = await shopPage(`
    <p><span class="mtgox" data-id="${transaction}" data-amount="1234.5" data-currency="USD"
      data-custom="a b">${fallback}</span></p>
    <p><span class="mtgox" data-id="${transaction}" data-amount="0.015" data-currency="BTC">${fallback}</span></p>
    <p><span class="mtgox" data-id="javascript:alert(1)" data-amount="1" data-currency="USD">${fallback}</span></p>
    <p><span class="mtgox" data-id="${transaction}" data-amount="1e9" data-currency="USD">${fallback}</span></p>`);
  const page = await newPage(browser);
  try {
    await page.goto(url);
    const buttons = page.locator('a.mtgox-button');
    await buttons.first().waitFor();
    assert.deepEqual(await page.locator('.mtgox-button-base').allTextContents(), ['$1,234.50', '0.015\u00a0BTC']);
    assert.deepEqual([await buttons.first().getAttribute('href'), await buttons.first().getAttribute('target'),
      await buttons.first().getAttribute('rel')], [`${BASE}/pay/${transaction}?custom=a%20b`, '_blank', 'noopener']);
    assert.equal(await page.getByRole('link', { name: 'Pay here' }).count(), 2);
    assert.equal(await buttons.first().evaluate((link) => getComputedStyle(link).backgroundColor), 'rgb(14, 90, 71)');
    await assertAccessible(page, 'the button');
    await shot(page, 'button');
    const ours = page.seen.filter((request) => request.url().startsWith(BASE));
    assert.deepEqual(ours.map((request) => request.url()), [`${BASE}/js/button.min.js`]);
    assert.equal((await ours[0].allHeaders()).cookie, undefined);

    await tabTo(page, 'a.mtgox-button');
    const [opened] = await Promise.all([page.context().waitForEvent('page'), page.keyboard.press('Enter')]);
    await opened.getByRole('heading', { level: 1, name: 'Coffee beans' }).waitFor();
    assert.equal(await opened.evaluate(() => window.opener), null);
  } finally {
    shop.close();
  }
  await done(page, 'favicon', 'policy: img-src');
});

test('the button knows every currency as the site does, and its older names are served', async () => {
  const page = await newPage(browser);
  const { currencies } = await (await fetch(`${BASE}/site/currencies`)).json();
  const { shop, url } = await shopPage(currencies.map(({ currency }) => `<span class="mtgox" data-amount="7.25"
    data-id="00000000-0000-4000-8000-000000000000" data-currency="${currency}">?</span>`).join(' '));
  try {
    await page.goto(url);
    await page.locator('.mtgox-button-base').first().waitFor();
    assert.deepEqual(await page.locator('.mtgox-button-base').allTextContents(), currencies.map(
      ({ symbol, symbol_position: where }) => (where === 'before' ? `${symbol}7.25` : `7.25\u00a0${symbol}`)));
  } finally {
    shop.close();
  }
  for (const name of ['/js/button.js', '/js/mtgox.js', '/js/button.min.js', '/img/checkout.svg',
    '/img/mtgox-checkout.png', '/img/logo.svg', '/img/button-logo.v4.png', '/img/mt.gox.png', '/css/button.css', '/css/mtgox.css',
    '/css/mtgox.min.css']) {
    const response = await fetch(`${BASE}${name}`);
    assert.deepEqual([response.status, response.headers.get('cross-origin-resource-policy')],
      [200, 'cross-origin'], name);
    const type = { js: /javascript/, css: /^text\/css/, img: /^image\/svg\+xml/ }[name.split('/')[1]];
    assert.match(response.headers.get('content-type'), type, name);
  }
  await done(page, 'favicon', 'policy: img-src');
});

test('the demo shop sells, is told and remembers', async () => {
  const page = await newPage(browser);
  await page.goto(`${BASE}/demo-shop/`);
  await assertAccessible(page, 'the demo shop');
  await shot(page, 'shop');
  await page.getByRole('button', { name: 'Pay with Teller' }).click();
  await page.getByRole('heading', { level: 1, name: 'Coffee beans, 1 kg' }).waitFor();
  await signInHere(page, await newUser());
  await payButton(page).click();
  await page.waitForURL(/demo-shop\/thanks/);
  await page.getByText('Your order is paid').waitFor();
  await shot(page, 'shop-thanks');
  await done(page);
});

test('the demo shop believes nobody but Teller', async () => {
  const body = 'id=1&status=paid&aonce=1';
  for (const headers of [{}, { 'Rest-Key': merchant.key.key, 'Rest-Sign': 'AAAA' }]) {
    const response = await fetch(`${BASE}/demo-shop/ipn`, { method: 'POST', body, headers });
    assert.equal(response.status, 403);
    assert.ok(!(await response.text()).includes('[OK]'));
  }
});

/** The market of this file, bitcoins for zlotys, and a seller in it. `close` takes back what is on offer still. */
async function newMarket() {
  await tellerctl(['market', 'add', 'BTC', 'PLN', '--amount-step', '0.001', '--min', '0.01']).catch(() => { /* from a test before */ });
  await tellerctl(['market', 'resume', 'BTCPLN']);
  const page = await newPage(browser);
  await signIn(page, await newUser({ credit: [['BTC', '10']] }));
  const call = (path, body) => page.evaluate(async ([to, what]) => {
    const { api } = await import('/js/api.js');
    return api('POST', to, { headers: { 'Idempotency-Key': crypto.randomUUID() }, body: what });
  }, [path, body]);
  const cancel = (oid) => call(`/site/market/orders/${oid}/cancel`, {});
  const offers = [];
  return {
    cancel,
    offer: async (amount, price) => {
      const { oid } = await call('/site/market/orders', { market: 'BTCPLN', type: 'ask', amount, price });
      offers.push(oid);
      return oid;
    },
    close: async () => {
      for (const oid of offers) await cancel(oid).catch(() => { /* it is gone */ });
      await done(page);
    },
  };
}

const bitcoins = (params) => order({ currency: 'BTC', amount: '0.1', ...params });
const priceButton = (page) => page.locator('#price');

test('paying with other money: the price first, its minute, what was taken', async () => {
  const market = await newMarket();
  await market.offer('5', '100');
  const transaction = await bitcoins();
  const { page } = await buyer(transaction, await newUser({ credit: [['PLN', '50']] }));
  await page.getByRole('radio', { name: /PLN, changed at the market/ }).waitFor();
  assert.equal(await page.getByRole('radio', { name: /PLN/ }).isChecked(), true, 'there are no bitcoins to pay with');
  assert.equal(await payButton(page).isVisible(), false, 'nothing is paid before its price is seen');
  await priceButton(page).dblclick();
  await page.getByRole('button', { name: /^Pay at most/ }).waitFor();
  // 10 and 0.6 %, and half a percent more: 10.06 and 0.0503
  assert.match(await payButton(page).textContent(), /10\.1103/);
  assert.match(await page.locator('#quote-left').textContent(), /^(60|5\d) s$/);
  const seen = await page.locator('#quote-left').textContent();
  await page.waitForFunction((before) => document.getElementById('quote-left').textContent !== before, seen);
  await assertFits(page, 'the quote');
  await assertAccessible(page, 'the quote');
  await shot(page, 'pay-quote');
  await payButton(page).click();
  await page.locator('#taken', { hasText: /10\.06.*were taken from your PLN balance/ }).waitFor();
  await page.getByRole('heading', { name: 'This payment is done' }).waitFor();
  await shot(page, 'pay-quote-paid');
  await page.getByRole('link', { name: /^Continue to/ }).click();
  await page.waitForURL(/demo-shop\/thanks/);
  const { payments } = await details(transaction);
  assert.deepEqual(payments.map(({ amount }) => [amount.value, amount.currency]), [['0.10000000', 'BTC']]);
  await Promise.all([done(page), market.close()]);
});

test('a price that is over is asked for again; one that moved is refused; a part has its own', async () => {
  const market = await newMarket();
  const oid = await market.offer('5', '99');
  const { page } = await buyer(await bitcoins(), await newUser({ credit: [['PLN', '50']] }));
  await page.clock.install();
  await priceButton(page).click();
  await page.getByRole('button', { name: /^Pay at most/ }).waitFor();
  await page.clock.fastForward(61000);
  await page.getByRole('button', { name: 'See the price' }).waitFor();
  await page.locator('#quote-why', { hasText: 'The price is over' }).waitFor();
  assert.equal(await payButton(page).isVisible(), false);

  await page.getByRole('radio', { name: /A part/ }).check();
  await priceButton(page).click();
  await page.locator('#part-amount-error', { hasText: 'enter an amount' }).waitFor();
  await page.getByLabel('Amount in BTC').fill('0.05');
  await priceButton(page).click();
  await page.getByRole('button', { name: /^Pay at most/ }).waitFor();
  await page.getByLabel('Amount in BTC').fill('0.06');
  assert.equal(await payButton(page).isVisible(), false, 'another amount has another price');
  await priceButton(page).click();
  await page.getByRole('button', { name: /^Pay at most/ }).waitFor();

  await market.cancel(oid);
  await market.offer('5', '150');
  await payButton(page).click();
  await page.locator('#pay .form-error', { hasText: 'The market has moved' }).waitFor();
  assert.equal(await payButton(page).isVisible(), false);
  await Promise.all([done(page), market.close()]);
});

test('paying with other money by keyboard alone', async () => {
  const market = await newMarket();
  await market.offer('5', '98');
  const { page } = await buyer(await bitcoins({ instant_only: '1' }), await newUser({ credit: [['PLN', '50'], ['BTC', '1']] }));
  await page.getByRole('radio', { name: /PLN/ }).waitFor();
  await tabTo(page, '[name=with]');
  assert.equal(await page.getByRole('radio', { name: /BTC, from the balance/ }).isChecked(), true);
  await page.keyboard.press('ArrowDown');
  await tabTo(page, '#price');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Pay at most/ }).waitFor();
  assert.match(await page.locator('#live').textContent(), /It costs at most .* good for \d+ seconds/);
  await tabTo(page, '#submit');
  await page.keyboard.press('Enter');
  await page.locator('#taken', { hasText: 'PLN balance' }).waitFor();
  await Promise.all([done(page), market.close()]);
});
