// How pages hold still and hold together: no jumps while they load, nothing cut off on the smallest phone, long amounts and words,
// text that others wrote, the system's own colours.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, assertFits, done, launch, newMerchant, newOrder, newPage, newPartner, newUser, section, shot,
  signIn, tellerctl } from './support.mjs';

const SMALL = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const DESKTOP = { viewport: { width: 1280, height: 800 } };
/** What of the view may move while a page loads (web.dev's bound for a good page). */
const SHIFT_MAX = 0.1;
const MARKET = 'BTCSEK';

let browser;
let user;
let transaction;
before(async () => {
  [browser, user] = await Promise.all([launch(),
    newUser({ credit: [['USD', '12345.67891'], ['BTC', '1.5'], ['SEK', '900'], ['JPY', '250000']] })]);
  transaction = await newOrder(await newMerchant());
  await tellerctl(['market', 'add', 'BTC', 'SEK']).catch(() => { /* from a run before */ });
  await tellerctl(['market', 'resume', MARKET]);
  const page = await newPage(browser);
  await signIn(page, user);
  await page.evaluate(async (market) => {
    const { api } = await import('/js/api.js');
    for (const [type, price] of [['bid', '98'], ['bid', '99'], ['ask', '101'], ['ask', '103']])
      await api('POST', '/site/market/orders', { headers: { 'Idempotency-Key': crypto.randomUUID() },
        body: { market, type, amount: '0.25', price } });
  }, MARKET);
  await page.context().close();
});
after(() => browser.close());

const PAGES = { balances: '/account', history: '/account#history', keys: '/account#keys', wallet: '/wallet', withdraw: '/withdraw',
  merchant: '/merchant', exchange: '/exchange', partner: '/partner', market: `/market#${MARKET.toLowerCase()}` };
const paths = () => ({ ...PAGES, pay: `/pay/${transaction}` });

/** Waits until a page has all that it shows. */
async function settled(page) {
  await page.locator('#login', { hasText: user.login }).waitFor();
  await page.locator('.loading').filter({ visible: true }).waitFor({ state: 'detached' });
  if (new URL(page.url()).pathname === '/market') {
    await page.locator('.feed.live').waitFor();
    await page.locator('.own-orders').waitFor();
    await page.locator('#balances table').waitFor();
  }
}

/** Adds up what moves without anybody having touched the page. */
const watchShifts = (page) => page.addInitScript(() => {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput)
        globalThis.shifts.push([entry.value, ...entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
    }
  }).observe({ type: 'layout-shift', buffered: true });
});

for (const [view, options] of [['desktop', DESKTOP], ['phone', SMALL]]) {
  test(`pages do not jump while they load: ${view}`, async () => {
    const page = await newPage(browser, options);
    await watchShifts(page);
    await signIn(page, user);
    // As over a slow line: each answer by itself, the page is drawn between them.
    await page.route(/\/(site|identity-service|api)\//, async (route) => {
      await new Promise((resolve) => { setTimeout(resolve, 150); });
      await route.continue().catch(() => { /* the page is left already */ });
    });
    for (const [name, path] of Object.entries(paths())) {
      await page.goto('about:blank');
      await page.goto(BASE + path);
      await settled(page);
      await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
      const shifts = await page.evaluate(() => globalThis.shifts);
      const sum = shifts.reduce((total, [value]) => total + value, 0);
      assert.ok(sum < SHIFT_MAX, `${name}: ${sum.toFixed(3)} ${JSON.stringify(shifts)}`);
    }
    await done(page);
  });
}

test('on the smallest phone everything is there: navigation, sections, names', async () => {
  const page = await newPage(browser, SMALL);
  await signIn(page, user);
  for (const [name, path] of Object.entries(paths())) {
    await page.goto('about:blank');
    await page.goto(BASE + path);
    await settled(page);
    await assertFits(page, name);
    const cut = await page.locator('main .card').filter({ visible: true })
      .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className));
    assert.deepEqual(cut, [], name);
    for (const link of await page.locator('.top a, .top button, .sections a').filter({ visible: true }).all()) {
      const { x, width, height } = await link.boundingBox();
      assert.ok(x >= 0 && x + width <= SMALL.viewport.width, `${name}: ${await link.textContent()} is in the view`);
      assert.ok(height >= 24, `${name}: ${await link.textContent()} is ${height} px high`);
    }
    await shot(page, `small-${name}`);
  }
  await done(page);
});

test('the rows of the book are large enough to be hit', async () => {
  const page = await newPage(browser, SMALL);
  await signIn(page, user, PAGES.market);
  await settled(page);
  const buttons = page.locator('.book tr:not(.blank) .price button');
  await buttons.nth(3).waitFor();
  for (const button of await buttons.all()) {
    const { width, height } = await button.boundingBox();
    assert.ok(width >= 24 && height >= 24, `${width} x ${height}`);
  }
  await done(page);
});

