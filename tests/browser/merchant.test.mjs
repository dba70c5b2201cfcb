// The merchant's page: orders with their payments, refunds, notifications with their tries.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, assertFits, done, launch, newMerchant, newOrder, newPage, newUser, openAt,
  shot, signIn } from './support.mjs';

let browser;
let sink;
/** What the shop is told, and what it answers to paths. */
const told = [];
const answers = { '/ipn': [200, '[OK]'], '/broken': [500, '<h1>Our fault</h1>'] };
const sinkUrl = (path) => `http://127.0.0.1:${sink.address().port}${path}`;

before(async () => {
  sink = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    told.push({ path: request.url, headers: request.headers, body });
    const [status, text] = answers[request.url] ?? [404, ''];
    response.writeHead(status);
    response.end(text);
  }).listen(0, '127.0.0.1');
  [browser] = await Promise.all([launch(), once(sink, 'listening')]);
});
after(async () => {
  sink.close();
  await browser.close();
});

async function merchantPage(options) {
  const merchant = await newMerchant();
  const page = await newPage(browser, options);
  await signIn(page, merchant, '/merchant');
  await page.locator('#content[aria-busy=false]').waitFor();
  return { merchant, page };
}

/** Opens a part of the merchant's page afresh. */
const open = (page, hash) => openAt(page, '/merchant', hash);

/** A buyer pays, `part` of the order or all of it. */
async function pay(transaction, part = null) {
  const page = await newPage(browser);
  const user = await newUser();
  await signIn(page, user, `/pay/${transaction}`);
  await page.locator('#submit').waitFor();
  if (part) {
    await page.getByRole('radio', { name: /A part/ }).check();
    await page.getByLabel('Amount in USD').fill(part);
  }
  await page.locator('#submit').click();
  await (part ? page.locator('#still-missing').waitFor() : page.waitForURL(/demo-shop\/thanks/));
  await page.context().close();
  return user;
}

/** Reopens an event's page until a text is there. */
async function untilShown(page, hash, text) {
  for (let looks = 0; ; looks++) {
    await open(page, hash);
    if (await page.getByText(text).count()) return;
    assert.ok(looks < 40, `${text} is not shown`);
    await page.waitForTimeout(250);
  }
}

test('a merchant without orders is told where they come from', async () => {
  const { page } = await merchantPage();
  await page.getByText('No orders yet').waitFor();
  await shot(page, 'merchant-empty');
  await open(page, 'notifications');
  await page.getByText('No notifications yet').waitFor();
  await done(page);
});

test('an order is listed, found by its status, paid in parts and refunded', async () => {
  const { merchant, page } = await merchantPage();
  const transaction = await newOrder(merchant, { data: 'a:1:{s:2:"id";i:7;}' });
  await newOrder(merchant, { description: 'Another', amount: '3' });
  const buyer = await pay(transaction, '10');
  await open(page, 'orders');
  assert.equal(await page.locator('.ticket').count(), 2);
  await shot(page, 'merchant-orders');
  await page.getByLabel('Status').selectOption('partial');
  await page.locator('.ticket', { hasText: 'Another' }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: `Details of order ${transaction}` }).click();
  await page.getByText(`$10.00 from ${buyer.login}`).waitFor();
  await page.getByText('a:1:{s:2:"id";i:7;}').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Refund' }).count(), 0);

  await pay(transaction);
  await open(page, `order-${transaction}`);
  await page.getByText('Paid', { exact: true }).first().waitFor();
  await shot(page, 'merchant-order');
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  const dialog = page.getByRole('dialog');
  for (const [amount, problem] of [['1,500', /could be 1500 or 1.500/], ['24.51', /More than was paid/]]) {
    await dialog.getByLabel('Amount in USD').fill(amount);
    await dialog.getByRole('button', { name: 'Refund' }).click();
    await dialog.locator('.error, .form-error').filter({ hasText: problem }).waitFor();
  }
  await dialog.getByLabel('Amount in USD').fill('4.5');
  await dialog.getByLabel('Reason').fill('A broken bag');
  await shot(page, 'merchant-refund');
  await dialog.getByRole('button', { name: 'Refund' }).click();
  await page.locator('.badge', { hasText: 'Partly refunded' }).waitFor();
  await page.getByText('$4.50').first().waitFor();
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Refund' }).click();
  await page.locator('.badge', { hasText: /^Refunded$/ }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Refund', exact: true }).count(), 0);
  await done(page);
});

