// The affiliate's page, and visits by a link on any page: a link made by keyboard, a visitor who comes by it and exchanges, lists,
// a payout asked for and taken back; on a phone, in the dark.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { stack, until } from '../support/teller.mjs';
import { BASE, assertAccessible, assertFits, done, launch, newPage, newUser, openAt, shot, signIn } from './support.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: 'dark' };

const desk = new Desk(stack);
let browser, user, usd, eur, pair, link;
before(async () => {
  [browser, user] = await Promise.all([launch(), newUser({ credit: [] })]);
  usd = await desk.system({ currency: 'USD', name: 'Dollars by bank', payout_on: 1, reserve: '100', account_get: 1, account_give: 0 });
  eur = await desk.system({ currency: 'EUR', name: 'Euros', reserve: '1000', account_get: 0 });
  await desk.text('system', usd.id, 'get_label', 'Bank account');
  pair = await desk.direction(usd, eur, { rate: { get: '1' }, profit_percent: '10' });
  await until(async () => (await stack.request('GET', `/site/desk/direction?direction=${pair.id}`)).json?.id === pair.id);
});
after(async () => {
  await browser.close();
  await desk.hide(pair);
});

const visits = async () => (await stack.sql(`SELECT query FROM desk_visit WHERE partner_id = ${await desk.userId(user)} ORDER BY id`)).flat();
/** Waits until an answer to the visit is there. */
const told = (page) => page.waitForResponse((reply) => reply.url().endsWith('/site/desk/visits'));

test('a link of one’s own, by keyboard', async () => {
  const page = await newPage(browser);
  await signIn(page, user, '/partner');
  await page.getByRole('button', { name: 'Get a link' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#link').waitFor();
  link = await page.locator('#link').textContent();
  assert.equal(new URL(link).search, `?rid=${await desk.userId(user)}`);
  await page.getByText('There is nothing to pay out yet.').waitFor();
  await done(page);
});

test('visits on any page count, from the cache too, and the exchange is the affiliate’s', async () => {
  const page = await newPage(browser), { search } = new URL(link);
  for (const path of ['/', '/exchange', '/nothing/here']) {
    await Promise.all([told(page), page.goto(`${BASE}${path}${search}`)]);
    await stack.sql('UPDATE desk_visit SET at = at - INTERVAL 1 HOUR'); // as if it were later
  }
  await page.goto('about:blank');
  await Promise.all([told(page), page.goto(`${BASE}/${search}&from=cache`)]);
  assert.deepEqual((await visits()).map((query) => query.replace(/rid=\d+/, 'rid')), ['rid', 'rid', 'rid', 'rid&from=cache']);
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.goto(`${BASE}/exchange-${usd.code}_to_${eur.code}`);
  await page.locator('#exchange').waitFor();
  await page.locator('#amount').fill('50');
  await page.getByRole('button', { name: 'Exchange' }).click();
  await page.waitForURL(/\/exchange\/bid\//);
  await page.locator('#number:not(:empty)').waitFor();
  await stack.ctl('desk', 'move', await page.locator('#number').textContent(), 'success');
  await done(page, 'status of 404');
});

for (const [view, options] of [['desktop', {}], ['phone', PHONE]]) {
  test(`the page: ${view}`, async () => {
    const page = await newPage(browser, options);
    await signIn(page, user, '/partner');
    for (const [name, words] of [['earnings', '1.5 USD'], ['visits', 'from=cache'], ['exchanges', 'Reward 1.5'], ['payouts', '']]) {
      await openAt(page, '/partner', name);
      await page.getByText(words).first().waitFor();
      await assertFits(page, name);
      await assertAccessible(page, name);
      await shot(page, `partner-${view}-${name}`);
    }
    await done(page);
  });
}

test('a payout is asked for, and taken back', async () => {
  const page = await newPage(browser, PHONE);
  await signIn(page, user, '/partner');
  const system = page.getByLabel('To', { exact: true });
  await system.selectOption({ label: 'Dollars by bank: 1.5 USD' });
  await page.getByRole('button', { name: 'Pay out the whole balance' }).click();
  await page.locator('#p-account-error:not(:empty)').waitFor();
  await page.getByLabel('Bank account').fill('DE 4711');
  await page.keyboard.press('Enter');
  await page.getByText('There is nothing to pay out yet.').waitFor();
  await openAt(page, '/partner', 'payouts');
  await page.getByRole('button', { name: /^Take back payout/ }).click();
  await page.getByRole('button', { name: 'Take it back' }).click();
  await page.locator('.rows').getByText('Taken back').waitFor();
  await shot(page, 'partner-payouts');
  await done(page);
});