test('with the system\'s colours alone, what is chosen is told apart', async () => {
  const page = await newPage(browser, { ...DESKTOP, forcedColors: 'active' });
  await signIn(page, user, PAGES.market);
  await settled(page);
  const look = (locator) => locator.evaluate((element) => {
    const { backgroundColor, color, borderBottomColor } = getComputedStyle(element);
    return [backgroundColor, color, borderBottomColor].join();
  });
  for (const group of ['.sides', '.kinds', '#intervals']) {
    const [on, off] = [page.locator(`${group} :checked + span`), page.locator(`${group} :not(:checked) + span`).first()];
    assert.notEqual(await look(on), await look(off), group);
  }
  const differs = async (on, off) => assert.notEqual(await look(page.locator(on)), await look(page.locator(off).first()), on);
  await differs('.top nav [aria-current]', '.top nav a:not([aria-current])');
  await shot(page, 'forced-market');
  await assertAccessible(page, 'the market in the system\'s colours');
  await section(page, 'history');
  await differs('.sections [aria-current]', '.sections a:not([aria-current])');
  await shot(page, 'forced-history');
  await done(page);
});

const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
const FINE = { value: '1234567.123456789012345678', value_int: '1234567123456789012345678', currency: 'USD',
  display: '1,234,567.123456789012345678\u00a0TOKENS', display_short: '1,234,567.12\u00a0TOKENS' };

/** Every amount of an answer with 18 decimals, every name and text as one long word. */
function stretched(value, key = '') {
  if (Array.isArray(value)) return value.map((one) => stretched(one, key));
  if (value && typeof value === 'object')
    return 'value_int' in value ? FINE : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, stretched(one, name)]));
  return ['name', 'login', 'email', 'info', 'description', 'merchant'].includes(key) && value ? LONG : value;
}

for (const [view, options] of [['desktop', DESKTOP], ['phone', SMALL]]) {
  test(`amounts of 18 decimals and long words stay inside: ${view}`, async () => {
    const page = await newPage(browser, options);
    await signIn(page, user);
    await page.route(/\/site\/(account|history|partners|tickets|pay\/|merchant\/orders)/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: stretched(await response.json()) });
    });
    for (const [name, path] of Object.entries(paths())) {
      if (name === 'market') continue; // its figures have the market's own decimals
      await page.goto('about:blank');
      await page.goto(BASE + path);
      await settled(page);
      await assertFits(page, name);
      const cut = await page.locator('main .card, main table, main td, main dd, main .button').filter({ visible: true }).evaluateAll((all) =>
        all.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
          .map((one) => `${one.tagName}.${one.className}: ${one.textContent.slice(0, 60)}`));
      assert.deepEqual(cut, [], name);
      await shot(page, `long-${view}-${name}`);
    }
    await done(page);
  });
}

test('yen have no decimals where they need none', async () => {
  const page = await newPage(browser);
  await signIn(page, user);
  await page.locator('.balance', { hasText: /^¥250,000$/ }).waitFor();
  assert.doesNotMatch(await page.locator('main').innerText(), /¥[\d,]+\.\d/);
  await section(page, 'history');
  await page.getByRole('cell', { name: '+¥250,000', exact: true }).waitFor();
  await done(page);
});

const TURNED = 'Coffee\u202e99.1$ yaP\u202c';
const SHOWN = 'Coffee⟨U+202E⟩99.1$ yaP⟨U+202C⟩';

test('what others wrote stands by itself, and shows its hidden characters', async () => {
  const merchant = await newMerchant();
  const turned = await newOrder(merchant, { description: TURNED });
  const page = await newPage(browser);
  await page.goto(`${BASE}/pay/${turned}`);
  const heading = page.getByRole('heading', { level: 1 });
  await heading.getByText(SHOWN).waitFor();
  assert.equal(await heading.locator('bdi').count(), 1);
  assert.equal(await page.locator('#merchant bdi').count(), 1);
  assert.equal(await page.title(), `${SHOWN} – Teller`);
  await done(page);

  const shop = await newPage(browser);
  await signIn(shop, merchant, '/merchant');
  await shop.locator('.ticket bdi', { hasText: SHOWN }).waitFor();
  assert.ok(!(await shop.content()).includes('\u202e'));
  await done(shop);

  const partner = await newPartner({ name: `Bank \u202e${Date.now()}` });
  const customer = await newPage(browser);
  await signIn(customer, user, '/withdraw');
  await customer.locator('.choice-name bdi', { hasText: 'Bank ⟨U+202E⟩' }).first().waitFor();
  assert.ok(partner.id);
  assert.ok(!(await customer.content()).includes('\u202e'));
  await done(customer);
});