test('an open order is cancelled', async () => {
  const { merchant, page } = await merchantPage();
  const transaction = await newOrder(merchant);
  await open(page, `order-${transaction}`);
  await page.getByRole('button', { name: 'Cancel the order' }).click();
  await page.getByRole('dialog').getByText('Nothing was paid.').waitFor();
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await page.locator('.badge', { hasText: 'Cancelled' }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Cancel the order' }).count(), 0);
  await done(page);
});

test("somebody else's order is not shown", async () => {
  const { page } = await merchantPage();
  await open(page, `order-${await newOrder(await newMerchant())}`);
  await page.getByText('Order not found').waitFor();
  await done(page, '404');
});

test('a notification is delivered; its page explains the request, byte by byte', async () => {
  const { merchant, page } = await merchantPage();
  const transaction = await newOrder(merchant, { ipn: sinkUrl('/ipn'), data: 'order 17' });
  await pay(transaction);
  await open(page, 'notifications');
  const id = await page.locator('.ticket h2').first().getAttribute('id');
  await untilShown(page, id, 'Delivered');
  await shot(page, 'merchant-notification');
  const { headers, body } = told.find((one) => one.headers['webhook-id'] === id.slice('event-'.length));
  const shown = await page.getByLabel('Body, signed by Rest-Sign', { exact: true }).textContent();
  assert.equal(shown, body);
  assert.equal(new URLSearchParams(body).get('data'), 'order 17');
  assert.equal(headers['rest-sign'],
    createHmac('sha512', Buffer.from(merchant.key.secret, 'base64')).update(shown).digest('base64'));
  const lines = await page.getByLabel('Headers, signed as of now', { exact: true }).textContent();
  assert.ok(lines.includes(`Rest-Sign: ${headers['rest-sign']}`));

  const before = told.length;
  await page.getByRole('button', { name: 'Send it again' }).click();
  await untilShown(page, id, '2 tries');
  assert.equal(told.at(-1).body, body);
  assert.equal(told.length, before + 1);
  await done(page);
});

test('a shop that fails is shown with its answers, paused, resumed and told again', async () => {
  const { merchant, page } = await merchantPage();
  const transaction = await newOrder(merchant, { ipn: sinkUrl('/broken') });
  await pay(transaction);
  await open(page, 'notifications');
  const id = await page.locator('.ticket h2').first().getAttribute('id');
  await untilShown(page, id, 'Not acknowledged, HTTP 500');
  await page.locator('summary', { hasText: 'Answer' }).first().click();
  await page.getByText('<h1>Our fault</h1>').first().waitFor();
  await shot(page, 'merchant-failing');
  await page.getByRole('button', { name: /^Pause/ }).click();
  await page.locator('.badge', { hasText: 'Paused' }).waitFor();
  await page.getByRole('button', { name: /^Resume/ }).click();
  await page.getByRole('button', { name: /^Pause/ }).waitFor();
  answers['/broken'] = [200, ' [OK] thank you'];
  await page.getByRole('button', { name: 'Try now' }).click();
  await untilShown(page, id, 'Delivered');
  await done(page);
});

test('an address that we never call is refused and says so', async () => {
  const { merchant, page } = await merchantPage();
  await pay(await newOrder(merchant, { ipn: 'http://10.0.0.1/ipn' }));
  await open(page, 'notifications');
  const id = await page.locator('.ticket h2').first().getAttribute('id');
  await untilShown(page, id, 'Address refused');
  await page.getByText('leads to an address that is never called').waitFor();
  await shot(page, 'merchant-refused');
  await done(page);
});

test('a test event is sent, and a range again', async () => {
  const { page } = await merchantPage();
  await open(page, 'notifications');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByRole('dialog').getByLabel('URL').fill('ftp://example.org');
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await page.getByRole('dialog').locator('.error', { hasText: 'should be an http or https URL' }).waitFor();
  const before = told.length;
  await page.getByRole('dialog').getByLabel('URL').fill(sinkUrl('/ipn'));
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const id = await page.locator('.ticket h2').first().getAttribute('id');
  await untilShown(page, id, 'Delivered');
  assert.equal(new URLSearchParams(told.at(-1).body).get('status'), 'test');

  await open(page, 'notifications');
  const seq = /^(\d+)\./.exec(await page.locator('.ticket h2').first().textContent())[1];
  await page.getByRole('button', { name: 'Send a range again' }).click();
  await page.getByLabel('From number').fill('x');
  await page.getByLabel('To number').fill(seq);
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.locator('#r-first-error', { hasText: 'enter a number' }).waitFor();
  await page.getByLabel('From number').fill(seq);
  await page.getByRole('button', { name: 'Send again' }).click();
  await untilShown(page, id, '2 tries');
  assert.equal(told.length, before + 2);
  await done(page);
});

test('a new secret is shown once', async () => {
  const { page } = await merchantPage();
  await open(page, 'signing');
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  await page.getByRole('button', { name: 'Make it' }).click();
  const secret = await page.locator('#new-secret .secret code').textContent();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]+=*$/);
  await shot(page, 'merchant-secret');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  assert.ok(!(await page.content()).includes(secret));
  await done(page);
});

