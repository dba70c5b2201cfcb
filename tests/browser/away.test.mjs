// What pages do where the server does not answer, where scripts do not run, and before they run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, assertAccessible, done, launch, newMerchant, newOrder, newPage, newUser, shot, signIn } from './support.mjs';

/** The pages behind the sign-in, each with what it shows once the server answers. */
const PRIVATE = { '/account': '.balance', '/merchant': '#o-status', '/withdraw': '#partners' };
const AWAY = { status: 502, body: '<html></html>' };

let browser;
let user;
let transaction;
before(async () => {
  [browser, user] = await Promise.all([launch(), newUser()]);
  transaction = await newOrder(await newMerchant());
});
after(() => browser.close());

/** All pages, and every form in them that asks for a password. */
const pages = () => ['/', ...Object.keys(PRIVATE), '/market', `/pay/${transaction}`];
const withPassword = () => ['/', `/pay/${transaction}`];

const isOurs = (url) => /^\/(site|identity-service|api)\//.test(url.pathname);

for (const [path, content] of Object.entries(PRIVATE)) {
  test(`${path} says that the server is away, and shows itself once it is back`, async () => {
    const page = await newPage(browser);
    await signIn(page, user);
    await page.route(isOurs, (route) => route.fulfill(AWAY));
    await page.goto(BASE + path);
    await page.getByRole('alert').filter({ hasText: 'not available right now' }).waitFor();
    await assertAccessible(page, `${path} without a server`);
    await shot(page, `away${path.replace('/', '-')}`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').filter({ hasText: 'not available right now' }).waitFor();
    await page.unroute(isOurs);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator(content).first().waitFor();
    assert.equal(await page.locator('#login').textContent(), user.login);
    await done(page, '502');
  });
}

test('the market says that the server is away, and shows itself once it is back', async () => {
  const page = await newPage(browser);
  await page.route(isOurs, (route) => route.fulfill(AWAY));
  await page.goto(`${BASE}/market`);
  await page.getByRole('alert').filter({ hasText: 'not available right now' }).waitFor();
  await page.unroute(isOurs);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('link', { name: 'Sign in to trade' }).waitFor();
  await done(page, '502');
});

for (const [path, leave] of [['/account', '/'], ['/market', '/market'], [() => `/pay/${transaction}`, () => `/pay/${transaction}`]]) {
  const named = (what) => (typeof what === 'string' ? what : what());
  test(`signing out with the server away is not done, and says so: ${typeof path === 'string' ? path : '/pay'}`, async () => {
    const page = await newPage(browser);
    await signIn(page, user, named(path));
    const isSession = (url) => url.pathname === '/identity-service/session';
    await page.route(isSession, (route) => route.fulfill(AWAY));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').filter({ hasText: 'You are still signed in.' }).waitFor();
    assert.equal(new URL(page.url()).pathname, named(path));
    await shot(page, `still-signed-in${named(path).slice(0, 4).replace('/', '-')}`);
    await page.unroute(isSession);
    assert.equal((await page.request.get(`${BASE}/identity-service/session`)).status(), 200, 'the session is there');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForURL((url) => url.pathname === named(leave));
    await page.locator('#sign-in, #password').first().waitFor();
    assert.equal((await page.request.get(`${BASE}/identity-service/session`)).status(), 401, 'the session is over');
    await done(page, '502');
  });
}

test('signing out where the session has ended already leads out', async () => {
  const page = await newPage(browser);
  await signIn(page, user);
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You have signed out').waitFor();
  await done(page);
});

test('without scripts no page has a form to send, and each says what it needs', async () => {
  const page = await newPage(browser, { javaScriptEnabled: false });
  for (const path of pages()) {
    await page.goto(BASE + path);
    await page.locator('noscript .notice').waitFor();
    assert.match(await page.locator('main').innerText(), /This page needs JavaScript\. Please allow it/, path);
    assert.equal(await page.locator('form:visible').count(), 0, path);
    assert.equal(await page.getByText('Loading').filter({ visible: true }).count(), 0, path);
    await shot(page, `no-scripts${path.slice(0, 9).replaceAll('/', '-')}`);
  }
  await done(page);
});

test('before the scripts run, a password goes nowhere', async () => {
  for (const path of withPassword()) {
    const page = await newPage(browser);
    await page.route('**/*.js', (route) => route.abort());
    await page.goto(BASE + path);
    // The payment page shows its form later: as early as it could be shown, it must not be sent either.
    await page.evaluate(() => { for (const one of document.querySelectorAll('[hidden]')) one.hidden = false; });
    await page.getByLabel('Login or e-mail').fill(user.login);
    await page.getByLabel('Password', { exact: true }).fill(user.password);
    await page.getByLabel('Password', { exact: true }).press('Enter');
    await page.getByRole('button', { name: 'Sign in' }).click({ force: true });
    // Where the button were not disabled the form would still lead nowhere.
    await page.evaluate(() => HTMLFormElement.prototype.submit.call(document.querySelector('[type=password]').form));
    await page.getByText('Signing in is not ready yet').waitFor({ timeout: 15000 });
    assert.equal(page.url(), BASE + path);
    assert.deepEqual(page.seen.filter((request) => request.isNavigationRequest()).length, 1, path);
    assert.deepEqual(page.seen.filter((request) => (request.url() + request.postData()).includes(user.password)), []);
    await done(page, 'ERR_FAILED');
  }
});
