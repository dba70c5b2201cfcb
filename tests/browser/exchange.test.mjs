// The exchange page and the page of a bid: typing on either side, a bid made by keyboard, paid and given up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { stack, until } from '../support/teller.mjs';
import { BASE, assertAccessible, assertFits, done, launch, newPage, shot } from './support.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const ADDRESS = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';

const desk = new Desk(stack);
let browser, usd, btc, pair, path;
before(async () => {
  browser = await launch();
  usd = await desk.system({ currency: 'USD', name: 'Dollars by bank', pay_account: 'US 1234' });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Bitcoin', reserve: '2', account_rule: 'bitcoin' });
  pair = await desk.direction(usd, btc, { rate: { give: '50000', get: '1' }, min_give: await desk.units('USD', '10'), give_system: '2' });
  await desk.text('system', btc.id, 'get_label', 'Bitcoin address');
  await desk.text('direction', pair.id, 'instruction', '<p>Send it <b>within the hour</b>.</p>');
  path = `/exchange-${usd.code}_to_${btc.code}`;
  await until(async () => (await stack.request('GET', `/site/desk/direction?direction=${pair.id}`)).json?.account2?.label === 'Bitcoin address');
});
after(async () => {
  await browser.close();
  await desk.hide(pair);
});

async function open(options) {
  const page = await newPage(browser, options);
  await page.goto(BASE + path);
  await page.locator('#exchange').waitFor();
  return page;
}

test('either side is typed, the other one follows; limits and reserve are told', async () => {
  const page = await open();
  await page.locator('#amount').fill('1000');
  await page.waitForFunction(() => document.querySelector('#got').value === '0.02');
  await page.locator('#got').fill('0.1');
  await page.waitForFunction(() => document.querySelector('#amount').value === '5000');
  assert.match(await page.locator('#give-limits').textContent(), /At least 10 USD/);
  assert.match(await page.locator('#get-limits').textContent(), /2 BTC are there/);
  assert.match(await page.locator('#sums').textContent(), /5100 USD/);
  await assertAccessible(page);
  await shot(page, 'exchange');
  await done(page);
});

test('on a phone and by keyboard: a bid is made, told how to pay, and paid', async () => {
  const page = await open(PHONE);
  await page.locator('#amount').fill('1000');
  await page.waitForFunction(() => document.querySelector('#got').value === '0.02');
  await page.locator('#f-account2').fill('nonsense');
  await page.keyboard.press('Enter');
  await page.locator('#f-account2-error:not(:empty)').waitFor();
  await page.locator('#f-account2').fill(ADDRESS);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/exchange\/bid\/[0-9A-Za-z]{32}$/);
  await page.getByRole('heading', { level: 1, name: 'How to make payment' }).waitFor();
  assert.equal(await page.locator('#instruction').textContent(), 'Send it within the hour.');
  assert.equal(await page.locator('#account code').textContent(), 'US 1234');
  assert.match(await page.locator('#time-left').textContent(), /^(59:\d\d|1 h 0 min)$/);
  await assertFits(page);
  await assertAccessible(page);
  await shot(page, 'exchange-bid');
  await page.getByRole('button', { name: 'I have paid' }).click();
  await page.getByRole('heading', { level: 1, name: 'Order is paid' }).waitFor();
  assert.equal(await page.locator('#paid').isVisible(), false);
  await done(page);
});

test('a bid is cancelled', async () => {
  const page = await open();
  await page.locator('#amount').fill('20');
  await page.locator('#f-account2').fill(ADDRESS);
  await page.getByRole('button', { name: 'Exchange' }).click();
  await page.getByRole('button', { name: 'Cancel the exchange' }).click();
  await page.getByRole('heading', { level: 1, name: 'Refusal of payment' }).waitFor();
  await done(page);
});