test('what autosell may sell for is chosen; what it kept is listed and said at its order', async () => {
  const { merchant, page } = await merchantPage();
  const buyer = await newUser({ credit: [['USD', '100']] });
  await open(page, 'selling');
  await page.getByText('Nothing was kept').waitFor();
  const below = page.getByLabel('At most so many percent below the market');
  assert.equal(await below.inputValue(), '10');
  await below.fill('101');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('#s-below-error', { hasText: 'out of range' }).waitFor();
  await below.fill('25');
  await page.getByLabel('Sell for').selectOption('EUR');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Saved' }).waitFor();

  const transaction = await newOrder(merchant, { autosell: 1 }); // dollars: there is no market where they are sold
  const other = await newPage(browser);
  await signIn(other, buyer, `/pay/${transaction}`);
  await other.locator('#submit').click();
  await other.waitForURL(/demo-shop\/thanks/);
  await other.context().close();
  await open(page, 'selling');
  assert.deepEqual([await below.inputValue(), await page.getByLabel('Sell for').inputValue()], ['25', 'EUR']);
  await page.getByText('No market for these coins was open').waitFor();
  await assertAccessible(page, 'selling');
  await shot(page, 'merchant-selling');
  await page.getByRole('link', { name: `Order ${transaction}` }).click();
  await page.getByText('$24.50 kept as coins: No market for these coins was open.').waitFor();
  await shot(page, 'merchant-order-kept');
  await done(page);
});

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

for (const [name, options] of [['desktop', {}], ['phone', PHONE], ['phone-dark', { ...PHONE, colorScheme: 'dark' }]]) {
  test(`the merchant's pages: ${name}`, async () => {
    const { merchant, page } = await merchantPage(options);
    const transaction = await newOrder(merchant, { ipn: sinkUrl('/ipn') });
    await pay(transaction);
    await open(page, 'notifications');
    const event = await page.locator('.ticket h2').first().getAttribute('id');
    for (const [what, hash] of Object.entries({ orders: 'orders', order: `order-${transaction}`,
      notifications: 'notifications', notification: event, selling: 'selling', signing: 'signing' })) {
      await open(page, hash);
      await assertFits(page, what);
      await assertAccessible(page, what);
      await shot(page, `${name}-merchant-${what}`);
    }
    await done(page);
  });
}
